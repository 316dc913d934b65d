"""Signing in: who gets in, who is locked out and until when, and where else one is signed in."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import get_hasher
from django.contrib.auth.models import User
from django.test import Client

from support.factories import make_user
from support.office import Office
from support.screens import OPEN, PASSWORD, StandingClock, example, pages
from tollbook.app.access.sign_in import expect_new_password
from tollbook.storage.models import AuditLog, LoginFailure

NEW_PASSWORD = "three carts and no horse"


def test_nobody_sees_a_page_without_signing_in(anonymous: Client) -> None:
    for page in pages():
        if page.name in OPEN:
            continue  # They show no data.
        for answer in (anonymous.get(example(page)), anonymous.post(example(page))):
            assert answer.status_code == 302, page.name
            assert answer.headers["Location"].startswith("/sign-in?"), page.name


def test_passwords_are_hashed_with_argon2() -> None:
    assert get_hasher().algorithm == "argon2"


def test_the_walk_over_the_pages_meets_them_all() -> None:
    names = {page.name for page in pages()}

    assert len(names) > 30
    assert {"home", "calls", "call", "calls_xlsx", "quarantine", "stop_source"} <= names


def test_a_part_of_a_page_asked_for_after_the_session_ended_opens_the_whole_sign_in(
    anonymous: Client,
) -> None:
    answer = anonymous.get(
        "/calls/live?since=1",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/calls?q=anna"},
    )

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=%2Fcalls%3Fq%3Danna"


def test_after_signing_in_the_wanted_page_opens(anonymous: Client, user: User) -> None:
    asked = anonymous.get("/calls?q=1", follow=True)
    assert b'value="/calls?q=1"' in asked.content

    answer = anonymous.post(
        "/sign-in", {"name": "anna", "password": PASSWORD, "next": "/calls?q=1"}
    )

    assert answer.headers["Location"] == "/calls?q=1"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:1"])
def test_signing_in_never_leads_to_another_site(
    anonymous: Client, user: User, elsewhere: str
) -> None:
    answer = anonymous.post("/sign-in", {"name": "anna", "password": PASSWORD, "next": elsewhere})

    assert answer.headers["Location"] == "/"


def test_five_failures_lock_the_name_for_fifteen_minutes(
    anonymous: Client, user: User, clock: StandingClock
) -> None:
    for _ in range(5):
        refused = anonymous.post("/sign-in", {"name": "Anna", "password": "no"})
        assert refused.status_code == 401
    assert b"sign-in is locked now" in refused.content

    locked = anonymous.post("/sign-in", {"name": "anna", "password": PASSWORD})
    assert locked.status_code == 429
    assert b"locked until 13:15:00 (Europe/Berlin)" in locked.content

    clock.instant += timedelta(minutes=15, seconds=1)
    assert anonymous.post("/sign-in", {"name": "anna", "password": PASSWORD}).status_code == 302


def test_one_address_trying_many_names_is_locked_out_too(anonymous: Client, user: User) -> None:
    for number in range(20):
        answer = anonymous.post("/sign-in", {"name": f"guess{number}", "password": "no"})
        assert answer.status_code == 401

    assert anonymous.post("/sign-in", {"name": "anna", "password": PASSWORD}).status_code == 429
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert elsewhere.post("/sign-in", {"name": "anna", "password": PASSWORD}).status_code == 302


def test_signing_in_forgets_the_failures_before(anonymous: Client, user: User) -> None:
    for _ in range(4):
        anonymous.post("/sign-in", {"name": "anna", "password": "no"})

    assert anonymous.post("/sign-in", {"name": "anna", "password": PASSWORD}).status_code == 302
    assert not LoginFailure.objects.exists()


def test_a_name_that_nobody_has_is_refused_in_the_same_words(anonymous: Client, user: User) -> None:
    known = anonymous.post("/sign-in", {"name": "anna", "password": "no"}).content
    unknown = anonymous.post("/sign-in", {"name": "bert", "password": "no"}).content

    sentence = b"Name or password is not right."
    assert sentence in known
    assert sentence in unknown


def test_sign_in_and_lock_are_in_the_audit_log_without_the_password(
    anonymous: Client, user: User
) -> None:
    for _ in range(5):
        anonymous.post("/sign-in", {"name": "x", "password": "hunter2"})
    anonymous.post("/sign-in", {"name": "anna", "password": PASSWORD})

    lines = list(AuditLog.objects.values_list("actor", "action", "address"))
    assert lines[-2:] == [("x", "lock_out", "127.0.0.1"), ("anna", "sign_in", "127.0.0.1")]
    assert not [row for row in AuditLog.objects.values() if "hunter2" in str(row)]


def test_a_form_without_its_token_changes_nothing(office: Office, user: User) -> None:
    strict = Client(enforce_csrf_checks=True)

    answer = strict.post("/sign-in", {"name": "anna", "password": PASSWORD})

    assert answer.status_code == 403
    assert b"This form is out of date" in answer.content
    assert "sessionid" not in strict.cookies


def test_a_one_time_password_must_be_changed_before_anything_else(
    browser: Client, user: User
) -> None:
    expect_new_password(user.pk)

    assert browser.get("/calls").headers["Location"] == "/account/password"
    refused = browser.post("/account/password", {"old": PASSWORD, "new": "short", "again": "short"})
    assert refused.status_code == 422
    changed = {"old": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD}
    assert browser.post("/account/password", changed).headers["Location"] == "/"
    assert browser.get("/calls").status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "again", "words"),
    [
        ("wrong", NEW_PASSWORD, NEW_PASSWORD, b"The present password is not right"),
        (PASSWORD, NEW_PASSWORD, "another", b"The two new passwords differ"),
        (PASSWORD, PASSWORD, PASSWORD, b"The new password is the present one"),
        (PASSWORD, "password123", "password123", b"too common"),
    ],
)
def test_a_password_is_not_changed_when(
    browser: Client, old: str, new: str, again: str, words: bytes
) -> None:
    answer = browser.post("/account/password", {"old": old, "new": new, "again": again})

    assert answer.status_code == 422
    assert words in answer.content
    assert User.objects.get(username="anna").check_password(PASSWORD)


def test_changing_the_password_signs_out_everywhere_else(browser: Client, user: User) -> None:
    other = Client()
    other.post("/sign-in", {"name": "anna", "password": PASSWORD})

    browser.post("/account/password", {"old": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD})

    assert other.get("/calls").status_code == 302
    assert browser.get("/calls").status_code == 200


def test_the_session_list_names_browsers_and_ends_the_others(browser: Client, user: User) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    other = Client(REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT=agent)
    other.post("/sign-in", {"name": "anna", "password": PASSWORD})
    listed = browser.get("/account")
    assert b"Firefox on Linux" in listed.content
    assert b"192.0.2.7" in listed.content

    browser.post("/account/sessions/end-others")

    assert other.get("/calls").status_code == 302
    assert browser.get("/calls").status_code == 200
    assert b"192.0.2.7" not in browser.get("/account").content


def test_a_session_of_somebody_else_cannot_be_ended(browser: Client, office: Office) -> None:
    make_user("bert", administrator=True, password=PASSWORD)
    other = Client()
    other.post("/sign-in", {"name": "bert", "password": PASSWORD})

    for session_id in range(1, 10):
        browser.post(f"/account/sessions/{session_id}/end")

    assert other.get("/calls").status_code == 200


def test_signing_out_ends_the_session(browser: Client) -> None:
    assert browser.post("/sign-out").status_code == 302
    assert browser.get("/calls").status_code == 302
    assert browser.get("/sign-out").status_code == 302
