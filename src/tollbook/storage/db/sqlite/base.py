"""The embedded database as Django sees it: durable, guarded, and behind one write lock.

Everything that Django itself writes (sessions, users, migrations) goes through here too, so the
lock is taken where transactions begin and not where we remember to.
"""

import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

from tollbook.storage.db.write_lock import WriteLock

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # A decision that was answered survives a power cut.
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",  # INSERT OR REPLACE deletes: its triggers must fire.
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",  # KiB; filled only as far as it is used
    # A bulk write changes the same index pages again and again: with rarer checkpoints each is
    # written back once for many changes.
    "PRAGMA wal_autocheckpoint = 8000",  # pages, 32 MB
    "PRAGMA journal_size_limit = 67108864",
)
BUSY_TIMEOUT_S = 20.0  # Only a foreign tool that holds the database can make us wait for it.

_READS = re.compile(
    r"\s*(SELECT|PRAGMA|EXPLAIN|VALUES|BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|ATTACH|DETACH)\b",
    re.IGNORECASE,
)


class DatabaseWrapper(base.DatabaseWrapper):
    """A SQLite connection whose every write transaction holds the data folder's lock."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._write_lock: WriteLock | None = None
        self._links: dict[str, list[tuple[str, str, str]]] = {}

    @property
    def write_lock(self) -> WriteLock:
        """This connection's way to the write lock, which lies beside the database file."""
        if self._write_lock is None:
            self._write_lock = WriteLock(Path(self.settings_dict["NAME"]).parent)
        return self._write_lock

    def get_connection_params(self) -> dict[str, Any]:
        """Return what `sqlite3.connect` is called with; transactions begin as writers."""
        params: dict[str, Any] = super().get_connection_params()
        self.transaction_mode = "IMMEDIATE"
        return {"timeout": BUSY_TIMEOUT_S, **params}

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        """Open the file with our pragmas."""
        connection: sqlite3.Connection = super().get_new_connection(conn_params)
        for pragma in PRAGMAS:
            connection.execute(pragma)
        self._links.clear()
        return connection

    def links_of(self, table: str) -> list[tuple[str, str, str]]:
        """Return the foreign keys of *table*: column, the table it points at, and its key.

        Cached for the life of the connection, because a bulk write asks for every batch; no
        migration runs concurrently.
        """
        known = self._links.get(table)
        if known is None:
            known = self._links[table] = self.connection.execute(
                'SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)', (table,)
            ).fetchall()
        return known

    def create_cursor(self, name: str | None = None) -> sqlite3.Cursor:  # noqa: ARG002 - Django's signature
        """Return a cursor that takes the lock for a write outside a transaction."""
        write_lock = self.write_lock
        connection: sqlite3.Connection = self.connection
        return connection.cursor(factory=lambda link: LockingCursor(link, write_lock))

    def _start_transaction_under_autocommit(self) -> None:
        self.write_lock.acquire()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # private, and so absent from the stubs
        except BaseException:
            self.write_lock.release()
            raise

    def _commit(self) -> None:
        if self.write_lock.held and not self.connection.in_transaction:
            # On a full disk SQLite ends the transaction by itself, and a commit would then
            # succeed with nothing to commit.
            raise OperationalError(
                f"{self.settings_dict['NAME']}: the database gave up the transaction (a full disk "
                "or a read error does this). Nothing of it was stored. Free space, then repeat."
            )
        super()._commit()  # type: ignore[misc]  # private, and so absent from the stubs
        self.write_lock.release()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # private, and so absent from the stubs
        finally:
            self.write_lock.release()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]  # private, and so absent from the stubs
        finally:
            self.write_lock.close()


class LockingCursor(base.SQLiteCursorWrapper):
    """A cursor that also takes the lock for a single write in autocommit mode.

    Such a write ends when its last row is read, so rows of RETURNING are read at once.
    """

    def __init__(self, connection: sqlite3.Connection, write_lock: WriteLock) -> None:
        super().__init__(connection)
        self._write_lock = write_lock
        self._returned: list[Any] | None = None

    def execute(self, query: str, params: Any = None) -> "LockingCursor":
        self._returned = None
        if self._is_free() or _READS.match(query):
            super().execute(query, params)
            return self
        with self._write_lock:
            super().execute(query, params)
            if self.description is not None:
                self._returned = super().fetchall()
        return self

    def executemany(self, query: str, param_list: Iterable[Any]) -> "LockingCursor":
        self._returned = None
        if self._is_free():
            super().executemany(query, param_list)
            return self
        with self._write_lock:
            super().execute("BEGIN IMMEDIATE")
            try:
                super().executemany(query, param_list)
            except BaseException:
                super().execute("ROLLBACK")
                raise
            super().execute("COMMIT")
        return self

    def fetchone(self) -> Any:
        if self._returned is None:
            return super().fetchone()
        return self._returned.pop(0) if self._returned else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        size = self.arraysize if size is None else size
        if self._returned is None:
            return super().fetchmany(size)
        taken, self._returned = self._returned[:size], self._returned[size:]
        return taken

    def fetchall(self) -> list[Any]:
        if self._returned is None:
            return super().fetchall()
        taken, self._returned = self._returned, []
        return taken

    def __next__(self) -> Any:
        if self._returned is None:
            return super().__next__()
        if not self._returned:
            raise StopIteration
        return self._returned.pop(0)

    def _is_free(self) -> bool:
        """Whether a transaction is open: then the lock is held already."""
        return self.connection.in_transaction or self._write_lock.held
