"""Compares the columnar copy with the tables it was made from: for `doctor`, and for trust."""

from dataclasses import dataclass

from tollbook.storage.db.sql import charge_in_force, fetch, fetch_one
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.columnar import duck
from tollbook.storage.reports.columnar.catalogue import read_catalogue
from tollbook.storage.reports.columnar.layout import MONTH_OF_CALL, month_begins_us, month_of
from tollbook.storage.reports.columnar.queries import CallSnapshot, open_view

TRIES = 3  # Calls may arrive between the two readings; then both are read again.


@dataclass(frozen=True, slots=True)
class CopyDifference:
    """A month (202601) whose calls add up otherwise in the copy than in the tables."""

    month: int
    message: str


@dataclass(frozen=True, slots=True)
class MonthSums:
    """What the calls of a month add up to."""

    calls: int
    talk_ms: int
    charge_micros: int
    rated: int


def check() -> list[CopyDifference]:
    """Return the months in which copy and tables differ; none of a copy that is not there.

    Every month is added up: calls, talk, charges and how many are rated. The copy itself is left
    as it is. A copy too far behind to answer is no difference: it is not asked.
    """
    found: list[CopyDifference] = []
    for _ in range(TRIES):
        view = open_view(worth_calls=0)
        if view is None:
            return _broken_files()
        try:
            found = _compare(view)
        except duck.DuckDbError as fault:
            return [CopyDifference(0, f"{view.catalogue.folder}: {fault}. {_MEND}")]
        if not found:
            return []
    return found


def _compare(view: CallSnapshot) -> list[CopyDifference]:
    copied = _from_copy(view)
    stored = _from_tables()
    return [
        CopyDifference(
            month,
            f"{view.catalogue.folder}: month {month} has {_words(copied.get(month))} in the "
            f"columnar copy and {_words(stored.get(month))} in the database. Totals shown may be "
            f"wrong, stored calls and charges are not. {_MEND}",
        )
        for month in sorted(set(copied) | set(stored))
        if copied.get(month) != stored.get(month)
    ]


def _from_copy(view: CallSnapshot) -> dict[int, MonthSums]:
    with duck.connection() as work:
        work.register("fresh", view.fresh.rows)
        rows = work.execute(
            f"SELECT {MONTH_OF_CALL}, count(*), CAST(coalesce(sum(talk_ms), 0) AS BIGINT), "
            "CAST(coalesce(sum(amount_micros), 0) AS BIGINT), count(amount_micros) "
            f"FROM ({view.query(CallFilter())}) GROUP BY 1"
        ).fetchall()
    return {row[0]: MonthSums(*row[1:]) for row in rows}


def _from_tables() -> dict[int, MonthSums]:
    edges = fetch_one("SELECT min(begin_us), max(begin_us) FROM tollbook_call", ())
    if edges is None or edges[0] is None:
        return {}
    charge = charge_in_force("h", call="c.id")
    found = {}
    month, last = month_of(edges[0]), month_of(edges[1])
    while month <= last:
        following = month + 1 if month % 100 < 12 else month + 89
        rows = fetch(
            "SELECT count(*), CAST(coalesce(sum(c.talk_ms), 0) AS bigint), "
            "CAST(coalesce(sum(h.amount_micros), 0) AS bigint), count(h.amount_micros) "
            f"FROM tollbook_call c LEFT JOIN tollbook_charge h ON {charge} "
            "WHERE c.begin_us >= %s AND c.begin_us < %s",
            (month_begins_us(month), month_begins_us(following)),
        )
        if rows[0][0]:
            found[month] = MonthSums(*rows[0])
        month = following
    return found


def _broken_files() -> list[CopyDifference]:
    catalogue = read_catalogue()
    if catalogue is None:
        return []
    return [
        CopyDifference(
            one.month,
            f"{one.path(catalogue.folder)}: missing, or not the {one.size} bytes that were "
            f"written. Totals are read from the database meanwhile, which is slower. {_MEND}",
        )
        for one in catalogue.months
        if not one.is_whole(catalogue.folder)
    ]


def _words(sums: MonthSums | None) -> str:
    if sums is None:
        return "no calls"
    return (
        f"{sums.calls} calls of {sums.talk_ms} ms, {sums.rated} of them rated "
        f"at {sums.charge_micros} millionths"
    )


_MEND = "Run `tollbook work --rebuild`: the copy is written anew from the database."
