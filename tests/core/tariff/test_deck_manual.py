"""What the manual says of decks, as the program does it."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tollbook.core.rating import TalkedCall, charge_of
from tollbook.core.tariff import compile_tariff, read_tariff
from tollbook.core.tariff.deck import DECK_FIELDS, DeckLayout, read_deck

MANUAL = (Path(__file__).parents[3] / "docs/manual/decks.md").read_text("utf-8")
EXAMPLES = re.findall(
    r"^\| ([\d.]+) \| (\d+) \| ([\d.]+) \| (\d+) \| (\d+) \| ([\d.]+) \|$", MANUAL, re.MULTILINE
)


def test_the_manual_has_examples() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize(("cost", "first_s", "price", "unit_s", "talk_s", "charge"), EXAMPLES)
def test_a_rate_of_the_form_charges_what_the_manual_says(
    cost: str, first_s: str, price: str, unit_s: str, talk_s: str, charge: str
) -> None:
    base = read_tariff({"name": "Manual", "currency": "EUR", "rate": []}).tariff
    assert base is not None
    columns = ("prefix", "initial_cost", "initial_s", "unit_price", "unit_s")
    layout = DeckLayout({key: at for at, key in enumerate(columns)}, header_row=0)
    reading = read_deck([(1, ["49", cost, first_s, price, unit_s])], layout, base=base)
    compiled = compile_tariff(replace(base, rates=tuple(reading.rates)))

    found = charge_of(
        compiled, TalkedCall(datetime(2026, 1, 1, tzinfo=UTC), Decimal(talk_s), "4930")
    )

    assert not isinstance(found, str)
    assert found[0] == Decimal(charge) * 1_000_000


def test_every_column_of_a_deck_is_in_the_manual() -> None:
    missing = [
        field.title
        for field in DECK_FIELDS
        if field.title.removesuffix(" (s)").lower() not in MANUAL.lower()
    ]

    assert missing == []


@pytest.mark.parametrize("form", re.findall(r"`((?:slots|blocks|pulse) [^`]+)`", MANUAL))
def test_every_other_form_of_price_in_the_manual_is_read(form: str) -> None:
    base = read_tariff({"name": "Manual", "currency": "EUR", "rate": []}).tariff
    assert base is not None
    layout = DeckLayout({"prefix": 0, "other_price": 1}, header_row=0)

    assert read_deck([(1, ["49", form])], layout, base=base).faults == []
