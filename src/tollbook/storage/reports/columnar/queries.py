"""Answers from the columnar copy: the same rows as the database's own statements, or None.

None means that the copy cannot answer now: it is not there, it is too far behind, or the question
needs what it does not hold. The database answers then.
"""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from math import gcd
from pathlib import Path
from threading import Lock

from tollbook.storage.db.sql import Clause, Row, both, has_case
from tollbook.storage.reports.call_filter import CallFilter, extensions_named
from tollbook.storage.reports.columnar import duck
from tollbook.storage.reports.columnar.catalogue import (
    Catalogue,
    CopyPosition,
    Newest,
    fresh_rows,
    newest_ids,
    read_catalogue,
    read_mark,
)
from tollbook.storage.reports.columnar.layout import ABSENT, APART, NAMES, month_of

WORTH_CALLS = 20_000  # With fewer the database answers as fast.
MOST_BEHIND = 50_000  # Rows read from the tables for one answer.
ROWS_AT_ONCE = 20_000
TRIES = 3  # The catalogue may move on while it is read.

log = logging.getLogger(__name__)

SUMS = (
    "count(*), count(*) FILTER (WHERE c.answered), "
    "CAST(coalesce(sum(c.talk_ms), 0) AS BIGINT), "
    "count(*) FILTER (WHERE c.charged_call_id IS NOT NULL AND c.amount_micros IS NULL), "
    "CAST(coalesce(sum(c.amount_micros), 0) AS BIGINT)"
)


@dataclass(frozen=True, slots=True)
class Fresh:
    """The rows that the files do not hold, as arrays; `corrects` are those that they hold."""

    rows: duck.Arrays
    count: int
    corrects: bool


@dataclass(frozen=True, slots=True)
class CallSnapshot:
    """All calls as of one moment: the files of a catalogue and the fresh rows."""

    catalogue: Catalogue
    fresh: Fresh

    def query(self, wanted: CallFilter) -> str:
        """Return the query for the columns of all calls of the months that *wanted* concerns."""
        low = month_of(wanted.from_us) if wanted.from_us is not None else 0
        high = month_of(wanted.to_us) if wanted.to_us is not None else 999_999
        folder = self.catalogue.folder
        files = [one.path(folder) for one in self.catalogue.months if low <= one.month <= high]
        parts = []
        if files:
            without = " ANTI JOIN fresh USING (id)" if self.fresh.corrects else ""
            parts.append(f"SELECT {', '.join(NAMES)} FROM ({duck.from_files(files)}){without}")
        if self.fresh.count or not files:
            parts.append(f"{duck.from_arrays('fresh')} WHERE begin_us <> {ABSENT}")
        return " UNION ALL ".join(parts)


def totals(wanted: CallFilter) -> list[Row] | None:
    """Return (currency, calls, answered, talk, unrated, charge) by currency."""
    return sums_by((), wanted)


def sums_by(keys: Sequence[str], wanted: CallFilter) -> list[Row] | None:
    """Return the sums by *keys*, columns of a call, and currency."""
    selected = ", ".join([*(f"c.{key}" for key in keys), "c.currency"])
    return ask(
        lambda calls: f"SELECT {selected}, {SUMS} FROM {calls} c GROUP BY ALL ORDER BY ALL", wanted
    )


def sums_by_interval(boundaries_us: Sequence[int], wanted: CallFilter) -> list[Row] | None:
    """Return (interval, currency, calls, charge) for the intervals between *boundaries_us*.

    Calls are added up by the greatest step that divides all boundaries (mostly an hour: days begin
    on whole hours wherever they do), and only these sums are laid to the intervals.
    """
    first_us, last_us = boundaries_us[0], boundaries_us[-1]
    step_us = gcd(*(edge - first_us for edge in boundaries_us))
    if not step_us:
        return []
    intervals = ", ".join(
        f"({nth}, {(low - first_us) // step_us}, {(high - first_us) // step_us})"
        for nth, (low, high) in enumerate(pairwise(boundaries_us))
    )
    return ask(
        lambda calls: (
            f"WITH k AS (SELECT (c.begin_us - {first_us}) // {step_us} AS step, "
            "c.currency AS currency, count(*) AS calls, sum(c.amount_micros) AS charge "
            f"FROM {calls} c WHERE c.begin_us >= {first_us} AND c.begin_us < {last_us} "
            "GROUP BY 1, 2) "
            "SELECT d.nth, k.currency, CAST(sum(k.calls) AS BIGINT), "
            "CAST(coalesce(sum(k.charge), 0) AS BIGINT) "
            f"FROM (VALUES {intervals}) d(nth, low, high) "
            "JOIN k ON k.step >= d.low AND k.step < d.high GROUP BY 1, 2 ORDER BY 1, 2"
        ),
        wanted,
    )


def first_calls(
    wanted: CallFilter, value: str, *, beyond: Sequence[Clause], way: str, count: int
) -> list[tuple[int, int]] | None:
    """Return the first *count* (value, id) of the calls that *wanted* admits, in order.

    *value* is an expression over `c`, *way* ASC or DESC, and *beyond* says where they begin. With a
    keyword of letters the calls are those that may fit: `needs_proof` says so.
    """
    found = ask(
        lambda calls: (
            f"SELECT {value}, c.id FROM {calls} c ORDER BY 1 {way}, 2 {way} LIMIT {int(count)}"
        ),
        wanted,
        beyond=beyond,
        proven=False,
    )
    return None if found is None else [(row[0], row[1]) for row in found]


def needs_proof(wanted: CallFilter) -> bool:
    """Say whether the database must confirm what the copy finds for the keyword of *wanted*.

    What a letter's other case is, only the database knows: it depends on its locale.
    """
    return has_case(wanted.keyword)


def ask(
    question: Callable[[str], str],
    wanted: CallFilter,
    *,
    beyond: Sequence[Clause] = (),
    proven: bool = True,
) -> list[Row] | None:
    """Return the rows of a query over the calls that *wanted* admits; None: no answer here.

    *question* is given the calls as a query in brackets and returns the whole statement. They can
    be narrowed *beyond* the filter. Not *proven*, they may be more than those that fit, never less
    (see `needs_proof`).
    """
    if proven and needs_proof(wanted):
        return None
    pieces = _ask(question, wanted, beyond)
    return None if pieces is None else list(chain.from_iterable(pieces))


def ask_in_pieces(question: Callable[[str], str], wanted: CallFilter) -> Iterator[list[Row]] | None:
    """Do as `ask`, the rows some thousand at a time; close the iterator if it is not read out."""
    return None if needs_proof(wanted) else _ask(question, wanted, ())


def _ask(
    question: Callable[[str], str], wanted: CallFilter, beyond: Sequence[Clause]
) -> Iterator[list[Row]] | None:
    # The copy holds what calls were charged, not what they cost, and not when they came.
    beyond_it = wanted.below_cost or wanted.concerns_arrival
    keyword = None if beyond_it else _keyword(wanted.keyword)
    view = None if keyword is None else open_view()
    if keyword is None or view is None:
        return None
    charge = wanted.of_charges("c", call="charged_call_id")
    clause = both([wanted.of_values(), wanted.period(), charge, *beyond, keyword])
    condition = clause.text.replace("%s", "?")
    calls = f"(SELECT * FROM ({view.query(wanted)}) c WHERE {condition})"
    pieces = _pieces(question(calls), list(clause.values), view)
    try:
        next(pieces)  # From here on DuckDB has the whole answer.
    except duck.DuckDbError as fault:
        log.warning("the columnar copy cannot answer, the database does: %s", fault)
        return None
    return pieces


def _keyword(word: str) -> Clause | None:
    """Return a condition that every call with *word* in it meets; None if there is no good one.

    It is exact for a word without letters. Else each piece of it must be there, whatever the case
    of all letters but i, whose other case is another one in Turkish. What the directory calls an
    extension is not in the copy, which would be old with every change of a name.
    """
    if not word:
        return both([])
    word = word.replace("\0", "")
    pieces = [piece for piece in _I.split(word) if piece] if has_case(word) else [word]
    if not pieces or APART in word:
        return None
    said = both([Clause("contains(c.searched, lower(%s))", (piece,)) for piece in pieces if piece])
    ours = extensions_named(word)
    if not ours:
        return said
    return Clause(f"{said.text} OR c.extension_id IN ({', '.join(map(str, ours))})", said.values)


def _pieces(statement: str, values: list[object], view: CallSnapshot) -> Iterator[list[Row]]:
    """Yield nothing once the answer is there, then its rows."""
    with duck.connection() as work:
        work.register("fresh", view.fresh.rows)
        work.execute(statement, values)
        yield []
        while rows := work.fetchmany(ROWS_AT_ONCE):
            yield rows


def open_view(*, worth_calls: int | None = None) -> CallSnapshot | None:
    """Return all calls as they are now; None where the copy cannot tell."""
    least = WORTH_CALLS if worth_calls is None else worth_calls
    for _ in range(TRIES):
        catalogue = read_catalogue()
        if catalogue is None or catalogue.rows < least:
            return None
        newest = newest_ids()
        if catalogue.behind(newest) > MOST_BEHIND:
            return None
        if not all(one.is_whole(catalogue.folder) for one in catalogue.months):
            return None
        fresh = _fresh(catalogue, newest)
        if read_mark() == catalogue.mark:
            return CallSnapshot(catalogue, fresh)
    return None


@dataclass(frozen=True, slots=True)
class _Known:
    """Cached fresh rows by call, valid for the files of `mark` up to the ids of `newest`."""

    folder: Path
    mark: CopyPosition
    newest: Newest
    rows: dict[int, Row]
    fresh: Fresh


def _fresh(catalogue: Catalogue, newest: Newest) -> Fresh:
    """Return the fresh rows: the cached ones, updated by what came or changed since."""
    with _remembering:
        known = next((one for one in _remembered if one.folder == catalogue.folder), None)
    rows: dict[int, Row] = {}
    since = catalogue.mark
    if known is not None and known.mark == catalogue.mark:
        if known.newest == newest:
            return known.fresh
        rows = known.rows
        since = replace(since, call_id=known.newest.call_id, charge_id=known.newest.charge_id)
    rows = rows | {row[0]: row for row in fresh_rows(since)}
    corrects = any(call_id <= catalogue.mark.call_id for call_id in rows)
    fresh = Fresh(duck.arrays_of(list(rows.values())), len(rows), corrects)
    with _remembering:  # One entry a copy: a process may have several installations open.
        others = [one for one in _remembered if one.folder != catalogue.folder]
        _remembered[:] = [*others, _Known(catalogue.folder, catalogue.mark, newest, rows, fresh)]
    return fresh


_remembering = Lock()
_remembered: list[_Known] = []
_I = re.compile("[iI\u0130\u0131]")
