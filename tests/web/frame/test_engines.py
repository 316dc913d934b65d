"""The screens on a database server, and many at the door at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client

from support.databases import Database
from support.factories import make_user
from support.office import NOON, calls_in_a_row, open_office
from support.screens import PAGES
from tollbook.app.access.sign_in import Locked, LockOut, WrongPassword, sign_in
from tollbook.storage.db.current import carried
from tollbook.wiring.settings import Settings

LOCK_OUT = LockOut(failures=5, minutes=15)


@pytest.mark.slow
def test_every_page_opens_on_both_engines(database: Database, installed: Settings) -> None:
    open_office(database).receive(calls_in_a_row(30))
    browser = Client()
    browser.force_login(make_user("anna", administrator=True))
    for page in (*PAGES, "/calls?q=4020&sort=charge", "/calls?unrated=1&cost_min=1"):
        assert browser.get(page).status_code == 200, page
    for page in (
        "/calls?q=%00",
        "/find?q=a%00",
        "/calls/quarantine?reason=%00",
        "/tariffs/1?q=%00",
    ):
        assert browser.get(page).status_code == 400, page
    assert browser.post("/sources/add", {"name": "a\0b"}).status_code == 400
    assert b"".join(browser.get("/calls/export.csv").streaming_content).count(b"\r\n") == 31


def test_tries_all_at_once_get_no_further_than_one_after_another(
    database: Database, installed: Settings
) -> None:
    def attempt(number: int) -> object:
        try:
            return sign_in(
                "anna",
                f"guess {number}",
                address=f"192.0.2.{number}",
                lock_out=LOCK_OUT,
                at=NOON + timedelta(milliseconds=number),
            )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=8) as threads:
        came = list(threads.map(carried(attempt), range(24)))

    assert sum(isinstance(one, WrongPassword) for one in came) == 5
    assert sum(isinstance(one, Locked) for one in came) == 19


@pytest.mark.parametrize("name", ["", " ", "x" * 10_000, "\x00", "anna\n", "' OR 1=1 --"])
def test_no_name_breaks_the_door(database: Database, installed: Settings, name: str) -> None:
    came = sign_in(name, "no", address="192.0.2.1", lock_out=LOCK_OUT, at=NOON)

    assert isinstance(came, WrongPassword)
