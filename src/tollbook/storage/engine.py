"""What the two databases do differently when rows come by the thousand.

SQLite takes `executemany` on the driver's own connection; PostgreSQL takes COPY, straight into
the table where every row is new, through a staging table where some may be known already.
Ids are taken beforehand, so that rows that belong together can be written in one pass.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from django.db import connections

Row = tuple[Any, ...]


class Engine(Protocol):
    """Bulk writes inside the transaction that is open on a connection."""

    def begin_batch(self) -> None:
        """Let one batch in at a time: two would wait for each other's keys."""

    def take_ids(self, table: str, count: int) -> Sequence[int]:
        """Return *count* unused ids of *table*, ascending."""

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Insert rows; IntegrityError if one breaks a constraint."""

    def insert_new(
        self, table: str, columns: Sequence[str], rows: Sequence[Row], *, key: Sequence[str]
    ) -> set[int] | None:
        """Insert the rows whose *key* is unknown and return their ids; None: all of them.

        The first column is the id. Only *key* is forgiven: any other broken constraint raises.
        """


class SqliteEngine:
    """The embedded database."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def begin_batch(self) -> None:
        """Do nothing: the write lock is held already."""

    def take_ids(self, table: str, count: int) -> Sequence[int]:
        """Return the ids after the greatest one; the write lock keeps others from them."""
        greatest = self._driver().execute(f'SELECT max(id) FROM "{table}"').fetchone()[0] or 0
        return range(greatest + 1, greatest + 1 + count)

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Insert with one compiled statement."""
        with self._connection.wrap_database_errors:
            self._driver().executemany(_insert(table, columns), rows)

    def insert_new(
        self, table: str, columns: Sequence[str], rows: Sequence[Row], *, key: Sequence[str]
    ) -> set[int] | None:
        """Insert; the row count tells whether anything was known, and only then ids are read."""
        statement = f"{_insert(table, columns)} ON CONFLICT ({_names(key)}) DO NOTHING"
        driver = self._driver()
        with self._connection.wrap_database_errors:
            if driver.executemany(statement, rows).rowcount == len(rows):
                return None
            found = driver.execute(
                f'SELECT id FROM "{table}" WHERE id BETWEEN ? AND ?', (rows[0][0], rows[-1][0])
            )
            return {row[0] for row in found}

    def _driver(self) -> Any:
        return self._connection.connection


class PostgresqlEngine:
    """The server database."""

    BATCH_LOCK = 0x746F6C6C  # One number for all processes: "toll" in ASCII.

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def begin_batch(self) -> None:
        """Take the advisory lock that ends with the transaction."""
        self._execute("SELECT pg_advisory_xact_lock(%s)", (self.BATCH_LOCK,))

    def take_ids(self, table: str, count: int) -> Sequence[int]:
        """Take ids from the table's own sequence, so that single inserts cannot collide."""
        found = self._execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            (table, count),
        )
        return [row[0] for row in found.fetchall()]

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Insert by COPY."""
        with (
            self._connection.wrap_database_errors,
            self._connection.connection.cursor() as cursor,
            cursor.copy(f'COPY "{table}" ({_names(columns)}) FROM STDIN') as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def insert_new(
        self, table: str, columns: Sequence[str], rows: Sequence[Row], *, key: Sequence[str]
    ) -> set[int] | None:
        """Insert by COPY to a staging table, then from there what is not known."""
        staging, names = f"staging_{table}", _names(columns)
        self._execute(
            f'CREATE TEMPORARY TABLE IF NOT EXISTS "{staging}" '
            f'(LIKE "{table}" INCLUDING DEFAULTS) ON COMMIT DELETE ROWS'
        )
        self.insert(staging, columns, rows)
        found = self._execute(
            f'INSERT INTO "{table}" ({names}) SELECT {names} FROM "{staging}" ORDER BY id '
            f"ON CONFLICT ({_names(key)}) DO NOTHING RETURNING id"
        )
        new = {row[0] for row in found.fetchall()}
        self._execute(f'TRUNCATE "{staging}"')
        return None if len(new) == len(rows) else new

    def _execute(self, statement: str, values: Row = ()) -> Any:
        with self._connection.wrap_database_errors:
            return self._connection.connection.execute(statement, values)


def engine_of(using: str) -> Engine:
    """Return the bulk engine of a database."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        return PostgresqlEngine(connection)
    return SqliteEngine(connection)


def _insert(table: str, columns: Sequence[str]) -> str:
    marks = ", ".join("?" * len(columns))
    return f'INSERT INTO "{table}" ({_names(columns)}) VALUES ({marks})'


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
