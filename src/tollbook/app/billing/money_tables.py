"""Balances and recharges as tables for files and as objects for programs."""

from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from tollbook.app.billing.statements import KINDS_OF_LINES, Book, Statement, StatementLine
from tollbook.app.reports.call_table import money_text, seconds_number
from tollbook.core.instants import from_us
from tollbook.core.money import from_micros
from tollbook.documents.table import Cell, Column, Kind, Table
from tollbook.storage.billing.balances import HolderKind, HolderRow
from tollbook.storage.billing.recharges import Movement

_MONEY_WIDTH = 16
BALANCE_COLUMNS = (
    Column("username", "Username", width_chars=28),
    Column("department", "Department", width_chars=20),
    Column("total_recharges", "Total Recharges", Kind.MONEY, width_chars=_MONEY_WIDTH),
    Column("balance", "Balance", Kind.MONEY, width_chars=_MONEY_WIDTH),
    Column("held", "Held", Kind.MONEY, width_chars=_MONEY_WIDTH),
    Column("credit", "Credit", Kind.MONEY, width_chars=_MONEY_WIDTH),
    Column("available", "Available", Kind.MONEY, width_chars=_MONEY_WIDTH),
    Column("currency", "Currency", width_chars=9),
    Column("payment_type", "Payment Type", width_chars=13),
    Column("billing", "Billing", width_chars=9),
    Column("status", "Status", width_chars=10),
)
RECHARGE_COLUMNS = (
    Column("time", "Time", Kind.INSTANT, width_chars=20),
    Column("extension", "Extension", width_chars=28),
    Column("kind", "Kind", width_chars=22),
    Column("pre_balance", "Pre-balance", Kind.MONEY, width_chars=_MONEY_WIDTH),
    Column("amount", "Recharge Amount", Kind.MONEY, width_chars=_MONEY_WIDTH),
    Column("post_balance", "Post-balance", Kind.MONEY, width_chars=_MONEY_WIDTH),
    Column("currency", "Currency", width_chars=9),
    Column("reason", "Reason", width_chars=30),
    Column("by", "By", width_chars=18),
)

STATEMENT_COLUMNS = (
    Column("time", "Time", Kind.INSTANT, width_chars=20),
    Column("entry", "Entry", width_chars=16),
    Column("call_to", "Call to", width_chars=20),
    Column("destination", "Destination", width_chars=20),
    Column("duration", "Duration", Kind.DURATION),
    Column("reason", "Reason", width_chars=30),
    Column("amount", "Amount", Kind.MONEY, width_chars=_MONEY_WIDTH),
    Column("balance", "Balance", Kind.MONEY, width_chars=_MONEY_WIDTH),
    Column("currency", "Currency", width_chars=9),
)


def balances_table(
    kind: HolderKind, rows: Iterable[HolderRow], *, zone: ZoneInfo, filters: tuple[str, ...] = ()
) -> Table:
    """Return holders with their money, exact."""
    return Table(
        title=f"{kind.capitalize()}s",
        columns=(Column(kind, kind.capitalize()), *BALANCE_COLUMNS),
        rows=(tuple(_balance_cells(row)) for row in rows),
        zone=zone,
        filters=filters,
    )


def recharges_table(
    movements: Iterable[Movement], *, zone: ZoneInfo, period: str, filters: tuple[str, ...] = ()
) -> Table:
    """Return the recharge history, exact."""
    return Table(
        title="Recharge history",
        columns=RECHARGE_COLUMNS,
        rows=map(_movement_cells, movements),
        zone=zone,
        period=period,
        filters=filters,
    )


def statement_table(
    book: Book,
    statement: Statement,
    *,
    whose: str,
    zone: ZoneInfo,
    period: str,
    filters: tuple[str, ...] = (),
) -> Table:
    """Return a statement, the oldest line first, between its opening and its closing balance.

    With a filter the lines that fit still show the balance that each of them left.
    """
    return Table(
        title=f"Statement of {whose}",
        columns=STATEMENT_COLUMNS,
        rows=_statement_rows(book, statement),
        zone=zone,
        period=period,
        filters=filters,
    )


def statement_object(
    book: Book, statement: Statement, lines: Iterable[StatementLine], *, zone: ZoneInfo
) -> dict[str, object]:
    """Return a statement for programs, with those of its lines that are to be shown."""
    return {
        "currency": book.currency,
        "opening": money_text(statement.opening_micros),
        "up": money_text(statement.up_micros),
        "down": money_text(statement.down_micros),
        "closing": money_text(statement.closing_micros),
        "entries": [_line_object(line, zone=zone) for line in lines],
        "total": statement.fitting,
    }


def holder_object(row: HolderRow) -> dict[str, object]:
    """Return a holder for programs; money is text, exact, in its currency."""
    return {
        "kind": row.kind,
        "id": row.id,
        "number": row.number,
        "name": row.name or None,
        "department": row.department or None,
        "active": row.active,
        "billing": row.billing,
        "payment_type": row.payment_type,
        "locked": row.locked,
        "total_recharges": money_text(row.recharged_micros),
        "balance": money_text(row.balance_micros),
        "held": money_text(row.held_micros),
        "credit": money_text(row.credit_micros),
        "available": money_text(row.available_micros),
        "currency": row.currency,
    }


def movement_object(movement: Movement, *, zone: ZoneInfo) -> dict[str, object]:
    """Return a line of the recharge history for programs; `id` names it when it is undone."""
    return {
        "id": movement.entry_id,
        "time": from_us(movement.at_us).astimezone(zone).isoformat(),
        "kind": movement.kind,
        "of": movement.holder_kind,
        "number": movement.number,
        "name": movement.name or None,
        "pre_balance": money_text(movement.before_micros),
        "amount": money_text(movement.amount_micros),
        "post_balance": money_text(movement.after_micros),
        "currency": movement.currency,
        "reason": movement.reason or None,
        "by": movement.by or None,
        "reverses": movement.reverses_id,
        "reversed_by": movement.undone_by,
    }


def kind_words(movement: Movement) -> str:
    """Return what a line is, in words."""
    if movement.kind == "reversal":
        return f"Reversal of {movement.undoes or 'an entry'}"
    undone = ", undone" if movement.undone_by is not None else ""
    return f"{movement.kind.capitalize()}{undone}"


def _balance_cells(row: HolderRow) -> Iterator[Cell]:
    yield from (row.number, row.name, row.department)
    for micros in (
        row.recharged_micros,
        row.balance_micros,
        row.held_micros,
        row.credit_micros,
        row.available_micros,
    ):
        yield from_micros(micros)
    yield row.currency
    yield row.payment_type.capitalize()
    yield "On" if row.billing else "Off"
    yield "Locked" if row.locked else "Unlocked"


def _movement_cells(movement: Movement) -> Sequence[Cell]:
    return (
        from_us(movement.at_us),
        movement.label,
        kind_words(movement),
        from_micros(movement.before_micros),
        from_micros(movement.amount_micros),
        from_micros(movement.after_micros),
        movement.currency,
        movement.reason,
        movement.by,
    )


def _statement_rows(book: Book, statement: Statement) -> Iterator[Sequence[Cell]]:
    def edge(words: str, at_us: int | None, micros: int) -> Sequence[Cell]:
        at = None if at_us is None else from_us(at_us)
        return (at, words, "", "", None, "", None, from_micros(micros), book.currency)

    yield edge("Opening balance", statement.wanted.from_us, statement.opening_micros)
    for line in book.lines(statement):
        yield (
            from_us(line.at_us),
            KINDS_OF_LINES.get(line.kind, line.kind),
            line.callee,
            line.destination,
            line.talk_ms,
            line.reason,
            from_micros(line.amount_micros),
            from_micros(line.after_micros),
            book.currency,
        )
    yield edge("Closing balance", statement.wanted.to_us, statement.closing_micros)


def _line_object(line: StatementLine, *, zone: ZoneInfo) -> dict[str, object]:
    return {
        "time": from_us(line.at_us).astimezone(zone).isoformat(),
        "kind": line.kind,
        "entry_id": line.entry_id,
        "call_id": line.call_id,
        "call_to": line.callee or None,
        "destination": line.destination or None,
        "talk_s": seconds_number(line.talk_ms),
        "reason": line.reason or None,
        "amount": money_text(line.amount_micros),
        "balance": money_text(line.after_micros),
    }
