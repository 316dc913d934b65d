"""Extensions' PINs: how an extension's user signs in (EBC-60), and who sets them.

A PIN is kept as a hash, like a password. It has few digits, so the lock after failures
(`app.access.lockout`) is what protects it. An extension's user is made with its first PIN.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import User

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.access.lockout import Locked, LockOut, admit, forget_failures
from tollbook.app.access.passwords import random_digits
from tollbook.app.access.sign_in import SignedIn, WrongPassword
from tollbook.app.access.users import sign_out_everywhere
from tollbook.core.instants import to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import Extension, ExtensionPin, UserRole
from tollbook.storage.models.access import Role

FEWEST_DIGITS: Final = 4
MOST_DIGITS: Final = 12
USUAL_DIGITS: Final = 6
MOST_AT_ONCE: Final = 200  # a hash is slow on purpose, and a page should not take a minute
LONGEST_NUMBER: Final = 64
_PIN: Final = re.compile(rf"[0-9]{{{FEWEST_DIGITS},{MOST_DIGITS}}}")
_STRAIGHT: Final = "01234567890123456789"


class PinError(ValueError):
    """A PIN that cannot be set; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class NewPin:
    """A PIN that was just made, to be shown this once."""

    extension_id: int
    number: str
    name: str
    pin: str


def weakness(pin: str, *, number: str) -> str:
    """Say why *pin* is no PIN for the extension with *number*; "" if it will do.

    >>> weakness("1234", number="101"), weakness("2580", number="101")
    ('the digits follow each other', '')
    """
    if not _PIN.fullmatch(pin):
        return f"a PIN has {FEWEST_DIGITS} to {MOST_DIGITS} digits"
    if len(set(pin)) == 1:
        return "all digits are the same"
    if pin in _STRAIGHT or pin in _STRAIGHT[::-1]:
        return "the digits follow each other"
    if pin == number:
        return "it is the extension's own number"
    return ""


def set_pins(pins: Mapping[int, str], *, by: Actor) -> int:
    """Give each extension, by its id, its PIN, and sign its user out everywhere; all or none.

    Raises PinError for a PIN that is too easy, an extension that is not there or not active, and
    more than `MOST_AT_ONCE` at once.
    """
    if len(pins) > MOST_AT_ONCE:
        raise PinError(
            f"{len(pins)} PINs at once, at most {MOST_AT_ONCE}. None was set; do it in parts."
        )
    extensions = _active(list(pins))
    for extension in extensions:
        fault = weakness(pins[extension.pk], number=extension.number)
        if fault:
            raise PinError(f"Extension {extension.number}: {fault}. No PIN was set.")
    hashes = {extension.pk: make_password(pins[extension.pk]) for extension in extensions}
    with door().transaction():
        for extension in extensions:
            _set(extension, hashes[extension.pk], by=by)
    return len(extensions)


def generate_pins(extension_ids: Sequence[int], *, by: Actor) -> list[NewPin]:
    """Give each extension a random PIN of six digits and return them, to be shown this once."""
    extensions = _active(extension_ids)
    pins = {extension.pk: _random_pin(extension.number) for extension in extensions}
    set_pins(pins, by=by)
    return [
        NewPin(extension.pk, extension.number, extension.name, pins[extension.pk])
        for extension in extensions
    ]


def remove_pin(extension_id: int, *, by: Actor) -> bool:
    """Take an extension's PIN away, so that its user cannot sign in; False if it had none."""
    with door().transaction():
        removed, _ = ExtensionPin.objects.filter(extension_id=extension_id).delete()
        if not removed:
            return False
        role = UserRole.objects.filter(extension_id=extension_id).first()
        if role is not None:
            sign_out_everywhere(role.user_id)
        record_change(
            by,
            "pin.remove",
            of=("extension", extension_id),
            before={"pin": "set"},
            after={"pin": "none"},
        )
    return True


def sign_in_extension(
    number: str,
    pin: str,
    *,
    site_id: int,
    address: str,
    lock_out: LockOut,
    at: datetime,
) -> SignedIn | WrongPassword | Locked:
    """Check *pin* for the extension with *number* at a site and return what came of it.

    An extension that is not there, has no PIN or may not sign in takes as long as a wrong PIN.
    """
    number = "".join(filter(str.isprintable, number)).strip()[:LONGEST_NUMBER]
    key = f"extension {number.casefold()} at {site_id}"
    admitted = admit(key, address=address, lock_out=lock_out, at=at, object_type="extension")
    if isinstance(admitted, Locked):
        return admitted
    user = _holder_of(number, pin, site_id=site_id)
    if user is None:
        return WrongPassword(left=admitted)
    with door().transaction():
        forget_failures(key)
        record_change(Actor(user.get_username(), at, address), "sign_in", of=("user", user.pk))
    return SignedIn(user)


def _holder_of(number: str, pin: str, *, site_id: int) -> User | None:
    """Return the user of the extension if *pin* is its PIN; one hash is computed in any case."""
    kept = (
        ExtensionPin.objects.filter(
            extension__site_id=site_id, extension__number=number, extension__active=True
        )
        .values_list("extension_id", "hash")
        .first()
    )
    if kept is None:
        make_password(pin)
        return None
    extension_id, kept_hash = kept
    role = UserRole.objects.select_related("user").filter(extension_id=extension_id).first()
    fits = check_password(pin, kept_hash)
    return role.user if fits and role is not None and role.user.is_active else None


def _active(extension_ids: Sequence[int]) -> list[Extension]:
    found = list(Extension.objects.filter(pk__in=extension_ids, active=True).order_by("number"))
    missing = len(set(extension_ids)) - len(found)
    if missing:
        raise PinError(
            f"{missing} of the extensions are not there or not active. No PIN was set. "
            "Show the list again."
        )
    return found


def _random_pin(number: str) -> str:
    while True:
        pin = random_digits(USUAL_DIGITS)
        if not weakness(pin, number=number):
            return pin


def _set(extension: Extension, pin_hash: str, *, by: Actor) -> None:
    role = UserRole.objects.select_related("user").filter(extension=extension).first()
    user = role.user if role else _new_user(extension, by=by)
    # Another unusable password: it is what sessions are tied to, so all of them end.
    user.set_unusable_password()
    user.save(update_fields=["password"])
    sign_out_everywhere(user.pk)
    had = ExtensionPin.objects.filter(extension=extension).exists()
    ExtensionPin.objects.update_or_create(
        extension=extension,
        defaults={"hash": pin_hash, "changed_us": to_us(by.at), "changed_by": by.name[:150]},
    )
    record_change(
        by,
        "pin.set",
        of=("extension", extension.pk),
        before={"pin": "set" if had else "none"},
        after={"pin": "set", "extension": extension.number},
    )


def _new_user(extension: Extension, *, by: Actor) -> User:
    user = User.objects.create_user(username=f"ext-{extension.number}-{extension.pk}"[:150])
    UserRole.objects.create(
        user=user,
        role=Role.EXTENSION,
        extension=extension,
        created_us=to_us(by.at),
        created_by=by.name[:150],
    )
    return user
