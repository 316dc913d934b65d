"""The benchmarks' input is the same everywhere, in order, and like what an Asterisk writes."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.bench.lines import master_csv_line, numbers, write_master_csv

CALLS = 5_000


def cells(index: int, calls: int = CALLS) -> list[str]:
    return next(csv.reader([master_csv_line(index, calls=calls).decode()]))


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    return [cells(index) for index in range(CALLS)]


def test_a_line_is_known_to_the_last_byte() -> None:
    assert master_csv_line(1, calls=100_000) == (
        b'"","617","+49895566111","office","""617"" <617>","PJSIP/617-00000002",'
        b'"PJSIP/carrier-b-00000003","Dial","PJSIP/carrier-b/+49895566111,60",'
        b'"2025-03-03 07:02:35","2025-03-03 07:02:43","2025-03-03 07:04:22",107,99,'
        b'"ANSWERED","DOCUMENTATION","1740000001.1",""\n'
    )


def test_the_file_holds_every_line_once(tmp_path: Path) -> None:
    file = tmp_path / "Master.csv"
    size = write_master_csv(file, calls=25_000)

    written = file.read_bytes()
    assert size == len(written)
    assert written.splitlines(keepends=True)[24_999] == master_csv_line(24_999, calls=25_000)
    assert len({line.split(b",")[-2] for line in written.splitlines()}) == 25_000


def test_calls_are_in_the_order_of_time_and_mixed_as_promised(rows: list[list[str]]) -> None:
    starts = [row[9] for row in rows]

    assert starts == sorted(starts)
    assert sum(row[14] == "NO ANSWER" for row in rows) / CALLS == pytest.approx(1 / 6, abs=0.02)
    assert sum(row[3] == "from-trunk" for row in rows) / CALLS == pytest.approx(1 / 3, abs=0.02)
    assert len({row[2] for row in rows if row[3] == "office"}) > 2_500


@given(index=st.integers(0, 999_999))
def test_every_line_adds_up(index: int) -> None:
    row = cells(index, calls=1_000_000)

    assert len(row) == 18
    assert int(row[12]) >= int(row[13]) >= 0
    assert (row[10] == "") == (row[14] == "NO ANSWER") == (row[13] == "0")


def test_numbers_are_distinct() -> None:
    found = list(numbers())

    assert len(set(found)) == len(found) == 40_000
