"""Tokens are made for known scopes, shown once, and kept as a hash."""

import json
from datetime import timedelta

import pytest

from support.databases import Database
from support.office import NOON
from tollbook.app.access.actor import Actor
from tollbook.app.access.tokens import SCOPES, TokenError, bearer_of, create_token, note_use
from tollbook.core.instants import to_us
from tollbook.storage.models import ApiToken, AuditLog


def test_a_token_is_known_by_its_secret_and_the_secret_is_not_kept(database: Database) -> None:
    made = create_token(scopes=["calls:read"], name="Wallboard", by=Actor("admin", NOON))

    bearer = bearer_of(made.secret, at=NOON)

    assert bearer is not None
    assert (bearer.name, bearer.scopes) == ("Wallboard", {"calls:read"})
    stored = ApiToken.objects.values().get()
    assert made.secret not in json.dumps(stored)
    assert len(made.secret) > 40
    assert bearer_of(made.secret[:-1], at=NOON) is None


def test_making_a_token_is_audited_without_its_secret(database: Database) -> None:
    made = create_token(scopes=["calls:read"], name="Wallboard", by=Actor("admin", NOON))

    line = AuditLog.objects.get()

    assert (line.actor, line.action, line.object_type) == ("admin", "token.create", "token")
    assert json.loads(line.after) == {"name": "Wallboard", "scopes": ["calls:read"]}
    assert made.secret not in line.after


@pytest.mark.parametrize("scopes", [[], ["calls:write"], ["calls:read", "everything"]])
def test_an_unknown_scope_is_refused_by_name(database: Database, scopes: list[str]) -> None:
    with pytest.raises(TokenError) as refused:
        create_token(scopes=scopes, by=Actor("admin", NOON))

    assert all(scope in str(refused.value) for scope in [*SCOPES, *scopes[-1:]])
    assert not ApiToken.objects.exists()


def test_two_tokens_cannot_have_one_name(database: Database) -> None:
    create_token(scopes=["calls:read"], name="Wallboard", by=Actor("admin", NOON))

    with pytest.raises(TokenError, match="already a token"):
        create_token(scopes=["calls:read"], name=" Wallboard ", by=Actor("admin", NOON))


def test_tokens_without_a_name_are_told_apart(database: Database) -> None:
    for second in range(3):
        create_token(scopes=["calls:read"], by=Actor("admin", NOON + timedelta(seconds=second)))

    assert ApiToken.objects.values("name").distinct().count() == 3


def test_an_end_is_half_open_and_cannot_be_past(database: Database) -> None:
    end = NOON + timedelta(hours=1)
    made = create_token(scopes=["calls:read"], by=Actor("admin", NOON), expires=end)

    assert bearer_of(made.secret, at=end - timedelta(microseconds=1)) is not None
    assert bearer_of(made.secret, at=end) is None
    with pytest.raises(TokenError, match="past"):
        create_token(scopes=["calls:read"], by=Actor("admin", NOON), expires=NOON)


def test_its_last_use_is_written_once_a_minute(database: Database) -> None:
    bearer = bearer_of(create_token(scopes=["calls:read"], by=Actor("a", NOON)).secret, at=NOON)
    assert bearer is not None
    seen = []
    for seconds in (0, 59, 60, 61):
        note_use(bearer, at=NOON + timedelta(seconds=seconds))
        seen.append((ApiToken.objects.get().last_used_us or 0) - to_us(NOON))

    assert seen == [0, 0, 60_000_000, 60_000_000]
