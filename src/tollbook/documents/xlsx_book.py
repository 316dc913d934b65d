"""XLSX: a workbook streamed as it is made, without a temporary file and in constant memory.

Numbers, money, durations and instants are true numbers; text is written as inline strings,
which a spreadsheet never runs. Written by hand because a general writer, measured, takes three
times as long and can send nothing before it has the last row: a browser waits a minute for a
million calls that way.
Source: ECMA-376 part 1, "SpreadsheetML".
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import IO, Any
from zoneinfo import ZoneInfo

from tollbook.documents.cells import printable
from tollbook.documents.table import Cell, Column, Kind, Table

MAX_SHEET_ROWS = 1_048_576
MAX_SHEET_BYTES = 1_500_000_000  # below 2 GiB, where a streamed zip would need 64-bit sizes
_CHUNK_BYTES = 64 * 1024
_ROWS_A_PIECE = 256
_SHEET_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's dates have no zone
_DAY = timedelta(days=1)
_DAY_MS = 86_400_000
_LITERAL_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")

# Positions of `cellXfs` in _STYLES.
_STYLE_OF = {Kind.TEXT: 0, Kind.NUMBER: 2, Kind.MONEY: 3, Kind.DURATION: 4, Kind.INSTANT: 5}
_HEADER_STYLE = 1
_TAKEN_NAMES = ("", "about", "history")  # ours, and one that Excel keeps for itself

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"

# Sheets are the default kind of XML part, so that this can be written before they are counted.
_CONTENT_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="xml" ContentType="{_CONTENT}.worksheet+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_CONTENT}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_CONTENT}.styles+xml"/>'
    "</Types>"
)
_PACKAGE_RELATIONS = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="3"><numFmt numFmtId="164" formatCode="#,##0.0000##"/>'
    '<numFmt numFmtId="165" formatCode="[hh]:mm:ss"/>'
    '<numFmt numFmtId="166" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="6"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    + "".join(
        f'<xf numFmtId="{number_format}" fontId="0" fillId="0" borderId="0" xfId="0"'
        ' applyNumberFormat="1"/>'
        for number_format in (1, 164, 165, 166)
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/>'
    "</cellStyles></styleSheet>"
)


def stream_xlsx(table: Table, *, sheet_rows: int = MAX_SHEET_ROWS) -> Iterator[bytes]:
    """Yield *table* as a workbook, in pieces of some 64 KiB.

    The first sheets hold the rows under a frozen header, at most *sheet_rows* with it; the last
    one says title, period, zone and filters. Raises TypeError for a cell that is not of its
    column's kind, ValueError for a sheet that has no room for a row.
    """
    if not 2 <= sheet_rows <= MAX_SHEET_ROWS:
        raise ValueError(f"cannot make sheets of {sheet_rows} rows, expected 2 to {MAX_SHEET_ROWS}")
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr("[Content_Types].xml", _CONTENT_TYPES)
        book.writestr("_rels/.rels", _PACKAGE_RELATIONS)
        book.writestr("xl/styles.xml", _STYLES)
        names: list[str] = []
        rows = _SheetRows(table)
        while rows.any_left or not names:
            names.append(_sheet_name(table.title, number=len(names) + 1))
            with book.open(f"xl/worksheets/sheet{len(names)}.xml", "w") as part:
                yield from _data_sheet(part, table, rows, sheet_rows=sheet_rows, sink=sink)
        names.append("About")
        book.writestr(f"xl/worksheets/sheet{len(names)}.xml", _about_sheet(table))
        book.writestr("xl/workbook.xml", _workbook(names))
        book.writestr("xl/_rels/workbook.xml.rels", _workbook_relations(len(names)))
    yield sink.taken()


class _Sink(io.RawIOBase):
    """What the zip writes into: holds the bytes until they are taken."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # bytes or a view of them
        self._held += data
        return len(data)

    def held_bytes(self) -> int:
        return len(self._held)

    def taken(self) -> bytes:
        data = bytes(self._held)
        self._held.clear()
        return data


class _SheetRows:
    """The table's rows as XML, with one row of look-ahead, so that no empty sheet is begun."""

    def __init__(self, table: Table) -> None:
        self._rows = iter(table.rows)
        self._writers = [_writer(column, table.zone) for column in table.columns]
        self._letters = [_letters(index) for index in range(len(table.columns))]
        self._next: Sequence[Cell] | None = None
        self._advance()

    @property
    def any_left(self) -> bool:
        return self._next is not None

    def take(self, number: int) -> str:
        """Return the next row as XML, standing at the 1-based row *number* of its sheet."""
        row = self._next
        if row is None:
            raise StopIteration
        self._advance()
        cells = "".join(
            [
                write(f"{letters}{number}", cell)
                for write, letters, cell in zip(self._writers, self._letters, row, strict=True)
                if cell is not None
            ]
        )
        return f'<row r="{number}">{cells}</row>'

    def _advance(self) -> None:
        self._next = next(self._rows, None)


def _data_sheet(
    part: IO[bytes], table: Table, rows: _SheetRows, *, sheet_rows: int, sink: _Sink
) -> Iterator[bytes]:
    """Write one sheet of rows into *part*, yielding from *sink* what the zip has packed."""
    part.write(_sheet_head(table).encode())
    number = 1
    size_bytes = 0
    while rows.any_left and number < sheet_rows and size_bytes < MAX_SHEET_BYTES:
        until = min(sheet_rows, number + _ROWS_A_PIECE)
        lines: list[str] = []
        while rows.any_left and number < until:
            number += 1
            lines.append(rows.take(number))
        size_bytes += part.write("".join(lines).encode())
        if sink.held_bytes() >= _CHUNK_BYTES:
            yield sink.taken()
    part.write(_sheet_foot(table, last_row=number).encode())


def _sheet_head(table: Table) -> str:
    widths = "".join(
        f'<col min="{index}" max="{index}" width="{column.width_chars}" customWidth="1"/>'
        for index, column in enumerate(table.columns, start=1)
    )
    header = "".join(
        _text_cell(f"{_letters(index)}1", _header(column, table.zone), style=_HEADER_STYLE)
        for index, column in enumerate(table.columns)
    )
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        f"</sheetView></sheetViews><cols>{widths}</cols>"
        f'<sheetData><row r="1">{header}</row>'
    )


def _sheet_foot(table: Table, *, last_row: int) -> str:
    last = _letters(len(table.columns) - 1)
    return f'</sheetData><autoFilter ref="A1:{last}{last_row}"/></worksheet>'


def _header(column: Column, zone: ZoneInfo) -> str:
    """Return the column's title; an instant's names the zone, which its cells cannot."""
    return f"{column.title} ({zone.key})" if column.kind is Kind.INSTANT else column.title


def _about_sheet(table: Table) -> str:
    pairs = [
        ("Report", table.title),
        ("Period", table.period),
        ("Time zone", table.zone.key),
        *(("Filter", words) for words in table.filters),
    ]
    lines = "".join(
        f'<row r="{number}">{_text_cell(f"A{number}", word, style=_HEADER_STYLE)}'
        f"{_text_cell(f'B{number}', value)}</row>"
        for number, (word, value) in enumerate(pairs, start=1)
    )
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><cols><col min="1" max="1" width="14" customWidth="1"/>'
        '<col min="2" max="2" width="60" customWidth="1"/></cols>'
        f"<sheetData>{lines}</sheetData></worksheet>"
    )


def _workbook(names: Sequence[str]) -> str:
    sheets = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, start=1)
    )
    return (
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">'
        f"<bookViews><workbookView/></bookViews><sheets>{sheets}</sheets></workbook>"
    )


def _workbook_relations(sheets: int) -> str:
    lines: Iterable[str] = (
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/worksheet"'
        f' Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, sheets + 1)
    )
    return (
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{"".join(lines)}'
        f'<Relationship Id="rId{sheets + 1}" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
        "</Relationships>"
    )


def _sheet_name(title: str, *, number: int) -> str:
    """Return a name that a workbook admits: at most 31 characters, none of `[]:*?/\\`."""
    plain = re.sub(r"[\[\]:*?/\\]", " ", printable(title)).strip("' ")[:24]
    if plain.lower() in _TAKEN_NAMES:
        plain = "Rows"
    return plain if number == 1 else f"{plain} {number}"


def _letters(index: int) -> str:
    """Return the name of the column at the 0-based *index*.

    >>> [_letters(index) for index in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    name = ""
    number = index + 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(65 + letter) + name
    return name


def _text_cell(place: str, text: str, *, style: int = 0) -> str:
    # Excel reads _x0041_ as the letter A: a literal underscore there is written as _x005F_.
    clean = escape(_LITERAL_ESCAPE.sub("_x005F_", printable(text)), quote=False)
    return (
        f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{clean}</t></is></c>'
    )


def _writer(column: Column, zone: ZoneInfo) -> Callable[[str, Cell], str]:
    """Return the function that writes a cell of *column* at a place such as `B2`."""
    if column.kind is Kind.TEXT:
        return _text_writer(column)
    style = _STYLE_OF[column.kind]
    values: dict[Kind, Callable[[Any], str]] = {
        Kind.NUMBER: str,
        Kind.MONEY: lambda money: format(money, "f"),
        Kind.DURATION: lambda duration_ms: repr(duration_ms / _DAY_MS),
        Kind.INSTANT: lambda instant: repr(_day_number(instant, zone)),
    }
    to_value = values[column.kind]
    expected = column.kind.holds

    def write(place: str, cell: Cell) -> str:
        if not isinstance(cell, expected):
            raise column.wrong(cell)
        return f'<c r="{place}" s="{style}"><v>{to_value(cell)}</v></c>'

    return write


def _text_writer(column: Column) -> Callable[[str, Cell], str]:
    def write(place: str, cell: Cell) -> str:
        if not isinstance(cell, str):
            raise column.wrong(cell)
        return _text_cell(place, cell)

    return write


def _day_number(instant: datetime, zone: ZoneInfo) -> float:
    """Return *instant* as a spreadsheet counts: days since its day zero, on the zone's clocks."""
    return (instant.astimezone(zone).replace(tzinfo=None) - _SHEET_DAY_ZERO) / _DAY
