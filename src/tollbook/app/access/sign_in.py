"""Signing in with a name and a password, and changing the password."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.access.lockout import LONGEST_NAME, Locked, LockOut, admit, forget_failures
from tollbook.storage.db.installation import door
from tollbook.storage.models import Meta, UserSession


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The name and password fit."""

    user: User


@dataclass(frozen=True, slots=True)
class WrongPassword:
    """They do not; *left* more tries before the lock."""

    left: int


def sign_in(
    name: str, password: str, *, address: str, lock_out: LockOut, at: datetime
) -> SignedIn | WrongPassword | Locked:
    """Check *password* for *name* and return what came of it."""
    name = "".join(filter(str.isprintable, name)).strip()[:LONGEST_NAME]
    key = name.casefold()
    admitted = admit(key, address=address, lock_out=lock_out, at=at)
    if isinstance(admitted, Locked):
        return admitted
    user = authenticate(None, username=name, password=password)
    if not isinstance(user, User):
        return WrongPassword(left=admitted)
    with door().transaction():
        forget_failures(key)
        record_change(Actor(user.get_username(), at, address), "sign_in", of=("user", user.pk))
    return SignedIn(user)


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
    with door().transaction():
        user.set_password(new)
        user.save(update_fields=["password"])
        forget_new_password(user.pk)
        UserSession.objects.filter(user=user).delete()
        record_change(
            Actor(user.get_username(), at, address), "change_password", of=("user", user.pk)
        )
    return ()


def expect_new_password(user_id: int) -> None:
    """Remember that *user_id* has a password which others saw: it must be changed first."""
    Meta.objects.update_or_create(key=_to_change(user_id), defaults={"value": "one-time"})


def forget_new_password(user_id: int) -> None:
    """Let *user_id* keep the password it has."""
    Meta.objects.filter(key=_to_change(user_id)).delete()


def must_change_password(user_id: int) -> bool:
    """Return whether *user_id* still has the one-time password."""
    return Meta.objects.filter(key=_to_change(user_id)).exists()


def _to_change(user_id: int) -> str:
    return f"password-to-change:{user_id}"
