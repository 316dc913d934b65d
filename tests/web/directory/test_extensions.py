"""The screens of extensions and their money: list, recharge, edit, history, statistics, sheets."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from support.factories import (
    change_extension,
    make_extension,
    make_extensions,
    make_owner,
    make_user,
)
from support.office import FIRST_CALL, NOON, Call, Office
from support.screens import hidden, recharged, rows_of, words_of
from tollbook.storage.billing.balances import HolderFilter, list_holders
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import (
    AuditLog,
    Department,
    Extension,
    LedgerEntry,
    Site,
)

HOSTILE = "<script>alert(1)</script>"


def phones() -> list[int]:
    return list(Extension.objects.order_by("number").values_list("pk", flat=True))


def test_the_list_has_the_columns_and_defaults_that_pbx_users_know(
    browser: Client, office: Office
) -> None:
    page = words_of(browser.get("/extensions"))

    assert (
        "Extension Username Total Recharges(€) Balance(€) Credit(€) Payment Type Billing Status "
        "Options"
    ) in page
    assert "101 Amir 0.0000 0.0000 0.0000 Prepaid Off Unlocked" in page
    assert "0 Selected / 2 Total" in page


def test_many_are_recharged_after_a_look_at_what_it_does(browser: Client, office: Office) -> None:
    asked = browser.get("/extensions/recharge", {"id": phones()})
    assert "101, 102" in words_of(asked)

    shown = browser.post("/extensions/recharge", {**hidden(asked), "amount": "10"})
    assert "This gives € 10.0000 to each of 2 extensions, € 20.0000 in all." in words_of(shown)
    assert "Amir[101] 0.0000 10.0000" in words_of(shown)
    assert not LedgerEntry.objects.exists()

    done = browser.post("/extensions/recharge", hidden(shown))
    assert done.status_code == 302
    after = words_of(browser.get(done["Location"]))
    assert "2 extensions are recharged by 10.0000 each, 20.0000 in all." in after
    assert "101 Amir 10.0000 10.0000 0.0000 Prepaid" in after
    assert verify_balances() == []


def test_a_double_click_recharges_once(browser: Client, office: Office) -> None:
    form = {**hidden(browser.get("/extensions/recharge", {"id": phones()[:1]})), "amount": "7.5"}

    first = browser.post("/extensions/recharge", form)
    again = browser.post("/extensions/recharge", form)

    assert first.status_code == again.status_code == 302
    assert "this time nothing moved" in words_of(browser.get("/extensions"))
    assert LedgerEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "more than 0"),
        ("-5", "more than 0"),
        ("1.00001", "four decimals"),
        ("ten", "is no amount"),
        ("1,000", "is no amount"),
        ("", "is no amount"),
        (HOSTILE, "is no amount"),
    ],
)
def test_a_wrong_amount_is_told_at_its_field(
    browser: Client, office: Office, amount: str, words: str
) -> None:
    form = {**hidden(browser.get("/extensions/recharge", {"id": phones()})), "amount": amount}

    answer = browser.post("/extensions/recharge", form)

    assert answer.status_code == 422
    assert words in words_of(answer)
    assert HOSTILE not in answer.content.decode()
    assert not LedgerEntry.objects.exists()


def test_nobody_ticked_is_said(browser: Client, office: Office) -> None:
    for page in ("/extensions/recharge", "/extensions/edit"):
        answer = browser.get(page)
        assert answer.status_code == 302
        assert "Nobody was ticked" in words_of(browser.get(answer["Location"]))


def test_an_undo_takes_all_of_a_recharge_back(browser: Client, office: Office) -> None:
    recharged(browser, phones())
    page = browser.get("/extensions")
    entries = hidden(page)["entries"]
    assert "Undo" in words_of(page)
    assert 'name="entries"' not in browser.get("/extensions").content.decode(), "offered once"

    answer = browser.post("/extensions/recharges/undo", {"entries": entries})
    again = browser.post("/extensions/recharges/undo", {"entries": entries})

    assert answer["Location"] == again["Location"] == "/extensions/recharges"
    history = words_of(browser.get("/extensions/recharges"))
    assert "2 entries are undone" in history
    assert "It was undone before" in history
    assert history.count("Reversal of recharge") == 2
    assert history.count("Recharge, undone") == 2
    assert {row.balance_micros for row in list_holders(HolderFilter())} == {0}


def test_an_adjustment_needs_its_reason(browser: Client, office: Office) -> None:
    asked = browser.get("/extensions/recharge", {"id": phones()[:1], "adjust": "1"})
    form = {**hidden(asked), "amount": "-2.5"}

    refused = browser.post("/extensions/recharge", form)
    assert refused.status_code == 422
    assert "says why" in words_of(refused)
    browser.post("/extensions/recharge", {**hidden(refused), "amount": "-2.5", "reason": "lost"})

    assert "0.0000 -2.5000 -2.5000 Adjustment lost" in words_of(
        browser.get("/extensions/recharges")
    )


def test_all_that_the_filter_holds_can_be_meant(browser: Client, office: Office) -> None:
    make_extensions(range(300, 360))

    page = browser.get("/extensions?q=3&per_page=10")
    assert "0 Selected / 60 Total" in words_of(page)
    answer = recharged(browser, [], every="1", q="3")

    assert answer.status_code == 302
    assert LedgerEntry.objects.count() == 60


def test_bulk_edit_changes_only_ticked_fields_and_shows_it_first(
    browser: Client, office: Office
) -> None:
    change_extension("102", credit_micros=5_000_000, locked=True)
    form = {
        **hidden(browser.get("/extensions/edit", {"id": phones()})),
        "set_billing": "1", "billing": "on", "set_payment_type": "1", "payment_type": "postpaid",
        "credit": "99", "status": "locked",
    }  # fmt: skip

    shown = browser.post("/extensions/edit", form)
    assert "2 extensions would change" in words_of(shown)
    assert "Total Recharges begins anew" in words_of(shown)
    assert "Enable Billing: On for 2" in words_of(shown)
    done = browser.post("/extensions/edit", hidden(shown))

    assert done.status_code == 302
    assert list(
        Extension.objects.order_by("number").values_list(
            "billing", "payment_type", "credit_micros", "locked"
        )
    ) == [(True, "postpaid", 0, False), (True, "postpaid", 5_000_000, True)]
    assert AuditLog.objects.filter(action="extension.change").count() == 2


def test_one_is_edited_with_all_of_its_fields(browser: Client, office: Office) -> None:
    amir = phones()[0]
    form = {
        **hidden(browser.get("/extensions/edit", {"id": amir})),
        "billing": "on", "credit": "12.5", "status": "locked", "payment_type": "prepaid",
        "name": "Amir B.", "email": "", "department": "", "call_limit": "2", "call_limit_s": "",
        "floor": "-1", "concurrent_limit": "2", "caller_id": "+4930123", "code_exempt": "yes",
        "active": "yes",
    }  # fmt: skip

    assert browser.post("/extensions/edit", form).status_code == 302

    row = Extension.objects.get(pk=amir)
    assert (row.billing, row.credit_micros, row.locked, row.name) == (
        True, 12_500_000, True, "Amir B.",
    )  # fmt: skip
    assert (row.department_id, row.call_limit_micros, row.call_limit_s) == (None, 2_000_000, None)
    assert (row.floor_micros, row.concurrent_limit, row.caller_id) == (-1_000_000, 2, "+4930123")
    assert row.code_exempt
    page = words_of(browser.get(f"/extensions/{amir}"))
    assert "Amir B.[101]" in page
    assert "locked" in page


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("credit", "-1", "not below 0"),
        ("credit", "1.00001", "four decimals"),
        ("credit", "a", "is none"),
        ("status", "open", "is neither"),
        ("department", "999", "not there any more"),
        ("concurrent_limit", "0", "whole number from 1"),
        ("call_limit_s", "1.5", "whole number from 1"),
        ("caller_id", "=1+1", "is digits"),
        ("name", "x" * 121, "at most 120"),
    ],
)
def test_a_wrong_value_changes_nothing_and_is_told(
    browser: Client, office: Office, field: str, text: str, words: str
) -> None:
    before = list(Extension.objects.order_by("pk").values())
    form = {
        **hidden(browser.get("/extensions/edit", {"id": phones()[0]})),
        "billing": "on", "credit": "0", "status": "unlocked", "payment_type": "prepaid",
        "code_exempt": "no", "active": "yes", field: text,
    }  # fmt: skip

    answer = browser.post("/extensions/edit", form)

    assert answer.status_code == 422
    assert words in words_of(answer)
    assert list(Extension.objects.order_by("pk").values()) == before


def test_total_recharges_starts_anew_by_hand_and_by_payment_type(
    browser: Client, office: Office, clock: Any
) -> None:
    amir, berta = phones()
    recharged(browser, [amir, berta])
    clock.instant = NOON + timedelta(minutes=1)

    browser.post("/extensions/count-anew", {"id": amir})
    form = {
        **hidden(browser.get("/extensions/edit", {"id": [berta]})),
        "payment_type": "postpaid", "billing": "off", "credit": "0", "status": "unlocked",
        "name": "Berta", "code_exempt": "no", "active": "yes",
    }  # fmt: skip
    assert browser.post("/extensions/edit", form).status_code == 302

    found = list_holders(HolderFilter())
    assert [(one.recharged_micros, one.balance_micros) for one in found] == [(0, 10_000_000)] * 2


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["99", "101", "102"]),
        ("?sort=-number", ["102", "101", "99"]),
        ("?q=amir", ["101"]),
        ("?q=10", ["101", "102"]),
        ("?status=locked", ["102"]),
        ("?payment=postpaid", ["99"]),
        ("?billing=on", ["101"]),
        ("?sort=-credit", ["102", "101", "99"]),
        ("?q=%25", []),
        ("?sort=nonsense&page=77", ["99", "101", "102"]),
    ],
)
def test_the_list_is_searched_filtered_and_sorted(
    browser: Client, office: Office, query: str, numbers: list[str]
) -> None:
    make_extension("99", payment_type="postpaid")
    change_extension("102", locked=True, credit_micros=1_000_000)
    change_extension("101", billing=True)

    html = browser.get(f"/extensions{query}").content.decode()

    assert re.findall(r'href="/extensions/\d+"><bdi>(\d+)</bdi>', html) == numbers
    exported = rows_of(browser.get(f"/extensions/export.csv{query}"))
    assert [row[0] for row in exported[1:]] == numbers


def test_hostile_names_are_shown_and_never_run(browser: Client, office: Office) -> None:
    for number, name in (("901", HOSTILE), ("902", "=cmd|'/c calc'!A0"), ("903", "\u202eأمينة")):
        make_extension(number, name=name)
    recharged(browser, phones())

    for page in ("/extensions", "/extensions/recharges", f"/extensions/{phones()[2]}"):
        assert HOSTILE not in browser.get(page).content.decode()
    for page in ("/extensions/export.csv", "/extensions/recharges/export.csv"):
        cells = [cell for row in rows_of(browser.get(page)) for cell in row]
        assert not [cell for cell in cells if cell.startswith("=")]
    assert b"".join(browser.get("/extensions/export.xlsx").streaming_content)[:2] == b"PK"  # type: ignore[attr-defined]  # a download


def test_owners_and_departments_are_recharged_the_same_way(browser: Client, office: Office) -> None:
    owner = make_owner("Dr. Held")
    sales = Department.objects.get()

    for kind, row in (("owner", owner), ("department", sales)):
        assert recharged(browser, [row.pk], kind=kind)["Location"] == f"/extensions?kind={kind}"
        page = words_of(browser.get(f"/extensions?kind={kind}"))
        assert f"{row.name} 10.0000 10.0000 0.0000 Prepaid Off Unlocked" in page
        assert row.name in words_of(browser.get(f"/extensions/{kind}/{row.pk}"))
    assert browser.get("/extensions/system/1").status_code == 404
    assert browser.get("/extensions/999").status_code == 404


def test_the_history_is_searched_by_time_and_name(
    browser: Client, office: Office, clock: Any
) -> None:
    recharged(browser, phones()[:1])
    clock.instant = NOON + timedelta(days=1)
    recharged(browser, phones()[1:])

    assert "2 Total" in words_of(browser.get("/extensions/recharges"))
    for query, name in (
        ("?q=amir", "Amir[101]"),
        ("?q=102", "Berta[102]"),
        ("?from=2026-11-01T00:00", "Berta[102]"),
        ("?to=2026-11-01", "Amir[101]"),
    ):
        page = words_of(browser.get(f"/extensions/recharges{query}"))
        assert "1 Total" in page, query
        assert name in page
        assert [row[1] for row in rows_of(browser.get(f"/extensions/recharges/export.csv{query}"))][
            1:
        ] == [name]
    assert "is not a day" in words_of(browser.get("/extensions/recharges?from=yesterday"))


def test_statistics_add_up_answered_outgoing_calls(browser: Client, office: Office) -> None:
    # 39 + 238 = 277 s, half of it 138.5: half up is 0:02:19 (RUL-02).
    office.receive(
        [
            Call(1, FIRST_CALL, 39),
            Call(2, FIRST_CALL + timedelta(hours=1), 238),
            Call(3, FIRST_CALL + timedelta(hours=2), 0),
            Call(4, FIRST_CALL + timedelta(days=1), 60, extension="102"),
        ]
    )

    page = words_of(browser.get("/statistics"))
    assert "Date Extension Calls Total Call Time Average Call Time Total Cost(€)" in page
    assert "2026-10-01 All 2 0:04:37 0:02:19" in page
    assert page.index("2026-10-02") < page.index("2026-10-01")
    assert "2026-10 All 3 0:05:37 0:01:52" in words_of(browser.get("/statistics?every=month"))
    assert "2026 All 3 0:05:37" in words_of(browser.get("/statistics?every=year"))
    assert "2026-10-02 Berta[102] 1 0:01:00 0:01:00 0.22" in words_of(
        browser.get("/statistics?extension=102")
    )
    assert "No answered outgoing call fits" in words_of(browser.get("/statistics?extension=999"))
    rows = rows_of(browser.get("/statistics/export.csv?to=2026-10-02"))
    assert rows[1:] == [["2026-10-01", "All", "2", "0:04:37", "0:02:19", rows[1][5], "EUR"]]


SHEET = "Number,Name,Department,Email\n101,Amir Amani,Sales,a@example.org\n201,Cyd,Lab,\n"


def test_a_sheet_shows_what_it_changes_and_is_taken_whole(browser: Client, office: Office) -> None:
    file = io.BytesIO(SHEET.encode())
    file.name = "phones.csv"

    shown = browser.post("/extensions/import", {"file": file})
    assert "1 new, 1 changed, 0 as they are New departments: Lab" in words_of(shown)
    assert not Extension.objects.filter(number="201").exists()
    text = re.search(r'<textarea name="text" hidden>(.*?)</textarea>', shown.content.decode(), re.S)
    assert text is not None
    browser.post("/extensions/import", {"text": text[1]})

    added = Extension.objects.select_related("department").get(number="201")
    assert (added.name, added.billing) == ("Cyd", False)
    assert added.department is not None
    assert added.department.name == "Lab"
    assert Extension.objects.get(number="101").name == "Amir Amani"


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        ("", "is empty"),
        ("name\nAmir\n", "no column is called number"),
        ("number,colour\n1,red\n", "there is no column"),
        ("number,number\n1,2\n", "named twice"),
        ("number\n301\n301\n", "stands in row 2 already"),
        ("number\n30 1\n", "is no number"),
        (f"number,name\n301,{'x' * 121}\n", "at most 120"),
    ],
)
def test_a_faulty_sheet_changes_nothing(
    browser: Client, office: Office, sheet: str, words: str
) -> None:
    file = io.BytesIO(sheet.encode())
    file.name = "phones.csv"

    answer = browser.post("/extensions/import", {"file": file})

    assert answer.status_code == 422
    assert words in words_of(answer)
    assert Extension.objects.count() == 2


def test_an_extension_is_added_once(browser: Client, office: Office) -> None:
    Site.objects.update(bills_new=True)
    form = {"number": "300", "name": "Dora", "department": "Sales", "email": ""}

    assert browser.post("/extensions/add", form).status_code == 302
    assert "already" in words_of(browser.post("/extensions/add", form))
    assert Extension.objects.get(number="300").billing, "as the site has it"


@pytest.mark.parametrize(
    ("given", "currency", "sign"),
    [
        ({"currency": "USD"}, "USD", "$"),
        ({"currency": "CNY"}, "CNY", "¥"),
        ({"currency": "GBP"}, "GBP", "£"),
        ({"currency": "other"}, "XXX", "¤"),
        ({"currency": "other", "code": "chf"}, "CHF", "CHF"),
    ],
)
def test_the_currency_is_a_label_with_its_sign(
    browser: Client, office: Office, given: dict[str, str], currency: str, sign: str
) -> None:
    assert browser.post("/settings/money", given).status_code == 302

    assert Site.objects.get().currency == currency
    assert f"Balance({sign})" in words_of(browser.get("/extensions"))
    assert AuditLog.objects.filter(action="site.currency").count() == 1


def test_the_currency_stays_once_money_was_booked(browser: Client, office: Office) -> None:
    recharged(browser, phones())

    answer = browser.post("/settings/money", {"currency": "USD", "bills_new": "1"})

    assert answer.status_code == 422
    assert "a label cannot convert it" in words_of(answer)
    assert Site.objects.get().currency == "EUR"
    assert browser.post("/settings/money", {"currency": "EUR", "bills_new": "1"}).status_code == 302


@pytest.mark.parametrize("given", [{"currency": ""}, {"currency": "other", "code": "12€"}])
def test_what_is_no_currency_is_refused(
    browser: Client, office: Office, given: dict[str, str]
) -> None:
    assert browser.post("/settings/money", given).status_code == 422
    assert Site.objects.get().currency == "EUR"


def test_extensions_found_from_calls_are_billed_as_the_site_says(
    browser: Client, office: Office
) -> None:
    office.receive([Call(1, FIRST_CALL, extension="301")])
    browser.post("/settings/money", {"currency": "EUR", "bills_new": "1"})
    office.receive([Call(2, FIRST_CALL, extension="302")])

    found = dict(Extension.objects.values_list("number", "billing"))
    assert (found["301"], found["302"]) == (False, True)


def signed_in_as(role: str, **whose: Any) -> Client:
    user = make_user(f"{role}-user", password="a horse and two carts", role=role, **whose)
    client = Client()
    client.force_login(user)
    return client


def test_an_extension_s_user_sees_its_own_money_and_nobody_else_s(
    browser: Client, office: Office
) -> None:
    amir, berta = phones()
    recharged(browser, [amir, berta])
    client = signed_in_as("extension", extension=Extension.objects.get(pk=berta))

    page = words_of(client.get("/extensions"))
    assert "Berta" in page
    assert "Amir" not in page
    assert "1 Total" in words_of(client.get("/extensions/recharges"))
    for query in ("?kind=owner", "?kind=department", "?q=amir"):
        assert "Amir" not in words_of(client.get(f"/extensions{query}")), query
    assert [row[0] for row in rows_of(client.get("/extensions/export.csv"))][1:] == ["102"]
    assert [row[1] for row in rows_of(client.get("/extensions/recharges/export.csv"))][1:] == [
        "Berta[102]"
    ]
    assert client.get(f"/extensions/{berta}").status_code == 200
    assert client.get(f"/extensions/{amir}").status_code == 404
    assert client.get(f"/extensions/department/{Department.objects.get().pk}").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "extension", "owner"])
def test_who_may_only_look_moves_no_money(browser: Client, office: Office, role: str) -> None:
    amir = phones()[0]
    recharged(browser, [amir])
    entry = LedgerEntry.objects.get()
    whose: dict[str, object] = {
        "extension": {"extension": Extension.objects.get(pk=amir)},
        "owner": {"owner": make_owner("Dr. Held")},
    }.get(role, {})
    client = signed_in_as(role, **whose)

    assert "Bulk Edit" not in words_of(client.get("/extensions"))
    for path, form in (
        ("/extensions/recharge", {"id": str(amir), "amount": "5", "key": "k", "step": "post"}),
        ("/extensions/edit", {"id": str(amir), "credit": "5", "step": "set"}),
        ("/extensions/count-anew", {"id": str(amir)}),
        ("/extensions/recharges/undo", {"entries": str(entry.pk)}),
        ("/extensions/add", {"number": "300"}),
        ("/settings/money", {"currency": "USD"}),
    ):
        assert client.post(path, form).status_code == 403, path
    assert LedgerEntry.objects.count() == 1
    assert Extension.objects.count() == 2


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/sign-out", "/extensions\\evil", ""]
)
def test_a_form_never_leads_elsewhere(browser: Client, office: Office, back: str) -> None:
    answer = recharged(browser, phones()[:1], back=back)

    assert answer["Location"] == "/extensions"
