"""Decks read: a clerk's examples, every fault with its row, and the law behind both."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tollbook.core.tariff import (
    InitialAndUnit,
    Slot,
    Slots,
    TariffDefinition,
    read_tariff,
    tariff_document,
)
from tollbook.core.tariff.deck import (
    MAX_FAULTS_KEPT,
    DeckLayout,
    DeckOptions,
    DeckReading,
    find_header,
    read_deck,
    suggest_columns,
)


def base(**more: object) -> TariffDefinition:
    document = {
        "name": "Carrier A",
        "currency": "EUR",
        "zone": "Europe/Berlin",
        "band": [{"name": "peak", "from": "08:00", "to": "18:00"}],
        "rate": [],
        **more,
    }
    tariff = read_tariff(document).tariff
    assert tariff is not None
    return tariff


def read(
    headings: str, *rows: Sequence[str] | str, options: DeckOptions | None = None
) -> DeckReading:
    """Read rows written with bars between the cells, under *headings*."""
    cells = [row.split("|") if isinstance(row, str) else list(row) for row in (headings, *rows)]
    layout = DeckLayout(suggest_columns(cells[0]), 1, options or DeckOptions())
    return read_deck(enumerate(cells, start=1), layout, base=base())


def test_a_carriers_usual_sheet() -> None:
    found = read(
        "Dial Code|Destination|Rate/min (USD)|Billing Increment|Effective Date",
        "4930|Germany Berlin|0.0123|30/6|2026-02-01",
    )

    assert found.faults == []
    (rate,) = found.rates
    assert (rate.prefix, rate.destination) == ("4930", "Germany Berlin")
    price = Decimal("0.0123")
    assert rate.form == Slots((Slot(0, price, 60, 30), Slot(30, price, 60, 6)))
    assert rate.effective_from == datetime(2026, 1, 31, 23, tzinfo=UTC)


def test_zycoos_eleven_columns_in_their_own_words() -> None:
    found = read(
        "Activate On|Remark|Prefix|Number Length|Initial Cost($)|Initial Time(s)|Rate($)"
        "|Billing Unit(s)|Start Time|End Time|Extensions",
        "yes|mobile|9|12|0.1|60|0.02|55|00:00:00|23:59:59|101, 102",
    )

    (rate,) = found.rates
    assert rate.number_length == 12
    assert rate.callers == ("101", "102")
    assert isinstance(rate.form, InitialAndUnit)
    assert (rate.form.initial_s, rate.form.unit_s) == (60, 55)
    assert rate.form.window is not None
    assert rate.form.window.to_s == 86_400


def test_a_deck_of_codes_in_lists_and_ranges_under_their_country() -> None:
    found = read(
        "Country code|Code|Price", "49|30, 151-153|0,012", "49||0,02",
        options=DeckOptions(decimal=",", several=True),
    )  # fmt: skip

    assert [rate.prefix for rate in found.rates] == ["4930", "49151", "49152", "49153", "49"]
    assert found.row_of == [2, 2, 2, 2, 3]


@pytest.mark.parametrize(
    ("row", "place", "words"),
    [
        ("49|free|", "row 2, column B, price", "not a plain decimal amount"),
        ("49|-0.1|", "row 2, column B, price", "expected zero or more"),
        ("49|1e30|", "row 2, column B, price", "not a plain decimal amount"),
        ("49|NaN|", "row 2, column B, price", "not a plain decimal amount"),
        ("49|1,20|", "row 2, column B, price", 'set off by "."'),
        ("49||", "row 2", "has no price"),
        ("|0.1|", "row 2, column A, prefix", "is empty"),
        ("Total|12.50|", "row 2, column A, prefix", "expected digits"),
        ("49.0|0.1|", "row 2, column A, prefix", "expected digits"),
        ("4.9E+11|0.1|", "row 2, column A, prefix", "expected digits"),
        ("49|0.1|night", "row 2, column C, band", "no band is named"),
    ],
)
def test_every_fault_stands_with_its_row_and_column(row: str, place: str, words: str) -> None:
    found = read("Prefix|Price|Band", row, "33|0.2|peak")

    assert [fault.place for fault in found.faults] == [place]
    assert words in found.faults[0].message
    assert [rate.prefix for rate in found.rates] == ["33"]


@pytest.mark.parametrize(
    ("headings", "row", "words"),
    [
        ("Prefix|Price|Other price form", "49|0.1|pulse 0.05/12", "several forms"),
        ("Prefix|Other price form", "49|pulses of gold", "expected as"),
        ("Prefix|Other price form", "49|slots 5:0.1/60/60", "expected as"),
        ("Prefix|Other price form", "49|blocks 2x60:4000", "expected as"),
        ("Prefix|Price|Billing", "49|0.1|60/0", "expected increments"),
        ("Prefix|Price|Number length", "49|0.1|1001", "expected from 0 to 1000"),
        ("Prefix|Price|Effective from", "49|0.1|31.12.2026", "expected a day"),
        ("Prefix|Price|Effective from", "49|0.1|2026-02-30", "expected a day"),
        ("Prefix|Price|Effective from|Effective to", "49|1|2026-02-01|2026-01-01", "not later"),
        ("Prefix|Price|Active", "49|0.1|maybe", "expected yes or no"),
        ("Prefix|Unit price|Billing unit (s)", "49|0.1|0", "billing unit is 0"),
        ("Prefix|Unit price", "49|0.1", "billing unit (s)"),
        ("Prefix|Unit price|Billing unit (s)|Start time", "49|0.1|60|08:00", "one end"),
    ],
)
def test_rows_that_make_no_rate_are_refused(headings: str, row: str, words: str) -> None:
    found = read(headings, row)

    assert found.rates == []
    assert found.fault_count == 1
    assert words in f"{found.faults[0].place} {found.faults[0].message}"


def test_of_many_faults_the_first_are_shown_and_all_are_counted() -> None:
    found = read("Prefix|Price", *["49|free"] * 1_500)

    assert len(found.faults) == MAX_FAULTS_KEPT
    assert found.fault_count == 1_500


def test_a_deck_beyond_the_limit_is_refused_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tollbook.core.tariff.deck.reading.MAX_ROWS", 3)

    found = read("Prefix|Price", *["49|0.1"] * 5)

    assert [(fault.place, fault.code) for fault in found.faults] == [("row 5", "deck.too_long")]


def test_columns_that_say_no_price_refuse_the_deck_at_once() -> None:
    found = read("Prefix|Destination", "49|Germany")

    assert [fault.code for fault in found.faults] == ["deck.no_price"]


def test_a_sheet_without_rates_is_refused() -> None:
    assert [fault.code for fault in read("Prefix|Price", "", "|").faults] == ["deck.empty"]


@pytest.mark.parametrize(
    ("order", "cell"), [("iso", "2026-02-01"), ("dmy", "01.02.2026"), ("mdy", "2/1/2026")]
)
def test_days_are_read_in_the_order_that_was_chosen_and_in_the_tariffs_zone(
    order: str, cell: str
) -> None:
    options = DeckOptions(dates=order)  # type: ignore[arg-type]  # drawn from its three values
    found = read("Prefix|Price|Valid from", f"49|0.1|{cell}", options=options)

    assert found.rates[0].effective_from == datetime(2026, 1, 31, 23, tzinfo=UTC)


def test_the_headings_are_found_below_a_letterhead() -> None:
    rows = [["Carrier Ltd"], ["Rates valid from 1 May"], [], ["Code", "Destination", "Rate"]]

    assert find_header(rows) == 4
    assert find_header(rows[:2]) == 0


def test_columns_chosen_before_come_first() -> None:
    headings = ["Code", "Our price", "Rate"]

    assert suggest_columns(headings, {"prefix": "code", "price": "Our price"}) == {
        "prefix": 0,
        "price": 1,
    }


def test_what_a_deck_makes_is_what_its_document_says() -> None:
    found = read(
        "Prefix|Price|Billing|Band|Extensions|Effective from",
        "4930|0.0123|30/6|peak|101;Sales|2026-01-01T00:00:00+01:00",
        '""|0.5||||',
    )
    tariff = base()
    made = TariffDefinition(
        tariff.name, tariff.currency, tariff.zone, tariff.rounding, tuple(found.rates), tariff.bands
    )

    assert read_tariff(tariff_document(made)).tariff == made
