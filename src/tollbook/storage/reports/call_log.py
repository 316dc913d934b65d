"""The call log: pages by keyset, streams for exports, and the calls that came since.

A page is found in two steps: first the ids, then the rows with all their names. Where a filter
is given, the newest calls are looked through first: what is frequent fills the page there. What
is rare, and any order but that of time, is found in the columnar copy. Where there is
no copy, it takes one pass over the table, which is four times as fast as walking the index to its
end.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tollbook.storage.db.current import current_connection
from tollbook.storage.db.sql import Clause, both, charge_in_force, chunks, fetch, fetch_one
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.call_rows import CallRow, rows_of
from tollbook.storage.reports.columnar import queries as columns

EVERYTHING = CallFilter()
NEAR_CALLS = 20_000  # Looked through in a few ms before a pass over the whole table is tried.
ID_CHUNK = 500
PROVEN_AT_ONCE = 200  # Calls that the database is asked to confirm, beside those of a page.


class Sort(Enum):
    """What a call log is sorted by; calls without the value come last in either direction."""

    BEGIN = "begin"
    TALK = "talk"
    CHARGE = "charge"


_VALUES = {Sort.BEGIN: "c.begin_us", Sort.TALK: "c.talk_ms", Sort.CHARGE: "h.amount_micros"}
_COPIED = {**_VALUES, Sort.CHARGE: "c.amount_micros"}
_BEYOND_ALL = 2**62  # Stands for a missing value: greater than any, or less than any.


class CursorError(ValueError):
    """A cursor that this call log did not give out."""


@dataclass(frozen=True, slots=True)
class SortOrder:
    """How a call log is sorted; equal values are sorted by id in the same direction."""

    sort: Sort = Sort.BEGIN
    descending: bool = True

    @property
    def missing(self) -> int:
        """What stands for a missing value, so that it comes last."""
        return -_BEYOND_ALL if self.descending else _BEYOND_ALL

    @property
    def value(self) -> str:
        """The expression that is sorted by; the begin is never missing, and has an index."""
        return self._present(_VALUES[self.sort])

    @property
    def copied_value(self) -> str:
        """The same over the columnar copy."""
        return self._present(_COPIED[self.sort])

    def _present(self, column: str) -> str:
        return column if self.sort is Sort.BEGIN else f"coalesce({column}, {self.missing})"


NEWEST_FIRST = SortOrder()


@dataclass(frozen=True, slots=True)
class CallPage:
    """One page, in its order; a cursor is null where there is no further page."""

    rows: tuple[CallRow, ...]
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Where a page begins: beyond this value and id, or before it."""

    value: int
    call_id: int
    backwards: bool = False

    def text(self, order: SortOrder) -> str:
        direction = "desc" if order.descending else "asc"
        side = "before" if self.backwards else "after"
        return f"{order.sort.value}~{direction}~{side}~{self.value}~{self.call_id}"

    @classmethod
    def parse(cls, text: str, order: SortOrder) -> "_Cursor":
        prefix, _, numbers = text.rpartition("~after~" if "~after~" in text else "~before~")
        value, _, call_id = numbers.partition("~")
        if prefix != f"{order.sort.value}~{'desc' if order.descending else 'asc'}":
            raise CursorError(f'cursor "{text}" belongs to another order; start at the first page')
        try:
            place = cls(int(value), int(call_id), "~before~" in text)
        except ValueError as fault:
            raise CursorError(f'"{text}" is not a cursor; start at the first page') from fault
        if max(abs(place.value), abs(place.call_id)) > _BEYOND_ALL:
            raise CursorError(f'"{text}" is beyond every call; start at the first page')
        return place


def call_log(
    wanted: CallFilter = EVERYTHING,
    *,
    cursor: str | None = None,
    page_size: int = 50,
    order: SortOrder = NEWEST_FIRST,
) -> CallPage:
    """Return a page of the calls that *wanted* admits; raises CursorError."""
    place = _Cursor.parse(cursor, order) if cursor else None
    found = _find(wanted, order, place, page_size + 1)
    more, found = len(found) > page_size, found[:page_size]
    backwards = place is not None and place.backwards
    if backwards:
        found.reverse()
    rows = rows_of([call_id for _, call_id in found])
    has_next = bool(found) and (more or backwards)
    has_previous = bool(found) and (more if backwards else place is not None)
    return CallPage(
        rows=tuple(rows),
        next=_Cursor(*found[-1]).text(order) if has_next else None,
        previous=_Cursor(*found[0], backwards=True).text(order) if has_previous else None,
    )


def stream_calls(
    wanted: CallFilter = EVERYTHING, *, order: SortOrder = NEWEST_FIRST
) -> Iterator[CallRow]:
    """Yield every call that *wanted* admits now, in *order*, a chunk at a time in memory.

    Which calls they are is read at once (8 bytes a call), so that the export agrees with itself
    and no long-lived reader is left open.
    """
    ids = call_ids(wanted, order=order)
    for chunk in chunks(ids, ID_CHUNK):
        yield from rows_of(chunk)


def call_ids(wanted: CallFilter = EVERYTHING, *, order: SortOrder = NEWEST_FIRST) -> Sequence[int]:
    """Return the ids of all calls that *wanted* admits, in *order*."""
    statement, values = _statement(wanted, order, [], downwards=order.descending)
    ids = array("q")
    with current_connection().cursor() as cursor:
        cursor.execute(statement, values)
        while found := cursor.fetchmany(10_000):
            ids.extend(call_id for _, call_id in found)
    return ids


def calls_after(
    call_id: int, wanted: CallFilter = EVERYTHING, *, limit: int = 100
) -> list[CallRow]:
    """Return the calls stored after the one with *call_id*, oldest first: the live rows."""
    clauses = [Clause("c.id > %s", (call_id,)), wanted.of_calls()]
    condition = both([*clauses, wanted.of_charges()])
    found = fetch(
        f"SELECT c.id FROM tollbook_call c {_charges(wanted, NEWEST_FIRST)} "
        f"WHERE {condition.text} ORDER BY c.id LIMIT %s",
        (*condition.values, limit),
    )
    return rows_of([row[0] for row in found])


def newest_call_id() -> int:
    """Return the greatest id of a call, 0 if there is none: where live rows begin."""
    row = fetch_one("SELECT max(id) FROM tollbook_call", ())
    return int(row[0] or 0) if row else 0


def _find(
    wanted: CallFilter, order: SortOrder, place: _Cursor | None, count: int
) -> list[tuple[int, int]]:
    """Return up to *count* (value, id) from *place* on, in the direction of travel."""
    downwards = order.descending != (place is not None and place.backwards)
    beyond = [_beyond(place, order.value, "c.id", downwards=downwards)] if place else []

    def ask(*more: Clause, by_index: bool = True) -> list[tuple[int, int]]:
        statement, values = _statement(
            wanted, order, [*beyond, *more], downwards=downwards, by_index=by_index
        )
        rows = fetch(f"{statement} LIMIT %s", (*values, count))
        return [(value, call_id) for value, call_id in rows]

    if order.sort is Sort.BEGIN:
        if not wanted.needs_search:
            return ask()
        edge = _edge(wanted, beyond, downwards=downwards)
        if edge is None:  # So few calls that near is all.
            return ask()
        near = ask(Clause(f"c.begin_us {'>=' if downwards else '<='} %s", (edge,)))
        if len(near) == count:
            return near
        copied = _find_in_copy(wanted, order, place, count)
        return ask(wanted.of_any_charge(), by_index=False) if copied is None else copied
    found = _find_in_copy(wanted, order, place, count)
    if found is None and order.sort is Sort.CHARGE and not wanted.narrows_calls:
        found = _by_charge_alone(wanted, order, place, count)
    return ask() if found is None else found


def _find_in_copy(
    wanted: CallFilter, order: SortOrder, place: _Cursor | None, count: int
) -> list[tuple[int, int]] | None:
    """Do as `_find` by the columnar copy; None: it cannot answer."""
    unproven = columns.needs_proof(wanted)
    at_once = PROVEN_AT_ONCE + count if unproven else count
    downwards = order.descending != (place is not None and place.backwards)
    value = order.copied_value
    found: list[tuple[int, int]] = []
    while True:
        some = columns.first_calls(
            wanted,
            value,
            beyond=[_beyond(place, value, "c.id", downwards=downwards)] if place else [],
            way=_way(downwards),
            count=at_once,
        )
        if some is None:
            return None
        found += _proven(some, wanted) if unproven else some
        if len(found) >= count or len(some) < at_once:
            return found[:count]
        place = _Cursor(*some[-1])


def _proven(found: Sequence[tuple[int, int]], wanted: CallFilter) -> list[tuple[int, int]]:
    """Return those of *found* in which the database, too, finds the keyword."""
    if not found:
        return []
    keyword = wanted.of_keyword()
    rows = fetch(
        "SELECT c.id FROM tollbook_call c "
        f"WHERE c.id IN ({', '.join(['%s'] * len(found))}) AND ({keyword.text})",
        (*(call_id for _, call_id in found), *keyword.values),
    )
    fitting = {call_id for (call_id,) in rows}
    return [one for one in found if one[1] in fitting]


def _edge(wanted: CallFilter, beyond: Sequence[Clause], *, downwards: bool) -> int | None:
    """Return the begin of the call `NEAR_CALLS` from where the page begins, if there is one."""
    condition = both([*beyond, wanted.period()])
    row = fetch_one(
        f"SELECT c.begin_us FROM tollbook_call c WHERE {condition.text} "
        f"ORDER BY c.begin_us {_way(downwards)} LIMIT 1 OFFSET %s",
        (*condition.values, NEAR_CALLS),
    )
    return row[0] if row else None


def _statement(
    wanted: CallFilter,
    order: SortOrder,
    clauses: Sequence[Clause],
    *,
    downwards: bool,
    by_index: bool = True,
) -> tuple[str, tuple[Any, ...]]:
    """Return the query for (value, id) of the calls, without a limit."""
    condition = both([*clauses, wanted.of_calls(), wanted.of_charges()])
    way = _way(downwards)
    # The sign keeps both planners from walking the index.
    sorted_by = order.value if by_index else f"+{order.value}"
    statement = (
        f"SELECT {order.value}, c.id FROM tollbook_call c {_charges(wanted, order)} "
        f"WHERE {condition.text} ORDER BY {sorted_by} {way}, c.id {way}"
    )
    return statement, condition.values


def _by_charge_alone(
    wanted: CallFilter, order: SortOrder, place: _Cursor | None, count: int
) -> list[tuple[int, int]] | None:
    """Return a page from the charges in force without their calls, which are wider.

    None: calls without an amount belong to the page, so the calls must be asked.
    """
    if place is not None and place.value == order.missing:
        return None
    backwards = place is not None and place.backwards
    downwards = order.descending != backwards
    clauses = [wanted.of_charges(), Clause("h.amount_micros IS NOT NULL")]
    if place is not None:
        clauses.append(_beyond(place, "h.amount_micros", "h.call_id", downwards=downwards))
    condition = both(clauses)
    rows = fetch(
        "SELECT h.amount_micros, h.call_id FROM tollbook_charge h "
        f"WHERE {charge_in_force('h', call='h.call_id')} AND {condition.text} "
        f"ORDER BY h.amount_micros {_way(downwards)}, h.call_id {_way(downwards)} LIMIT %s",
        (*condition.values, count),
    )
    found = [(value, call_id) for value, call_id in rows]
    return found if backwards or len(found) == count else None


def _beyond(place: _Cursor, value: str, call_id: str, *, downwards: bool) -> Clause:
    """Return the condition that a call comes after *place* in the direction of travel."""
    sign = "<" if downwards else ">"
    return Clause(
        f"{value} {sign}= %s AND ({value} {sign} %s OR {call_id} {sign} %s)",
        (place.value, place.value, place.call_id),
    )


def _charges(wanted: CallFilter, order: SortOrder) -> str:
    """Return the join with the charge in force, where it is asked for."""
    if not wanted.concerns_charge and order.sort is not Sort.CHARGE:
        return ""
    return f"LEFT JOIN tollbook_charge h ON {charge_in_force('h', call='c.id')}"


def _way(downwards: bool) -> str:  # noqa: FBT001 - one word, one argument
    return "DESC" if downwards else "ASC"
