"""WAL checkpoints in a background thread.

SQLite checkpoints by itself inside the commit that makes the WAL too long, which delays that
commit. Here a thread does it, so that no commit is delayed.
"""

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

log = logging.getLogger(__name__)

COMMITS_BETWEEN = 16


class Checkpointer:
    """One thread that checkpoints the WAL of one database file."""

    def __init__(self, database: Path) -> None:
        self._database = database.absolute()
        self._commits = 0
        self._wanted = threading.Event()
        self._leaving = False
        self._thread = threading.Thread(target=self._run, name="tollbook-checkpoints", daemon=True)
        self._thread.start()

    def committed(self) -> None:
        """Count a commit; a checkpoint follows every `COMMITS_BETWEEN` of them."""
        self._commits += 1
        if self._commits % COMMITS_BETWEEN == 0:
            self._wanted.set()

    def close(self) -> None:
        """End the thread, once a running checkpoint is done."""
        self._leaving = True
        self._wanted.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with closing(self._connect()) as link:
                while self._wanted.wait() and not self._leaving:
                    self._wanted.clear()
                    # PASSIVE: neither blocks nor is blocked; the rest is left to a later
                    # checkpoint, or to SQLite's own when the WAL gets too long after all.
                    link.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as fault:
            # A full disk, most likely: then commits fail as well, and say so to who asked.
            log.warning(
                "%s: its log could not be copied back (%s); commits do it from now on.",
                self._database,
                fault,
            )

    def _connect(self) -> sqlite3.Connection:
        # mode=rw: a database file that is gone is not created again.
        link = sqlite3.connect(f"{self._database.as_uri()}?mode=rw", uri=True, isolation_level=None)
        link.execute("PRAGMA synchronous = FULL")
        return link
