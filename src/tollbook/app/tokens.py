"""API tokens: made once, shown once, known afterwards by their SHA-256 only."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from tollbook.app.audit import record_change
from tollbook.storage.door import door
from tollbook.storage.instants import to_us
from tollbook.storage.models import ApiToken

SCOPES = {
    "calls:read": "the call log and single calls",
    "charges:read": "totals of charges",
    "sources:read": "sources of records and their state",
    "metrics:read": "figures for monitoring",
}
PREFIX = "tollbook_"  # so that a token that leaked into a file is recognised for what it is
_USED_EVERY_US = 60_000_000  # a token's last use is kept to the minute: reading must stay cheap


class TokenError(ValueError):
    """A token that cannot be made; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token as it is shown, this once."""

    name: str
    scopes: tuple[str, ...]
    expires: datetime | None
    secret: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who a request comes from."""

    token_id: int
    name: str
    scopes: frozenset[str]


def create_token(
    *,
    scopes: Sequence[str],
    at: datetime,
    by: str,
    name: str = "",
    expires: datetime | None = None,
) -> NewToken:
    """Make a token for *scopes* and return it with its secret, which is not kept.

    Without a *name* it is called after its scopes and the instant. Raises TokenError for no or
    an unknown scope, a name that is taken and an end that is already past.
    """
    chosen = tuple(dict.fromkeys(scopes))
    _check_scopes(chosen)
    if expires is not None and expires <= at:
        raise TokenError(
            f"the token would end at {expires.isoformat()}, which is past. No token was made."
        )
    called = name.strip() or f"{', '.join(chosen)} ({at:%Y-%m-%d %H:%M:%S.%f})"
    secret = PREFIX + secrets.token_urlsafe(32)
    with door.transaction():
        if ApiToken.objects.filter(name=called).exists():
            raise TokenError(
                f'there is already a token named "{called}". No token was made. '
                "Choose another name, so that each can be told apart and withdrawn."
            )
        token = ApiToken.objects.create(
            name=called,
            sha256=_digest(secret),
            scopes=json.dumps(chosen),
            created_us=to_us(at),
            created_by=by,
            expires_us=to_us(expires) if expires else None,
        )
        record_change(
            actor=by,
            action="token.create",
            object_type="token",
            object_id=str(token.pk),
            at=at,
            after={"name": called, "scopes": chosen},
        )
    return NewToken(called, chosen, expires, secret)


def bearer_of(secret: str, *, at: datetime) -> Bearer | None:
    """Return who holds *secret*; None if nobody does, or the token has ended or was withdrawn."""
    token = ApiToken.objects.filter(sha256=_digest(secret), revoked_us=None).first()
    if token is None or (token.expires_us is not None and token.expires_us <= to_us(at)):
        return None
    return Bearer(token.pk, token.name, frozenset(json.loads(token.scopes)))


def note_use(bearer: Bearer, *, at: datetime) -> None:
    """Keep when the token was last used, to the minute, so that most requests write nothing."""
    at_us = to_us(at)
    token = ApiToken.objects.filter(pk=bearer.token_id)
    last_used_us = token.values_list("last_used_us", flat=True).first()
    if last_used_us is None or at_us - last_used_us >= _USED_EVERY_US:
        with door.transaction():
            token.update(last_used_us=at_us)


def _check_scopes(scopes: Sequence[str]) -> None:
    known = ", ".join(SCOPES)
    if not scopes:
        raise TokenError(f"a token needs a scope. No token was made. Scopes: {known}.")
    for scope in scopes:
        if scope not in SCOPES:
            raise TokenError(
                f'there is no scope "{scope[:64]}". No token was made. Scopes: {known}.'
            )


def _digest(secret: str) -> str:
    # A fast hash is enough: 256 random bits cannot be guessed, unlike a password.
    return sha256(secret.encode()).hexdigest()
