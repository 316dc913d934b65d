"""Stored calls with what pricing needs of them and what they are charged: for comparisons."""

from collections.abc import Iterator
from itertools import starmap
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS

from tollbook.storage.columns.queries import ask_in_pieces
from tollbook.storage.queries.call_filter import CallFilter
from tollbook.storage.queries.call_log import call_ids
from tollbook.storage.queries.sql import charge_in_force, chunks, fetch

_IDS_A_STATEMENT = 5_000


class ChargedCall(NamedTuple):
    """A call and its charge in force; `amount_micros` is null where it has none."""

    id: int
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
    amount_micros: int | None
    currency: str


_OF_CHARGE = {"amount_micros": "h.amount_micros", "currency": "coalesce(h.currency, '')"}


def charged_calls(
    wanted: CallFilter, *, using: str = DEFAULT_DB_ALIAS
) -> Iterator[list[ChargedCall]]:
    """Yield the calls that *wanted* admits, many at a time, in no order that means anything."""
    names = ", ".join(ChargedCall._fields)
    pieces = ask_in_pieces(lambda calls: f"SELECT {names} FROM {calls}", wanted, using=using)
    if pieces is None:
        pieces = _from_tables(wanted, using=using)
    for rows in pieces:
        yield list(starmap(ChargedCall, rows))


def _from_tables(wanted: CallFilter, *, using: str) -> Iterator[list[tuple[object, ...]]]:
    columns = ", ".join(_OF_CHARGE.get(name, f"c.{name}") for name in ChargedCall._fields)
    charges = f"LEFT JOIN tollbook_charge h ON {charge_in_force('h', call='c.id', using=using)}"
    for ids in chunks(call_ids(wanted, using=using), _IDS_A_STATEMENT):
        marks = ", ".join(["%s"] * len(ids))
        yield fetch(
            f"SELECT {columns} FROM tollbook_call c {charges} WHERE c.id IN ({marks})",
            ids,
            using=using,
        )
