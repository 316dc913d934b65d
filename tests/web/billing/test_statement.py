"""A statement: what there was, what moved in the period, what is left; and for whom it is."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from support.databases import door
from support.factories import change_extension, make_budget, make_code, make_owner, make_user
from support.office import FIRST_CALL, NOON, Call, Office
from support.post_entry import post_entry
from tollbook.core.ledger import AccountRef, EntryKind, transfer
from tollbook.core.money import Money
from tollbook.storage.models import AccountCode, Department, Extension, Owner
from tollbook.storage.models.access import Role

SEPTEMBER = datetime(2026, 9, 10, 9, 0, tzinfo=UTC)
# The last minute of September and the first of October in Berlin.
LAST_OF_SEPTEMBER = datetime(2026, 9, 30, 21, 59, tzinfo=UTC)
FIRST_OF_OCTOBER = datetime(2026, 9, 30, 22, 0, tzinfo=UTC)


def recharged(
    account: AccountRef, cents: int, *, at: datetime, currency: str = "EUR", reason: str = ""
) -> None:
    entry = transfer(
        Money(cents * 10_000, currency),
        key=f"{account.name} {cents} {currency} {at}",
        kind=EntryKind.RECHARGE,
        at=at,
        source=AccountRef("system", "cash"),
        target=account,
        reason=reason,
    )
    post_entry(entry)


@pytest.fixture
def amir(office: Office) -> Extension:
    """Extension 101 with 20.00 since September, 5.00 of October, and three calls of 0.22."""
    with door.transaction():
        owner = make_owner("Smith")
        make_code("4711", owner=owner, fee_micros=120_000_000)
        make_code("4712", owner=make_owner("Jones"))
        change_extension("101", billing=True)
    amir = Extension.objects.get(number="101")
    account = AccountRef("extension", str(amir.pk))
    recharged(account, 2_000, at=SEPTEMBER, reason="<b>first</b>")
    recharged(account, 500, at=NOON - timedelta(days=1))
    office.receive(
        [
            Call(1, LAST_OF_SEPTEMBER - timedelta(minutes=2), account_code="4711"),
            Call(2, FIRST_OF_OCTOBER + timedelta(minutes=2), account_code="4711"),
            Call(3, FIRST_CALL),
        ]
    )
    return amir


def at(whose: str, row_id: int, **asked: object) -> tuple[str, dict[str, object]]:
    return f"/extensions/{whose}/{row_id}/statement", asked


def rows(answer: object) -> list[list[str]]:
    """Return the table as text: time, entry, destination, duration, amount, balance."""
    html = answer.content.decode()  # type: ignore[attr-defined]
    body = re.search(r"(?s)<tbody>(.*?)</tbody>", html)
    found = re.findall(r"(?s)<tr>(.*?)</tr>", body[1]) if body else []
    cells = [re.findall(r"(?s)<t[hd]\b[^>]*>(.*?)</t[hd]>", row) for row in found]
    return [
        [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", one)).strip() for one in row] for row in cells
    ]


def figures(answer: object) -> list[str]:
    return re.findall(r'<strong class="figure[^>]*>([^<]+)', answer.content.decode())  # type: ignore[attr-defined]


def test_a_month_opens_with_what_was_left_and_every_line_leaves_its_balance(
    browser: Client, amir: Extension
) -> None:
    path, asked = at("extension", amir.pk)
    answer = browser.get(path, asked)

    # 20.00 less the call of September; then two calls of October and a recharge.
    assert figures(answer) == ["19.7800", "5.0000", "-0.4400", "24.3400"]
    assert [(row[4], row[5]) for row in rows(answer)] == [
        ("-0.2200", "19.5600"), ("-0.2200", "19.3400"), ("5.0000", "24.3400"),
    ]  # fmt: skip


def test_the_month_before_closes_with_what_this_one_opens(browser: Client, amir: Extension) -> None:
    path, asked = at("extension", amir.pk, period="last-month")
    answer = browser.get(path, asked)

    assert figures(answer) == ["0.0000", "20.0000", "-0.2200", "19.7800"]
    assert "<b>first</b>" not in answer.content.decode()


def test_entries_that_fit_keep_the_balance_that_they_left(browser: Client, amir: Extension) -> None:
    path, asked = at("extension", amir.pk, kind="recharge", period="all")
    answer = browser.get(path, asked)

    assert [(row[4], row[5]) for row in rows(answer)] == [
        ("20.0000", "20.0000"), ("5.0000", "24.3400"),
    ]  # fmt: skip
    assert figures(answer) == ["0.0000", "25.0000", "-0.6600", "24.3400"]


def test_the_newest_come_first_when_asked(browser: Client, amir: Extension) -> None:
    path, asked = at("extension", amir.pk, sort="-time")

    assert [row[5] for row in rows(browser.get(path, asked))] == ["24.3400", "19.3400", "19.5600"]


def test_pages_go_on_where_the_last_one_ended(browser: Client, office: Office) -> None:
    amir = Extension.objects.get(number="101")
    for day in range(12):
        recharged(AccountRef("extension", str(amir.pk)), 100, at=FIRST_CALL + timedelta(days=day))
    path, asked = at("extension", amir.pk, per_page=10, page=2)

    assert [row[5] for row in rows(browser.get(path, asked))] == ["11.0000", "12.0000"]


def test_each_currency_has_a_statement_of_its_own(browser: Client, amir: Extension) -> None:
    recharged(AccountRef("extension", str(amir.pk)), 700, at=FIRST_CALL, currency="USD")
    path, asked = at("extension", amir.pk, currency="USD")
    answer = browser.get(path, asked)

    assert figures(answer) == ["0.0000", "7.0000", "0.0000", "7.0000"]
    assert "<option selected>USD</option>" in answer.content.decode()
    assert "<option>EUR</option>" in answer.content.decode()


def test_an_account_code_adds_up_charges_and_fees(browser: Client, amir: Extension) -> None:
    code = AccountCode.objects.get(code="4711")
    answer = browser.get(f"/codes/{code.pk}/statement")

    # A minute of 0.22 and one begun unit of six minutes at 120.00 an hour, in each month.
    assert figures(answer) == ["12.2200", "12.2200", "24.4400"]
    assert [(row[1].split()[0], row[4], row[5]) for row in rows(answer)] == [
        ("Call", "0.2200", "12.4400"), ("Fee", "12.0000", "24.4400"),
    ]  # fmt: skip
    only_fees = browser.get(f"/codes/{code.pk}/statement", {"kind": "fee", "period": "all"})
    assert [row[5] for row in rows(only_fees)] == ["12.2200", "24.4400"]


def test_the_file_begins_with_the_opening_and_ends_with_the_closing(
    browser: Client, amir: Extension
) -> None:
    recharged(
        AccountRef("extension", str(amir.pk)), 100, at=NOON - timedelta(hours=1), reason="=1+1"
    )
    text = (
        browser.get(f"/extensions/extension/{amir.pk}/statement.csv").getvalue().decode("utf-8-sig")
    )
    lines = list(csv.DictReader(io.StringIO(text)))

    assert [line["Entry"] for line in lines] == [
        "Opening balance", "Call", "Call", "Recharge", "Recharge", "Closing balance",
    ]  # fmt: skip
    assert (lines[0]["Balance"], lines[-1]["Balance"]) == ("19.7800", "25.3400")
    assert lines[-2]["Reason"] == "'=1+1"
    assert browser.get(f"/extensions/extension/{amir.pk}/statement.xlsx").status_code == 200
    assert browser.get(f"/extensions/extension/{amir.pk}/statement.pdf").status_code == 404


def test_what_cannot_be_read_is_said_and_nothing_is_empty_handed(
    browser: Client, amir: Extension
) -> None:
    path, _ = at("extension", amir.pk)

    assert "is not a day or an instant" in browser.get(path, {"from": "soon"}).content.decode()
    turned = browser.get(path, {"from": "2026-10-02", "to": "2026-10-01"}).content.decode()
    assert "The period ends (2026-10-01) before it begins (2026-10-02)." in turned
    nothing = browser.get(path, {"from": "2020-01-01", "to": "2020-02-01"}).content.decode()
    assert "Nothing moved in this period" in nothing
    assert "No entry fits" in browser.get(path, {"q": "nowhere"}).content.decode()
    for asked in ({"kind": "drop"}, {"currency": "x"}, {"page": "9" * 12}, {"period": "ever"}):
        assert browser.get(path, asked).status_code == 200, asked


@pytest.mark.parametrize("kind", ["department", "owner"])
def test_a_holder_nobody_ever_charged_has_an_empty_statement(
    browser: Client, amir: Extension, kind: str
) -> None:
    row = Department.objects.get() if kind == "department" else Owner.objects.get(name="Jones")
    path, asked = at(kind, row.pk)

    assert figures(browser.get(path, asked)) == ["0.0000", "0.0000", "0.0000", "0.0000"]


def signed_in(role: Role, **whose: Any) -> Client:
    user = make_user(f"user-{role}", role=role, **whose)
    client = Client()
    client.force_login(user)
    return client


def test_an_extension_user_reads_only_its_own(amir: Extension) -> None:
    client = signed_in(Role.EXTENSION, extension=amir)
    berta = Extension.objects.get(number="102")

    assert client.get(f"/extensions/extension/{amir.pk}/statement").status_code == 200
    for path in (
        f"/extensions/extension/{berta.pk}/statement",
        f"/extensions/extension/{berta.pk}/statement.csv",
        f"/extensions/department/{Department.objects.get().pk}/statement",
        f"/codes/{AccountCode.objects.get(code='4711').pk}/statement",
    ):
        assert client.get(path).status_code == 404, path


def test_an_owner_reads_those_of_its_own_codes(amir: Extension) -> None:
    smith = Owner.objects.get(name="Smith")
    client = signed_in(Role.OWNER, owner=smith)
    codes = {code.code: code.pk for code in AccountCode.objects.all()}

    own = client.get(f"/codes/{codes['4711']}/statement")
    assert own.status_code == 200
    assert 'href="/codes"' not in own.content.decode()  # A list that is not the owner's to open.
    assert client.get(f"/codes/{codes['4712']}/statement").status_code == 404
    page = client.get(f"/extensions/owner/{smith.pk}").content.decode()
    assert f"/codes/{codes['4711']}/statement" in page
    assert f"/codes/{codes['4712']}/statement" not in page


def test_a_budget_of_money_and_minutes_shows_both(browser: Client, amir: Extension) -> None:
    with door.transaction():
        make_budget("extension", amir.pk, limit_micros=5_000_000, limit_s=600)
    page = browser.get(f"/extensions/{amir.pk}").content.decode()

    assert "0.0000 of 5.0000 EUR a month" in page
    assert "0 min of 10 min a month" in page
