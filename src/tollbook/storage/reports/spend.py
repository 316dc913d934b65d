"""Totals: what was spent, by whom, on which day, and what could not be priced.

Every sum is over the charges in force; amounts of different currencies are never added. The
columnar copy answers where it can, the tables where it cannot, to the same last digit.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tollbook.storage.db.sql import Clause, Row, both, charge_in_force, chunks, fetch
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.columnar import queries as columns

EVERYTHING = CallFilter()


@dataclass(frozen=True, slots=True)
class _Grouping:
    """What a summary can be grouped by: the call's column, and where its names are.

    Names are rows of *table* found by *found_by*; without a table the key is its own label.
    """

    column: str
    table: str = ""
    label: str = "name"
    name: str = ""
    found_by: str = "id"


_GROUPS = {
    "extension": _Grouping("extension_id", "tollbook_extension", "number", "name"),
    "department": _Grouping("department_id", "tollbook_department"),
    "trunk": _Grouping("trunk_id", "tollbook_trunk", "name", "label"),
    # As written: a code that nobody has entered yet is somebody's all the same.
    "account_code": _Grouping(
        "account_code", "tollbook_account_code", "code", "description", found_by="code"
    ),
    "owner": _Grouping("owner_id", "tollbook_owner"),
    "pbx": _Grouping("pbx_id", "tollbook_pbx"),
    "call_type": _Grouping("call_type"),
    "destination": _Grouping("destination"),
}
GROUPS = tuple(_GROUPS)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over calls; `charges` is (currency, millionths), by currency, without unrated calls."""

    calls: int
    answered: int
    talk_ms: int
    unrated: int
    charges: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class GroupTotal:
    """The sums of one group in one currency.

    `key` is the id, or the text itself for account code, call type and destination; null where
    calls have none. `currency` is empty for calls without an amount.
    """

    key: int | str | None
    label: str
    name: str
    currency: str
    calls: int
    answered: int
    talk_ms: int
    unrated: int
    charge_micros: int


@dataclass(frozen=True, slots=True)
class DaySpend:
    """The sums of one interval; `charges` is (currency, millionths)."""

    from_us: int
    to_us: int
    calls: int
    charges: tuple[tuple[str, int], ...]


def call_totals(wanted: CallFilter = EVERYTHING) -> Totals:
    """Return the sums over the calls that *wanted* admits."""
    rows = _sums_by((), wanted)
    return Totals(
        calls=sum(row[1] for row in rows),
        answered=sum(row[2] for row in rows),
        talk_ms=sum(row[3] for row in rows),
        unrated=sum(row[4] for row in rows),
        charges=tuple((row[0], row[5]) for row in rows if row[0]),
    )


def charges_summary(
    wanted: CallFilter = EVERYTHING, *, group_by: str, limit: int | None = None
) -> list[GroupTotal]:
    """Return the sums by *group_by* (one of `GROUPS`) and currency, dearest first.

    Raises ValueError for a group that is not known.
    """
    group = _group(group_by)
    rows = _sums_by((group.column,), wanted)
    names = _names(group, {row[0] for row in rows})
    found = [GroupTotal(row[0], *names[row[0]], *row[1:]) for row in rows]
    found.sort(key=lambda one: (-one.charge_micros, -one.calls, one.label, one.currency))
    return found if limit is None else found[:limit]


def spend_by_day(boundaries_us: Sequence[int], wanted: CallFilter = EVERYTHING) -> list[DaySpend]:
    """Return the sums of each interval between two neighbouring boundaries, which ascend.

    The boundaries are given as instants because days begin at a site's own midnight, and some
    have 23 or 25 hours.
    """
    if len(boundaries_us) < 2:
        return []
    intervals = list(pairwise(boundaries_us))
    rows = columns.sums_by_interval(boundaries_us, wanted)
    if rows is None:
        rows = intervals_from_tables(intervals, wanted)
    return [
        DaySpend(
            from_us=low,
            to_us=high,
            calls=sum(row[2] for row in rows if row[0] == nth),
            charges=tuple((row[1], row[3]) for row in rows if row[0] == nth and row[1]),
        )
        for nth, (low, high) in enumerate(intervals)
    ]


def unrated_counts(wanted: CallFilter = EVERYTHING) -> list[tuple[str, int]]:
    """Return how many calls have no amount, by reason, most first."""
    condition = both([wanted.of_calls()])
    rows = fetch(
        "SELECT h.unrated_reason, count(*) FROM tollbook_charge h "
        f"JOIN tollbook_call c ON {charge_in_force('h', call='c.id')} "
        f"WHERE h.amount_micros IS NULL AND {condition.text} GROUP BY 1 ORDER BY 2 DESC, 1",
        condition.values,
    )
    return [(reason, count) for reason, count in rows]


def _group(name: str) -> _Grouping:
    if name not in _GROUPS:
        raise ValueError(f'cannot group by "{name}"; known: {", ".join(GROUPS)}')
    return _GROUPS[name]


def _names(
    group: _Grouping, keys: Collection[int | str | None]
) -> dict[int | str | None, tuple[str, str]]:
    """Return (label, name) of each of *keys*, texts that may be empty."""
    own_label = group.found_by != "id" or not group.table
    names = {key: (str(key or "") if own_label else "", "") for key in keys}
    if group.table:
        wanted = [key for key in keys if key not in (None, "")]
        for some in chunks(wanted, _KEYS_AT_ONCE):
            found = fetch(
                f"SELECT {group.found_by}, {group.label}, {group.name or _EMPTY} "
                f"FROM {group.table} WHERE {group.found_by} IN ({', '.join(['%s'] * len(some))})",
                some,
            )
            names |= {key: (label, name) for key, label, name in found}
    return names


def _sums_by(keys: tuple[str, ...], wanted: CallFilter) -> list[Row]:
    """Return the sums by *keys*, columns of a call, and currency: from the columnar copy if it can
    answer, else from the tables; they are the same.
    """
    found = columns.sums_by(keys, wanted)
    return sums_from_tables(keys, wanted) if found is None else found


def sums_from_tables(keys: tuple[str, ...], wanted: CallFilter) -> list[Row]:
    """Return the keys, the currency, calls, answered, talk, unrated and charge of each group."""
    condition = both([wanted.of_calls(), wanted.of_charges()])
    selected = ", ".join([*(f"c.{key}" for key in keys), "coalesce(h.currency, '')"])
    places = ", ".join(str(place + 1) for place in range(len(keys) + 1))
    return fetch(
        f"SELECT {selected}, {_SUMS} FROM tollbook_call c {_charges()} "
        f"WHERE {condition.text} GROUP BY {places} ORDER BY {places}",
        condition.values,
    )


def intervals_from_tables(intervals: Sequence[tuple[int, int]], wanted: CallFilter) -> list[Row]:
    """Return the interval's place, the currency, calls and charge of each."""
    limits = Clause(
        " UNION ALL ".join(["SELECT %s AS nth, %s AS from_us, %s AS to_us"] * len(intervals)),
        tuple(value for nth, (low, high) in enumerate(intervals) for value in (nth, low, high)),
    )
    condition = both([wanted.of_calls(), wanted.of_charges()])
    return fetch(
        f"WITH day AS ({limits.text}) "
        "SELECT day.nth, coalesce(h.currency, ''), count(*), "
        "CAST(coalesce(sum(h.amount_micros), 0) AS bigint) "
        "FROM day JOIN tollbook_call c ON c.begin_us >= day.from_us AND c.begin_us < day.to_us "
        f"{_charges()} WHERE {condition.text} GROUP BY 1, 2 ORDER BY 1, 2",
        (*limits.values, *condition.values),
    )


_EMPTY = "''"
_KEYS_AT_ONCE = 5_000
_SUMS = (
    "count(*) AS calls, "
    "sum(CASE WHEN c.answered THEN 1 ELSE 0 END) AS answered, "
    "CAST(coalesce(sum(c.talk_ms), 0) AS bigint) AS talk_ms, "
    "sum(CASE WHEN h.call_id IS NOT NULL AND h.amount_micros IS NULL THEN 1 ELSE 0 END) "
    "AS unrated, "
    "CAST(coalesce(sum(h.amount_micros), 0) AS bigint) AS charge_micros"
)


def _charges() -> str:
    return f"LEFT JOIN tollbook_charge h ON {charge_in_force('h', call='c.id')}"
