"""Every table of docs/algorithms/rating.md is true."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tollbook.core.money import Rounding, format_amount
from tollbook.core.rating import Priced, TalkedCall, TalkedLeg, Unrated, longest_talk, price
from tollbook.core.tariff import compile_tariff, read_tariff

PAGE = Path(__file__).parents[3] / "docs" / "algorithms" / "rating.md"
START = "2026-03-04T10:00:00+01:00"


@dataclass
class Row:
    line: int
    tariff: dict = field(repr=False)
    cells: dict[str, str]

    def __str__(self) -> str:
        return f"line {self.line}"


def rows() -> Iterator[Row]:
    base, tariff, columns, block = {}, {}, None, None
    for number, line in enumerate(PAGE.read_text("utf-8").splitlines(), start=1):
        if block is not None:
            if line == "```":
                tariff = base | tomllib.loads("\n".join(block[1:]))
                base = tariff if block[0].endswith("base") else base
                block = None
            else:
                block.append(line)
        elif line.startswith("```toml"):
            block = [line]
        elif not line.startswith("|"):
            columns = None
        elif columns is None:
            columns = [cell.strip() for cell in line.strip("|").split("|")]
        elif not re.fullmatch(r"[|-]+", line):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            yield Row(number, tariff, dict(zip(columns, cells, strict=True)))


ROWS = list(rows())


def call_of(cells: dict[str, str]) -> TalkedCall:
    return TalkedCall(
        start=datetime.fromisoformat(cells.get("start", START)),
        talk_s=Decimal(cells.get("talk_s", "0")),
        dialled=cells.get("dialled", "49301234"),
        caller=cells.get("caller") or None,
        department=cells.get("department") or None,
        trunk=cells.get("trunk") or None,
        pulses=int(cells["pulses"]) if cells.get("pulses") else None,
        legs=tuple(
            TalkedLeg(str(at), Decimal(talk_s))
            for at, talk_s in enumerate(cells.get("legs", "").split(" + "))
            if talk_s
        ),
    )


def test_the_page_has_tables() -> None:
    assert len(ROWS) > 80


@pytest.mark.parametrize("row", [row for row in ROWS if "talk_s" in row.cells], ids=str)
def test_prices(row: Row) -> None:
    tariff = read_tariff(row.tariff).tariff
    assert tariff is not None
    result = price(compile_tariff(tariff), call_of(row.cells))
    if row.cells.get("unrated"):
        assert result == Unrated(row.cells["unrated"])
        return
    assert isinstance(result, Priced)
    found = {
        "charge": format_amount(result.charge),
        "billed_s": str(result.billed_s),
        "segments": " + ".join(format_amount(each.charge) for each in result.segments),
    }
    assert {key: found[key] for key in row.cells if key in found} == {
        key: row.cells[key] for key in found if key in row.cells
    }


@pytest.mark.parametrize("row", [row for row in ROWS if "max_s" in row.cells], ids=str)
def test_longest_talk(row: Row) -> None:
    tariff = read_tariff(row.tariff).tariff
    assert tariff is not None
    at_most_s = row.cells["at_most_s"]

    found = longest_talk(
        compile_tariff(tariff),
        call_of(row.cells),
        credit=Decimal(row.cells["credit"]),
        at_most_s=int(at_most_s) if at_most_s else None,
    )

    assert str(found).lower() == row.cells["max_s"]


@pytest.mark.parametrize("row", [row for row in ROWS if "rounded" in row.cells], ids=str)
def test_rounding(row: Row) -> None:
    rounding = Rounding(row.cells["rule"], int(row.cells["decimals"]))

    found = rounding.apply(Fraction(row.cells["amount"]))

    assert format_amount(found) == row.cells["rounded"]
