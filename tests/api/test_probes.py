"""Probes: alive or not without a token, figures for this machine or a token."""

from datetime import timedelta

import pytest
from django.test import Client

from support.databases import Database, connection, door
from support.factories import make_source
from support.office import calls_in_a_row, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.access.tokens import create_token
from tollbook.app.intake.sources import Heartbeat, record_heartbeats
from tollbook.app.upkeep.health import check_health
from tollbook.core.instants import to_us
from tollbook.wiring.clock import now


def listening(name: str, *, state: str) -> None:
    """Let there be a source in *state*, which delivered its last record ten seconds ago."""
    at = now()
    with door.transaction():
        source = make_source(name, format="3cx", options={"port": 5001})
    beat = Heartbeat(
        source_id=source.pk,
        state=state,
        reason="the port is taken",
        next_step="choose another",
        since_us=to_us(at),
        last_record_us=to_us(at - timedelta(seconds=10)),
        connected_peers=0,
        stored_bytes=123,
    )
    record_heartbeats([beat], at=at)


def test_health_needs_no_token_and_names_nobody(database: Database) -> None:
    open_office(database)
    listening("Secret name", state="failed")

    answer = Client().get("/healthz")

    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["sources"]["failed"] == 1
    assert b"Secret" not in answer.content
    assert b"port" not in answer.content


def test_a_disk_within_its_reserve_is_failing(sqlite: Database) -> None:
    open_office(sqlite)

    full = check_health(at=now(), data_dir=sqlite.data_dir, disk_reserve_mb=10**9)
    roomy = check_health(at=now(), data_dir=sqlite.data_dir, disk_reserve_mb=0)

    assert (full.status, full.disk_has_room) == ("failing", False)
    assert (roomy.status, roomy.disk_has_room) == ("ok", True)


def test_a_database_that_is_away_is_failing_and_still_answers(sqlite: Database) -> None:
    open_office(sqlite)
    connection.close()
    sqlite.settings.database_file.unlink()

    answer = Client().get("/healthz")

    assert answer.status_code == 503
    assert answer.json()["database"] == "does not answer"


def test_figures_are_for_this_machine_or_a_token(sqlite: Database) -> None:
    open_office(sqlite)
    secret = create_token(scopes=["metrics:read"], by=Actor("test", now())).secret
    other = create_token(scopes=["calls:read"], by=Actor("test", now())).secret

    def status(token: str = "", **extra: str) -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return Client(headers=headers, **extra).get("/metrics").status_code

    assert status(REMOTE_ADDR="127.0.0.1") == 200
    assert status(REMOTE_ADDR="::1") == 200
    assert status(REMOTE_ADDR="192.0.2.1") == 401
    assert status(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="192.0.2.1") == 401  # a proxy's
    assert status(secret, REMOTE_ADDR="192.0.2.1") == 200
    assert status(other, REMOTE_ADDR="192.0.2.1") == 403


def test_figures_count_calls_and_tell_how_each_source_is(sqlite: Database) -> None:
    open_office(sqlite).receive(calls_in_a_row(12))
    listening('Line "one"\\two', state="running")

    text = Client().get("/metrics").content.decode()
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))

    labels = 'source="Line \\"one\\"\\\\two",pbx="Reception"'
    assert lines["tollbook_calls_stored_total"] == "12"
    assert lines['tollbook_records_total{outcome="rejects"}'] == "0"
    assert lines[f'tollbook_source_state{{{labels},state="running"}}'] == "1"
    assert lines[f'tollbook_source_state{{{labels},state="failed"}}'] == "0"
    assert float(lines[f"tollbook_source_last_record_age_seconds{{{labels}}}"]) >= 10


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_probes_only_read(sqlite: Database, path: str) -> None:
    assert Client().post(path).status_code == 405
