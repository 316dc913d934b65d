"""Fees an hour: the table of docs/algorithms/fees.md, run, and the law behind it."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.core.charging.fees import HourlyFee, fee_of
from tollbook.core.money import from_micros, parse_amount, to_micros

PAGE = Path(__file__).parents[3] / "docs" / "algorithms" / "fees.md"

fees = st.builds(HourlyFee, hourly_micros=st.integers(0, 10**10), unit_s=st.integers(1, 86_400))


def rows() -> list[list[str]]:
    lines = PAGE.read_text("utf-8").partition("| an hour |")[2].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("row", rows(), ids=" ".join)
def test_the_table_of_the_page(row: list[str]) -> None:
    hourly, unit_s, talk, units, amount = row
    hours, minutes, seconds = map(int, talk.split(":"))
    talk_s = 3600 * hours + 60 * minutes + seconds

    owed = fee_of(talk_s * 1000, HourlyFee(to_micros(parse_amount(hourly)), int(unit_s)))

    assert (owed.units, from_micros(owed.amount_micros)) == (int(units), Decimal(amount))


def test_the_page_has_its_rows() -> None:
    assert len(rows()) == 9


@given(talk_ms=st.integers(0, 10**9), fee=fees)
def test_time_is_paid_for_and_less_than_one_unit_more(talk_ms: int, fee: HourlyFee) -> None:
    owed = fee_of(talk_ms, fee)

    assert 0 <= owed.units * fee.unit_s * 1000 - talk_ms < fee.unit_s * 1000
    exact = Decimal(owed.units * fee.unit_s * fee.hourly_micros) / 3600
    assert abs(owed.amount_micros - exact) <= Decimal("0.5")


@given(fee=fees, talk_ms=st.integers(max_value=-1))
def test_talk_is_never_negative(fee: HourlyFee, talk_ms: int) -> None:
    with pytest.raises(ValueError, match="talk of"):
        fee_of(talk_ms, fee)


@pytest.mark.parametrize(("hourly", "unit"), [(-1, 360), (1, 0)])
def test_a_fee_costs_something_by_a_unit_of_time(hourly: int, unit: int) -> None:
    with pytest.raises(ValueError, match="a fee of"):
        HourlyFee(hourly, unit)
