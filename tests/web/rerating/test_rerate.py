"""Re-rating from the screens: dry run, confirmation, progress, result, differences."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from support.office import FIRST_CALL, NOON, TARIFF, Call, Office
from support.screens import StandingClock
from tollbook.app.access.actor import Actor
from tollbook.app.rerating.run import begin_rerating, find_run
from tollbook.app.tariffs.publish import publish_tariff
from tollbook.storage.models import AuditLog, Charge, RatingRun
from tollbook.storage.reports.call_filter import CallFilter

OCTOBER = {"from": "2026-10-01", "to": "2026-10-31"}


@pytest.fixture
def corrected(office: Office) -> Office:
    """An office whose calls to Germany were ten cents too cheap."""
    office.receive(Call(nth, FIRST_CALL + timedelta(minutes=nth)) for nth in range(60))
    germany = TARIFF["rate"][0]  # type: ignore[index]  # a list of tables
    dearer = {**TARIFF, "rate": [{**germany, "connect_fee": "0.20"}]}
    publish_tariff(dearer, by=Actor("test", NOON), valid_from=FIRST_CALL)
    return office


def page_of(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def finished(browser: Client, place: str) -> str:
    """Return the page of a run once it is done."""
    for _ in range(400):
        page = page_of(browser.get(place))
        if 'hx-trigger="every 1s"' not in page:
            return page
        time.sleep(0.05)
    raise AssertionError("the re-rating did not end")


def test_the_dry_run_shows_old_new_and_difference_and_stores_nothing(
    corrected: Office, browser: Client
) -> None:
    page = page_of(browser.get("/tariffs/rerate", OCTOBER))
    assert "/tariffs/rerate/dry-run?from=2026-10-01&amp;to=2026-10-31" in page

    shown = page_of(browser.get("/tariffs/rerate/dry-run", OCTOBER))

    assert "60 charges change" in shown
    for amount in ("13.2000", "19.2000", "6.0000"):
        assert f'<td class="number">{amount}</td>' in shown
    assert "Re-rate 60 calls" in shown
    assert not RatingRun.objects.exists()


def test_confirmed_it_runs_and_its_differences_can_be_read(
    corrected: Office, browser: Client
) -> None:
    answer = browser.post("/tariffs/rerate", OCTOBER)
    assert answer.status_code == 302

    page = finished(browser, answer.headers["Location"])

    assert "60 charges change" in page
    assert Charge.objects.exclude(run=0).count() == 60
    first = page_of(browser.get(f"{answer.headers['Location']}/differences"))
    assert first.count("0.1000") == 50
    after = first.partition("?after=")[2].partition('"')[0]
    more = page_of(browser.get(f"{answer.headers['Location']}/differences", {"after": after}))
    assert more.count("0.1000") == 10
    actions = AuditLog.objects.filter(object_type="rerating").values_list("action", "actor")
    assert ("rerate.start", "anna") in list(actions)


def test_a_run_that_was_broken_off_is_said_and_carried_on_with(
    corrected: Office, browser: Client, clock: StandingClock
) -> None:
    run = begin_rerating(CallFilter(), words="all calls", by=Actor("anna", NOON))
    clock.instant = NOON + timedelta(minutes=5)

    page = page_of(browser.get(f"/tariffs/rerate/{run.id}"))
    assert "It was broken off" in page
    assert f"Re-rating {run.id}" in page_of(browser.get("/tariffs/rerate"))
    refused = browser.post("/tariffs/rerate", OCTOBER)
    assert (refused.status_code, "is not finished" in refused.content.decode()) == (422, True)

    browser.post(f"/tariffs/rerate/{run.id}/carry-on")
    for _ in range(400):
        ended = find_run(run.id)
        assert ended is not None
        if not ended.is_running:
            break
        time.sleep(0.05)
    assert "60 charges change" in page_of(browser.get(f"/tariffs/rerate/{run.id}"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"from": "2026-13-01", "to": "2026-10-31"}, "is not a day"),
        ({"from": "2026-10-31", "to": "2026-10-01"}, "ends"),
        ({**OCTOBER, "extension": "999"}, "There is no extension"),
    ],
)
def test_what_cannot_be_rerated_is_said(
    corrected: Office, browser: Client, given: dict[str, str], words: str
) -> None:
    assert words in page_of(browser.get("/tariffs/rerate/dry-run", given))
    assert browser.post("/tariffs/rerate", given).status_code == 422
    assert not RatingRun.objects.exists()


def test_nobody_rerates_without_signing_in(corrected: Office, anonymous: Client) -> None:
    assert anonymous.post("/tariffs/rerate", OCTOBER).status_code in (302, 403)
    assert not RatingRun.objects.exists()


def test_a_run_that_is_not_there_is_a_404(office: Office, browser: Client) -> None:
    assert browser.get("/tariffs/rerate/99").status_code == 404
