"""Words from callers are made harmless, and numbers keep every digit."""

import csv
import doctest
import io
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.documents import cells, json_list, xlsx_book
from tollbook.documents.cells import amount, clock, guarded, printable

anything = st.text() | st.text(alphabet="=+-@;\t\r\n '\"ab1")
signs = tuple("=+-@\uff1d\uff0b\uff0d\uff20")


@pytest.mark.parametrize("module", [cells, json_list, xlsx_book])
def test_the_examples_in_the_docstrings_hold(module: object) -> None:
    tried = doctest.testmod(module)  # type: ignore[arg-type]

    assert tried.attempted > 0
    assert tried.failed == 0


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
        ("+493012345", "'+493012345"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1+1", "'␉=1+1"),
        ("\r=1", "'␍=1"),
        ("  =1", "'  =1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("Smith; =1+1", "Smith;' =1+1"),  # a list parted by semicolons splits here
        ("Anna-Maria + Co", "Anna-Maria + Co"),
        ("عمر خيام", "عمر خيام"),
        ("a\x00b", "a␀b"),
        ("", ""),
    ],
)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(said: str, written: str) -> None:
    assert guarded(said) == written


@given(anything)
def test_no_cell_begins_a_formula_however_the_line_is_split(said: str) -> None:
    for part in guarded(said).split(";"):
        assert not part.lstrip().startswith(signs)


@given(anything)
def test_a_cell_is_one_line_that_every_reader_takes(said: str) -> None:
    written = printable(said)

    assert written.encode().decode() == written
    assert not any(unicodedata.category(letter) == "Cc" for letter in written)


@given(st.integers(0, 10**12))
def test_a_clock_reading_adds_up_to_its_whole_seconds(duration_ms: int) -> None:
    hours, minutes, seconds = (int(part) for part in clock(duration_ms).split(":"))

    assert 0 <= (hours * 3600 + minutes * 60 + seconds) * 1000 - duration_ms < 1000
    assert minutes < 60
    assert seconds < 60


@given(st.integers(-(10**15), 10**15), st.integers(0, 6))
def test_an_amount_loses_no_digit_and_shows_four_decimals(units: int, decimals: int) -> None:
    money = Decimal(units).scaleb(-decimals)
    written = amount(money)

    assert Decimal(written) == money
    assert len(written.partition(".")[2]) >= 4
    assert next(csv.reader(io.StringIO(written))) == [written]
