"""When the columnar copy is written, and the command that does it."""

import signal
import subprocess
import sys
import time

import pytest

from support.batches import calls_batch, make_office
from support.databases import Database, door
from tollbook.app.upkeep import columnar_copy
from tollbook.app.upkeep.columnar_copy import refresh_if_due, why_due
from tollbook.cli import main
from tollbook.storage.intake.store_calls import store_calls


@pytest.fixture
def stored(database: Database) -> int:
    """An office with ten calls, one second apart; how many."""
    with door.transaction():
        store_calls(calls_batch(make_office(), 0, 10))
    return 10


def test_few_calls_need_no_copy(stored: int) -> None:
    assert why_due(waited_s=10**6) is None


def test_a_first_copy_is_due_once_the_calls_are_worth_it(
    stored: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columnar_copy, "WORTH_CALLS", stored)

    why = why_due(waited_s=0)

    assert why is not None
    assert why.words == "there is none yet"
    written = refresh_if_due(waited_s=0)
    assert written is not None
    assert written.calls == stored
    assert refresh_if_due(waited_s=10**6) is None


def test_a_few_new_calls_wait_their_time_and_many_do_not(
    stored: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columnar_copy, "WORTH_CALLS", stored)
    refresh_if_due(waited_s=0)
    with door.transaction():
        from support.batches import known_office  # noqa: PLC0415 - one line of one test

        store_calls(calls_batch(known_office(), 10, 3))

    assert why_due(waited_s=599) is None
    waited = why_due(waited_s=600)
    assert waited is not None
    assert waited.words == "it is 3 rows behind"
    monkeypatch.setattr(columnar_copy, "ENOUGH_ROWS", 3)
    assert why_due(waited_s=0) is not None


def test_a_lost_file_makes_the_copy_due(
    stored: int, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columnar_copy, "WORTH_CALLS", stored)
    refresh_if_due(waited_s=0)
    next((database.data_dir / "columns").rglob("*.parquet")).unlink()

    why = why_due(waited_s=0)

    assert why is not None
    assert why.words == "a file is missing or torn"


def test_the_command_rebuilds_and_checks(
    sqlite: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with door.transaction():
        store_calls(calls_batch(make_office(), 0, 10))
    data = ["--data", str(sqlite.data_dir)]

    assert main(["work", "--rebuild", *data]) == 0
    assert "10 calls of 1 month, written" in capsys.readouterr().out
    assert main(["work", "--check", *data]) == 0
    assert "agrees with the database" in capsys.readouterr().out
    next((sqlite.data_dir / "columns").rglob("*.parquet")).write_bytes(b"torn")
    assert main(["work", "--check", *data]) == 1
    assert "Run `tollbook work --rebuild`" in capsys.readouterr().out


@pytest.mark.slow
def test_the_process_ends_on_term(sqlite: Database) -> None:
    words = [sys.executable, "-m", "tollbook", "work", "--data", str(sqlite.data_dir)]
    with subprocess.Popen(words, env=sqlite.environment) as process:
        for _ in range(300):
            if (sqlite.data_dir / "work.lock").exists():
                break
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
