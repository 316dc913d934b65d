"""A tariff's rates as the rows of a deck; `read_deck` makes equal rates of them again."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from tollbook.core.calendar import format_instant
from tollbook.core.money import format_amount
from tollbook.core.tariff.deck.cells import list_cell, must_cell, prefix_cell, text_cell
from tollbook.core.tariff.deck.fields import DECK_FIELDS, DeckField
from tollbook.core.tariff.deck.forms import form_cells
from tollbook.core.tariff.model import Rate

_ALWAYS = ("prefix", "destination")


def deck_fields(rates: Sequence[Rate]) -> tuple[DeckField, ...]:
    """Return the fields that some of *rates* fill: the columns of their deck, in order."""
    used = set(_ALWAYS)
    for rate in rates:
        used.update(key for key, cell in rate_cells(rate).items() if cell)
    return tuple(field for field in DECK_FIELDS if field.key in used)


def deck_rows(rates: Sequence[Rate], fields: Sequence[DeckField]) -> Iterator[list[str]]:
    """Yield the cells of each rate, in the order of *fields*."""
    keys = [field.key for field in fields]
    for rate in rates:
        cells = rate_cells(rate)
        yield [cells.get(key, "") for key in keys]


def rate_cells(rate: Rate) -> dict[str, str]:
    """Return the cells of *rate*, by field; empty ones say nothing."""
    cells = {
        "prefix": prefix_cell(rate.prefix),
        "destination": text_cell(rate.destination),
        "call_type": text_cell(rate.call_type),
        "number_length": str(rate.number_length or ""),
        "band": "" if rate.band is None else must_cell(rate.band),
        "connect_fee": _amount(rate.connect_fee or None),
        "free_s": str(rate.free_s or ""),
        "minimum_s": str(rate.minimum_s or ""),
        "minimum_charge": _amount(rate.minimum_charge or None),
        "maximum_charge": _amount(rate.maximum_charge),
        "effective_from": _instant(rate.effective_from),
        "effective_to": _instant(rate.effective_to),
        "callers": list_cell(rate.callers),
        "trunks": list_cell(rate.trunks),
        "active": "" if rate.active else "no",
        "remark": text_cell(rate.remark),
    }
    return cells | form_cells(rate.form)


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else format_amount(amount)


def _instant(instant: datetime | None) -> str:
    return "" if instant is None else format_instant(instant)
