"""API tokens: made once, shown once, known afterwards by their SHA-256 only."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from textwrap import shorten
from typing import Literal

from django.db.models import Q

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.access.roles import EVERYWHERE, Reach
from tollbook.core.instants import from_us, to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import ApiToken, Extension, Owner

SCOPES = {
    "authorise": "decide on calls, and hold and charge their money",
    "calls:read": "the call log and single calls",
    "calls:correct": "assign and correct the account codes of calls",
    "charges:read": "totals of charges",
    "extensions:read": "extensions with their balances, recharge history and statements",
    "recharge": "put money on accounts",
    "sources:read": "sources of records and their state",
    "tariffs:read": "plans and exchange rates",
    "metrics:read": "figures for monitoring",
}
# What a token of one owner or extension may hold: these answers are narrowed to what is theirs.
NARROWED = frozenset({"calls:read", "charges:read", "extensions:read"})
PREFIX = "tollbook_"  # so that a token that leaked into a file is recognised for what it is
LONGEST_NAME = 120
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
    reach: Reach = EVERYWHERE


@dataclass(frozen=True, slots=True)
class TokenLine:
    """One token as lists show it; `whose` names the owner or extension it is bound to, or is ""."""

    id: int
    name: str
    scopes: tuple[str, ...]
    whose: str
    created: datetime
    created_by: str
    last_used: datetime | None
    expires: datetime | None
    revoked: datetime | None
    state: Literal["active", "ended", "withdrawn"]


def create_token(
    *,
    scopes: Sequence[str],
    by: Actor,
    name: str = "",
    expires: datetime | None = None,
    reach: Reach = EVERYWHERE,
) -> NewToken:
    """Make a token for *scopes* and return it with its secret, which is not kept.

    Without a *name* it is called after its scopes and the instant. With a *reach* it sees what an
    owner or an extension would. Raises TokenError for no or an unknown scope, one that a reach
    cannot narrow, a name that is taken and an end that is already past.
    """
    chosen = tuple(dict.fromkeys(scopes))
    _check_scopes(chosen)
    if not reach.is_everything and not NARROWED.issuperset(chosen):
        raise TokenError(
            f"a token of one owner or extension can have {' and '.join(sorted(NARROWED))} only. "
            "No token was made."
        )
    if expires is not None and expires <= by.at:
        raise TokenError(
            f"the token would end at {expires.isoformat()}, which is past. No token was made."
        )
    called = name.strip() or _usual_name(chosen, at=by.at)
    if len(called) > LONGEST_NAME or not called.isprintable():
        raise TokenError(
            f"a token's name has at most {LONGEST_NAME} printable characters. No token was made."
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    with door().transaction():
        if ApiToken.objects.filter(name=called).exists():
            raise TokenError(
                f'there is already a token named "{called}". No token was made. '
                "Choose another name, so that each can be told apart and withdrawn."
            )
        token = ApiToken.objects.create(
            name=called,
            sha256=_digest(secret),
            scopes=chosen,
            created_us=to_us(by.at),
            created_by=by.name,
            expires_us=to_us(expires) if expires else None,
            owner_id=reach.owner_id,
            extension_id=reach.extension_id,
        )
        record_change(
            by,
            "token.create",
            of=("token", token.pk),
            after={"name": called, "scopes": chosen, **_reach_words(reach)},
        )
    return NewToken(called, chosen, expires, secret)


def reach_of_owner(owner_id: int) -> Reach:
    """Return the reach of a token that sees one owner's calls; raises TokenError for no owner."""
    if not Owner.objects.filter(pk=owner_id).exists():
        raise TokenError("there is no such owner. No token was made.")
    return Reach(owner_id=owner_id)


def reach_of_extension(number: str) -> Reach:
    """Return the reach of a token that sees one active extension's calls; raises TokenError."""
    found = list(Extension.objects.filter(number=number, active=True)[:2])
    if len(found) != 1:
        which = "several sites have" if found else "there is no active"
        raise TokenError(f"{which} extension {number}. No token was made.")
    return Reach(extension_id=found[0].pk)


def bearer_of(secret: str, *, at: datetime) -> Bearer | None:
    """Return who holds *secret*; None if nobody does, or the token has ended or was withdrawn."""
    tokens = ApiToken.objects.select_related("owner", "extension")
    token = tokens.filter(sha256=_digest(secret), revoked_us=None).first()
    if token is None or (token.expires_us is not None and token.expires_us <= to_us(at)):
        return None
    holder = token.owner or token.extension
    if holder is not None and not holder.active:
        return None
    reach = Reach(owner_id=token.owner_id, extension_id=token.extension_id)
    return Bearer(token.pk, token.name, frozenset(token.scopes), reach)


def anybody_has(scope: str, *, at: datetime) -> bool:
    """Say whether there is a token with *scope* that has neither ended nor been withdrawn."""
    lasting = Q(expires_us=None) | Q(expires_us__gt=to_us(at))
    held = ApiToken.objects.filter(lasting, revoked_us=None).values_list("scopes", flat=True)
    return any(scope in scopes for scopes in held)


def list_tokens(*, at: datetime, sought: str = "", state: str = "") -> list[TokenLine]:
    """Return the tokens with *sought* in their name, maker or scopes, the newest first."""
    tokens = ApiToken.objects.select_related("owner", "extension").order_by("-pk")
    if sought:
        tokens = tokens.filter(
            Q(name__icontains=sought)
            | Q(created_by__icontains=sought)
            | Q(scopes__icontains=sought)
        )
    lines = (_line(token, at=at) for token in tokens)
    return [line for line in lines if not state or line.state == state]


def revoke_token(token_id: int, *, by: Actor) -> str | None:
    """Withdraw a token, at once and for ever, and return its name.

    None if there is no such token, or it was withdrawn before.
    """
    with door().transaction():
        token = ApiToken.objects.select_for_update().filter(pk=token_id, revoked_us=None).first()
        if token is None:
            return None
        token.revoked_us = to_us(by.at)
        token.save(update_fields=["revoked_us"])
        record_change(
            by,
            "token.revoke",
            of=("token", token_id),
            before={"name": token.name, "withdrawn": False},
            after={"name": token.name, "withdrawn": True},
        )
    return token.name


def note_use(bearer: Bearer, *, at: datetime) -> None:
    """Keep when the token was last used, to the minute, so that most requests write nothing."""
    at_us = to_us(at)
    token = ApiToken.objects.filter(pk=bearer.token_id)
    last_used_us = token.values_list("last_used_us", flat=True).first()
    if last_used_us is None or at_us - last_used_us >= _USED_EVERY_US:
        with door().transaction():
            token.update(last_used_us=at_us)


def _line(token: ApiToken, *, at: datetime) -> TokenLine:
    expires = None if token.expires_us is None else from_us(token.expires_us)
    whose = ""
    if token.owner is not None:
        whose = token.owner.name
    elif token.extension is not None:
        whose = f"{token.extension.number} {token.extension.name}".strip()
    state: Literal["active", "ended", "withdrawn"] = "active"
    if token.revoked_us is not None:
        state = "withdrawn"
    elif expires is not None and expires <= at:
        state = "ended"
    return TokenLine(
        id=token.pk,
        name=token.name,
        scopes=tuple(token.scopes),
        whose=whose,
        created=from_us(token.created_us),
        created_by=token.created_by,
        last_used=None if token.last_used_us is None else from_us(token.last_used_us),
        expires=expires,
        revoked=None if token.revoked_us is None else from_us(token.revoked_us),
        state=state,
    )


def _reach_words(reach: Reach) -> dict[str, int]:
    bound = {"owner": reach.owner_id, "extension": reach.extension_id}
    return {key: value for key, value in bound.items() if value is not None}


def _usual_name(scopes: Sequence[str], *, at: datetime) -> str:
    """Return the scopes and the instant; of many scopes, the first."""
    instant = f" ({at:%Y-%m-%d %H:%M:%S.%f})"
    return shorten(", ".join(scopes), LONGEST_NAME - len(instant), placeholder=" …") + instant


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
