"""CSV: one header row, commas, CRLF, UTF-8; every row is one line.

Text that a spreadsheet could run gets a leading apostrophe; numbers and money stay bare, so
a refund of -1.5000 is still a number.
"""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from tollbook.documents.cells import amount, clock, guarded
from tollbook.documents.table import Cell, Column, Kind, Table

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CHUNK_CHARS = 64 * 1024


def stream_csv(table: Table, *, byte_order_mark: bool = False) -> Iterator[bytes]:
    """Yield *table* as CSV, in pieces of some 64 KiB.

    With *byte_order_mark* Excel reads the file as UTF-8 when it is opened by double click.
    Raises TypeError for a cell that is not of its column's kind.
    """
    if byte_order_mark:
        yield BYTE_ORDER_MARK
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([guarded(column.title) for column in table.columns])
    writers = [_writer(column, table.zone) for column in table.columns]
    for row in table.rows:
        writer.writerow([write(cell) for write, cell in zip(writers, row, strict=True)])
        if text.tell() >= _CHUNK_CHARS:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _writer(column: Column, zone: ZoneInfo) -> Callable[[Cell], str]:
    """Return the function that turns a cell of *column* into text."""
    texts: dict[Kind, Callable[[Any], str]] = {
        Kind.TEXT: guarded,
        Kind.NUMBER: str,
        Kind.MONEY: amount,
        Kind.DURATION: clock,
        Kind.INSTANT: lambda instant: instant.astimezone(zone).isoformat(sep=" "),
    }
    to_text = texts[column.kind]
    expected = column.kind.holds

    def write(cell: Cell) -> str:
        if cell is None:
            return ""
        if not isinstance(cell, expected):
            raise column.wrong(cell)
        return to_text(cell)

    return write
