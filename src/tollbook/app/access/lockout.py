"""How often one may try to sign in: a lock by name and, more generously, by address.

A try counts before the password is looked at, so that a hundred tries at once get no further than
five one after another. Users' passwords and extensions' PINs share it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.core.instants import to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import LoginFailure, Meta

FAILURES_KEPT: Final = timedelta(days=1)
ADMISSION: Final = "sign-in-admission"  # a mutex row: sign-in attempts are serialised on it
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
class Locked:
    """Too many failures; the next try counts from *until* on."""

    until: datetime


def admit(
    key: str, *, address: str, lock_out: LockOut, at: datetime, object_type: str = "user"
) -> int | Locked:
    """Count this try of *key* and return how many are left after it, or the lock that refuses it.

    *key* is who wants in, in one spelling; *object_type* names it in the audit log.
    """
    since_us = to_us(at - lock_out.window)
    with door().transaction():
        # Serialised on a database server too: each try must see those before it.
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
            record_change(Actor(key, at, address), "lock_out", of=(object_type, ""))
    return left


def forget_failures(key: str) -> None:
    """Forget the tries of *key*, inside the transaction that lets it in."""
    LoginFailure.objects.filter(name=key).delete()
