"""The price of many calls: the rules of `price` over arrays.

With numba (the extra `fast`) the loop of `batch_loop` is compiled; without it the scalar form does
the work, which is faster than that loop would be if it were interpreted. What the arrays cannot
hold goes to the scalar form too, so every call is priced, and to the same digit either way.

Source: docs/algorithms/rating.md, "Batch".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from math import ceil
from typing import Any

import numpy as np

from tollbook.core.calendar import DAY_S, EPOCH
from tollbook.core.money import MICRO
from tollbook.core.numbers import PACKED_SYMBOLS, SYMBOL_BITS, strip_decoration
from tollbook.core.rating.arrays import (
    LONGEST_S,
    Integers,
    NameIds,
    TariffArrays,
    TimeArrays,
    clock_of,
    deck_of,
)
from tollbook.core.rating.batch_loop import (
    ASK_SCALAR,
    HAS_NUMBA,
    NO_PREFIX,
    PASSES,
    PRICED,
    pack_read,
    price_rows,
)
from tollbook.core.rating.engine import charge_of
from tollbook.core.rating.model import TalkedCall
from tollbook.core.tariff import CompiledTariff

__all__ = [
    "HAS_NUMBA",
    "PASSES",
    "BatchTariff",
    "CallArrays",
    "ChargeArrays",
    "PriceColumns",
    "arrays_of",
    "batch_tariff",
    "call_arrays",
    "pack_numbers",
    "pack_read_numbers",
    "price_batch",
    "price_columns",
]

# Clocks cover whole stretches of days and are cached: successive batches lie near in time.
_CLOCK_S = 32 * DAY_S
_CLOCKS_KEPT = 16
# Outliers are priced by the scalar form: one wrong stamp must not need a clock of centuries.
_WIDEST_S = 20 * 366 * DAY_S
_EARLIEST_S, _LATEST_S = -70 * 366 * DAY_S, 230 * 365 * DAY_S

_CODES = np.zeros(128, dtype=np.int64)
for _code, _symbol in enumerate("0123456789*#ABC", start=1):
    _CODES[ord(_symbol)] = _code
_SHIFTS = np.arange(PACKED_SYMBOLS - 1, -1, -1, dtype=np.int64) * SYMBOL_BITS


@dataclass(frozen=True, slots=True)
class CallArrays:
    """Calls as parallel arrays of 64-bit integers.

    `start_us` is the talk instant; `talk_s` whole seconds, rounded up; `number` the first 15
    symbols packed, `length` how many there are in all; `caller`, `department` and `trunk` the
    ids of `NameIds`, -1 for any other. Metering pulses are left to the scalar form.
    """

    start_us: Integers
    talk_s: Integers
    number: Integers
    length: Integers
    caller: Integers
    department: Integers
    trunk: Integers

    def __len__(self) -> int:
        return len(self.start_us)

    def __getitem__(self, rows: slice) -> "CallArrays":
        """Return some of the calls; nothing is copied."""
        return CallArrays(*(column[rows] for column in _columns(self)))


@dataclass(frozen=True, slots=True)
class ChargeArrays:
    """Prices as parallel arrays.

    `state` is 0 where there is a price; 1: the scalar form must be asked; 2: no prefix fits, the
    call is unrated. The other columns are 0 there.
    """

    amount_micros: Integers
    billed_s: Integers
    rate_index: Integers
    state: Integers


@dataclass(frozen=True, slots=True)
class BatchTariff:
    """A tariff ready for batches: its arrays, or only the scalar form where they cannot hold it."""

    compiled: CompiledTariff
    deck: TariffArrays | None
    names: NameIds
    clocks: dict[tuple[int, int], TimeArrays] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def is_fast(self) -> bool:
        """Whether arrays are priced by the compiled loop."""
        return HAS_NUMBA and self.deck is not None


@dataclass(frozen=True, slots=True)
class PriceColumns:
    """Prices as parallel lists; where `reason` is not empty the call is unrated."""

    amount_micros: list[int]
    billed_s: list[int]
    rate_index: list[int]
    reason: list[str]


def batch_tariff(compiled: CompiledTariff) -> BatchTariff:
    """Return *compiled* ready for batches."""
    decked = deck_of(compiled)
    if decked is None:
        return BatchTariff(compiled, None, NameIds({}, {}))
    return BatchTariff(compiled, *decked)


def price_batch(
    tariff: BatchTariff, calls: CallArrays, *, passes: int = len(PASSES)
) -> ChargeArrays:
    """Price *calls*; the tariff must have a deck. Of the loop's passes only the first are made."""
    if tariff.deck is None:
        raise ValueError("this tariff is priced by the scalar form alone")
    size = len(calls)
    out = ChargeArrays(*(np.zeros(size, dtype=np.int64) for _ in range(4)))
    if not size:
        return out
    first_s, last_s = int(calls.start_us.min()) // MICRO, int(calls.start_us.max()) // MICRO
    if first_s >= _EARLIEST_S and last_s < _LATEST_S and last_s - first_s <= _WIDEST_S:
        clock = _clock(tariff, tariff.deck, first_s, last_s)
        price_rows(tariff.deck, clock, _columns(calls), _columns(out), passes)
        return out
    out.state[:] = ASK_SCALAR
    starts_s = calls.start_us // MICRO
    near = (starts_s >= _EARLIEST_S) & (starts_s < _LATEST_S)
    near &= np.abs(starts_s - int(np.median(starts_s))) <= _WIDEST_S // 2
    rows = np.flatnonzero(near)
    priced = price_batch(tariff, CallArrays(*(column[rows] for column in _columns(calls))))
    for column, found in zip(_columns(out), _columns(priced), strict=True):
        column[rows] = found
    return out


def price_columns(tariff: BatchTariff, calls: Sequence[TalkedCall]) -> PriceColumns:
    """Price *calls* one after another, by whichever form is the quicker."""
    if not tariff.is_fast:
        return _scalar(tariff.compiled, calls)
    priced = price_batch(tariff, arrays_of(tariff.names, calls))
    columns = PriceColumns(
        priced.amount_micros.tolist(),
        priced.billed_s.tolist(),
        priced.rate_index.tolist(),
        [""] * len(calls),
    )
    for at in np.flatnonzero(priced.state != PRICED).tolist():
        if priced.state[at] == NO_PREFIX:
            columns.reason[at] = "no_prefix"
        else:
            _set(columns, at, charge_of(tariff.compiled, calls[at]))
    return columns


def arrays_of(names: NameIds, calls: Sequence[TalkedCall]) -> CallArrays:
    """Return *calls* as arrays."""
    microsecond = timedelta(microseconds=1)
    return call_arrays(
        names,
        start_us=[(call.start - EPOCH) // microsecond for call in calls],
        talk_s=[min(ceil(call.talk_s), LONGEST_S + 1) for call in calls],
        dialled=[call.dialled for call in calls],
        callers=[call.caller for call in calls],
        departments=[call.department for call in calls],
        trunks=[call.trunk for call in calls],
    )


def call_arrays(
    names: NameIds,
    *,
    start_us: Sequence[int],
    talk_s: Sequence[int],
    dialled: Sequence[str],
    callers: Sequence[str | None],
    departments: Sequence[str | None],
    trunks: Sequence[str | None],
) -> CallArrays:
    """Return calls given as parallel lists as arrays; numbers may be decorated."""
    number, length = pack_numbers([strip_decoration(one) for one in dialled])
    return CallArrays(
        np.array(start_us, dtype=np.int64),
        np.array(talk_s, dtype=np.int64),
        number,
        length,
        _ids(names.callers, callers),
        _ids(names.callers, departments),
        _ids(names.trunks, trunks),
    )


def pack_numbers(numbers: Sequence[str]) -> tuple[Integers, Integers]:
    """Return the packed beginnings of *numbers* (without decoration) and their whole lengths.

    Packing ends at a symbol that no prefix of a deck can hold.

    >>> packed, lengths = pack_numbers(["49x1", "49"])
    >>> bool(packed[0] == packed[1]), lengths.tolist()
    (True, [4, 2])
    """
    lengths = np.fromiter(map(len, numbers), dtype=np.int64, count=len(numbers))
    if not len(lengths):
        return np.zeros(0, dtype=np.int64), lengths
    texts = np.array(numbers, dtype=f"U{PACKED_SYMBOLS}")
    symbols = texts.view(np.uint32).reshape(-1, PACKED_SYMBOLS)
    codes = _CODES[np.where(symbols < len(_CODES), symbols, 0)]
    kept = np.logical_and.accumulate(codes > 0, axis=1)
    return ((codes * kept) << _SHIFTS).sum(axis=1), lengths


def pack_read_numbers(read: Integers, lengths: Integers) -> Integers:
    """Return numbers packed that a database read as hexadecimal, a 1 before each; -1 where not.

    A database casts text to a number quicker than it hands over text: '0x1' || '0490' keeps the
    leading zero and each digit in 4 bits. What it read otherwise than *lengths* symbols, all of
    them digits, is -1; 0 is what it could not read.

    >>> packed = pack_read_numbers(np.array([0x1049, 0x149, 0x1A, 0]), np.array([3, 2, 1, 2]))
    >>> packed.tolist() == [*pack_numbers(["049", "49"])[0].tolist(), -1, -1]
    True
    """
    packed = np.zeros(len(read), dtype=np.int64)
    pack_read(read, lengths, packed)
    return packed


def _clock(tariff: BatchTariff, deck: TariffArrays, first_s: int, last_s: int) -> TimeArrays:
    """Return a clock for talk that begins in [first_s, last_s]."""
    key = first_s // _CLOCK_S, last_s // _CLOCK_S
    clock = tariff.clocks.get(key)
    if clock is None:
        calendar, begin_s, end_s = (
            tariff.compiled.calendar,
            key[0] * _CLOCK_S,
            (key[1] + 1) * _CLOCK_S,
        )
        clock = clock_of(calendar, deck, begin_s, end_s)
        if len(tariff.clocks) >= _CLOCKS_KEPT:
            tariff.clocks.clear()
        tariff.clocks[key] = clock
    return clock


def _ids(known: dict[str, int], names: Sequence[str | None]) -> Integers:
    if not known:
        return np.full(len(names), -1, dtype=np.int64)
    return np.array([known.get(name or "", -1) for name in names], dtype=np.int64)


def _columns(arrays: CallArrays | ChargeArrays) -> tuple[Any, ...]:
    return tuple(getattr(arrays, column.name) for column in fields(arrays))


def _scalar(compiled: CompiledTariff, calls: Sequence[TalkedCall]) -> PriceColumns:
    size = len(calls)
    columns = PriceColumns([0] * size, [0] * size, [0] * size, [""] * size)
    for at, call in enumerate(calls):
        _set(columns, at, charge_of(compiled, call))
    return columns


def _set(columns: PriceColumns, at: int, result: tuple[int, int, int] | str) -> None:
    if isinstance(result, str):
        columns.reason[at] = result
    else:
        columns.amount_micros[at], columns.billed_s[at], columns.rate_index[at] = result
