"""The calls that no account pays, and why not; the fees that calls owe: as tables and objects.

A price that nobody pays is listed with it: billing is off for everyone who could pay.
"""

from collections.abc import Iterator

from tollbook.app.reports.call_criteria import Selection
from tollbook.core.instants import from_us
from tollbook.core.money import format_amount, from_micros
from tollbook.documents.cells import clock
from tollbook.documents.table import Cell, Column, Kind, Table
from tollbook.storage.reports.unbilled import (
    REASONS,
    FeeTotal,
    UnbilledCall,
    fee_totals,
    unbilled_calls,
    unbilled_counts,
)

__all__ = [
    "REASONS",
    "REASON_WORDS",
    "UnbilledCall",
    "fee_objects",
    "fees_table",
    "unbilled_calls",
    "unbilled_counts",
    "unbilled_objects",
    "unbilled_table",
]

REASON_WORDS = {
    "billing_off": "billing is off for whoever could pay",
    "unrated": "it has no price",
    "internal": "internal calls are not billed",
    "incoming": "incoming calls are not billed",
    "unanswered": "nobody answered",
}
UNBILLED_COLUMNS = (
    Column("start", "Start", Kind.INSTANT, width_chars=20),
    Column("caller", "Call from", width_chars=20),
    Column("callee", "Call to", width_chars=24),
    Column("destination", "Destination", width_chars=22),
    Column("extension", "Extension"),
    Column("account_code", "Account code"),
    Column("owner", "Owner", width_chars=22),
    Column("duration", "Duration", Kind.DURATION, width_chars=11),
    Column("charge", "Price", Kind.MONEY, width_chars=12),
    Column("currency", "Currency", width_chars=9),
    Column("reason", "Not billed because", width_chars=40),
)
FEE_COLUMNS = (
    Column("owner", "Owner", width_chars=26),
    Column("account_code", "Account code"),
    Column("description", "Description", width_chars=30),
    Column("calls", "Calls", Kind.NUMBER),
    Column("talk", "Talk", Kind.DURATION),
    Column("units", "Begun units", Kind.NUMBER),
    Column("fee", "Fee", Kind.MONEY),
    Column("currency", "Currency", width_chars=9),
)


def unbilled_table(wanted: Selection, *, reason: str | None = None) -> Table:
    """Return the calls that nobody pays, the latest first."""
    rows = map(_call_cells, unbilled_calls(wanted.filter, reason=reason))
    return wanted.table("Unbilled calls", UNBILLED_COLUMNS, rows)


def unbilled_objects(wanted: Selection) -> Iterator[dict[str, object]]:
    """Yield the same for programs; money as text, unknown is null."""
    for one in unbilled_calls(wanted.filter):
        yield {
            "id": one.id,
            "start": from_us(one.begin_us).astimezone(wanted.zone).isoformat(),
            "caller": one.caller or None,
            "callee": one.callee or None,
            "destination": one.destination or None,
            "extension": one.extension or None,
            "account_code": one.account_code or None,
            "owner": one.owner or None,
            "duration": None if one.talk_ms is None else clock(one.talk_ms),
            "charge": _money(one.charge_micros),
            "currency": one.currency or None,
            "reason": one.reason,
        }


def fees_table(wanted: Selection) -> Table:
    """Return what calls owe for talk, by owner and account code."""
    return wanted.table("Fees", FEE_COLUMNS, map(_fee_cells, fee_totals(wanted.filter)))


def fee_objects(wanted: Selection) -> Iterator[dict[str, object]]:
    """Yield the same for programs."""
    for one in fee_totals(wanted.filter):
        yield {
            "owner": one.owner or None,
            "account_code": one.account_code or None,
            "description": one.description or None,
            "calls": one.calls,
            "talk_ms": one.talk_ms,
            "units": one.units,
            "fee": _money(one.amount_micros),
            "currency": one.currency,
        }


def _call_cells(one: UnbilledCall) -> tuple[Cell, ...]:
    return (
        from_us(one.begin_us),
        one.caller,
        one.callee,
        one.destination,
        one.extension,
        one.account_code,
        one.owner,
        one.talk_ms,
        None if one.charge_micros is None else from_micros(one.charge_micros),
        one.currency if one.charge_micros is not None else "",
        REASON_WORDS[one.reason],
    )


def _fee_cells(one: FeeTotal) -> tuple[Cell, ...]:
    return (
        one.owner,
        one.account_code,
        one.description,
        one.calls,
        one.talk_ms,
        one.units,
        from_micros(one.amount_micros),
        one.currency,
    )


def _money(micros: int | None) -> str | None:
    return None if micros is None else format_amount(from_micros(micros))
