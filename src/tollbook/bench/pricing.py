"""What a price costs: one call, alone and explained, and calls by the million.

First a call of 3 s and one of 10 h on a small tariff; then the large deck, by either form, and
from Parquet to Parquet.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tollbook.bench import batch, lines, parquet
from tollbook.bench.deck import compiled_of, deck_document, prefixes_of_lines
from tollbook.bench.figures import Figure
from tollbook.bench.options import BenchOptions
from tollbook.core.rating import TalkedCall, charge_of, explain, price
from tollbook.core.tariff import CompiledTariff

DEFAULT_CALLS = 20_000
SHORT_S, LONG_S = 3, 36_000
FLOOR = "≤ 25 µs, however long the call"


def measure(options: BenchOptions) -> Iterator[Figure]:
    """Yield what one price costs, then all that `batch` and `parquet` measure."""
    yield from _one_call(min(options.calls or DEFAULT_CALLS, DEFAULT_CALLS))
    tariff, pages, figures = batch.prepared()
    yield from figures
    count = options.calls or batch.DEFAULT_CALLS
    yield from batch.measure_with(tariff, pages, count)
    yield from parquet.measure_with(tariff, pages, count)


def _one_call(count: int) -> Iterator[Figure]:
    """Yield microseconds a call of each reading of the pricing function, and their ratios."""
    compiled = compiled_of(deck_document(prefixes_of_lines()))
    numbers = list(lines.numbers())
    short, long = (calls_to(numbers, count, talks_s=(talk_s,)) for talk_s in (SHORT_S, LONG_S))
    for words, reading, floor in (
        ("the amount", charge_of, ""),
        ("with its steps", price, FLOOR),
        ("with every rate considered", explain, ""),
    ):
        short_us, long_us = (_cost_us(reading, compiled, calls) for calls in (short, long))
        yield Figure(f"{words}, a call of 3 s", short_us, "µs", floor)
        yield Figure(f"{words}, a call of 10 h", long_us, "µs", floor)
        yield Figure(f"{words}, 10 h beside 3 s", long_us / short_us, "times")


def calls_to(numbers: Sequence[str], count: int, *, talks_s: Sequence[int]) -> list[TalkedCall]:
    """Return *count* calls at all hours to *numbers*, as long as *talks_s* in turn."""
    begin = datetime(2026, 3, 2, tzinfo=UTC)
    return [
        TalkedCall(
            start=begin + timedelta(seconds=index * 347),
            talk_s=Decimal(talks_s[index % len(talks_s)]),
            dialled=numbers[index * lines.PRIME % len(numbers)],
        )
        for index in range(count)
    ]


def _cost_us(
    reading: Callable[[CompiledTariff, TalkedCall], object],
    compiled: CompiledTariff,
    calls: list[TalkedCall],
) -> float:
    """Return microseconds of processor time a call, in the best of some rounds."""
    return batch.best_s(lambda: [reading(compiled, call) for call in calls]) / len(calls) * 1e6
