"""Sheets that people send, kind ones and hostile ones."""

import io
import tracemalloc
import zipfile
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
import xlsxwriter

from tollbook.documents.sheet_reading import MAX_COLUMNS, SheetError, sheet_rows

SHEET = '<worksheet xmlns="x"><sheetData>{}</sheetData></worksheet>'
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PARTS = {
    "_rels/.rels": f'<Relationships><Relationship Id="a" Type="{RELATION}/officeDocument"'
    ' Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns:r="r"><sheets><sheet name="h" state="hidden" r:id="r0"/>'
    '<sheet name="s" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": "<Relationships>"
    f'<Relationship Id="r1" Type="{RELATION}/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>",
}


def rows_of(raw: bytes) -> list[tuple[int, list[str]]]:
    return list(sheet_rows(io.BytesIO(raw)))


def workbook(rows: str, **parts: str) -> bytes:
    """Return a workbook with the XML of *rows*; *parts* replace or add others, by name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in {**PARTS, "xl/worksheets/sheet1.xml": SHEET.format(rows)}.items():
            book.writestr(name, parts.get(name, text))
    return file.getvalue()


def test_a_workbook_gives_what_people_see_in_it(tmp_path: Path) -> None:
    path = tmp_path / "deck.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    clock = book.add_format({"num_format": "[hh]:mm:ss"})
    sheet.write_row(0, 0, ["Prefix", "Price", "From"])
    sheet.write_string(2, 0, "0049")
    sheet.write_number(2, 1, 0.1 + 0.2)
    sheet.write_datetime(2, 2, datetime(2026, 2, 1, tzinfo=UTC).replace(tzinfo=None), day)
    sheet.write_number(3, 0, 4930)
    sheet.write_number(3, 1, 1.2e-5)
    sheet.write_datetime(3, 3, time(8, 30), clock)
    sheet.write_boolean(3, 4, True)
    sheet.write_formula(3, 5, "=1+1", None, "2")
    sheet.write_rich_string(3, 6, "Ger", book.add_format({"bold": True}), "many")
    book.close()

    assert rows_of(path.read_bytes()) == [
        (1, ["Prefix", "Price", "From"]),
        (3, ["0049", "0.3", "2026-02-01"]),
        (4, ["4930", "0.000012", "", "08:30:00", "yes", "2", "Germany"]),
    ]


def test_names_of_elements_may_carry_a_prefix_and_cells_no_place() -> None:
    rows = '<row><c t="inlineStr"><is><t>a</t></is></c><c><v>1</v></c></row>'
    sheet = SHEET.format(rows)
    for word in ("worksheet", "sheetData", "row", "c", "v", "is", "t"):
        sheet = sheet.replace(f"<{word}>", f"<x:{word}>").replace(f"</{word}>", f"</x:{word}>")
        sheet = sheet.replace(f"<{word} ", f"<x:{word} ")
    raw = workbook("", **{"xl/worksheets/sheet1.xml": sheet.replace('xmlns="x"', 'xmlns:x="x"')})

    assert rows_of(raw) == [(1, ["a", "1"])]


def test_two_cells_at_the_far_corners_cost_no_more_than_two_cells() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row>'
    rows += '<row r="1048576"><c r="IV1048576"><v>2</v></c></row>'
    tracemalloc.start()
    try:
        found = rows_of(workbook(rows))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [number for number, _ in found] == [1, 1_048_576]
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ('<row r="1"><c r="XFD1"><v>1</v></c></row>', f"more than {MAX_COLUMNS} cells"),
        ('<row r="9999999"><c r="A1"><v>1</v></c></row>', "beyond what a sheet can hold"),
        ('<row r="1"><c r="A1" t="s"><v>7</v></c></row>', "a text that is not there"),
        ('<row r="1"><c r="!!"><v>7</v></c></row>', "a cell called"),
        ('<row r="1"><c r="A1"><v>7</c></row>', "is damaged"),
    ],
)
def test_a_sheet_that_is_none_is_refused_with_its_place(rows: str, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        rows_of(workbook(rows))


def test_an_entity_bomb_is_refused_before_it_is_expanded() -> None:
    bomb = '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">]>' + SHEET.format(
        '<row r="1"><c r="A1" t="str"><v>&a;</v></c></row>'
    )

    with pytest.raises(SheetError, match="declares a document type"):
        rows_of(workbook("", **{"xl/worksheets/sheet1.xml": bomb}))


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book,
        book.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _ in range(600):
            part.write(b" " * 1_000_000)
    assert len(file.getvalue()) < 1_000_000

    with pytest.raises(SheetError, match="unpacks to 600 MB, expected at most"):
        rows_of(file.getvalue())


def test_a_zip_that_lies_about_its_sizes_is_refused() -> None:
    raw = workbook('<row r="1"><c r="A1"><v>1</v></c></row>' + " " * 1_000_000)
    size = zipfile.ZipFile(io.BytesIO(raw)).getinfo("xl/worksheets/sheet1.xml").file_size
    lying = raw.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lying != raw

    with pytest.raises(SheetError):
        rows_of(lying)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02", "holds NUL bytes"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as XLSX or CSV"),
        (b"PK\x03\x04 and so on", "is damaged"),
        (b"a," + b"x" * 70_000, "cannot be read as CSV"),
        (b"," * 300, "row 1: has more than 256 cells"),
    ],
)
def test_what_is_no_table_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        rows_of(raw)


def test_a_zip_without_a_workbook_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as book:
        book.writestr("readme.txt", "no sheet here")

    with pytest.raises(SheetError, match="a zip, but no workbook"):
        rows_of(file.getvalue())


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_is_read_however_it_is_parted_and_coded(delimiter: str, encoding: str) -> None:
    lines = [["Prefix", "Ziel", "Preis"], ["49", "Österreich, Wien", "0,5"], ["43", "x", "1"]]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)

    assert rows_of(text.encode(encoding)) == list(enumerate(lines, start=1))
