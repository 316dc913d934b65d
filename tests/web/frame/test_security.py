"""What a browser, a foreign page or a guesser must not be able to do."""

import json
import os
import subprocess
import sys

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client, override_settings

from support.factories import make_user
from support.office import Office
from support.screens import OPEN, PASSWORD, example, pages
from tollbook.storage.models import LoginFailure


class CountingHasher(MD5PasswordHasher):
    """Counts how often a hash is computed: the slow part of a sign-in."""

    computed = 0

    def encode(self, password: str, salt: str) -> str:
        """Count, then compute."""
        CountingHasher.computed += 1
        return super().encode(password, salt)


def sign_in(client: Client, **more: str) -> int:
    return client.post("/sign-in", {"name": "anna", "password": PASSWORD, **more}).status_code


def test_a_session_that_was_slipped_in_before_is_not_the_one_after(
    anonymous: Client, user: User
) -> None:
    slipped = SessionStore()
    slipped["said"] = []
    slipped.create()
    anonymous.cookies["sessionid"] = str(slipped.session_key)

    assert sign_in(anonymous) == 302

    assert anonymous.cookies["sessionid"].value != slipped.session_key
    assert not SessionStore().exists(str(slipped.session_key))
    thief = Client()
    thief.cookies["sessionid"] = str(slipped.session_key)
    assert thief.get("/calls").status_code == 302


def test_the_forms_token_changes_with_the_sign_in(user: User, office: Office) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.get("/sign-in")
    before = strict.cookies["csrftoken"].value
    strict.post("/sign-in", {"name": "anna", "password": PASSWORD, "csrfmiddlewaretoken": before})

    assert strict.get("/account").status_code == 200
    assert strict.cookies["csrftoken"].value != before


def test_no_page_takes_a_form_from_elsewhere(user: User, office: Office) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    for page in pages():
        if page.name in OPEN:
            continue
        answer = strict.post(example(page), {"name": "x"})
        assert answer.status_code in (403, 405), page.name


def test_the_cookies_are_for_this_site_and_not_for_scripts(anonymous: Client, user: User) -> None:
    sign_in(anonymous)

    for name in ("sessionid", "csrftoken"):
        cookie = anonymous.cookies[name]
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name


@pytest.mark.parametrize("https", [True, False])
def test_over_https_the_cookies_are_for_https_only(https: bool) -> None:
    base_url = "https://tollbook.example" if https else "http://tollbook.example"
    shown = (
        "import json; from tollbook.wiring import django_settings as s; "
        "print(json.dumps([s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, "
        "s.SECURE_HSTS_SECONDS > 0, s.CSRF_TRUSTED_ORIGINS]))"
    )
    said = subprocess.run(
        [sys.executable, "-c", shown],
        env={**os.environ, "TOLLBOOK_BASE_URL": base_url},
        capture_output=True,
        check=True,
        text=True,
    )

    assert json.loads(said.stdout) == [https, https, https, [base_url]]


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/extension", "/calls", "/"])
def test_a_name_that_is_not_ours_is_not_answered(browser: Client, path: str) -> None:
    """A foreign page may let its own name point here, to be of the same origin."""
    answer = browser.get(path, headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert b"evil" not in answer.content
    assert b"add it to the setting allowed_hosts" in answer.content
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "\t//x.y",
    ],
)
@pytest.mark.parametrize("way", ["/sign-in", "/sign-in/extension"])
def test_no_way_in_leads_to_another_site(
    browser: Client, user: User, way: str, elsewhere: str
) -> None:
    answer = browser.get(way, {"next": elsewhere})

    assert answer.headers["Location"] == "/"


def test_an_address_is_not_made_up_by_a_header(anonymous: Client, user: User) -> None:
    """Else every try would come from another address, and no lock would ever hold."""
    for number in range(20):
        anonymous.post(
            "/sign-in",
            {"name": f"guess{number}", "password": "no"},
            headers={"X-Forwarded-For": f"198.51.100.{number}"},
        )

    assert set(LoginFailure.objects.values_list("address", flat=True)) == {"127.0.0.1"}
    assert sign_in(anonymous) == 429


def test_pins_and_passwords_share_the_lock_of_an_address(anonymous: Client, user: User) -> None:
    for number in range(20):
        form = {"extension": str(number), "pin": "270418"}
        assert anonymous.post("/sign-in/extension", form).status_code == 401

    assert sign_in(anonymous) == 429
    assert anonymous.post("/sign-in/extension", {"extension": "1", "pin": "1"}).status_code == 429


@pytest.mark.parametrize("name", ["anna", "nobody", "shut-out", "no-password"])
def test_a_wrong_password_takes_as_long_for_every_name(
    anonymous: Client, office: Office, name: str
) -> None:
    hasher = f"{CountingHasher.__module__}.{CountingHasher.__qualname__}"
    with override_settings(PASSWORD_HASHERS=[hasher]):
        make_user("anna", password=PASSWORD)
        make_user("shut-out", password=PASSWORD, is_active=False)
        make_user("no-password")
        before = CountingHasher.computed
        anonymous.post("/sign-in", {"name": name, "password": "no"})

    assert CountingHasher.computed - before == 1


def test_what_is_shown_once_is_not_kept_by_the_browser(browser: Client) -> None:
    for place, form in (
        ("/users/add", {"role": "billing"}),
        ("/tokens/add", {"scope": "calls:read"}),
        ("/users/pins/generate", {"id": "1"}),
    ):
        answer = browser.post(place, form)
        assert answer.status_code == 200, place
        assert answer.headers["Cache-Control"] == "no-store", place


def test_a_session_does_not_hold_what_was_shown_once(browser: Client) -> None:
    answer = browser.post("/users/add", {"role": "billing"}).content.decode()

    password = answer.partition('id="made-password">')[2].partition("<")[0]
    assert len(password) >= 16
    assert password not in json.dumps(dict(browser.session.items()))


def test_signing_out_takes_a_form(browser: Client) -> None:
    assert browser.get("/sign-out").status_code == 405
    assert browser.get("/calls").status_code == 200
