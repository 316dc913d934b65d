"""From the screens: duplicates released, rejected records tried again."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from support.office import FIRST_CALL, Call, Office, calls_in_a_row
from support.rejected import BROKEN, blind, receive
from tollbook.storage.models import AuditLog, Duplicate, Reject
from tollbook.storage.models import Call as StoredCall

AGAIN = "/calls/quarantine/again"
RELEASE = "/calls/duplicates/release"


def text_of(answer: Any) -> str:
    """Return a page's words, its marks taken out."""
    html = answer.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def seal_of(answer: Any) -> str:
    found = re.search(r'name="seal" value="(\w+)"', answer.content.decode())
    assert found
    return found[1]


@pytest.fixture
def duplicate(office: Office) -> int:
    call = Call(1, FIRST_CALL, talk_s=60)
    office.receive([call])
    office.receive([call, Call(2, FIRST_CALL + timedelta(hours=1))])
    return Duplicate.objects.get().pk


def test_a_duplicate_is_chosen_confirmed_and_leads_to_its_call(
    browser: Client, duplicate: int
) -> None:
    listed = browser.get("/calls/duplicates").content.decode()
    assert f'name="id" value="{duplicate}"' in listed

    page = text_of(browser.get(f"{RELEASE}?id={duplicate}"))
    assert "1 record would become a call of its own, charged 0.2200 EUR" in page
    assert StoredCall.objects.count() == 2

    answer = browser.post(RELEASE, {"id": duplicate})
    shown = browser.get(answer.headers["Location"])

    call = Duplicate.objects.get().released_call_id
    assert "1 record is now a call of its own." in text_of(shown)
    assert f'href="/calls/{call}"' in shown.content.decode()
    assert f"released as call {call}" in text_of(shown)
    assert browser.get(f"/calls/{call}").status_code == 200
    assert AuditLog.objects.filter(action="duplicate.release", actor="anna").count() == 1
    assert f"released as call {call}" in text_of(browser.get("/calls/duplicates"))


def test_a_release_that_is_sent_twice_makes_one_call(browser: Client, duplicate: int) -> None:
    browser.post(RELEASE, {"id": duplicate})
    calls = StoredCall.objects.count()

    answer = browser.post(RELEASE, {"id": duplicate})

    assert "Nothing new was released" in text_of(browser.get(answer.headers["Location"]))
    assert StoredCall.objects.count() == calls


@pytest.mark.parametrize("query", ["", "?id=x", "?id=-1", "?id=99999999999999999999"])
def test_a_release_of_nothing_asks_for_something(
    browser: Client, office: Office, query: str
) -> None:
    assert browser.get(RELEASE + query).headers["Location"] == "/calls/duplicates"


def test_a_duplicate_that_is_not_there_is_said_so(browser: Client, office: Office) -> None:
    assert "None of these duplicates is there" in text_of(browser.get(f"{RELEASE}?id=77"))


def test_rejects_are_tried_shown_and_released(browser: Client, office: Office) -> None:
    lines = "".join(call.line() for call in calls_in_a_row(3))
    receive(office, lines + BROKEN + "<script>alert(1)</script>\n", blind())
    assert f'href="{AGAIN}?' in browser.get("/calls/quarantine").content.decode()

    page = browser.get(AGAIN)
    assert "Of 5 records, 3 would leave quarantine and make 3 new calls" in text_of(page)
    assert b"<script>alert" not in page.content
    assert StoredCall.objects.count() == 0

    answer = browser.post(AGAIN, {"seal": seal_of(page)})
    after = text_of(browser.get(answer.headers["Location"]))

    assert "Released 3 records: 3 new calls, 2 records stay rejected." in after
    assert StoredCall.objects.count() == 3
    assert Reject.objects.filter(state="new").count() == 2
    assert browser.post(AGAIN, {"seal": seal_of(page)}).status_code == 409
    assert StoredCall.objects.count() == 3


def test_one_record_is_tried_and_shows_its_call(browser: Client, office: Office) -> None:
    receive(office, "".join(call.line() for call in calls_in_a_row(3)), blind())
    row = Reject.objects.order_by("pk")[1]
    assert (
        f'href="{AGAIN}?id={row.pk}"' in browser.get(f"/calls/quarantine/{row.pk}").content.decode()
    )

    page = browser.get(f"{AGAIN}?id={row.pk}")
    answer = browser.post(AGAIN, {"id": row.pk, "seal": seal_of(page)})
    assert answer.headers["Location"] == f"/calls/quarantine/{row.pk}"

    row.refresh_from_db()
    assert row.state == "released"
    assert f"Call {row.released_call_id}" in text_of(browser.get(f"/calls/quarantine/{row.pk}"))
    assert Reject.objects.filter(state="new").count() == 2


def test_what_has_changed_since_it_was_shown_is_shown_again(
    browser: Client, office: Office
) -> None:
    receive(office, calls_in_a_row(2)[1].line(), blind())
    seal = seal_of(browser.get(AGAIN))
    receive(office, BROKEN, blind())

    answer = browser.post(AGAIN, {"seal": seal})

    assert answer.status_code == 409
    assert "Nothing was stored" in text_of(answer)
    assert StoredCall.objects.count() == 0


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?id=99",
        "?source=x&reason=%F0%9F%92%A3%27--&after=-1",
        "?zone=Mars",
        "?id=99999999999999999999",
    ],
)
def test_a_try_answers_whatever_is_asked(browser: Client, office: Office, query: str) -> None:
    answer = browser.get(AGAIN + query)

    assert answer.status_code == 200
    assert "Nothing waits here" in text_of(answer)


def test_nobody_releases_without_signing_in(anonymous: Client, duplicate: int) -> None:
    assert "/sign-in" in anonymous.post(RELEASE, {"id": duplicate}).headers["Location"]
    assert "/sign-in" in anonymous.post(AGAIN, {"seal": ""}).headers["Location"]
    assert StoredCall.objects.count() == 2
