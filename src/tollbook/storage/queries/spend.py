"""Totals: what was spent, by whom, on which day, and what could not be priced.

Every sum is over the charges in force; amounts of different currencies are never added.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.db import DEFAULT_DB_ALIAS

from tollbook.storage.queries.call_filter import CallFilter
from tollbook.storage.queries.sql import Clause, both, charge_in_force, fetch

EVERYTHING = CallFilter()

# What a summary can be grouped by: key, label and the join that gives the label.
_GROUPS = {
    "extension": (
        "c.extension_id",
        "coalesce(g.number, '')",
        "coalesce(g.name, '')",
        "LEFT JOIN tollbook_extension g ON g.id = k.key",
    ),
    "department": (
        "c.department_id",
        "coalesce(g.name, '')",
        "''",
        "LEFT JOIN tollbook_department g ON g.id = k.key",
    ),
    "trunk": (
        "c.trunk_id",
        "coalesce(g.name, '')",
        "coalesce(g.label, '')",
        "LEFT JOIN tollbook_trunk g ON g.id = k.key",
    ),
    # As written: a code that nobody has entered yet is somebody's all the same.
    "account_code": (
        "c.account_code",
        "k.key",
        "coalesce(g.description, '')",
        "LEFT JOIN tollbook_account_code g ON g.code = k.key",
    ),
    "owner": (
        "c.owner_id",
        "coalesce(g.name, '')",
        "''",
        "LEFT JOIN tollbook_owner g ON g.id = k.key",
    ),
    "pbx": (
        "c.pbx_id",
        "coalesce(g.name, '')",
        "''",
        "LEFT JOIN tollbook_pbx g ON g.id = k.key",
    ),
    "call_type": ("c.call_type", "k.key", "''", ""),
    "destination": ("c.destination", "k.key", "''", ""),
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


def call_totals(wanted: CallFilter = EVERYTHING, *, using: str = DEFAULT_DB_ALIAS) -> Totals:
    """Return the sums over the calls that *wanted* admits."""
    condition = both([wanted.of_calls(using=using), wanted.of_charges()])
    rows = fetch(
        f"SELECT coalesce(h.currency, ''), {_SUMS} FROM tollbook_call c {_charges(using)} "
        f"WHERE {condition.text} GROUP BY 1 ORDER BY 1",
        condition.values,
        using=using,
    )
    return Totals(
        calls=sum(row[1] for row in rows),
        answered=sum(row[2] for row in rows),
        talk_ms=sum(row[3] for row in rows),
        unrated=sum(row[4] for row in rows),
        charges=tuple((row[0], row[5]) for row in rows if row[0]),
    )


def charges_summary(
    wanted: CallFilter = EVERYTHING,
    *,
    group_by: str,
    limit: int | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> list[GroupTotal]:
    """Return the sums by *group_by* (one of `GROUPS`) and currency, dearest first.

    Raises ValueError for a group that is not known.
    """
    if group_by not in _GROUPS:
        raise ValueError(f'cannot group by "{group_by}"; known: {", ".join(GROUPS)}')
    key, label, name, join = _GROUPS[group_by]
    condition = both([wanted.of_calls(using=using), wanted.of_charges()])
    rows = fetch(
        f"SELECT k.key, {label}, {name}, k.currency, k.calls, k.answered, k.talk_ms, k.unrated, "
        f"k.charge_micros FROM (SELECT {key} AS key, coalesce(h.currency, '') AS currency, {_SUMS} "
        f"FROM tollbook_call c {_charges(using)} WHERE {condition.text} GROUP BY 1, 2) k {join} "
        "ORDER BY k.charge_micros DESC, k.calls DESC, 2, k.currency"
        + ("" if limit is None else " LIMIT %s"),
        condition.values if limit is None else (*condition.values, limit),
        using=using,
    )
    return [GroupTotal(*row) for row in rows]


def top_spenders(
    wanted: CallFilter = EVERYTHING,
    *,
    group_by: str = "extension",
    limit: int = 10,
    using: str = DEFAULT_DB_ALIAS,
) -> list[GroupTotal]:
    """Return the *limit* dearest groups; calls that belong to none are left out."""
    found = charges_summary(wanted, group_by=group_by, using=using)
    return [total for total in found if total.key not in (None, "") and total.charge_micros][:limit]


def spend_by_day(
    boundaries_us: Sequence[int],
    wanted: CallFilter = EVERYTHING,
    *,
    using: str = DEFAULT_DB_ALIAS,
) -> list[DaySpend]:
    """Return the sums of each interval between two neighbouring boundaries, which ascend.

    The boundaries are given as instants because days begin at a site's own midnight, and some
    have 23 or 25 hours.
    """
    if len(boundaries_us) < 2:
        return []
    intervals = list(pairwise(boundaries_us))
    limits = Clause(
        " UNION ALL ".join(["SELECT %s AS nth, %s AS from_us, %s AS to_us"] * len(intervals)),
        tuple(value for nth, (low, high) in enumerate(intervals) for value in (nth, low, high)),
    )
    condition = both([wanted.of_calls(using=using), wanted.of_charges()])
    rows = fetch(
        f"WITH day AS ({limits.text}) "
        "SELECT day.nth, coalesce(h.currency, ''), count(*), "
        "CAST(coalesce(sum(h.amount_micros), 0) AS bigint) "
        "FROM day JOIN tollbook_call c ON c.begin_us >= day.from_us AND c.begin_us < day.to_us "
        f"{_charges(using)} WHERE {condition.text} GROUP BY 1, 2 ORDER BY 1, 2",
        (*limits.values, *condition.values),
        using=using,
    )
    return [
        DaySpend(
            from_us=low,
            to_us=high,
            calls=sum(row[2] for row in rows if row[0] == nth),
            charges=tuple((row[1], row[3]) for row in rows if row[0] == nth and row[1]),
        )
        for nth, (low, high) in enumerate(intervals)
    ]


def unrated_counts(
    wanted: CallFilter = EVERYTHING, *, using: str = DEFAULT_DB_ALIAS
) -> list[tuple[str, int]]:
    """Return how many calls have no amount, by reason, most first."""
    condition = both([wanted.of_calls(using=using)])
    rows = fetch(
        "SELECT h.unrated_reason, count(*) FROM tollbook_charge h "
        f"JOIN tollbook_call c ON {charge_in_force('h', call='c.id', using=using)} "
        f"WHERE h.amount_micros IS NULL AND {condition.text} GROUP BY 1 ORDER BY 2 DESC, 1",
        condition.values,
        using=using,
    )
    return [(reason, count) for reason, count in rows]


_SUMS = (
    "count(*) AS calls, "
    "sum(CASE WHEN c.answered THEN 1 ELSE 0 END) AS answered, "
    "CAST(coalesce(sum(c.talk_ms), 0) AS bigint) AS talk_ms, "
    "sum(CASE WHEN h.call_id IS NOT NULL AND h.amount_micros IS NULL THEN 1 ELSE 0 END) "
    "AS unrated, "
    "CAST(coalesce(sum(h.amount_micros), 0) AS bigint) AS charge_micros"
)


def _charges(using: str) -> str:
    return f"LEFT JOIN tollbook_charge h ON {charge_in_force('h', call='c.id', using=using)}"
