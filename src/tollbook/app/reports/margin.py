"""The margin: what calls were charged beside what the carrier bills for them."""

from collections.abc import Iterator
from decimal import Decimal

from tollbook.app.reports.call_criteria import Selection
from tollbook.core.money import format_amount, from_micros
from tollbook.documents.table import Cell, Column, Kind, Table
from tollbook.storage.reports.margin import MarginTotal, costs_in_use, margin_totals

__all__ = ["COLUMNS", "costs_in_use", "margin_objects", "margin_table", "percent"]

COLUMNS = (
    Column("trunk", "Trunk", width_chars=24),
    Column("destination", "Destination", width_chars=28),
    Column("calls", "Calls", Kind.NUMBER),
    Column("talk", "Talk", Kind.DURATION),
    Column("charge", "Charge", Kind.MONEY),
    Column("cost", "Cost", Kind.MONEY),
    Column("margin", "Margin", Kind.MONEY),
    Column("percent", "Margin, % of charge"),
    Column("currency", "Currency", width_chars=9),
    Column("below_cost", "Sold below cost", Kind.NUMBER),
    Column("without_cost", "Without cost", Kind.NUMBER),
    Column("without_charge", "Without charge", Kind.NUMBER),
)


def margin_table(wanted: Selection) -> Table:
    """Return charge, cost and margin by trunk and destination, the greatest loss first.

    Charge, cost and margin are over the calls that have both, in one currency.
    """
    return wanted.table("Margin", COLUMNS, map(_cells, margin_totals(wanted.filter)))


def margin_objects(wanted: Selection) -> Iterator[dict[str, object]]:
    """Yield the same for programs; money as text."""
    for one in margin_totals(wanted.filter):
        yield {
            "trunk": one.trunk or None,
            "destination": one.destination or None,
            "currency": one.currency,
            "calls": one.calls,
            "talk_ms": one.talk_ms,
            "compared": one.compared,
            "charge": format_amount(from_micros(one.charge_micros)),
            "cost": format_amount(from_micros(one.cost_micros)),
            "margin": format_amount(_margin(one)),
            "percent": percent(one) or None,
            "below_cost": one.below,
            "without_cost": one.without_cost,
            "without_charge": one.without_charge,
        }


def percent(one: MarginTotal) -> str:
    """Return the margin in percent of the charge with one decimal, half up; "" of no charge."""
    if not one.charge_micros:
        return ""
    margin = one.charge_micros - one.cost_micros
    tenths = (2_000 * abs(margin) + one.charge_micros) // (2 * one.charge_micros)
    sign = "-" if margin < 0 and tenths else ""
    return f"{sign}{tenths // 10}.{tenths % 10}"


def _cells(one: MarginTotal) -> tuple[Cell, ...]:
    return (
        one.trunk,
        one.destination,
        one.calls,
        one.talk_ms,
        from_micros(one.charge_micros),
        from_micros(one.cost_micros),
        _margin(one),
        percent(one),
        one.currency,
        one.below,
        one.without_cost,
        one.without_charge,
    )


def _margin(one: MarginTotal) -> Decimal:
    return from_micros(one.charge_micros - one.cost_micros)
