"""Tokens on their screen: made and shown once, listed, withdrawn."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.test import Client

from support.factories import make_owner
from support.office import Office
from support.screens import StandingClock
from tollbook.app.access.tokens import bearer_of, note_use
from tollbook.storage.models import ApiToken, AuditLog, Extension


def make(browser: Client, **form: object) -> str:
    answer = browser.post("/tokens/add", {"scope": ["calls:read"], **form})
    assert answer.status_code == 200, answer.content.decode()
    found = re.search(r'id="made-token">([^<]+)<', answer.content.decode())
    assert found
    return found[1]


def test_a_token_is_shown_once_and_opens_its_door(browser: Client, office: Office) -> None:
    secret = make(browser, name="Wallboard")

    api = Client(headers={"Authorization": f"Bearer {secret}"})
    assert api.get("/api/v1/calls").status_code == 200
    assert api.get("/api/v1/sources").status_code == 403
    page = browser.get("/tokens").content.decode()
    assert "Wallboard" in page
    assert secret not in page
    assert secret not in str(list(AuditLog.objects.values()))


def test_a_withdrawn_token_opens_nothing(browser: Client, office: Office) -> None:
    secret = make(browser, name="Wallboard")
    token = ApiToken.objects.get().pk

    assert browser.post(f"/tokens/{token}/revoke").status_code == 302

    api = Client(headers={"Authorization": f"Bearer {secret}"})
    assert api.get("/api/v1/calls").status_code == 401
    assert browser.post(f"/tokens/{token}/revoke").status_code == 404
    assert AuditLog.objects.filter(action="token.revoke", actor="anna").count() == 1
    assert b"withdrawn" in browser.get("/tokens?state=withdrawn").content
    assert b"No token fits" in browser.get("/tokens?state=active").content


def test_a_token_ends_on_its_day_at_the_sites_midnight(
    browser: Client, office: Office, clock: StandingClock
) -> None:
    secret = make(browser, name="Wallboard", expires="2026-11-02")

    assert bearer_of(secret, at=clock()) is not None
    clock.instant += timedelta(days=1, hours=10, minutes=59)  # 23:59 in Berlin
    assert bearer_of(secret, at=clock()) is not None
    clock.instant += timedelta(minutes=1)
    assert bearer_of(secret, at=clock()) is None
    assert b">ended<" in browser.get("/tokens").content


def test_the_last_use_is_shown(browser: Client, office: Office, clock: StandingClock) -> None:
    bearer = bearer_of(make(browser), at=clock())
    assert bearer is not None
    assert b">never<" in browser.get("/tokens").content

    note_use(bearer, at=clock())
    clock.instant += timedelta(minutes=5)

    assert b"5 min ago" in browser.get("/tokens").content


def test_a_token_may_see_one_owner_or_one_extension(browser: Client, office: Office) -> None:
    owner = make_owner("Smith & Partners")
    make(browser, name="portal", owner=str(owner.pk))
    make(browser, name="phone", extension="101")

    assert ApiToken.objects.get(name="portal").owner_id == owner.pk
    extension = Extension.objects.get(number="101")
    assert ApiToken.objects.get(name="phone").extension_id == extension.pk
    assert b"Smith &amp; Partners" in browser.get("/tokens").content
    assert b"101 Amir" in browser.get("/tokens").content


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"scope": []}, "A token needs a scope"),
        ({"scope": ["calls:write"]}, "There is no scope"),
        ({"expires": "soon"}, "is not a day"),
        ({"expires": "2020-01-01"}, "which is past"),
        ({"extension": "999"}, "There is no active extension 999"),
        ({"owner": "999"}, "There is no such owner"),
        ({"owner": "1", "extension": "101"}, "not both"),
        ({"extension": "101", "scope": ["sources:read"]}, "only. No token was made"),
    ],
)
def test_a_token_is_not_made_when(
    browser: Client, office: Office, form: dict[str, object], words: str
) -> None:
    answer = browser.post("/tokens/add", {"scope": ["calls:read"], "name": "x", **form})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_the_list_is_searched_sorted_and_exported(
    browser: Client, office: Office, clock: StandingClock
) -> None:
    make(browser, name="Beta", expires="2027-01-01")
    clock.instant += timedelta(hours=1)
    make(browser, name="alpha", scope=["sources:read"])

    def names(query: str) -> list[str]:
        text = browser.get(f"/tokens/export.csv{query}").getvalue().decode("utf-8-sig")
        return [row[0] for row in csv.reader(io.StringIO(text))][1:]

    assert names("") == ["alpha", "Beta"]
    assert names("?sort=name") == ["alpha", "Beta"]
    assert names("?sort=-name") == ["Beta", "alpha"]
    assert names("?sort=created") == ["Beta", "alpha"]
    assert names("?sort=expires") == ["Beta", "alpha"]
    assert names("?sort=-used") == ["alpha", "Beta"]
    assert names("?q=sources") == ["alpha"]
    assert browser.get("/tokens/export.xlsx").status_code == 200
