"""`tollbook source`: what is added is checked, what is asked for holds, what is so is said."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.databases import Database, door
from tollbook.app.access.actor import Actor
from tollbook.app.directory.pbxs import add_pbx
from tollbook.app.intake.sources import (
    Heartbeat,
    SourceView,
    record_heartbeats,
    source_states,
    start_source,
    stop_source,
    wanted_sources,
)
from tollbook.cli import main
from tollbook.core.instants import to_us
from tollbook.storage.models import AuditLog, Site, Source

NOW = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
SOCKET = ("--transport", "tcp-listen", "--port", "5015")


@pytest.fixture
def office(database: Database) -> Database:
    with door.transaction():
        Site.objects.create(name="Berlin", zone="Europe/Berlin", currency="EUR", created_us=0)
    add_pbx(name="Reception", at=NOW, actor="test")
    return database


def add(*words: str, format_name: str = "3cx", pbx: str = "Reception") -> int:
    return main(["source", "add", "--pbx", pbx, "--format", format_name, *words])


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["source", "list", "--json"]) == 0
    return list(json.loads(capsys.readouterr().out))


def beat(source_id: int, at: datetime, state: str = "running", **more: Any) -> None:
    said = {"reason": "Connected.", "next_step": "", "last_record_us": None, **more}
    record_heartbeats(
        [
            Heartbeat(
                source_id=source_id,
                state=state,
                since_us=to_us(at),
                connected_peers=1,
                stored_bytes=10,
                **said,
            )
        ],
        at=at,
    )


def only(at: datetime) -> SourceView:
    (view,) = source_states(at=at)
    return view


def test_an_added_source_is_wanted_running_and_listed(
    office: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(*SOCKET, "--peers", "192.168.1.10,10.0.0.0/8", "--ack", r"\x06") == 0
    (source,) = listed(capsys)

    assert source["name"] == "Reception tcp-listen"
    assert source["wanted"] == "running"
    assert source["state"] == "unknown"
    assert "No collector has reported" in source["reason"]
    assert "tollbook serve" in source["next_step"]
    assert source["place"] == "port 5015 on 0.0.0.0"
    assert source["today"]["records"] == 0
    assert source["stored_bytes"] == 0
    assert AuditLog.objects.get(object_type="source").action == "source.add"


def test_without_peers_only_this_machine_may_connect(
    office: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(*SOCKET) == 0
    assert listed(capsys)[0]["place"] == "port 5015 on 127.0.0.1"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--transport", "tcp-listen"), 2, "--port is missing"),
        (("--transport", "tcp-listen", "--port", "70000"), 2, "from 1 to 65535"),
        ((*SOCKET, "--peers", "192.168.1.300"), 2, 'peer "192.168.1.300"'),
        ((*SOCKET, "--peers", "192.168.1.10/24"), 2, "has host bits set"),
        ((*SOCKET, "--zone", "Europe/Atlantis"), 2, "is not a time zone"),
        ((*SOCKET, "--path", "/var/log/cdr"), 2, "tcp-listen has no setting path"),
        ((*SOCKET, "--ack", r"\u20ac"), 2, "cannot be read"),
        (("--transport", "tail"), 2, "--path is missing"),
        (("--transport", "tail", "--path", "Master.csv"), 2, "is relative"),
        (("--transport", "tail", "--path", "/"), 2, "is a folder"),
        (("--transport", "serial"), 3, "not built yet"),
        (("--transport", "drop", "--path", "/srv/cdr"), 3, "not built yet"),
    ],
)
def test_a_wrong_source_is_refused_in_words_and_nothing_is_added(
    office: Database,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    status: int,
    said: str,
) -> None:
    assert add(*words) == status
    assert said in capsys.readouterr().err
    assert not Source.objects.exists()


def test_formats_and_pbxs_must_exist(office: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert add(*SOCKET, format_name="no-such") == 2
    assert 'no format "no-such"' in capsys.readouterr().err
    assert add(*SOCKET, format_name="hobic") == 3
    assert "hobic" in capsys.readouterr().err
    assert add(*SOCKET, format_name="/etc/mine.toml") == 2
    assert "needs a format by name" in capsys.readouterr().err
    assert add(*SOCKET, pbx="Cellar") == 2
    assert 'Known: "Reception"' in capsys.readouterr().err
    assert not Source.objects.exists()


def test_a_name_a_port_and_a_file_are_given_once(
    office: Database, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = ("--transport", "tail", "--path", str(tmp_path / "Master.csv"))
    assert add(*SOCKET) == 0
    assert add(*file, "--name", "file", format_name="asterisk-csv") == 0

    assert add(*SOCKET) == 2
    assert "already has a source" in capsys.readouterr().err
    assert add(*SOCKET, "--name", "other", "--peers", "10.0.0.1") == 2
    assert "already reads port 5015" in capsys.readouterr().err
    assert add(*file, "--name", "again", format_name="asterisk-csv") == 2
    assert "already reads" in capsys.readouterr().err
    assert Source.objects.count() == 2


def test_stopping_holds_until_it_is_started_again(office: Database) -> None:
    add(*SOCKET)
    assert main(["source", "stop", "Reception tcp-listen"]) == 0
    assert [source.running for source in wanted_sources()] == [False]
    assert only(NOW).state == "stopped"

    # Nobody is there to open the port: it is wanted, and that is said.
    assert main(["source", "start", str(only(NOW).id)]) == 1
    assert [source.running for source in wanted_sources()] == [True]
    actions = (
        AuditLog.objects.filter(object_type="source")
        .order_by("pk")
        .values_list("action", flat=True)
    )
    assert list(actions) == ["source.add", "source.stop", "source.start"]


def test_an_unknown_source_is_refused(office: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["source", "stop", "nobody"]) == 2
    assert 'no source "nobody"' in capsys.readouterr().err


def test_the_state_is_the_heartbeats_until_it_is_old(office: Database) -> None:
    add(*SOCKET)
    source = only(NOW)
    beat(source.id, NOW, last_record_us=to_us(NOW))

    fresh = only(NOW + timedelta(seconds=10))
    assert (fresh.state, fresh.connected_peers, fresh.last_record) == ("running", 1, NOW)
    stale = only(NOW + timedelta(seconds=16))
    assert (stale.state, stale.connected_peers, stale.last_record) == ("unknown", 0, NOW)
    assert "has not reported since 2026-01-31 23:30:00 UTC" in stale.reason
    assert stale.next_step


def test_a_stopped_source_is_shown_stopped_once_its_port_is_closed(office: Database) -> None:
    add(*SOCKET)
    source = only(NOW)
    beat(source.id, NOW)
    asked = stop_source(source.id, by=Actor("test", NOW))
    assert isinstance(asked, SourceView)
    assert asked.state == "running"  # the collector has not closed the port yet
    beat(source.id, NOW, state="stopped", reason="The source was stopped by hand.")
    assert only(NOW).state == "stopped"
    start_source(source.id, by=Actor("test", NOW))
    assert only(NOW + timedelta(minutes=1)).state == "unknown"


def test_the_last_record_is_still_known_after_a_restart(office: Database) -> None:
    add(*SOCKET)
    source = only(NOW)
    beat(source.id, NOW, last_record_us=to_us(NOW))
    restarted = NOW + timedelta(hours=1)

    beat(source.id, restarted, state="waiting", last_record_us=None)

    assert only(restarted).last_record == NOW


def test_a_heartbeat_of_a_source_that_is_gone_is_let_go(office: Database) -> None:
    add(*SOCKET)
    beat(only(NOW).id + 1, NOW)
    assert only(NOW).state == "unknown"


def test_instants_are_those_of_the_site_s_clock_to_the_second(
    office: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    add(*SOCKET)
    came = datetime(2026, 7, 1, 10, 0, 0, 123_456, tzinfo=UTC)
    beat(only(NOW).id, came, last_record_us=to_us(came))

    (plain,) = listed(capsys)
    assert main(["source", "list"]) == 0
    shown = capsys.readouterr().out

    assert plain["last_record"] == plain["since"] == "2026-07-01T12:00:00+02:00"
    assert "last 2026-07-01 12:00:00 CEST" in shown


def test_the_table_for_people_shows_state_and_next_step(
    office: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["source", "list"]) == 0
    assert "no source yet" in capsys.readouterr().err
    add(*SOCKET)
    capsys.readouterr()
    assert main(["source", "list"]) == 0
    shown = capsys.readouterr().out
    assert "Reception tcp-listen" in shown
    assert "unknown" in shown
    assert "tollbook collect" in shown
