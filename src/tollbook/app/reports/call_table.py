"""A call as reports, exports and the API show it: the call log's columns, in one place."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tollbook.app.pricing.rater import UNRATED_REASONS as UNASSIGNED_REASONS
from tollbook.core.calls import DIRECTIONS
from tollbook.core.dialplan import unbilled_reason
from tollbook.core.instants import from_us
from tollbook.core.money import format_amount, from_micros
from tollbook.core.rating import UNRATED_REASONS
from tollbook.documents.cells import clock
from tollbook.documents.table import Cell, Column, Kind
from tollbook.storage.reports.call_rows import CallRow

COLUMNS = (
    Column("start", "Start", Kind.INSTANT, width_chars=20),
    Column("call_from", "Call from", width_chars=28),
    Column("call_to", "Call to", width_chars=24),
    Column("destination", "Destination", width_chars=22),
    Column("call_type", "Call type", width_chars=14),
    Column("trunk", "Trunk"),
    Column("account_code", "Account code"),
    Column("owner", "Owner", width_chars=22),
    Column("duration", "Duration", Kind.DURATION, width_chars=11),
    Column("charge", "Charge", Kind.MONEY, width_chars=12),
    Column("currency", "Currency", width_chars=9),
    Column("no_charge", "No charge because", width_chars=40),
)
COST_COLUMNS = (
    Column("cost", "Cost", Kind.MONEY, width_chars=12),
    Column("cost_currency", "Cost currency", width_chars=13),
    Column("margin", "Margin", Kind.MONEY, width_chars=12),
)
UNBILLED_WORDS = {
    "internal": "internal calls are not charged",
    "incoming": "incoming calls are not charged",
    "unanswered": "nobody answered",
}
NO_CHARGE_WORDS = UNBILLED_WORDS | UNASSIGNED_REASONS | UNRATED_REASONS


def call_from(row: CallRow) -> str:
    """Return who called as `name[number]`, or what is known of it."""
    return party(_name(row, row.caller_name, row.caller), row.caller)


def call_to(row: CallRow) -> str:
    """Return who was reached as `name[number]`, else what was dialled."""
    number = row.callee or row.dialled
    return party(_name(row, row.callee_name, number), number)


def party(name: str, number: str) -> str:
    """Return a name and its number as one text.

    >>> party("Amir", "102"), party("", "102"), party("Amir", ""), party("102", "102")
    ('Amir[102]', '102', 'Amir', '102')
    """
    if name and number and name != number:
        return f"{name}[{number}]"
    return number or name


def _name(row: CallRow, said: str, number: str) -> str:
    """Return the name that the record says; without one, that of our own telephone."""
    if said and said != number:
        return said
    return row.extension_name if number and number == row.extension else ""


def no_charge_reason(row: CallRow) -> str:
    """Return the code of why the call has no charge: unbilled or unrated; "" if it has one."""
    if row.charge_micros is not None:
        return ""
    if row.unrated_reason:
        return row.unrated_reason
    reason = unbilled_reason(DIRECTIONS[row.direction], answered=row.answered, talk_ms=row.talk_ms)
    return reason or "not_priced_yet"


def no_charge_words(row: CallRow) -> str:
    """Return why the call has no charge, in words; "" if it has one."""
    reason = no_charge_reason(row)
    return NO_CHARGE_WORDS.get(reason, reason.replace("_", " "))


def call_cells(row: CallRow) -> Sequence[Cell]:
    """Return the cells of `COLUMNS`."""
    charge = row.charge_micros
    return (
        from_us(row.begin_us),
        call_from(row),
        call_to(row),
        row.destination,
        row.call_type,
        row.trunk_label or row.trunk,
        row.account_code,
        row.owner,
        row.talk_ms,
        None if charge is None else from_micros(charge),
        row.currency if charge is not None else "",
        no_charge_words(row),
    )


def cost_cells(row: CallRow) -> Sequence[Cell]:
    """Return the cells of `COST_COLUMNS`; a margin is there where both are in one currency."""
    cost, margin = row.cost_micros, row.margin_micros
    return (
        None if cost is None else from_micros(cost),
        row.cost_currency if cost is not None else "",
        None if margin is None else from_micros(margin),
    )


def call_object(row: CallRow, *, zone: ZoneInfo, with_cost: bool = True) -> dict[str, object]:
    """Return the call for programs: the columns by their keys, then its parts and their ids.

    *with_cost* false leaves out what the carrier bills, which is not every reader's to know.

    Instants are ISO 8601 in *zone* with offset, money is text, unknown is null. `charge` null
    goes with `unrated` (a reason of pricing) or `unbilled` (such calls are never charged).
    """
    reason = no_charge_reason(row)
    return {
        "id": row.id,
        "start": _iso(row.begin_us, zone),
        "call_from": call_from(row) or None,
        "call_to": call_to(row) or None,
        "destination": row.destination or None,
        "call_type": row.call_type or None,
        "trunk": row.trunk or None,
        "account_code": row.account_code or None,
        "owner": row.owner or None,
        "duration": None if row.talk_ms is None else clock(row.talk_ms),
        "charge": None if row.charge_micros is None else money_text(row.charge_micros),
        "currency": row.currency or None,
        "cost": _text(row.cost_micros if with_cost else None),
        "cost_currency": (row.cost_currency if with_cost else "") or None,
        "margin": _text(row.margin_micros if with_cost else None),
        "unrated": reason if reason and reason not in UNBILLED_WORDS else None,
        "unbilled": reason if reason in UNBILLED_WORDS else None,
        "direction": DIRECTIONS[row.direction] or None,
        "answered": row.answered,
        "answer": _iso(row.answer_us, zone),
        "end": _iso(row.end_us, zone),
        "ring_s": seconds_number(row.ring_ms),
        "talk_s": seconds_number(row.talk_ms),
        "billed_s": row.billed_s if row.charge_micros is not None else None,
        "caller": row.caller or None,
        "caller_name": row.caller_name or None,
        "dialled": row.dialled or None,
        "callee": row.callee or None,
        "callee_name": row.callee_name or None,
        "extension": row.extension or None,
        "department": row.department or None,
        "tariff": row.tariff or None,
        "pbx": row.pbx,
        "pbx_call_id": row.pbx_call_id or None,
        "partial": row.partial,
        "trunk_id": row.trunk_id,
        "account_code_id": row.account_code_id,
        "owner_id": row.owner_id,
        "extension_id": row.extension_id,
        "department_id": row.department_id,
        "pbx_id": row.pbx_id,
        "site_id": row.site_id,
    }


def money_text(micros: int) -> str:
    """Return millionths as the text of an amount: `325000` is "0.325"."""
    return format_amount(from_micros(micros))


def _text(micros: int | None) -> str | None:
    return None if micros is None else money_text(micros)


def _iso(instant_us: int | None, zone: ZoneInfo) -> str | None:
    return None if instant_us is None else _local(instant_us, zone).isoformat()


def _local(instant_us: int, zone: ZoneInfo) -> datetime:
    return from_us(instant_us).astimezone(zone)


def seconds_number(duration_ms: int | None) -> int | float | None:
    """Return milliseconds as JSON's number of seconds: whole where it is, else with decimals."""
    if duration_ms is None:
        return None
    seconds, rest_ms = divmod(duration_ms, 1000)
    return seconds if rest_ms == 0 else float(Decimal(duration_ms).scaleb(-3))
