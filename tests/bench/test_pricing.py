"""The pricing benchmark on a small deck: what it measures is there, and is priced."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tollbook.bench import batch, parquet
from tollbook.bench.deck import carrier_deck, drawn_prefixes
from tollbook.core.rating import charge_of
from tollbook.core.rating.batch import HAS_NUMBA, BatchTariff, batch_tariff
from tollbook.core.tariff import compile_tariff

CALLS = 2_000


@pytest.fixture(scope="module")
def pages() -> batch.Pages:
    return batch.Pages(drawn_prefixes(300))


@pytest.fixture(scope="module")
def tariff() -> BatchTariff:
    return batch_tariff(compile_tariff(carrier_deck(drawn_prefixes(300))))


def test_its_calls_all_have_a_price_and_are_of_all_bands_and_dates(
    pages: batch.Pages, tariff: BatchTariff
) -> None:
    calls = pages.page(0, CALLS).talked(CALLS)

    prices = [charge_of(tariff.compiled, call) for call in calls]

    rates = [tariff.compiled.rates[price[2]].rate for price in prices if price[1:]]
    assert len(rates) == CALLS
    assert {rate.band for rate in rates} == {"peak", "evening", None}
    assert len({rate.effective_from for rate in rates}) == 2
    assert min(call.talk_s for call in calls) < Decimal(60) < max(call.talk_s for call in calls)


@pytest.mark.skipif(not HAS_NUMBA, reason="the extra `fast` is not installed")
def test_each_figure_is_measured(pages: batch.Pages, tariff: BatchTariff) -> None:
    figures = [
        *batch.measure_with(tariff, pages, CALLS),
        *parquet.measure_with(tariff, pages, CALLS),
    ]

    names = [figure.name for figure in figures]
    assert [name for name in names if name.startswith("stage: ")] == [
        *(f"stage: {words}" for words in batch.PASSES),
        "stage: read and packed",
    ]
    assert "batch, two cores beside one" in names
    assert f"Parquet to Parquet of {CALLS:,}, one core" in names
    assert min(figure.value for figure in figures if not figure.name.startswith("stage")) > 0


def test_the_files_hold_each_call_s_charge_in_its_place(
    pages: batch.Pages, tariff: BatchTariff, tmp_path: Path
) -> None:
    page = pages.page(0, CALLS)
    [file] = parquet.write_calls([page], tmp_path)

    priced = parquet.price_file(tariff, file, duckdb.connect(":memory:"))

    found = duckdb.sql(f"SELECT amount_micros, billed_s, rate_index FROM '{priced}'").fetchall()
    assert found == [charge_of(tariff.compiled, call) for call in page.talked(CALLS)]
