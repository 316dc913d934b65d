"""Decks as files: what is exported imports again as the same rates, and nothing in it is run."""

import csv
import io
from collections.abc import Iterable
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reference.tariffs import draw_tariff
from tollbook.core.tariff import Rate, Slot, Slots, TariffDefinition, read_tariff
from tollbook.core.tariff.deck import DeckLayout, deck_fields, deck_rows, read_deck, suggest_columns
from tollbook.documents.deck import CellTooLong, deck_csv, deck_xlsx
from tollbook.documents.sheet_reading import sheet_rows

BERLIN = ZoneInfo("Europe/Berlin")
HOSTILE = ("=1+1", "+49 30", "-1", "@SUM(A1)", "\t=1", " =1", "x;=1+1", "'=1", "'quoted", '"', '""',
           '"=1"', "a\nb", "\x00", " around ", "[1]", '["a"]', "a,b;c", "_x0041_", "é\u2028\x85",
           "\uff1dcmd", "أمينة", "<script>", "\\n", "]]>")  # fmt: skip
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20))
amounts = st.decimals(0, 999_999, places=6) | st.just(Decimal("123456789012.123456789012"))
slots = st.builds(
    lambda price, per_s, steps: Slots(
        tuple(Slot(at * 60, price, per_s, step) for at, step in enumerate(steps))
    ),
    amounts.map(abs),
    st.integers(1, 100),
    st.lists(st.integers(1, 90), min_size=1, max_size=3),
)
rates = st.builds(
    Rate,
    prefix=st.sampled_from(["", "49", "+49 30", "0049", "*21#", "sip:x", "49.0", "1.5"]),
    form=slots,
    destination=texts,
    call_type=texts,
    remark=texts,
    callers=st.lists(texts, max_size=3).map(tuple),
    trunks=st.lists(texts, max_size=3).map(tuple),
    maximum_charge=st.none() | amounts.map(abs),
    active=st.booleans(),
)


def tariff_of(rates: Iterable[Rate]) -> TariffDefinition:
    read = read_tariff(
        {"name": "Deck", "currency": "EUR", "zone": "Europe/Berlin", "rate": []}
    ).tariff
    assert read is not None
    return TariffDefinition(read.name, read.currency, read.zone, read.rounding, tuple(rates))


def imported(pieces: Iterable[bytes], base: TariffDefinition) -> list[Rate]:
    """Import a file of ours with the columns that its headings suggest."""
    file = io.BytesIO(b"".join(pieces))
    _, headings = next(iter(sheet_rows(file)))
    reading = read_deck(sheet_rows(file), DeckLayout(suggest_columns(headings)), base=base)
    assert reading.faults == []
    return reading.rates


@pytest.mark.parametrize("seed", range(60))
def test_any_tariff_is_the_same_after_export_and_import(seed: int) -> None:
    tariff = read_tariff(draw_tariff(Random(seed))).tariff
    assert tariff is not None

    assert imported(deck_csv(tariff.rates), tariff) == list(tariff.rates)
    assert imported(deck_xlsx(tariff.rates, title="Deck", zone=BERLIN), tariff) == list(
        tariff.rates
    )


@given(st.lists(rates, min_size=1, max_size=4))
def test_hostile_words_come_back_as_they_went(rates: list[Rate]) -> None:
    assume(any(rate.prefix for rate in rates))  # A sheet without any prefix is no deck.
    tariff = tariff_of(rates)

    assert imported(deck_csv(rates), tariff) == rates
    assert imported(deck_xlsx(rates, title="Deck", zone=BERLIN), tariff) == rates


@given(st.lists(rates, min_size=1, max_size=4))
def test_no_cell_can_be_taken_for_a_formula(rates: list[Rate]) -> None:
    rows = csv.reader(io.StringIO(b"".join(deck_csv(rates)).decode(), newline=""))
    for cells in rows:
        for cell in cells:
            for part in cell.split(";"):
                assert not part.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_simple_price_has_columns_that_a_clerk_expects() -> None:
    rate = Rate("4930", Slots((Slot(0, Decimal("0.12"), 60, 30), Slot(30, Decimal("0.12"), 60, 6))))

    fields = deck_fields([rate])

    assert [field.title for field in fields] == [
        "Prefix", "Destination", "Price", "Per (s)", "First increment (s)", "Increment (s)",
    ]  # fmt: skip
    assert list(deck_rows([rate], fields)) == [["4930", "", "0.12", "60", "30", "6"]]


def test_what_fits_no_cell_of_a_workbook_is_refused_before_it_is_cut() -> None:
    many = Rate("49", Slots((Slot(0, Decimal(1), 60, 60),)), callers=("1234567",) * 5_000)

    with pytest.raises(CellTooLong, match="row 2, callers: 44,998 characters fit no cell"):
        deck_xlsx([many], title="Deck", zone=BERLIN)
    assert imported(deck_csv([many]), tariff_of([many])) == [many]
