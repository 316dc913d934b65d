"""A comparison of tariffs as JSON and as a table for files."""

from collections.abc import Iterator
from decimal import Decimal

from tollbook.app.reports.call_criteria import Selection
from tollbook.app.rerating.what_if import DIMENSIONS, Comparison, UnratedNumber, WhatIfLine
from tollbook.core.money import format_amount, from_micros
from tollbook.documents.table import Cell, Column, Kind, Table

COLUMNS = (
    Column("by", "By", width_chars=14),
    Column("name", "Group", width_chars=28),
    Column("tariff", "Tariff", width_chars=24),
    Column("calls", "Calls", Kind.NUMBER),
    Column("talk", "Talk", Kind.DURATION),
    Column("charged", "Charged now", Kind.MONEY),
    Column("charged_currency", "Currency now"),
    Column("charge", "Under the tariff", Kind.MONEY),
    Column("currency", "Currency", width_chars=9),
    Column("unrated", "Without a price", Kind.NUMBER),
    Column("compared", "Calls compared", Kind.NUMBER),
    Column("before", "Compared: now", Kind.MONEY),
    Column("after", "Compared: tariff", Kind.MONEY),
    Column("saving", "Saving", Kind.MONEY),
)
UNRATED_COLUMNS = (
    Column("tariff", "Tariff", width_chars=24),
    Column("number", "Number", width_chars=24),
    Column("destination", "Destination", width_chars=22),
    Column("reason", "Why", width_chars=24),
    Column("calls", "Calls", Kind.NUMBER),
    Column("talk", "Talk", Kind.DURATION),
    Column("call", "For example call", Kind.NUMBER),
)


def document_of(comparison: Comparison, selection: Selection) -> dict[str, object]:
    """Return the comparison as an object for JSON; money as text."""
    return {
        "period": selection.period.words(),
        "filters": list(selection.words),
        "tariffs": [{"name": each.name, "currency": each.currency} for each in comparison.tariffs],
        "total": _line_object(comparison, comparison.total),
        "groups": {
            dimension: [
                {"name": line.name or None, **_line_object(comparison, line)}
                for line in comparison.groups[dimension]
            ]
            for dimension in DIMENSIONS
        },
        "unrated": [_unrated_object(one) for one in comparison.unrated],
    }


def table_of(comparison: Comparison, selection: Selection) -> Table:
    """Return the totals and every group, a row for each tariff."""
    return selection.table("What if", COLUMNS, _rows(comparison))


def unrated_table_of(comparison: Comparison, selection: Selection) -> Table:
    """Return the numbers that a tariff has no price for, most calls first."""
    return selection.table(
        "Without a price",
        UNRATED_COLUMNS,
        (
            (
                one.tariff,
                one.number,
                one.destination,
                one.reason,
                one.calls,
                one.talk_ms,
                one.call_id,
            )
            for one in comparison.unrated
        ),
    )


def _rows(comparison: Comparison) -> Iterator[tuple[Cell, ...]]:
    yield from _line_rows(comparison, "total", comparison.total)
    for dimension in DIMENSIONS:
        for line in comparison.groups[dimension]:
            yield from _line_rows(comparison, dimension, line)


def _line_rows(comparison: Comparison, by: str, line: WhatIfLine) -> Iterator[tuple[Cell, ...]]:
    """Yield a row for each tariff; what is charged now is in the tariff's own currency if it is
    in several, else in the one there is.
    """
    for tariff, outcome in zip(comparison.tariffs, line.outcomes, strict=True):
        charges = dict(line.charges)
        currency = tariff.currency if tariff.currency in charges else next(iter(charges), "")
        yield (
            by,
            line.name,
            tariff.name,
            line.calls,
            line.talk_ms,
            _money(charges.get(currency)),
            currency,
            from_micros(outcome.charge_micros),
            tariff.currency,
            outcome.unrated,
            outcome.compared,
            from_micros(outcome.before_micros),
            from_micros(outcome.after_micros),
            from_micros(outcome.saving_micros),
        )


def _money(micros: int | None) -> Decimal | None:
    return None if micros is None else from_micros(micros)


def _line_object(comparison: Comparison, line: WhatIfLine) -> dict[str, object]:
    return {
        "calls": line.calls,
        "talk_ms": line.talk_ms,
        "unrated_now": line.calls - line.rated_now,
        "charged": {currency: _text(micros) for currency, micros in line.charges},
        "tariffs": [
            {
                "name": tariff.name,
                "charge": _text(outcome.charge_micros),
                "currency": tariff.currency,
                "unrated": outcome.unrated,
                "compared": outcome.compared,
                "before": _text(outcome.before_micros),
                "after": _text(outcome.after_micros),
                "saving": _text(outcome.saving_micros),
            }
            for tariff, outcome in zip(comparison.tariffs, line.outcomes, strict=True)
        ],
    }


def _unrated_object(one: UnratedNumber) -> dict[str, object]:
    return {
        "tariff": one.tariff,
        "number": one.number,
        "destination": one.destination or None,
        "reason": one.reason,
        "calls": one.calls,
        "call": one.call_id,
    }


def _text(micros: int) -> str:
    return format_amount(from_micros(micros))
