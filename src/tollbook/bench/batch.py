"""Pricing by the million: a deck of 100,000 prefixes, two dates, three bands; one core and two.

Calls are drawn by arithmetic, a million at a time, so no more of them are ever in memory. Time
on one core is processor time, which other work on the machine does not lengthen; the best of
some rounds is told.
"""

import resource
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tollbook.bench.deck import carrier_deck, drawn_prefixes
from tollbook.bench.figures import Figure
from tollbook.bench.lines import PRIME
from tollbook.bench.options import BenchOptions
from tollbook.core.money import MICRO
from tollbook.core.rating import TalkedCall, charge_of
from tollbook.core.rating.batch import (
    HAS_NUMBA,
    PASSES,
    BatchTariff,
    CallArrays,
    batch_tariff,
    pack_numbers,
    price_batch,
)
from tollbook.core.tariff import compile_tariff

T = TypeVar("T")

PREFIXES = 100_000
DEFAULT_CALLS = 10_000_000
PAGE_CALLS = 1_000_000
SCALAR_CALLS = 20_000
ROUNDS = 5
CORES = 2
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
YEAR_S = 365 * 86_400
LONGEST_TALK_S = 3_600
TAIL = 10**4  # What a number has behind its prefix: four digits.


@dataclass(frozen=True, slots=True)
class Page:
    """Some calls of the benchmark: talk instant, seconds, and the number as a decimal."""

    start_us: NDArray[np.int64]
    talk_s: NDArray[np.int64]
    number: NDArray[np.int64]

    def arrays(self) -> CallArrays:
        """Return them as the batch form wants them; nobody asks who calls."""
        size = len(self.number)
        nobody = np.full(size, -1, dtype=np.int64)
        packed, lengths = pack_numbers(self.number.astype(str).tolist())
        return CallArrays(self.start_us, self.talk_s, packed, lengths, nobody, nobody, nobody)

    def talked(self, count: int) -> list[TalkedCall]:
        """Return the first *count* as the scalar form wants them."""
        begin_us = round(BEGIN.timestamp()) * MICRO
        return [
            TalkedCall(BEGIN + timedelta(microseconds=start - begin_us), Decimal(talk), str(number))
            for start, talk, number in zip(
                self.start_us[:count].tolist(),
                self.talk_s[:count].tolist(),
                self.number[:count].tolist(),
                strict=True,
            )
        ]


class Pages:
    """The calls of the benchmark, a page at a time; the same on every machine."""

    def __init__(self, prefixes: list[str]) -> None:
        self._prefixes = np.array(prefixes, dtype=np.int64)

    def page(self, first: int, count: int) -> Page:
        """Return *count* calls from number *first* on."""
        index = np.arange(first, first + count, dtype=np.uint64)
        drawn = index * np.uint64(0x9E3779B97F4A7C15)  # The golden ratio spreads neighbours apart.
        drawn ^= drawn >> np.uint64(29)
        drawn *= np.uint64(PRIME | 1 << 40)
        drawn ^= drawn >> np.uint64(32)
        chance = (drawn >> np.uint64(1)).astype(np.int64)
        prefix = self._prefixes[chance % len(self._prefixes)]
        second = (chance >> 17) % YEAR_S
        return Page(
            start_us=(round(BEGIN.timestamp()) + second) * MICRO,
            talk_s=1 + (chance >> 5) % LONGEST_TALK_S,
            number=prefix * TAIL + (chance >> 40) % TAIL,
        )

    def of(self, calls: int) -> Iterator[Page]:
        """Yield pages that hold *calls* calls together."""
        for first in range(0, calls, PAGE_CALLS):
            yield self.page(first, min(PAGE_CALLS, calls - first))


def measure(options: BenchOptions) -> Iterator[Figure]:
    """Yield what it takes to make the deck ready, then calls a second, alone and in batches.

    Without numba (the extra `fast`) there is no batch form that is worth measuring.
    """
    count = options.calls or DEFAULT_CALLS
    tariff, pages, figures = prepared()
    yield from figures
    yield from measure_with(tariff, pages, count)


def prepared() -> tuple[BatchTariff, Pages, list[Figure]]:
    """Return the deck and the calls, and how long the deck took."""
    prefixes = drawn_prefixes(PREFIXES)
    began = time.process_time()
    compiled = compile_tariff(carrier_deck(prefixes))
    compiled_s = time.process_time()
    tariff = batch_tariff(compiled)
    arrays_s = time.process_time()
    rates = f"{PREFIXES:,} prefixes x 2 dates x 3 bands"
    figures = [
        Figure(f"{rates} compiled", compiled_s - began, "s"),
        Figure(f"{rates} as arrays", arrays_s - compiled_s, "s"),
    ]
    return tariff, Pages(prefixes), figures


def measure_with(tariff: BatchTariff, pages: Pages, count: int) -> Iterator[Figure]:
    """Yield calls a second by either form, and where the time of a batch goes."""
    talked = pages.page(0, min(count, SCALAR_CALLS)).talked(SCALAR_CALLS)
    scalar_s = best_s(lambda: [charge_of(tariff.compiled, call) for call in talked])
    scalar = len(talked) / scalar_s
    yield Figure("one by one", scalar, "calls/s")
    if not (HAS_NUMBA and tariff.deck):
        return
    began = time.perf_counter()
    price_batch(tariff, pages.page(0, 1).arrays())
    yield Figure(
        "first batch, the loop compiled or read from its cache", time.perf_counter() - began, "s"
    )
    one = count / sum(_page_s(tariff, page.arrays()) for page in pages.of(count))
    yield Figure(f"batch of {count:,}, one core", one, "calls/s", "≥ 3,000,000")
    yield Figure("batch beside one by one", one / scalar, "times")
    yield from _stages(tariff, pages.page(0, min(count, PAGE_CALLS)).arrays())
    yield from _two_cores(tariff, pages, count)
    yield peak("peak memory, deck and a page of calls")


def best_s(work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Return the seconds of the best of some rounds: other work only slows."""
    rounds = []
    for _ in range(ROUNDS):
        began = clock()
        work()
        rounds.append(clock() - began)
    return min(rounds)


def on_two_cores(
    words: str, size: int, shares: Sequence[T], work: Callable[[T], object], *, floor: str
) -> Iterator[Figure]:
    """Yield calls a second with a share of *size* calls for each core, and that beside one core.

    On the clock, and in processor time: what either core gets done while it has the processor,
    times the cores. The first tells of this machine as it is loaded now, the second of the work.
    """
    one = best_s(lambda: work(shares[0])), best_s(lambda: work(shares[0]), time.perf_counter)
    with ThreadPoolExecutor(CORES) as threads:
        both = [
            best_s(lambda: list(threads.map(work, shares)), clock)
            for clock in (time.process_time, time.perf_counter)
        ]
    yield Figure(f"{words}, two cores", CORES**2 * size / both[0], "calls/s")
    yield Figure(f"{words}, two cores beside one", CORES**2 * one[0] / both[0], "times", floor)
    yield Figure(f"{words}, two cores on the clock", CORES * size / both[1], "calls/s")
    yield Figure(f"{words}, two cores beside one, on the clock", CORES * one[1] / both[1], "times")


def peak(words: str) -> Figure:
    """Return the most memory that this process has held so far."""
    return Figure(words, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB")


def _page_s(tariff: BatchTariff, calls: CallArrays) -> float:
    return best_s(lambda: price_batch(tariff, calls))


def _stages(tariff: BatchTariff, calls: CallArrays) -> Iterator[Figure]:
    """Yield the nanoseconds of each pass of the loop: all up to it less all before it."""
    before_s = 0.0
    for nth, words in enumerate(PASSES, start=1):
        until_s = best_s(lambda passes=nth: price_batch(tariff, calls, passes=passes))  # type: ignore[misc]  # bound now
        yield Figure(f"stage: {words}", (until_s - before_s) / len(calls) * 1e9, "ns a call")
        before_s = until_s


def _two_cores(tariff: BatchTariff, pages: Pages, count: int) -> Iterator[Figure]:
    size = max(1, min(count // CORES, PAGE_CALLS))
    shares = [pages.page(core * size, size).arrays() for core in range(CORES)]
    yield from on_two_cores(
        "batch", size, shares, lambda share: price_batch(tariff, share), floor="≥ 1.7"
    )
