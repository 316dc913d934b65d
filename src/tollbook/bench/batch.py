"""Pricing by the million: a deck of 100,000 prefixes in three bands, on one core and on two."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from itertools import pairwise

import numpy as np

from tollbook.bench.deck import compiled_of, deck_document
from tollbook.bench.figures import Figure
from tollbook.bench.options import Options
from tollbook.bench.pricing import calls_to
from tollbook.core.rating import charge_of
from tollbook.core.rating.batch import HAS_NUMBA, CallArrays, arrays_of, batch_tariff, price_batch

PREFIXES = 100_000
DEFAULT_CALLS = 2_000_000
DISTINCT_CALLS = 100_000  # They differ in number, time and talk; the rest repeats them.
SCALAR_CALLS = 20_000
ROUNDS = 5
CORES = 2


def measure(options: Options) -> Iterator[Figure]:
    """Yield the seconds that make the deck ready, then calls a second, one by one and in batches.

    Without numba (the extra `fast`) there is no batch form that is worth measuring.
    """
    count = options.calls or DEFAULT_CALLS
    prefixes = [str(100_000 + 8 * index) for index in range(PREFIXES)]
    began = time.perf_counter()
    tariff = batch_tariff(compiled_of(deck_document(prefixes)))
    took_s = time.perf_counter() - began
    yield Figure(f"deck of {PREFIXES:,} prefixes in 3 bands made ready", took_s, "s")
    numbers = [f"{prefix}5550" for prefix in prefixes]
    calls = calls_to(numbers, DISTINCT_CALLS, talks_s=range(1, 3_600))
    scalar = SCALAR_CALLS / _seconds(
        lambda: [charge_of(tariff.compiled, call) for call in calls[:SCALAR_CALLS]]
    )
    yield Figure("one by one", scalar, "calls/s")
    if not HAS_NUMBA or tariff.deck is None:
        return
    arrays = _repeated(arrays_of(tariff.names, calls), count)
    price_batch(tariff, _rows(arrays, 0, 1))  # The first one compiles.
    one = count / _seconds(lambda: price_batch(tariff, arrays))
    yield Figure("batch, one core", one, "calls/s", "≥ 3,000,000/s")
    yield Figure("batch, one core, beside one by one", one / scalar, "times")
    with ThreadPoolExecutor(CORES) as threads:
        shares = _shares(arrays, CORES)
        two = count / _seconds(
            lambda: list(threads.map(lambda share: price_batch(tariff, share), shares))
        )
    yield Figure("batch, two cores", two, "calls/s")
    yield Figure("batch, two cores beside one", two / one, "times", "≥ 1.7")


def _repeated(calls: CallArrays, count: int) -> CallArrays:
    """Return *count* calls: *calls* again and again."""
    return CallArrays(*(np.resize(getattr(calls, each.name), count) for each in fields(calls)))


def _rows(calls: CallArrays, first: int, last: int) -> CallArrays:
    return CallArrays(*(getattr(calls, each.name)[first:last] for each in fields(calls)))


def _shares(calls: CallArrays, parts: int) -> Sequence[CallArrays]:
    size = len(calls.start_us)
    edges = [size * part // parts for part in range(parts + 1)]
    return [_rows(calls, *edge) for edge in pairwise(edges)]


def _seconds(work: Callable[[], object]) -> float:
    """Return the seconds of the best of some rounds: other work on the machine only slows."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        rounds.append(time.perf_counter() - began)
    return min(rounds)
