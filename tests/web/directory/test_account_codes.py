"""The screens of account codes and owners, as a person uses them."""

import csv
import io

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from support.office import Office
from tollbook.storage.models import AccountCode, AuditLog, Owner


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post(client: Client, path: str, **fields: object) -> str:
    return client.post(path, fields, follow=True).content.decode()


def add(client: Client, code: str, **fields: object) -> str:
    return post(client, "/codes/add", code=code, active="1", **fields)


def test_the_empty_list_says_what_to_do(client: Client) -> None:
    AccountCode.objects.all().delete()

    page = client.get("/codes").content.decode()

    assert "No account code yet" in page
    assert 'href="/codes/add"' in page


def test_a_code_is_added_found_changed_and_switched_off(client: Client) -> None:
    page = add(client, "9001", description="Estate <script>", number=["030123"], label=["desk"])
    assert "Code 9001 is saved" in page
    assert "Estate &lt;script&gt;" in page

    kept = AccountCode.objects.get(code="9001")
    form = client.get(f"/codes/{kept.pk}").content.decode()
    assert 'value="030123"' in form
    post(client, f"/codes/{kept.pk}", code="9001", description="Estate")
    kept.refresh_from_db()
    assert (kept.description, kept.active) == ("Estate", False)
    assert "9001" not in client.get("/codes?active=yes").content.decode().split("<tbody>")[-1]
    line = AuditLog.objects.filter(action="code.change").latest("id")
    assert (line.actor, line.address) == ("anna", "127.0.0.1")


def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(client: Client) -> None:
    answer = client.post(
        "/codes/add", {"code": "12a", "minimum": "5", "maximum": "3", "description": "kept"}
    )
    page = answer.content.decode()

    assert answer.status_code == 422
    assert page.count('aria-invalid="true"') == 2
    assert 'value="kept"' in page
    assert not AccountCode.objects.filter(description="kept").exists()


def test_the_export_imports_again_and_changes_nothing(client: Client) -> None:
    add(client, "9001", description="=cmd|'/c calc'!A0", restrict="1", blocked="801, 004")
    add(client, "9002", number=["+4930123"], label=["desk"])
    sent = b"".join(client.get("/codes/export.csv").streaming_content)  # type: ignore[arg-type]
    rows = list(csv.reader(io.StringIO(sent.decode("utf-8-sig"))))

    assert rows[0][:3] == ["Account", "Description", "Owner"]
    assert all(not cell.startswith("=") for row in rows for cell in row)
    upload = SimpleUploadedFile("codes.csv", b'Account,Prefix\n9001,"801, 004"\n9002,\n')
    page = client.post("/codes/import", {"file": upload}).content.decode()
    assert "Every code of the file is kept as it says already" in page


def test_a_file_is_shown_before_it_is_taken(client: Client) -> None:
    data = b"Account,Description\n9001,Alpha\n9002,Beta\n"
    page = client.post(
        "/codes/import", {"file": SimpleUploadedFile("codes.csv", data)}
    ).content.decode()

    assert "2 new, 0 changed" in page
    assert not AccountCode.objects.filter(code="9001").exists()
    assert "2 codes added" in post(client, "/codes/import", do="import", text=data.decode())
    assert AccountCode.objects.get(code="9002").description == "Beta"


def test_a_file_with_a_fault_is_refused_whole_with_its_line(client: Client) -> None:
    upload = SimpleUploadedFile("codes.csv", b"Account\n9001\n90x\n")

    answer = client.post("/codes/import", {"file": upload})

    assert answer.status_code == 422
    assert '<td class="number" data-label="Line">3</td>' in answer.content.decode()
    assert not AccountCode.objects.filter(code="9001").exists()


def test_a_code_with_calls_has_no_delete_and_one_without_goes(
    client: Client, office: Office
) -> None:
    add(client, "9001")
    kept = AccountCode.objects.get(code="9001")

    assert "Delete code 9001" in client.get(f"/codes/{kept.pk}").content.decode()
    assert "The code is deleted" in post(client, f"/codes/{kept.pk}/delete")
    assert client.post(f"/codes/{kept.pk}/delete").status_code == 404


def test_an_owner_is_added_and_its_codes_are_one_click_away(client: Client) -> None:
    page = post(client, "/owners/add", name="Weber & Partner", email="w@example.com", active="1")
    assert "Weber &amp; Partner" in page
    owner = Owner.objects.get(name="Weber & Partner")
    add(client, "9001", owner=owner.name)

    assert f'href="/codes?owner={owner.pk}"' in client.get("/owners").content.decode()
    page = client.get(f"/codes?owner={owner.pk}").content.decode()
    assert "1 to 1 of 1 code" in page
    page = post(client, f"/owners/{owner.pk}/delete")
    assert "Not deleted" in page


def test_the_list_keeps_its_state_in_the_address(client: Client) -> None:
    for number in range(12):
        add(client, f"70{number:02}")

    page = client.get("/codes?q=70&sort=-code&per_page=10").content.decode()

    assert "1 to 10 of 12 codes" in page
    assert page.index(">7011<") < page.index(">7002<")
    assert "page=2" in page
    assert 'aria-sort="descending"' in page
    last = client.get("/codes?q=70&sort=-code&per_page=10&page=999").content.decode()
    assert "11 to 12 of 12 codes" in last


def test_a_stranger_sees_nothing(anonymous: Client) -> None:
    assert anonymous.get("/codes").status_code == 302
    assert anonymous.post("/codes/add", {"code": "1"}).status_code == 302


@pytest.mark.parametrize("path", ["/codes", "/owners", "/policies/budgets", "/policies/alarms"])
def test_a_list_is_sent_as_a_kind_of_file_that_there_is(client: Client, path: str) -> None:
    sent = [client.get(f"{path}/export.{kind}").status_code for kind in ("csv", "xlsx", "pdf")]

    assert sent == [200, 200, 404]
