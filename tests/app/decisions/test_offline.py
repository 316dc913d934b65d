"""While the database cannot be asked, what was stated decides; emergency calls pass."""

import json
import stat
from pathlib import Path

import psycopg
import pytest
from django.core.wsgi import get_wsgi_application

from support.databases import Database, connection, door
from support.factories import change_extension, make_class
from support.prepaid import PARIS, asking, open_prepaid
from tollbook.api import decisions
from tollbook.app.access.actor import Actor
from tollbook.app.access.tokens import create_token
from tollbook.app.decisions.decider import decider
from tollbook.app.decisions.offline import FILE, answer_away, keep_policy
from tollbook.core.policies import Reason
from tollbook.wiring.clock import now


def open_while_away(folder: Path) -> None:
    """Let 102 call while the database is away, for two minutes; keep the policy."""
    with door.transaction():
        make_class("sales", of="102", when_away="open", away_limit_s=120)
    keep_policy(decider().keeper.refresh(0), folder=folder)


def test_the_class_decides_and_closed_is_the_default(sqlite: Database, tmp_path: Path) -> None:
    open_prepaid(sqlite)
    open_while_away(tmp_path)

    refused = answer_away(asking(), folder=tmp_path)
    allowed = answer_away(asking(caller="102"), folder=tmp_path)

    assert (refused.allowed, refused.reason, refused.number) == (False, Reason.LOCKED, "")
    assert refused.steps[-1].rule == "away"
    assert (allowed.limit_s, allowed.number, allowed.hold) == (120, "8888" + PARIS, None)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_locked_telephone_stays_locked(sqlite: Database, tmp_path: Path) -> None:
    open_prepaid(sqlite)
    open_while_away(tmp_path)
    with door.transaction():
        change_extension("102", locked=True)
    keep_policy(decider().keeper.refresh(0), folder=tmp_path)

    assert not answer_away(asking(caller="102"), folder=tmp_path).allowed


@pytest.mark.parametrize("number", ["112", "110"])
@pytest.mark.parametrize("typed", [True, False])
def test_emergency_numbers_pass_also_when_nothing_was_kept(
    sqlite: Database, tmp_path: Path, number: str, *, typed: bool
) -> None:
    asked = asking(dialled="", typed=number) if typed else asking(dialled=number)
    assert answer_away(asking(dialled="112"), folder=tmp_path).allowed
    assert not answer_away(asking(), folder=tmp_path).allowed

    open_prepaid(sqlite)
    open_while_away(tmp_path)
    assert answer_away(asked, folder=tmp_path).number == number
    (tmp_path / FILE).write_text('{"sites": 3')
    assert not answer_away(asking(caller="102"), folder=tmp_path).allowed


@pytest.mark.postgresql
def test_a_database_that_is_away_leaves_the_decision_to_the_policy(postgresql: Database) -> None:
    open_prepaid(postgresql)
    secret = create_token(scopes=["authorise"], by=Actor("test", now())).secret
    decisions.holders = decisions.Holders()
    bearer = decisions.holders.of(f"Bearer {secret}")
    get_wsgi_application()

    def ask(key: str, **changes: str) -> dict[str, object]:
        body = json.dumps({"caller": "101", "dialled": PARIS, **changes}).encode()
        found: dict[str, object] = json.loads(
            decisions.decide_call(decisions.ApiRequest("", key, body, ""), bearer)
        )
        return found

    assert ask("before")["hold"] is not None
    name = connection.settings_dict["NAME"]
    server = psycopg.conninfo.make_conninfo(postgresql.settings.database, dbname="postgres")
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        try:
            refused, helped = ask("away"), ask("help", dialled="112")
        finally:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    assert (refused["allowed"], refused["hold"]) == (False, None)
    assert (helped["allowed"], helped["number"]) == (True, "112")
    assert ask("after", caller="102")["allowed"]
