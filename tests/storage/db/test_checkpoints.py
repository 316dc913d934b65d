"""SQLite's log goes back into the database beside the commits, and nobody waits for it."""

import logging
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tollbook.storage.db.checkpoints import COMMITS_BETWEEN, Checkpointer


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "a name with % and ?.sqlite3"


@pytest.fixture
def link(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose commits never copy the log back."""
    with closing(sqlite3.connect(database, isolation_level=None)) as link:
        link.execute("PRAGMA journal_mode = WAL")
        link.execute("CREATE TABLE told (word TEXT)")
        link.execute("PRAGMA wal_autocheckpoint = 0")
        yield link


def rows_in_the_file_alone(database: Path) -> int:
    """Return how many rows there are for who has the database without its log."""
    alone = database.with_name("alone.sqlite3")
    shutil.copyfile(database, alone)
    with closing(sqlite3.connect(alone)) as copy:
        try:
            return int(copy.execute("SELECT count(*) FROM told").fetchone()[0])
        except sqlite3.Error:
            return 0  # Not even the table has been copied back, or half of a page.


def test_after_some_commits_the_log_is_in_the_database(
    database: Path, link: sqlite3.Connection
) -> None:
    checkpoints = Checkpointer(database)
    for _ in range(COMMITS_BETWEEN):
        link.execute("INSERT INTO told VALUES ('a word')")
        checkpoints.committed()

    late = time.monotonic() + 20
    while rows_in_the_file_alone(database) < COMMITS_BETWEEN:
        assert time.monotonic() < late, "the log was not copied back"
        time.sleep(0.02)
    checkpoints.close()


@pytest.mark.usefixtures("link")
def test_a_thread_that_is_told_to_leave_leaves(database: Path) -> None:
    before = threading.active_count()
    checkpoints = Checkpointer(database)
    assert threading.active_count() == before + 1

    checkpoints.close()

    assert threading.active_count() == before


def test_a_database_that_is_gone_is_named_and_not_made_anew(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        checkpoints = Checkpointer(database)
        checkpoints.committed()
        checkpoints.close()

    assert "could not be copied back" in caplog.text
    assert not database.exists()
