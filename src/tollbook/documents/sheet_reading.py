"""Tables that people send, CSV or XLSX, as rows of text: bounded, whatever the file says.

Every cell comes out as the text that stands for its value: numbers without exponent, dates in
ISO 8601, texts as written. Nothing is computed and no formula is run.
"""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from tollbook.documents.xlsx_reading import SheetError, xlsx_rows

MAX_COLUMNS = 256
MAX_CELL_CHARS = 65_536
_SNIFFED_BYTES = 64 * 1024
_DELIMITERS = ",;\t|"
_ZIP_SIGNS = (b"PK\x03\x04", b"PK\x05\x06")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"

SheetRow = tuple[int, list[str]]

__all__ = ["MAX_COLUMNS", "SheetError", "SheetRow", "sheet_rows"]


def sheet_rows(file: BinaryIO) -> Iterator[SheetRow]:
    """Yield the 1-based number and the cells of each row of *file*, by its content.

    CSV may be separated by comma, semicolon, tab or bar, in UTF-8, UTF-16 or Windows-1252. Of a
    workbook the first visible sheet is read. Raises SheetError for anything else, also half-way.
    """
    file.seek(0)
    head = file.read(_SNIFFED_BYTES)
    file.seek(0)
    if head.startswith(_ZIP_SIGNS):
        return xlsx_rows(file, max_columns=MAX_COLUMNS)
    if head.startswith(_OLD_EXCEL):
        raise SheetError("the file", "is an old Excel workbook (.xls); save it as XLSX or CSV")
    if not head.strip():
        raise SheetError("the file", "is empty")
    return _csv_rows(file, head)


def _csv_rows(file: BinaryIO, head: bytes) -> Iterator[SheetRow]:
    encoding = _encoding(head)
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        # Longer cells raise csv.Error. The limit holds for the whole process, always at this value.
        csv.field_size_limit(MAX_CELL_CHARS)
        delimiter = _delimiter(head.decode(encoding, "replace"))
        for number, cells in enumerate(csv.reader(text, delimiter=delimiter, strict=False), 1):
            if len(cells) > MAX_COLUMNS:
                raise SheetError(f"row {number}", f"has more than {MAX_COLUMNS} cells")
            yield number, cells
    except csv.Error as fault:
        raise SheetError("the file", f"cannot be read as CSV: {fault}") from None
    except UnicodeDecodeError as fault:
        raise SheetError("the file", f"is not text in {encoding}: {fault.reason}") from None
    finally:
        text.detach()


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in head:
        raise SheetError("the file", "is neither CSV nor XLSX: it holds NUL bytes")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _delimiter(head: str) -> str:
    """Return the separator: the sign that most lines hold equally often."""
    lines = [line for line in head.splitlines()[:50] if line.strip()]
    if len(lines) > 1:
        lines = lines[:-1]  # The last one may be cut off.
    scores = {}
    for sign in _DELIMITERS:
        (often, lines_alike), *_ = Counter(line.count(sign) for line in lines).most_common(1)
        scores[sign] = (lines_alike if often else 0, often)
    best = max(scores, key=lambda sign: scores[sign])
    return best if scores[best] > (0, 0) else ","
