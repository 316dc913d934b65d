"""Calls, talk and charges by interval: from the columnar copy if it can answer, else the tables.

Calls are added up by the greatest step that divides all boundaries, and only these sums are laid
to the intervals; both ways give the same to the last digit.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

from tollbook.storage.db.sql import Clause, Row, both, charge_in_force, fetch, fetch_one
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.columnar import queries as columns


@dataclass(frozen=True, slots=True)
class IntervalSum:
    """The calls that began in one interval; `talk_s` counts a begun second of each call whole.

    `charges` is (currency, millionths), by currency, without calls that have no amount.
    """

    from_us: int
    to_us: int
    calls: int
    talk_s: int
    charges: tuple[tuple[str, int], ...]


def calls_between(wanted: CallFilter) -> tuple[int, int] | None:
    """Return when the first and the last call of the period of *wanted* began; None: no call."""
    period = wanted.period()
    found = fetch_one(
        f"SELECT min(c.begin_us), max(c.begin_us) FROM tollbook_call c WHERE {period.text}",
        period.values,
    )
    return None if found is None or found[0] is None else (found[0], found[1])


def sums_by_interval(boundaries_us: Sequence[int], wanted: CallFilter) -> list[IntervalSum]:
    """Return the sums of each interval between two neighbouring boundaries that has calls.

    The boundaries ascend. They are instants, because days begin at a site's own midnight.
    """
    if len(boundaries_us) < 2:
        return []
    first_us, last_us = boundaries_us[0], boundaries_us[-1]
    step_us = gcd(*(edge - first_us for edge in boundaries_us))
    step = f"(c.begin_us - {first_us}) {{}} {step_us}"
    within = f"c.begin_us >= {first_us} AND c.begin_us < {last_us}"
    rows = columns.ask(
        lambda calls: (
            f"SELECT {step.format('//')}, c.currency, count(*), "
            "CAST(coalesce(sum((c.talk_ms + 999) // 1000), 0) AS BIGINT), "
            "CAST(coalesce(sum(c.amount_micros), 0) AS BIGINT) "
            f"FROM {calls} c WHERE {within} GROUP BY 1, 2"
        ),
        wanted,
    )
    if rows is None:
        condition = both([wanted.of_calls(), wanted.of_charges(), Clause(within)])
        rows = fetch(
            f"SELECT {step.format('/')}, coalesce(h.currency, ''), count(*), "
            "CAST(coalesce(sum((c.talk_ms + 999) / 1000), 0) AS bigint), "
            "CAST(coalesce(sum(h.amount_micros), 0) AS bigint) "
            "FROM tollbook_call c LEFT JOIN tollbook_charge h "
            f"ON {charge_in_force('h', call='c.id')} "
            f"WHERE {condition.text} GROUP BY 1, 2",
            condition.values,
        )
    return _laid(rows, boundaries_us, first_us=first_us, step_us=step_us)


def _laid(
    rows: Sequence[Row], boundaries_us: Sequence[int], *, first_us: int, step_us: int
) -> list[IntervalSum]:
    """Return the sums of the steps as those of the intervals that they lie in."""
    calls: defaultdict[int, int] = defaultdict(int)
    talk_s: defaultdict[int, int] = defaultdict(int)
    charges: defaultdict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for step, currency, count, seconds, micros in rows:
        nth = bisect_right(boundaries_us, first_us + step * step_us) - 1
        calls[nth] += count
        talk_s[nth] += seconds
        if currency:
            charges[nth][currency] += micros
    return [
        IntervalSum(
            boundaries_us[nth],
            boundaries_us[nth + 1],
            calls[nth],
            talk_s[nth],
            tuple(sorted(charges[nth].items())),
        )
        for nth in sorted(calls)
    ]
