"""Extensions sign in with a PIN (EBC-60): who gives it out, who gets in, and when it locks."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from support.databases import door
from support.factories import make_extension, make_site
from support.office import FIRST_CALL, Call, Office
from support.screens import StandingClock
from tollbook.app.access.actor import Actor
from tollbook.app.access.pins import PinError, generate_pins, set_pins, weakness
from tollbook.storage.models import AuditLog, Extension, ExtensionPin, UserRole

PIN, OTHER_PIN = "270418", "905512"


class CountingHasher(MD5PasswordHasher):
    """Counts how often a hash is computed: the slow part of a sign-in, and so its time."""

    computed = 0

    def encode(self, password: str, salt: str) -> str:
        """Count, then compute."""
        CountingHasher.computed += 1
        return super().encode(password, salt)


@pytest.fixture
def by(clock: StandingClock) -> Actor:
    return Actor("anna", clock(), "192.0.2.1")


@pytest.fixture
def amir(office: Office, by: Actor) -> Extension:
    extension = Extension.objects.get(number="101")
    set_pins({extension.pk: PIN}, by=by)
    return extension


def enter(client: Client, extension: str, pin: str, **more: str) -> Any:
    return client.post("/sign-in/extension", {"extension": extension, "pin": pin, **more})


def test_an_extension_signs_in_with_its_pin_and_sees_its_own_calls(
    office: Office, amir: Extension, anonymous: Client
) -> None:
    office.receive(
        [
            Call(1, FIRST_CALL, extension="101", dialled="00494020111111"),
            Call(2, FIRST_CALL, extension="102", dialled="00494020222222"),
        ]
    )

    assert enter(anonymous, "101", PIN).headers["Location"] == "/"

    page = anonymous.get("/calls").content.decode()
    assert "4020111111" in page
    assert "4020222222" not in page
    assert "101 Amir" in page
    assert "Extension user" in page


def test_the_pin_is_kept_as_a_hash_and_shows_nowhere(amir: Extension, browser: Client) -> None:
    assert PIN not in str(list(ExtensionPin.objects.values()))
    assert PIN not in str(list(AuditLog.objects.values()))
    assert PIN not in browser.get("/users/pins").content.decode()
    assert PIN not in browser.get("/users/pins/export.csv").getvalue().decode()


def test_pins_are_hashed_with_argon2(office: Office, by: Actor) -> None:
    extension = Extension.objects.get(number="101")
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.Argon2PasswordHasher"]):
        set_pins({extension.pk: PIN}, by=by)

    assert ExtensionPin.objects.get().hash.startswith("argon2$argon2id$")


@pytest.mark.parametrize(
    ("extension", "pin"), [("101", "270419"), ("102", PIN), ("999", PIN), ("", PIN), ("101", "")]
)
def test_all_refusals_read_alike(
    amir: Extension, anonymous: Client, extension: str, pin: str
) -> None:
    answer = enter(anonymous, extension, pin)

    assert answer.status_code == 401
    assert "Extension or PIN is not right." in answer.content.decode()


@pytest.mark.parametrize(
    ("extension", "pin"),
    [("101", PIN), ("101", "270419"), ("102", PIN), ("999", PIN)],
    ids=["right", "wrong PIN", "no PIN set", "no such extension"],
)
def test_every_try_takes_as_long_as_every_other(
    office: Office, anonymous: Client, by: Actor, extension: str, pin: str
) -> None:
    """One hash, whatever comes of it: the time tells nobody which extensions have a PIN."""
    hasher = f"{CountingHasher.__module__}.{CountingHasher.__qualname__}"
    with override_settings(PASSWORD_HASHERS=[hasher]):
        set_pins({Extension.objects.get(number="101").pk: PIN}, by=by)
        before = CountingHasher.computed
        enter(anonymous, extension, pin)

    assert CountingHasher.computed - before == 1


def test_five_failures_lock_the_extension_for_fifteen_minutes(
    amir: Extension, anonymous: Client, clock: StandingClock
) -> None:
    for _ in range(5):
        assert enter(anonymous, "101", "000000").status_code == 401

    locked = enter(anonymous, "101", PIN)
    assert locked.status_code == 429
    assert b"locked until 13:15:00 (Europe/Berlin)" in locked.content

    clock.instant += timedelta(minutes=15, seconds=1)
    assert enter(anonymous, "101", PIN).status_code == 302


def test_an_extension_that_is_not_there_locks_too(office: Office, anonymous: Client) -> None:
    """Or a lock would say that there is one."""
    for _ in range(5):
        assert enter(anonymous, "999", PIN).status_code == 401

    assert enter(anonymous, "999", PIN).status_code == 429


def test_a_lock_of_one_extension_is_not_another_ones(
    amir: Extension, anonymous: Client, by: Actor
) -> None:
    set_pins({Extension.objects.get(number="102").pk: OTHER_PIN}, by=by)
    for _ in range(5):
        enter(anonymous, "102", "000000")

    assert enter(anonymous, "101", PIN).status_code == 302


def test_where_two_sites_have_the_extension_the_site_is_chosen(
    amir: Extension, anonymous: Client, by: Actor
) -> None:
    with door.transaction():
        branch = make_site("Branch", zone="UTC", currency="USD")
        twin = make_extension("101", site=branch, name="Zoe")
    set_pins({twin.pk: OTHER_PIN}, by=by)

    assert b"Branch" in anonymous.get("/sign-in/extension").content
    assert enter(anonymous, "101", OTHER_PIN, site=str(amir.site_id)).status_code == 401
    assert enter(anonymous, "101", OTHER_PIN, site=str(branch.pk)).status_code == 302
    page = anonymous.get("/account").content.decode()
    assert "101 Zoe" in page
    assert "UTC · USD" in page


def test_another_pin_ends_the_sessions_and_the_old_pin(
    amir: Extension, anonymous: Client, by: Actor
) -> None:
    enter(anonymous, "101", PIN)
    assert anonymous.get("/calls").status_code == 200

    set_pins({amir.pk: OTHER_PIN}, by=by)

    assert anonymous.get("/calls").status_code == 302
    assert enter(Client(), "101", PIN).status_code == 401
    assert enter(Client(), "101", OTHER_PIN).status_code == 302
    assert UserRole.objects.count() == 1


def test_taking_the_pin_away_ends_it_all(amir: Extension, browser: Client, office: Office) -> None:
    other = Client()
    enter(other, "101", PIN)

    browser.post(f"/users/pins/{amir.pk}/remove")

    assert other.get("/calls").status_code == 302
    assert enter(Client(), "101", PIN).status_code == 401


def test_an_extension_that_is_switched_off_gets_out_and_not_in_again(
    amir: Extension, anonymous: Client
) -> None:
    enter(anonymous, "101", PIN)
    Extension.objects.filter(pk=amir.pk).update(active=False)

    assert anonymous.get("/calls").status_code == 403
    assert enter(Client(), "101", PIN).status_code == 401


def test_who_is_shut_out_does_not_get_in_by_pin(amir: Extension, browser: Client) -> None:
    user = User.objects.get(username__startswith="ext-101")
    browser.post(f"/users/{user.pk}/shut-out")

    assert enter(Client(), "101", PIN).status_code == 401


def test_an_extensions_user_has_no_password(amir: Extension, anonymous: Client) -> None:
    user = User.objects.get(username__startswith="ext-101")
    for password in ("", PIN, user.password):
        answer = anonymous.post("/sign-in", {"name": user.username, "password": password})
        assert answer.status_code == 401

    enter(anonymous, "101", PIN)
    assert b"Change the password" not in anonymous.get("/account").content


def test_a_new_password_is_not_made_for_an_extensions_user(
    amir: Extension, browser: Client
) -> None:
    user = User.objects.get(username__startswith="ext-101")

    answer = browser.post(f"/users/{user.pk}/new-password", follow=True)

    assert b"Set a new PIN instead" in answer.content


@pytest.mark.parametrize(
    ("pin", "fault"),
    [
        ("123", "4 to 12 digits"),
        ("12ab", "4 to 12 digits"),
        ("٢٧٠٤", "4 to 12 digits"),
        ("1111", "all digits are the same"),
        ("3456", "follow each other"),
        ("8765", "follow each other"),
        ("4711", "own number"),
        ("2704", ""),
    ],
)
def test_easy_pins_are_refused(pin: str, fault: str) -> None:
    assert fault in weakness(pin, number="4711")
    assert bool(weakness(pin, number="4711")) is bool(fault)


def test_a_pin_is_set_on_the_screen(browser: Client, office: Office) -> None:
    extension = Extension.objects.get(number="102")
    place = f"/users/pins/{extension.pk}"

    assert b"The two PINs differ" in browser.post(place, {"pin": PIN, "again": "1"}).content
    assert b"follow each other" in browser.post(place, {"pin": "1234", "again": "1234"}).content
    assert browser.post(place, {"pin": PIN, "again": PIN}).status_code == 302
    assert enter(Client(), "102", PIN).status_code == 302
    line = AuditLog.objects.get(action="pin.set")
    assert (line.actor, line.object_type, line.object_id) == (
        "anna",
        "extension",
        str(extension.pk),
    )


def test_pins_are_made_for_the_ticked_and_shown_once(browser: Client, office: Office) -> None:
    ticked = [str(one.pk) for one in Extension.objects.order_by("number")]

    answer = browser.post("/users/pins/generate", {"id": ticked})

    made = re.findall(r'<td class="digits secret">(\d{6})</td>', answer.content.decode())
    assert len(made) == len(ticked) == 2
    assert enter(Client(), "101", made[0]).status_code == 302
    assert enter(Client(), "102", made[1]).status_code == 302
    assert browser.post("/users/pins/generate", {}).status_code == 302


@pytest.mark.parametrize("given", [["999"], ["1", "999"]])
def test_no_pin_is_made_if_one_extension_is_missing(
    by: Actor, office: Office, given: list[str]
) -> None:
    with pytest.raises(PinError, match="No PIN was set"):
        generate_pins([int(one) for one in given], by=by)

    assert not ExtensionPin.objects.exists()


def upload(browser: Client, text: str | bytes) -> Any:
    raw = text.encode() if isinstance(text, str) else text
    return browser.post("/users/pins/import", {"file": SimpleUploadedFile("pins.csv", raw)})


@pytest.mark.parametrize(
    "text",
    [
        f"extension,pin\n101,{PIN}\n102,{OTHER_PIN}\n",
        f"\ufeffExtension;PIN\r\n101;{PIN}\r\n102;{OTHER_PIN}\r\n",
        f"pin,site,extension\n{PIN},main office,101\n\n{OTHER_PIN},,102\n",
    ],
)
def test_pins_are_set_from_a_file(browser: Client, office: Office, text: str) -> None:
    assert upload(browser, text).status_code == 302

    assert enter(Client(), "101", PIN).status_code == 302
    assert enter(Client(), "102", OTHER_PIN).status_code == 302


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("101,270418\n", "The first line must name the columns"),
        ("extension,pin\n", "The file has no PINs"),
        ("extension,pin\n999,270418\n", "Line 2: there is no active extension &quot;999&quot;"),
        ("extension,pin\n101,270418\n102,1234\n", "Line 3: the digits follow each other"),
        ("extension,pin\n101,270418\n101,905512\n", "Line 3: extension 101 came before"),
        ("extension,pin,site\n101,270418,Branch\n", "at &quot;Branch&quot;"),
        (b"extension,pin\n101,\xff\n", "not UTF-8"),
        ("", "Choose a file first"),
    ],
)
def test_a_file_with_a_fault_sets_no_pin(
    browser: Client, office: Office, text: str | bytes, words: str
) -> None:
    answer = upload(browser, text)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ExtensionPin.objects.exists()


def test_too_many_pins_at_once_are_refused(browser: Client, office: Office) -> None:
    lines = "".join(f"{number},270418\n" for number in range(201))

    assert "at most 200 at once" in upload(browser, "extension,pin\n" + lines).content.decode()


def test_the_list_is_searched_filtered_sorted_and_exported(
    amir: Extension, browser: Client
) -> None:
    def numbers(query: str) -> list[str]:
        text = browser.get(f"/users/pins/export.csv{query}").getvalue().decode("utf-8-sig")
        return [row[0] for row in csv.reader(io.StringIO(text))][1:]

    assert numbers("") == ["101", "102"]
    assert numbers("?sort=-number") == ["102", "101"]
    assert numbers("?pin=yes") == ["101"]
    assert numbers("?pin=no") == ["102"]
    assert numbers("?q=bert") == ["102"]
    assert b"No extension fits" in browser.get("/users/pins?q=nobody").content


def test_the_sign_in_page_offers_extensions_once_one_has_a_pin(
    office: Office, anonymous: Client, by: Actor
) -> None:
    assert b"/sign-in/extension" not in anonymous.get("/sign-in").content

    set_pins({Extension.objects.get(number="101").pk: PIN}, by=by)

    assert b"/sign-in/extension" in anonymous.get("/sign-in").content
