"""Stored calls with what pricing needs of them and what they are charged: for comparisons."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tollbook.storage.db.sql import Row, charge_in_force, chunks, fetch
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.call_log import call_ids
from tollbook.storage.reports.columnar.queries import ask_in_pieces
from tollbook.storage.rerating.rated_calls import RatedCall

_IDS_A_STATEMENT = 5_000


class ChargedCall(NamedTuple):
    """A call and its charge in force; `amount_micros` is null where it has none."""

    call: RatedCall
    amount_micros: int | None
    currency: str


_OF_CALL = RatedCall._fields
_OF_CHARGE = {"amount_micros": "h.amount_micros", "currency": "coalesce(h.currency, '')"}


def charged_calls(wanted: CallFilter) -> Iterator[list[ChargedCall]]:
    """Yield the calls that *wanted* admits, many at a time, in no order that means anything."""
    names = ", ".join((*_OF_CALL, *_OF_CHARGE))
    pieces = ask_in_pieces(lambda calls: f"SELECT {names} FROM {calls}", wanted)
    if pieces is None:
        pieces = _from_tables(wanted)
    for rows in pieces:
        yield [_charged(row) for row in rows]


def _charged(row: Row) -> ChargedCall:
    width = len(_OF_CALL)
    charge: tuple[Any, ...] = row[width:]
    return ChargedCall(RatedCall._make(row[:width]), *charge)


def _from_tables(wanted: CallFilter) -> Iterator[list[Row]]:
    columns = ", ".join([*(f"c.{name}" for name in _OF_CALL), *_OF_CHARGE.values()])
    charges = f"LEFT JOIN tollbook_charge h ON {charge_in_force('h', call='c.id')}"
    for ids in chunks(call_ids(wanted), _IDS_A_STATEMENT):
        marks = ", ".join(["%s"] * len(ids))
        yield fetch(f"SELECT {columns} FROM tollbook_call c {charges} WHERE c.id IN ({marks})", ids)
