"""Counters of plans: what calls have used of volumes and bundles, read and moved with them.

All of this runs inside the transaction that stores the charges, after `begin_batch`, so that
batches are serialised and no update is lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tollbook.storage.db.current import current_connection
from tollbook.storage.db.sql import chunks, fetch

_KEYS_A_STATEMENT = 500
_MICRO = 1_000_000
_COLUMNS = "key, seconds, amount, latest, until_us, dirty_from_us"


@dataclass(slots=True)
class CounterState:
    """One counter. *amount* is exact; the other columns are those of `models.Counter`."""

    seconds: int = 0
    amount: Fraction = Fraction(0)
    latest: str = ""
    until_us: int | None = None
    dirty_from_us: int | None = None

    def mark_dirty(self, from_us: int) -> None:
        """Say that calls from an instant on are to be charged again."""
        known = self.dirty_from_us
        self.dirty_from_us = from_us if known is None else min(known, from_us)


def read_counters(keys: Iterable[str]) -> dict[str, CounterState]:
    """Return the counters that have a row; who has none stands at nothing."""
    found: dict[str, CounterState] = {}
    for some in chunks(sorted(set(keys)), _KEYS_A_STATEMENT):
        marks = ", ".join(["%s"] * len(some))
        for row in fetch(f"SELECT {_COLUMNS} FROM tollbook_counter WHERE key IN ({marks})", some):
            found[row[0]] = _tally(row)
    return found


def dirty_counters() -> dict[str, CounterState]:
    """Return the counters whose calls were not all counted in call order."""
    rows = fetch(
        f"SELECT {_COLUMNS} FROM tollbook_counter WHERE dirty_from_us IS NOT NULL "
        "ORDER BY dirty_from_us, key",
        (),
    )
    return {row[0]: _tally(row) for row in rows}


def all_counters() -> dict[str, CounterState]:
    """Return every counter, by its key."""
    rows = fetch(f"SELECT {_COLUMNS} FROM tollbook_counter", ())
    return {row[0]: _tally(row) for row in rows}


def counters_after(instant_us: int) -> dict[str, CounterState]:
    """Return the counters whose period is not over at an instant."""
    rows = fetch(
        f"SELECT {_COLUMNS} FROM tollbook_counter WHERE until_us IS NULL OR until_us > %s",
        (instant_us,),
    )
    return {row[0]: _tally(row) for row in rows}


def write_counters(tallies: Mapping[str, CounterState]) -> None:
    """Make the rows of *tallies* what they say; what is held of them stays."""
    rows = [
        (
            key,
            tally.seconds,
            micros_of(tally.amount),
            str(tally.amount),
            tally.latest,
            tally.until_us,
            tally.dirty_from_us,
        )
        for key, tally in sorted(tallies.items())
    ]
    if not rows:
        return
    moved = ("seconds", "micros", "amount", "latest", "until_us", "dirty_from_us")
    with current_connection().cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO tollbook_counter (key, {', '.join(moved)}, held_s) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, 0) ON CONFLICT (key) DO UPDATE SET "
            + ", ".join(f"{name} = excluded.{name}" for name in moved),
            rows,
        )


def micros_of(amount: Fraction) -> int:
    """Return *amount* in millionths, half up.

    >>> micros_of(Fraction(2, 3)), micros_of(Fraction(-1, 2_000_000))
    (666667, 0)
    """
    return (2 * amount.numerator * _MICRO + amount.denominator) // (2 * amount.denominator)


def _tally(row: Sequence[object]) -> CounterState:
    _, seconds, amount, latest, until_us, dirty_from_us = row
    return CounterState(
        seconds=int(str(seconds)),
        amount=Fraction(str(amount)),
        latest=str(latest),
        until_us=None if until_us is None else int(str(until_us)),
        dirty_from_us=None if dirty_from_us is None else int(str(dirty_from_us)),
    )
