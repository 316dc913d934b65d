"""What a call did to money on its page; codes given after the call; the unbilled list."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from support.databases import door
from support.factories import change_extension, give_role, make_code, make_owner
from support.office import FIRST_CALL, NOON, Call, Office
from support.post_entry import balance_micros
from tollbook.storage.models import AuditLog, Extension, Owner
from tollbook.storage.models import Call as StoredCall
from tollbook.storage.models.access import Role

HOSTILE = "<b>=1+1</b>"


@pytest.fixture
def billed(office: Office) -> Office:
    """An office in which 101 pays and Ms Okafor pays for code 4711."""
    with door.transaction():
        change_extension("101", billing=True)
        okafor = make_owner(f"Ms Okafor {HOSTILE}", billing=True)
        make_code("4711", owner=okafor, fee_micros=120_000_000)
    office.receive([Call(1, NOON - timedelta(hours=3), talk_s=361)])
    return office


def words_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())).strip()


def form_of(answer: Any, step: str) -> dict[str, str]:
    """Return the hidden fields of the form whose step is *step*."""
    html = answer.content.decode()
    forms = re.findall(r"<form.*?</form>", html, re.DOTALL)
    (form,) = [one for one in forms if f'name="step" value="{step}"' in one]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))


def owner_micros() -> int:
    return balance_micros("owner", str(Owner.objects.get().pk), "EUR")


def corrected(browser: Client, query: str, code: str) -> Any:
    """Correct through the forms, as a person would."""
    asked = browser.get(f"/calls/account-code{query}")
    shown = browser.post(
        "/calls/account-code", {**form_of(asked, "show"), "code": code, "reason": HOSTILE}
    )
    assert shown.status_code == 200, words_of(shown)
    return browser.post("/calls/account-code", form_of(shown, "post"))


def test_the_page_of_a_call_says_who_paid(browser: Client, billed: Office) -> None:
    call = StoredCall.objects.get()

    page = words_of(browser.get(f"/calls/{call.pk}"))

    assert "Paid by Extension 101 (Amir)" in page


def test_a_call_that_nobody_pays_says_why(browser: Client, office: Office) -> None:
    office.receive([Call(1, FIRST_CALL), Call(2, FIRST_CALL, talk_s=0)])

    said = [words_of(browser.get(f"/calls/{call.pk}")) for call in StoredCall.objects.all()]

    assert "nobody: billing is off for whoever could pay" in said[0]
    assert "nobody: nobody answered" in said[1]


def test_a_forgotten_code_is_given_shown_and_taken_back(browser: Client, billed: Office) -> None:
    call = StoredCall.objects.get()

    asked = browser.get(f"/calls/account-code?id={call.pk}")
    shown = browser.post("/calls/account-code", {**form_of(asked, "show"), "code": "4711"})
    assert "0.5210 EUR of 1 call" in words_of(shown)
    assert "Extension 101 (Amir) gets it back" in words_of(shown)
    assert owner_micros() == 0, "showing moves nothing"
    answer = corrected(browser, f"?id={call.pk}", "4711")

    assert (answer.status_code, answer["Location"]) == (302, f"/calls/{call.pk}")
    assert owner_micros() == -521_000
    page = browser.get(f"/calls/{call.pk}")
    assert "The charge of 1 moved." in words_of(page)
    assert "24.0000 EUR" in words_of(page)
    assert "2 begun units of 360 s at 120.0000 an hour" in words_of(page)
    assert HOSTILE not in page.content.decode()
    undo = re.search(r'action="(/calls/account-code/\d+/undo)"', page.content.decode())
    assert undo is not None
    browser.post(undo[1], {"back": "https://elsewhere.example/"})
    assert owner_micros() == 0
    again = browser.post(undo[1], {"back": "https://elsewhere.example/"})
    assert again["Location"] == "/calls"
    assert "is not the latest" in words_of(browser.get("/calls"))
    actors = AuditLog.objects.filter(action="call.account_code").values_list("actor", flat=True)
    assert list(actors) == ["anna", "anna"]


def test_all_calls_of_a_filter_get_a_code_at_once(browser: Client, billed: Office) -> None:
    billed.receive([Call(number, FIRST_CALL + timedelta(hours=number)) for number in (2, 3)])

    answer = corrected(browser, "?extension=101", "4711")

    assert answer["Location"].startswith("/calls?extension=101")
    assert set(StoredCall.objects.values_list("account_code", flat=True)) == {"4711"}


def test_a_double_click_corrects_once(browser: Client, billed: Office) -> None:
    call = StoredCall.objects.get()
    asked = browser.get(f"/calls/account-code?id={call.pk}")
    shown = browser.post("/calls/account-code", {**form_of(asked, "show"), "code": "4711"})

    for _ in range(2):
        browser.post("/calls/account-code", form_of(shown, "post"))

    assert owner_micros() == -521_000
    assert "already" in words_of(browser.get(f"/calls/{call.pk}"))


def test_what_cannot_be_corrected_is_said(browser: Client, billed: Office) -> None:
    call = StoredCall.objects.get()
    asked = browser.get(f"/calls/account-code?id={call.pk}")

    refused = browser.post("/calls/account-code", {**form_of(asked, "show"), "code": HOSTILE})

    assert refused.status_code == 422
    assert "There is no account code" in words_of(refused)
    assert HOSTILE not in refused.content.decode()
    assert browser.get("/calls/account-code?extension=999")["Location"].startswith("/calls")


def test_who_may_not_change_money_corrects_nothing(
    browser: Client, billed: Office, user: User
) -> None:
    call = StoredCall.objects.get()
    User.objects.update(is_superuser=False)
    give_role(user, Role.VIEWER)

    assert browser.get(f"/calls/account-code?id={call.pk}").status_code == 403
    form = {"ids": str(call.pk), "code": "4711", "step": "post"}
    assert browser.post("/calls/account-code", form).status_code == 403
    assert "Correct the account code" not in words_of(browser.get(f"/calls/{call.pk}"))
    assert owner_micros() == 0


def test_the_unbilled_list_counts_and_lists_by_reason(browser: Client, billed: Office) -> None:
    billed.receive(
        [
            Call(2, NOON - timedelta(hours=2), extension="102"),
            Call(3, NOON - timedelta(hours=1), talk_s=0),
        ]
    )

    everything = browser.get("/calls/unbilled")
    off = browser.get("/calls/unbilled?reason=billing_off&period=all")

    assert re.search(r"Billing off billing is off for whoever could pay 1 ", words_of(everything))
    assert "Unanswered nobody answered 1 " in words_of(everything)
    assert "0.2200 EUR Billing off" in words_of(off)
    assert "Every call is paid" in words_of(browser.get("/calls/unbilled?period=today&q=nothing"))
    rows = b"".join(browser.get("/calls/unbilled/export.csv?reason=billing_off").streaming_content)  # type: ignore[attr-defined]  # a stream
    assert [row[4] for row in csv.reader(io.StringIO(rows.decode("utf-8-sig")))][-1] == "102"


def test_a_long_unbilled_list_goes_on(browser: Client, office: Office) -> None:
    start = NOON - timedelta(hours=9)
    office.receive([Call(number, start + timedelta(minutes=number)) for number in range(60)])

    first = browser.get("/calls/unbilled").content.decode()
    older = re.search(r'href="([^"]*)" rel="next"', first)
    assert older is not None
    second = browser.get("/calls/unbilled" + older[1].replace("&amp;", "&")).content.decode()

    def listed(html: str) -> set[str]:
        return set(re.findall(r'href="/calls/(\d+)"', html))

    assert (len(listed(first)), len(listed(second))) == (50, 10)
    assert not listed(first) & listed(second)


def test_the_past_is_billed_once_it_was_shown(browser: Client, office: Office) -> None:
    office.receive([Call(1, NOON - timedelta(hours=3)), Call(2, NOON - timedelta(days=3))])
    with door.transaction():
        change_extension("101", billing=True)
    amir = str(Extension.objects.get(number="101").pk)

    asked = browser.get("/calls/unbilled/bill")
    shown = browser.get("/calls/unbilled/bill?since=2026-10-31")
    assert "Extension 101 (Amir) 1 0.2200 EUR" in words_of(shown)
    assert balance_micros("extension", amir, "EUR") == 0
    for _ in range(2):
        browser.post("/calls/unbilled/bill", {"since": "2026-10-31"})

    assert asked.status_code == 200
    assert balance_micros("extension", amir, "EUR") == -220_000
    assert AuditLog.objects.filter(action="billing.past").count() == 2
    assert browser.get("/calls/unbilled/bill?since=yesterday").status_code == 422
    assert browser.post("/calls/unbilled/bill", {"since": ""}).status_code == 422


def test_a_billing_of_the_past_is_undone_with_one_button(browser: Client, office: Office) -> None:
    office.receive([Call(1, NOON - timedelta(hours=3))])
    with door.transaction():
        change_extension("101", billing=True)
    amir = str(Extension.objects.get(number="101").pk)
    browser.post("/calls/unbilled/bill", {"since": "2026-10-31"})
    page = browser.get("/calls/unbilled/bill")
    assert "Extension 101 (Amir) , 1 call 0.2200 EUR Undo" in words_of(page)
    undo = re.findall(r'action="(/calls/unbilled/bill/\d+/undo)"', page.content.decode())

    told = browser.post(undo[0], follow=True)
    again = browser.post(undo[0], follow=True)

    assert "Undone: 1 call unbilled again" in words_of(told)
    assert "it was undone already" in words_of(again)
    assert balance_micros("extension", amir, "EUR") == 0
    assert "/undo" not in browser.get("/calls/unbilled/bill").content.decode()
