"""Signing in and changing one's password, with a lock after too many failures.

A try counts before the password is looked at, so that a hundred tries at once get no further than
five one after another. The lock is by name and, more generously, by address.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from tollbook.app.audit import record_change
from tollbook.storage.door import door
from tollbook.storage.instants import to_us
from tollbook.storage.models import LoginFailure, Meta, UserSession

FAILURES_KEPT: Final = timedelta(days=1)
ADMISSION: Final = "sign-in-admission"  # the row that tries queue at
LONGEST_NAME: Final = 150
TRIES_OF_AN_ADDRESS: Final = 4  # times those of a name: an office shares one address


@dataclass(frozen=True, slots=True)
class LockOut:
    """How many failures lock a name, and for how long."""

    failures: int
    minutes: int

    @property
    def window(self) -> timedelta:
        """The time over which failures are counted."""
        return timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The name and password fit."""

    user: User


@dataclass(frozen=True, slots=True)
class WrongPassword:
    """They do not; *left* more tries before the lock."""

    left: int


@dataclass(frozen=True, slots=True)
class Locked:
    """Too many failures; the next try counts from *until* on."""

    until: datetime


def sign_in(
    name: str, password: str, *, address: str, lock_out: LockOut, at: datetime
) -> SignedIn | WrongPassword | Locked:
    """Check *password* for *name* and return what came of it."""
    name = "".join(filter(str.isprintable, name)).strip()[:LONGEST_NAME]
    key = name.casefold()
    admitted = _admit(key, address=address, lock_out=lock_out, at=at)
    if isinstance(admitted, Locked):
        return admitted
    user = authenticate(None, username=name, password=password)
    if not isinstance(user, User):
        return WrongPassword(left=admitted)
    with door.transaction():
        LoginFailure.objects.filter(name=key).delete()
        record_change(
            actor=user.get_username(),
            action="sign_in",
            object_type="user",
            object_id=str(user.pk),
            address=address,
            at=at,
        )
    return SignedIn(user)


def _admit(key: str, *, address: str, lock_out: LockOut, at: datetime) -> int | Locked:
    """Count this try and return how many are left after it, or the lock that refuses it."""
    since_us = to_us(at - lock_out.window)
    with door.transaction():
        # One try after the other, on a database server too: each must see those before it.
        Meta.objects.select_for_update().get_or_create(key=ADMISSION)
        LoginFailure.objects.filter(at_us__lt=to_us(at - FAILURES_KEPT)).delete()
        recent = LoginFailure.objects.filter(at_us__gt=since_us).order_by("at_us")
        by_name = list(recent.filter(name=key).values_list("at_us", flat=True))
        by_address = list(recent.filter(address=address).values_list("at_us", flat=True))
        for tries, allowed in (
            (by_name, lock_out.failures),
            (by_address, lock_out.failures * TRIES_OF_AN_ADDRESS),
        ):
            if len(tries) >= allowed:
                ends_us = tries[-allowed] + int(lock_out.window.total_seconds() * 1_000_000)
                return Locked(until=at + timedelta(microseconds=ends_us - to_us(at)))
        LoginFailure.objects.create(name=key, at_us=to_us(at), address=address)
        left = lock_out.failures - len(by_name) - 1
        if left == 0:
            record_change(
                actor=key,
                action="lock_out",
                object_type="user",
                object_id="",
                address=address,
                at=at,
            )
    return left


def change_password(
    user: User, *, old: str, new: str, address: str, at: datetime
) -> tuple[str, ...]:
    """Give *user* the password *new* and return no faults; or change nothing and return them."""
    if not user.check_password(old):
        return ("The present password is not right.",)
    if old == new:
        return ("The new password is the present one. Choose another.",)
    try:
        validate_password(new, user)
    except ValidationError as fault:
        return tuple(fault.messages)
    with door.transaction():
        user.set_password(new)
        user.save(update_fields=["password"])
        Meta.objects.filter(key=_to_change(user.pk)).delete()
        UserSession.objects.filter(user=user).delete()
        record_change(
            actor=user.get_username(),
            action="change_password",
            object_type="user",
            object_id=str(user.pk),
            address=address,
            at=at,
        )
    return ()


def expect_new_password(user_id: int) -> None:
    """Remember that *user_id* has a password which others saw: it must be changed first."""
    Meta.objects.update_or_create(key=_to_change(user_id), defaults={"value": "one-time"})


def must_change_password(user_id: int) -> bool:
    """Return whether *user_id* still has the one-time password."""
    return Meta.objects.filter(key=_to_change(user_id)).exists()


def _to_change(user_id: int) -> str:
    return f"password-to-change:{user_id}"
