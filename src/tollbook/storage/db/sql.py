"""The few words of SQL that all queries share."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product, repeat
from math import prod
from typing import Any

from tollbook.storage.db.current import current_connection

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition with its values; values never become part of the text."""

    text: str
    values: tuple[Any, ...] = ()


def both(clauses: Sequence[Clause]) -> Clause:
    """Return the conjunction of *clauses*; of none: a condition that always holds."""
    if not clauses:
        return Clause("1 = 1")
    return Clause(
        " AND ".join(f"({clause.text})" for clause in clauses),
        tuple(value for clause in clauses for value in clause.values),
    )


def fetch(statement: str, values: Sequence[Any]) -> list[Row]:
    """Return all rows of a query."""
    with current_connection().cursor() as cursor:
        cursor.execute(statement, tuple(values))
        rows: list[Row] = cursor.fetchall()
        return rows


def fetch_inside(statement: str, values: Sequence[Any]) -> list[Row]:
    """Do as `fetch`, but straight from the driver where a transaction is open.

    Django's cursors cost more than most look-ups, and a decision on a call makes half a dozen. A
    percent sign is not to be doubled in *statement*.
    """
    connection = current_connection()
    if not connection.in_atomic_block:
        return fetch(statement, values)
    with connection.wrap_database_errors:
        driver = connection.connection
        rows: list[Row] = driver.execute(_in_words_of(driver, statement), values).fetchall()
        return rows


def run_many_inside(statement: str, rows: Sequence[Row]) -> None:
    """Run a statement for each of *rows*, straight by the driver, in the transaction that is open.

    Raises RuntimeError outside of one.
    """
    connection = current_connection()
    if not connection.in_atomic_block:
        raise RuntimeError("what belongs together is written inside a transaction: use the door")
    with connection.wrap_database_errors:
        cursor = connection.connection.cursor()
        cursor.executemany(_in_words_of(connection.connection, statement), rows)
        cursor.close()


@lru_cache(maxsize=1_000)
def _with_question_marks(statement: str) -> str:
    return statement.replace("%s", "?")


def _in_words_of(driver: object, statement: str) -> str:
    """Return *statement* with the mark for a value that the driver knows."""
    return _with_question_marks(statement) if isinstance(driver, sqlite3.Connection) else statement


def from_json(column: str) -> Any:
    """Return the value of a JSON column that a query of these functions gave.

    They give its text, whichever the engine: Django keeps the driver of PostgreSQL from reading it.
    """
    return json.loads(column)


def filled_up(values: Sequence[Any]) -> tuple[Any, ...]:
    """Return *values*, the last repeated until they are a power of two.

    For lists of keys: few lengths make few statements, and the database compiles each once.
    """
    if not values:
        return ()
    length = 1 << (len(values) - 1).bit_length()
    return (*values, *repeat(values[-1], length - len(values)))


def fetch_one(statement: str, values: Sequence[Any]) -> Row | None:
    """Return the first row of a query, if there is one."""
    rows = fetch(statement, values)
    return rows[0] if rows else None


def chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Yield *items* in pieces of at most *size*: a statement holds only so many values."""
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]


def marks(values: Collection[object]) -> str:
    """Return a statement's place holders for *values*."""
    return ", ".join(["%s"] * len(values))


def contains(columns: Sequence[str], word: str) -> Clause:
    """Return the condition that *word* is part of one of *columns*, whatever the case.

    `%`, `_` and the escape itself stand for themselves.
    """
    # PostgreSQL's ILIKE costs several times its LIKE, and most words asked for are digits.
    # SQLite's LIKE ignores the case of a to z only.
    on_postgresql = current_connection().vendor == "postgresql"
    like = "ILIKE" if has_case(word) and on_postgresql else "LIKE"
    words = [word] if on_postgresql else _written(word)
    tests = [f"{column} {like} %s ESCAPE '\\'" for column in columns for _ in words]
    likes = [f"%{like_literally(one)}%" for one in words]
    return Clause(" OR ".join(tests), tuple(likes * len(columns)))


def _written(word: str) -> list[str]:
    """Return the ways to write *word*, as far as its letters beyond a to z have two cases.

    All of them where these are few; else as it is, in small letters, in capitals and in each
    word's first.
    """
    both_cases = [sorted({c, c.lower(), c.upper()}) if not c.isascii() else [c] for c in word]
    if prod(map(len, both_cases)) <= _MOST_WAYS:
        return ["".join(letters) for letters in product(*both_cases)]
    return sorted({word, word.lower(), word.upper(), word.title()})


_MOST_WAYS = 16


def has_case(word: str) -> bool:
    """Say whether *word* can be written in upper and in lower case."""
    return word.lower() != word.upper()


def like_literally(word: str) -> str:
    """Return *word* for a LIKE with the escape `\\`; a NUL, which no text holds, is left out."""
    bare = word.replace("\0", "")
    return bare.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def charge_in_force(alias: str, *, call: str, kind: str = "charge") -> str:
    """Return the condition that *alias* is the charge in force of the call with id *call*.

    It is the one of the greatest run. As long as nothing was ever rated again that is run 0, and
    asking for it by name halves the time of a total over a million calls.
    """
    of_call = f"{alias}.call_id = {call} AND {alias}.kind = '{kind}' AND {alias}.run = "
    if not fetch("SELECT 1 FROM tollbook_rating_run LIMIT 1", ()):
        return of_call + "0"
    return of_call + (
        "(SELECT max(newest.run) FROM tollbook_charge newest "
        f"WHERE newest.call_id = {call} AND newest.kind = '{kind}')"
    )
