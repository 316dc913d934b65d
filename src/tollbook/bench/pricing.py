"""What one price costs: a call of 3 s and one of 10 h, with and without its explanation."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median

from tollbook.bench import lines
from tollbook.bench.deck import deck_document
from tollbook.bench.figures import Figure
from tollbook.bench.options import Options
from tollbook.bench.process import BenchError
from tollbook.core.rating import TalkedCall, charge_of, explain, price
from tollbook.core.tariff import CompiledTariff, compile_tariff, read_tariff

ROUNDS = 5
DEFAULT_CALLS = 20_000
SHORT_S, LONG_S = 3, 36_000
FLOOR = "≤ 25 µs, however long the call"


def measure(options: Options) -> Iterator[Figure]:
    """Yield microseconds a call of each reading of the pricing function, and their ratios."""
    count = options.calls or DEFAULT_CALLS
    compiled = deck()
    short, long = calls_of(SHORT_S, count), calls_of(LONG_S, count)
    for words, reading, floor in (
        ("the amount", charge_of, ""),
        ("with its steps", price, FLOOR),
        ("with every rate considered", explain, ""),
    ):
        short_us, long_us = (_cost_us(reading, compiled, calls) for calls in (short, long))
        yield Figure(f"{words}, a call of 3 s", short_us, "µs", floor)
        yield Figure(f"{words}, a call of 10 h", long_us, "µs", floor)
        yield Figure(f"{words}, 10 h beside 3 s", long_us / short_us, "times")


def deck() -> CompiledTariff:
    """Return the benchmarks' tariff, ready for pricing."""
    reading = read_tariff(deck_document())
    if reading.tariff is None:
        raise BenchError(f"the benchmark's own tariff is refused: {reading.faults[0].message}")
    return compile_tariff(reading.tariff)


def calls_of(talk_s: int, count: int) -> list[TalkedCall]:
    """Return *count* calls of *talk_s* seconds at all hours to all numbers."""
    numbers = list(lines.numbers())
    begin = datetime(2026, 3, 2, tzinfo=UTC)
    return [
        TalkedCall(
            start=begin + timedelta(seconds=index * 347),
            talk_s=Decimal(talk_s),
            dialled=numbers[index * lines.PRIME % len(numbers)],
        )
        for index in range(count)
    ]


def _cost_us(
    reading: Callable[[CompiledTariff, TalkedCall], object],
    compiled: CompiledTariff,
    calls: list[TalkedCall],
) -> float:
    """Return the median over some rounds of microseconds a call."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for call in calls:
            reading(compiled, call)
        rounds.append((time.perf_counter() - began) / len(calls) * 1e6)
    return median(rounds)
