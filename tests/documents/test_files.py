"""A table read back from CSV, XLSX and JSON is the table that was written."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from support.effort import examples
from tollbook.documents.cells import printable
from tollbook.documents.csv_text import BYTE_ORDER_MARK, stream_csv
from tollbook.documents.json_list import stream_json
from tollbook.documents.table import Cell, Column, Kind, Table
from tollbook.documents.xlsx_book import stream_xlsx

BERLIN = ZoneInfo("Europe/Berlin")
COLUMNS = (
    Column("start", "Start", Kind.INSTANT),
    Column("call_from", "Call from"),
    Column("duration", "Duration", Kind.DURATION),
    Column("charge", "Charge", Kind.MONEY),
    Column("legs", "Legs", Kind.NUMBER),
)
NINE = datetime(2026, 7, 1, 7, 0, tzinfo=UTC)  # nine o'clock in Berlin's summer
ROWS: list[Sequence[Cell]] = [
    (NINE, "Amir[102]", 238_000, Decimal("0.14"), 1),
    (NINE + timedelta(hours=1), "=cmd|'/c calc'!A0", 90_000_000, Decimal("-1.000001"), 2),
    (NINE + timedelta(hours=2), "_x0041_ <b>&\x00", 0, None, None),
]


def table(rows: Sequence[Sequence[Cell]] | Iterator[Sequence[Cell]] = ROWS) -> Table:
    return Table(
        "Call log: all/any",
        COLUMNS,
        rows,
        zone=BERLIN,
        period="July 2026",
        filters=("Extension 102",),
    )


def read_csv(one: Table) -> list[list[str]]:
    text = b"".join(stream_csv(one)).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def book_of(one: Table, **options: int) -> CalamineWorkbook:
    return CalamineWorkbook.from_filelike(io.BytesIO(b"".join(stream_xlsx(one, **options))))


def test_csv_is_a_header_and_a_line_a_row() -> None:
    assert read_csv(table()) == [
        ["Start", "Call from", "Duration", "Charge", "Legs"],
        ["2026-07-01 09:00:00+02:00", "Amir[102]", "00:03:58", "0.1400", "1"],
        ["2026-07-01 10:00:00+02:00", "'=cmd|'/c calc'!A0", "25:00:00", "-1.000001", "2"],
        ["2026-07-01 11:00:00+02:00", "_x0041_ <b>&␀", "00:00:00", "", ""],
    ]


def test_csv_tells_excel_its_encoding_when_asked() -> None:
    marked = b"".join(stream_csv(table(), byte_order_mark=True))

    assert marked == BYTE_ORDER_MARK + b"".join(stream_csv(table()))


def test_a_workbook_holds_true_numbers_and_local_dates() -> None:
    rows = book_of(table()).get_sheet_by_index(0).to_python()

    assert rows[0] == ["Start (Europe/Berlin)", "Call from", "Duration", "Charge", "Legs"]
    assert str(rows[1][0]) == "2026-07-01 09:00:00"
    assert rows[1][1:] == ["Amir[102]", timedelta(seconds=238), 0.14, 1.0]
    assert rows[2][1:] == ["=cmd|'/c calc'!A0", timedelta(hours=25), -1.000001, 2.0]
    assert rows[3][2:] == [timedelta(0), "", ""]


def test_a_workbook_runs_nothing_and_escapes_what_looks_like_an_escape() -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(stream_xlsx(table())))) as book:
        assert book.testzip() is None
        sheet = book.read("xl/worksheets/sheet1.xml").decode()

    assert "<f>" not in sheet
    assert "_x005F_x0041_ &lt;b&gt;&amp;␀" in sheet
    assert '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' in sheet


def test_a_workbook_says_what_it_shows() -> None:
    book = book_of(table())

    assert book.sheet_names == ["Call log  all any", "About"]
    assert book.get_sheet_by_name("About").to_python() == [
        ["Report", "Call log: all/any"],
        ["Period", "July 2026"],
        ["Time zone", "Europe/Berlin"],
        ["Filter", "Extension 102"],
    ]


@pytest.mark.parametrize("title", ["", "About", "'':*?/[]"])
def test_any_title_makes_a_workbook_that_opens(title: str) -> None:
    book = book_of(Table(title, COLUMNS, ROWS, zone=BERLIN))

    assert book.sheet_names == ["Rows", "About"]
    assert book.get_sheet_by_name("About").to_python()[0] == ["Report", title]


@pytest.mark.parametrize(("count", "sizes"), [(0, [1]), (4, [5]), (5, [5, 2]), (9, [5, 5, 2])])
def test_a_long_table_goes_on_in_the_next_sheet(count: int, sizes: list[int]) -> None:
    rows = [(NINE, "a", 0, Decimal(number), 1) for number in range(count)]

    book = book_of(table(rows), sheet_rows=5)
    sheets = [book.get_sheet_by_index(index).to_python() for index in range(len(sizes))]

    assert len(book.sheet_names) == len(sizes) + 1
    assert [len(sheet) for sheet in sheets] == sizes
    assert [row[3] for sheet in sheets for row in sheet[1:]] == list(range(count))


def test_every_part_of_a_workbook_is_well_formed_xml() -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(stream_xlsx(table())))) as book:
        parts = [ElementTree.fromstring(book.read(name)) for name in book.namelist()]  # noqa: S314 - our own

    assert len(parts) == 7


@pytest.mark.parametrize("stream", [stream_csv, stream_xlsx])
@pytest.mark.parametrize("wrong", [("x", "a", 0, None, 1), (NINE, 5, 0, None, 1)])
def test_a_cell_of_the_wrong_kind_is_refused(
    stream: Callable[[Table], Iterator[bytes]], wrong: Sequence[Cell]
) -> None:
    with pytest.raises(TypeError, match="column"):
        list(stream(table([wrong])))


row = st.tuples(
    st.integers(0, 4 * 10**9).map(lambda epoch_s: datetime.fromtimestamp(epoch_s, UTC)),
    st.text(),
    st.integers(0, 10**9),
    st.none() | st.integers(-(10**12), 10**12).map(lambda micros: Decimal(micros).scaleb(-6)),
    st.integers(-(10**9), 10**9),
)


@settings(deadline=None, max_examples=examples(50))
@given(st.lists(row, max_size=20))
def test_totals_read_back_are_the_totals_written(rows: list[Sequence[Cell]]) -> None:
    total = sum((cells[3] for cells in rows if isinstance(cells[3], Decimal)), Decimal(0))

    from_csv = read_csv(table(rows))[1:]
    from_book = book_of(table(rows)).get_sheet_by_index(0).to_python()[1:]

    assert sum((Decimal(cells[3]) for cells in from_csv if cells[3]), Decimal(0)) == total
    written = [Decimal(repr(cells[3])) for cells in from_book if cells[3] != ""]
    assert sum(written, Decimal(0)) == total
    assert [cells[1] for cells in from_book] == [printable(str(cells[1])) for cells in rows]


@given(
    st.lists(
        st.dictionaries(
            st.text(), st.none() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
        ),
        max_size=9,
    )
)
def test_json_read_back_is_what_was_written(objects: list[dict[str, object]]) -> None:
    written = b"".join(stream_json(objects))
    clean = [
        {key.encode(errors="replace").decode(): v for key, v in each.items()} for each in objects
    ]

    assert json.loads(written) == clean
    assert written.count(b"\n") == max(1, len(objects))


BOUNDED = """
import resource, sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo
from tollbook.documents.csv_text import stream_csv
from tollbook.documents.table import Column, Kind, Table
from tollbook.documents.xlsx_book import stream_xlsx

start = datetime(2026, 1, 1, tzinfo=UTC)
columns = (Column("start", "Start", Kind.INSTANT), Column("from", "From"),
           Column("duration", "Duration", Kind.DURATION), Column("charge", "Charge", Kind.MONEY))

def rows(count):
    for number in range(count):
        yield (start + timedelta(seconds=number), f"caller {number}", number, Decimal(number))

def peak_kib(count):
    for stream in (stream_csv, stream_xlsx):
        for piece in stream(Table("Calls", columns, rows(count), ZoneInfo("UTC"))):
            assert len(piece) < 1_000_000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

print(peak_kib(2_000), peak_kib(200_000))
"""


@pytest.mark.slow
def test_two_hundred_thousand_rows_take_no_more_memory_than_two_thousand(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", BOUNDED], capture_output=True, text=True, check=True, cwd=tmp_path
    ).stdout
    small_kib, large_kib = (int(number) for number in said.split())

    assert large_kib - small_kib < 8 * 1024
