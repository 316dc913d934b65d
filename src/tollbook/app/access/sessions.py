"""Where a user is signed in, and signing out elsewhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.contrib.sessions.models import Session

from tollbook.core.instants import from_us, to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import UserSession

SEEN_EVERY: Final = timedelta(minutes=1)  # a page more often is not worth a write


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One place where a user is signed in."""

    id: int
    created: datetime
    seen: datetime
    address: str
    agent: str
    is_this: bool


def open_session(key: str, user_id: int, *, address: str, agent: str, at: datetime) -> None:
    """Remember that *user_id* signed in under Django's session *key*."""
    with door().transaction():
        UserSession.objects.update_or_create(
            key=key,
            defaults={
                "user_id": user_id,
                "created_us": to_us(at),
                "seen_us": to_us(at),
                "address": address[:64],
                "agent": agent[:256],
            },
        )


def see_session(key: str, *, at: datetime) -> None:
    """Remember that *key* was used, at most once a minute."""
    stale_us = to_us(at - SEEN_EVERY)
    stale = UserSession.objects.filter(key=key, seen_us__lt=stale_us)
    if stale.exists():
        with door().transaction():
            stale.update(seen_us=to_us(at))


def list_sessions(user_id: int, *, this: str, at: datetime) -> list[OpenSession]:
    """Return where *user_id* is signed in at *at*, this session first, then the latest seen."""
    alive = Session.objects.filter(expire_date__gt=at).values("session_key")
    found = UserSession.objects.filter(user_id=user_id, key__in=alive).order_by("-seen_us")
    sessions = [
        OpenSession(
            id=row.pk,
            created=from_us(row.created_us),
            seen=from_us(row.seen_us),
            address=row.address,
            agent=row.agent,
            is_this=row.key == this,
        )
        for row in found
    ]
    return sorted(sessions, key=lambda session: not session.is_this)


def end_session(user_id: int, session_id: int) -> bool:
    """Sign *user_id* out of one session; False if it is not that user's or has ended."""
    with door().transaction():
        keys = list(
            UserSession.objects.filter(pk=session_id, user_id=user_id).values_list("key", flat=True)
        )
        _forget(keys)
    return bool(keys)


def end_other_sessions(user_id: int, *, this: str) -> int:
    """Sign *user_id* out everywhere but in the session *this*; return how many ended."""
    with door().transaction():
        others = UserSession.objects.filter(user_id=user_id).exclude(key=this)
        keys = list(others.values_list("key", flat=True))
        _forget(keys)
    return len(keys)


def close_session(key: str) -> None:
    """Forget the session *key*: its user has signed out."""
    with door().transaction():
        _forget([key])


def _forget(keys: list[str]) -> None:
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(key__in=keys).delete()
