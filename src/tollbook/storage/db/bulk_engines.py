"""What the two databases do differently when rows come by the thousand.

SQLite takes `executemany` on the driver's own connection; PostgreSQL takes COPY, straight into
the table where every row is new, through a staging table where some may be known already.
Ids are taken beforehand, so that rows that belong together can be written in one pass.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, repeat
from typing import Any, Protocol, cast

from django.db import IntegrityError

from tollbook.storage.db.current import current_connection
from tollbook.storage.db.sql import Row

Lists = Mapping[str, Sequence[Any]]  # parallel, one a column

# The driver has no short way for null and truth values: it looks for an adapter, then for two
# methods, and formats an error that it throws away (measured: 0.4 µs a value, 3 µs a call). These
# two adapters end the search at once; the first is a dictionary's `get`, which answers None.
sqlite3.register_adapter(type(None), cast("Callable[[None], None]", {}.get))
sqlite3.register_adapter(bool, int)


class Engine(Protocol):
    """Bulk writes inside the transaction that is open on a connection."""

    def begin_batch(self) -> None:
        """Serialise batches: concurrent ones would deadlock on unique keys."""

    def take_ids(self, table: str, count: int) -> Sequence[int]:
        """Return *count* unused ids of *table*, ascending."""

    def insert(self, table: str, lists: Lists) -> None:
        """Insert rows; IntegrityError if one breaks a constraint."""

    def insert_new(self, table: str, lists: Lists, *, key: Sequence[str]) -> set[int] | None:
        """Insert the rows whose *key* is unknown and return their ids; None: all of them.

        Ids are ascending. Only *key* is forgiven: any other broken constraint raises.
        """

    def numbers(
        self, table: str, columns: Sequence[str], *, key: str, ids: Sequence[int]
    ) -> Iterable[Sequence[int]]:
        """Return whole numbers of the rows whose *key* is in *ids*, locked until the commit.

        They are locked in the order of *key*: a fixed lock order, so there is no deadlock.
        """

    def add_to(self, table: str, column: str, *, key: str, amounts: Mapping[int, int]) -> None:
        """Add to *column* of each row, by its *key*."""

    def prove_links(self, table: str, lists: Lists) -> None:
        """Make sure that what the rows point at exists, if the database does not; `insert` does so.

        Raises IntegrityError.
        """


class SqliteEngine:
    """The embedded database.

    Where the transaction leaves foreign keys unchecked (`proves_links` of `door.bulk`), they
    are checked here, a column at a time: the database's own way, a look-up for every value of
    every row, takes a third of an import's writing (docs/decisions/0017).
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def begin_batch(self) -> None:
        """Do nothing: the write lock is held already."""

    def take_ids(self, table: str, count: int) -> Sequence[int]:
        """Return the ids after the greatest one; the write lock keeps others from them."""
        driver = self._connection.connection
        greatest = driver.execute(f'SELECT max(id) FROM "{table}"').fetchone()[0] or 0
        return range(greatest + 1, greatest + 1 + count)

    def insert(self, table: str, lists: Lists) -> None:
        """Insert with one compiled statement."""
        self._insert(table, lists, ending="")

    def insert_new(self, table: str, lists: Lists, *, key: Sequence[str]) -> set[int] | None:
        """Insert; the row count tells whether anything was known, and only then ids are read."""
        ids = lists["id"]
        if self._insert(table, lists, ending=f"ON CONFLICT ({_names(key)}) DO NOTHING") == len(ids):
            return None
        found = self._connection.connection.execute(
            f'SELECT id FROM "{table}" WHERE id BETWEEN ? AND ?', (ids[0], ids[-1])
        )
        return {row[0] for row in found}

    def numbers(
        self, table: str, columns: Sequence[str], *, key: str, ids: Sequence[int]
    ) -> Iterable[Sequence[int]]:
        """Return them in one piece, as JSON: between two rows other threads may come in."""
        with self._connection.wrap_database_errors:
            found = self._connection.connection.execute(
                f"SELECT json_group_array(json_array({_names(columns)})) "
                f'FROM json_each(?) AS wanted CROSS JOIN "{table}" WHERE "{key}" = wanted.value',
                (json.dumps(list(ids)),),
            )
            rows: list[list[int]] = json.loads(found.fetchone()[0])
        return rows

    def add_to(self, table: str, column: str, *, key: str, amounts: Mapping[int, int]) -> None:
        """Add all by one statement, for the same reason."""
        with self._connection.wrap_database_errors:
            self._connection.connection.execute(
                f'UPDATE "{table}" SET "{column}" = "{column}" + moved.value '
                f'FROM json_each(?) AS moved WHERE "{key}" = CAST(moved.key AS INTEGER)',
                (json.dumps(amounts),),
            )

    def prove_links(self, table: str, lists: Lists) -> None:
        """Look each column's distinct values up where the database itself was told not to."""
        if self._links_are_checked:
            return
        for column, parent, key in self._links_of(table):
            ids = set(lists.get(column, ()))
            ids.discard(None)
            if ids and not self._exist(parent, key, ids):
                raise IntegrityError(
                    f"FOREIGN KEY constraint failed: {table}.{column} names a row of {parent} "
                    "that does not exist"
                )

    @cached_property
    def _links_are_checked(self) -> bool:
        return bool(self._connection.connection.execute("PRAGMA foreign_keys").fetchone()[0])

    def _links_of(self, table: str) -> list[tuple[str, str, str]]:
        """Return the foreign keys of *table*: column, the table it points at, and its key."""
        links: list[tuple[str, str, str]] = self._connection.links_of(table)
        return links

    def _exist(self, table: str, key: str, ids: Collection[int]) -> bool:
        """Say whether *table* has all of these keys."""
        driver = self._connection.connection
        first, last = min(ids), max(ids)
        if last - first < WORTH_COUNTING * len(ids):
            # Most ids were assigned consecutively: then all of their range is there.
            within = f'SELECT count(*) FROM "{table}" WHERE "{key}" BETWEEN ? AND ?'
            if driver.execute(within, (first, last)).fetchone()[0] == last - first + 1:
                return True
        found = driver.execute(
            f'SELECT count(*) FROM json_each(?) AS wanted JOIN "{table}" AS known '
            f'ON known."{key}" = wanted.value',
            (json.dumps(list(ids)),),
        )
        return bool(found.fetchone()[0] == len(ids))

    def _insert(self, table: str, lists: Lists, *, ending: str) -> int:
        """Insert and return how many rows were added."""
        self.prove_links(table, lists)
        values = {name: _constant(column) or "?" for name, column in lists.items()}
        varying = [lists[name] for name, value in values.items() if value == "?"]
        row = f"({', '.join(values.values())})"
        into = f'INSERT INTO "{table}" ({_names(lists)}) VALUES'
        flat = list(chain.from_iterable(zip(*varying, strict=True)))
        driver = self._connection.connection
        added = begin = 0
        with self._connection.wrap_database_errors:
            for rows in _portions(len(flat) // len(varying)):
                end = begin + rows * len(varying)
                statement = f"{into} {', '.join([row] * rows)} {ending}"
                added += driver.execute(statement, flat[begin:end]).rowcount
                begin = end
        return added


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

    def insert(self, table: str, lists: Lists) -> None:
        """Insert by COPY."""
        with (
            self._connection.wrap_database_errors,
            self._connection.connection.cursor() as cursor,
            cursor.copy(f'COPY "{table}" ({_names(lists)}) FROM STDIN') as copy,
        ):
            for row in zip(*lists.values(), strict=True):
                copy.write_row(row)

    def insert_new(self, table: str, lists: Lists, *, key: Sequence[str]) -> set[int] | None:
        """Insert by COPY to a staging table, then from there what is not known."""
        staging, names = f"staging_{table}", _names(lists)
        self._execute(
            f'CREATE TEMPORARY TABLE IF NOT EXISTS "{staging}" '
            f'(LIKE "{table}" INCLUDING DEFAULTS) ON COMMIT DELETE ROWS'
        )
        self.insert(staging, lists)
        found = self._execute(
            f'INSERT INTO "{table}" ({names}) SELECT {names} FROM "{staging}" ORDER BY id '
            f"ON CONFLICT ({_names(key)}) DO NOTHING RETURNING id"
        )
        new = {row[0] for row in found.fetchall()}
        self._execute(f'TRUNCATE "{staging}"')
        return None if len(new) == len(lists["id"]) else new

    def numbers(
        self, table: str, columns: Sequence[str], *, key: str, ids: Sequence[int]
    ) -> Iterable[Sequence[int]]:
        """Select them for update, ascending."""
        found: list[Row] = self._execute(
            f'SELECT {_names(columns)} FROM "{table}" WHERE "{key}" = ANY(%s) '
            f'ORDER BY "{key}" FOR UPDATE',
            (list(ids),),
        ).fetchall()
        return found

    def add_to(self, table: str, column: str, *, key: str, amounts: Mapping[int, int]) -> None:
        """Add all by one statement."""
        self._execute(
            f'UPDATE "{table}" SET "{column}" = "{column}" + moved.amount '
            "FROM unnest(%s::bigint[], %s::bigint[]) AS moved (id, amount) "
            f'WHERE "{key}" = moved.id',
            (list(amounts), list(amounts.values())),
        )

    def prove_links(self, table: str, lists: Lists) -> None:
        """Do nothing: the server always checks."""

    def _execute(self, statement: str, values: Row = ()) -> Any:
        with self._connection.wrap_database_errors:
            return self._connection.connection.execute(statement, values)


def bulk_engine() -> Engine:
    """Return the bulk engine of a database."""
    connection = current_connection()
    if connection.vendor == "postgresql":
        return PostgresqlEngine(connection)
    return SqliteEngine(connection)


# A statement of one row spends more on beginning and ending than on the row.
ROWS_TOGETHER = 50
WORTH_COUNTING = 4  # A range may be so many times as long as the ids in it.
WORTH_FOLDING = 50  # Below this many rows a statement of its own costs more than it saves.


def _constant(column: Sequence[Any]) -> str | None:
    """Return the SQL literal of a column that is one null, number or empty text throughout.

    What need not be bound a thousand times is a third of a call's columns. Other texts are always
    bound: they come from outside.
    """
    if len(column) < WORTH_FOLDING:
        return None
    first = column[0]
    if first is not None and first != "" and type(first) not in (int, bool):
        return None
    if column[-1] != first or isinstance(column, range) or column.count(first) != len(column):
        return None
    if first is None:
        return "NULL"
    return "''" if first == "" else str(int(first))


def _portions(count: int) -> Iterator[int]:
    """Yield how many of *count* rows each statement takes: few sizes, each compiled once.

    The driver releases the GIL between statements, so a remainder written row by row would give
    it up at each row, and waiting decisions would wait longer: remainders go in powers of two.
    """
    yield from repeat(ROWS_TOGETHER, count // ROWS_TOGETHER)
    left = count % ROWS_TOGETHER
    while left:
        rows = 1 << (left.bit_length() - 1)
        yield rows
        left -= rows


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
