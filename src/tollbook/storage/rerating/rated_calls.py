"""Stored calls as pricing sees them, their charges in force, and what a re-rating changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tollbook.core.batch import ChargeValues
from tollbook.storage.db.sql import Row, both, chunks, fetch, marks
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.call_log import call_ids
from tollbook.storage.reports.columnar.queries import ask_in_pieces

_IDS_A_STATEMENT = 1_000
_COPIED = (
    "tariff_version_id",
    "rate_index",
    "billed_s",
    "amount_micros",
    "currency",
    "unrated_reason",
)


class RatedCall(NamedTuple):
    """What pricing needs of a stored call, and what its charge is added up by."""

    id: int
    pbx_id: int
    begin_us: int
    answer_us: int | None
    talk_ms: int | None
    answered: bool | None
    direction: int
    callee: str
    dialled: str
    caller: str
    extension_id: int | None
    department_id: int | None
    trunk_id: int | None
    account_code: str
    source_ip: str
    pulses: int | None
    call_type: str
    destination: str


@dataclass(slots=True)
class RerateSums:
    """Sums over the calls of one extension, call type, destination and pair of currencies.

    Millionths; `changed` calls got a new charge, `unrated` have no price now, `lost` had one.
    """

    extension_id: int | None = None
    call_type: str = ""
    destination: str = ""
    old_currency: str = ""
    new_currency: str = ""
    calls: int = 0
    changed: int = 0
    unrated: int = 0
    lost: int = 0
    old_micros: int = 0
    new_micros: int = 0


@dataclass(frozen=True, slots=True)
class Names:
    """The names behind the ids of calls."""

    extensions: dict[int, str]
    departments: dict[int, str]
    trunks: dict[int, str]


def ids_of(wanted: CallFilter) -> list[int]:
    """Return the ids of the calls that *wanted* admits, ascending."""
    return sorted(call_ids(wanted))


def names_of_calls() -> Names:
    """Return the names of all telephones, departments and trunks by id."""

    def names(table: str, column: str) -> dict[int, str]:
        return dict(fetch(f"SELECT id, {column} FROM {table}", ()))

    return Names(
        extensions=names("tollbook_extension", "number"),
        departments=names("tollbook_department", "name"),
        trunks=names("tollbook_trunk", "name"),
    )


def rated_calls(ids: Sequence[int]) -> Iterator[tuple[RatedCall, dict[str, ChargeValues]]]:
    """Yield the calls with their charges in force by kind, in the order of *ids*, ascending."""
    columns = ", ".join(RatedCall._fields)
    for some in chunks(ids, _IDS_A_STATEMENT):
        charges: dict[int, dict[str, ChargeValues]] = {}
        # In ascending order of runs: the last one of a kind is in force.
        for call_id, *charge in fetch(
            f"SELECT call_id, {', '.join(ChargeValues._fields)} FROM tollbook_charge "
            f"WHERE call_id IN ({marks(some)}) ORDER BY call_id, kind, run",
            some,
        ):
            charges.setdefault(call_id, {})[charge[0]] = ChargeValues._make(charge)
        for row in fetch(
            f"SELECT {columns} FROM tollbook_call WHERE id IN ({marks(some)}) ORDER BY id", some
        ):
            yield RatedCall._make(row), charges.get(row[0], {})


def newest_run(ids: Sequence[int]) -> int:
    """Return the newest run among the charges of these calls; 0 where there are none."""
    runs = [
        fetch(
            "SELECT max(run) FROM tollbook_charge WHERE kind = 'charge' "
            f"AND call_id IN ({marks(some)})",
            some,
        )[0][0]
        for some in chunks(ids, _IDS_A_STATEMENT)
    ]
    return max((run for run in runs if run is not None), default=0)


def rated_calls_in_copy(
    wanted: CallFilter,
) -> Iterator[list[tuple[RatedCall, dict[str, ChargeValues]]]] | None:
    """Yield the calls that *wanted* admits with what they are charged, from the columnar copy.

    They come many at a time, in no order that means anything; prefix and band of a charge are left
    empty, and costs are not there. None: the copy cannot answer now.
    """
    columns = ", ".join((*RatedCall._fields, "charged_call_id", *_COPIED))
    pieces = ask_in_pieces(lambda calls: f"SELECT {columns} FROM {calls}", wanted)
    if pieces is None:
        return None
    return (list(map(_copied, rows)) for rows in pieces)


def _copied(row: Row) -> tuple[RatedCall, dict[str, ChargeValues]]:
    width = len(RatedCall._fields)
    call, (charged, version_id, rate_index, *rest) = RatedCall._make(row[:width]), row[width:]
    if charged is None:
        return call, {}
    return call, {"charge": ChargeValues("charge", version_id, rate_index, "", "", *rest)}


def rerated_cells(wanted: CallFilter, run: int, *, last_call: int) -> list[RerateSums]:
    """Return what *run* came to over the calls that *wanted* admitted when it began.

    Old is the charge in force before the run, new the one since. Calls without either are left
    out; those stored after *last_call* are not the run's.
    """
    condition = both([wanted.of_calls(), wanted.of_charges()])
    newest = (
        "(SELECT max(r.run) FROM tollbook_charge r WHERE r.call_id = c.id AND r.kind = 'charge' "
        "AND r.run {} %s)"
    )
    rows = fetch(
        "SELECT c.extension_id, c.call_type, c.destination, "
        "CASE WHEN h.amount_micros IS NULL THEN '' ELSE h.currency END, "
        "CASE WHEN n.amount_micros IS NULL THEN '' ELSE n.currency END, "
        "count(*), sum(CASE WHEN n.run = %s THEN 1 ELSE 0 END), "
        "sum(CASE WHEN n.amount_micros IS NULL THEN 1 ELSE 0 END), "
        "sum(CASE WHEN n.amount_micros IS NULL AND h.amount_micros IS NOT NULL "
        "THEN 1 ELSE 0 END), "
        "CAST(coalesce(sum(h.amount_micros), 0) AS bigint), "
        "CAST(coalesce(sum(n.amount_micros), 0) AS bigint) "
        "FROM tollbook_call c "
        f"JOIN tollbook_charge n ON n.call_id = c.id AND n.kind = 'charge' "
        f"AND n.run = {newest.format('<=')} "
        f"LEFT JOIN tollbook_charge h ON h.call_id = c.id AND h.kind = 'charge' "
        f"AND h.run = {newest.format('<')} "
        f"WHERE c.id <= %s AND {condition.text} GROUP BY 1, 2, 3, 4, 5",
        (run, run, run, last_call, *condition.values),
    )
    return [RerateSums(*row) for row in rows]
