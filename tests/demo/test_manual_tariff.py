"""The tariff that the manual shows is accepted, and prices its own table of calls."""

import re
import tomllib
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tollbook.core.money import format_amount
from tollbook.core.rating import Priced, TalkedCall, price
from tollbook.core.tariff import CompiledTariff, compile_tariff, read_tariff

MANUAL = Path(__file__).parents[2] / "docs" / "manual" / "tariffs.md"
TEXT = MANUAL.read_text("utf-8")
ROW = re.compile(r"^\| (\d{4}-\S+) \| (\d+) \| (\d+) \| (\S+) \|", re.MULTILINE)
ROWS = ROW.findall(TEXT)


@pytest.fixture(scope="module")
def compiled() -> CompiledTariff:
    document = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert document is not None
    reading = read_tariff(tomllib.loads(document.group(1)))
    assert reading.faults == ()
    assert reading.tariff is not None
    return compile_tariff(reading.tariff)


def test_the_table_is_read_whole() -> None:
    assert len(ROWS) == 8


@pytest.mark.parametrize(("start", "dialled", "talk_s", "charge"), ROWS)
def test_the_manual_prices_as_it_says(
    compiled: CompiledTariff, start: str, dialled: str, talk_s: str, charge: str
) -> None:
    call = TalkedCall(datetime.fromisoformat(start), Decimal(talk_s), dialled)
    result = price(compiled, call)

    assert (format_amount(result.charge) if isinstance(result, Priced) else "unrated") == charge
