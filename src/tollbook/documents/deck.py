"""A tariff's rates as a file: a deck in CSV or XLSX that imports again as the same rates."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from tollbook.core.tariff import Rate
from tollbook.core.tariff.deck import DeckField, deck_fields, deck_rows
from tollbook.documents.cells import MAX_CELL_CHARS
from tollbook.documents.table import Cell, Column, Kind, Table
from tollbook.documents.xlsx_book import stream_xlsx

_CHUNK_CHARS = 64 * 1024
_AMOUNTS = frozenset(
    {"price", "connect_fee", "initial_cost", "unit_price", "minimum_charge", "maximum_charge"}
)
_WHOLES = frozenset(
    {"number_length", "per_s", "first_s", "increment_s", "initial_s", "unit_s", "free_s"}
    | {"minimum_s"}
)
_WIDE = frozenset({"destination", "remark", "other_price", "effective_from", "effective_to"})
# A spreadsheet keeps 15 digits of a number; an amount of more is written as text.
_DIGITS_OF_A_NUMBER = 15


class CellTooLong(ValueError):
    """A cell longer than a spreadsheet can hold; CSV can."""


def deck_csv(rates: Sequence[Rate]) -> Iterator[bytes]:
    """Yield the deck of *rates* as CSV in UTF-8, in pieces of some 64 KiB.

    No cell begins with a sign that a spreadsheet would take for a formula.
    """
    fields = deck_fields(rates)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([field.title for field in fields])
    for cells in deck_rows(rates, fields):
        writer.writerow(cells)
        if text.tell() >= _CHUNK_CHARS:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def deck_xlsx(rates: Sequence[Rate], *, title: str, zone: ZoneInfo) -> Iterator[bytes]:
    """Yield the deck of *rates* as a workbook; prices and seconds are numbers.

    Raises CellTooLong before the first piece if a list of callers fits no cell.
    """
    fields = deck_fields(rates)
    long_amounts = _require_short(rates, fields)
    columns = tuple(_column(field, long_amounts) for field in fields)
    readers = [_READERS[column.kind] for column in columns]
    rows = (
        [read(cell) if cell else None for read, cell in zip(readers, cells, strict=True)]
        for cells in deck_rows(rates, fields)
    )
    return stream_xlsx(Table(title=title, columns=columns, rows=rows, zone=zone))


def _require_short(rates: Sequence[Rate], fields: Sequence[DeckField]) -> frozenset[str]:
    """Return the fields with an amount of too many digits for a spreadsheet's number."""
    long_amounts = set()
    for number, cells in enumerate(deck_rows(rates, fields), start=2):
        for field, cell in zip(fields, cells, strict=True):
            if len(cell) <= _DIGITS_OF_A_NUMBER:
                continue
            if len(cell) > MAX_CELL_CHARS:
                raise CellTooLong(
                    f"row {number}, {field.title.lower()}: {len(cell):,} characters fit no cell "
                    "of a workbook. Export the deck as CSV"
                )
            long_amounts.add(field.key)
    return frozenset(long_amounts)


def _column(field: DeckField, long_amounts: frozenset[str]) -> Column:
    kind = Kind.TEXT
    if field.key in _WHOLES:
        kind = Kind.NUMBER
    elif field.key in _AMOUNTS and field.key not in long_amounts:
        kind = Kind.MONEY
    return Column(field.key, field.title, kind, width_chars=28 if field.key in _WIDE else 14)


_READERS: dict[Kind, Callable[[str], Cell]] = {
    Kind.TEXT: str,
    Kind.NUMBER: int,
    Kind.MONEY: Decimal,
}
