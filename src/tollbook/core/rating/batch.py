"""The price of many calls: the rules of `price` in one typed loop over arrays.

With numba (the extra `fast`) the loop is compiled; without it the scalar form does the work,
which is faster than this loop would be if it were interpreted. What the arrays cannot hold goes
to the scalar form too, so every call is priced, and to the same digit either way.

Source: docs/algorithms/rating.md, "Batch".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from math import ceil
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np

from tollbook.core.calendar import DAY_S, EPOCH
from tollbook.core.money import MICRO
from tollbook.core.numbers import PACKED_SYMBOLS, SYMBOL_BITS, strip_decoration
from tollbook.core.rating.arrays import (
    ALONE,
    CALLERS,
    FEE,
    FREE_S,
    FROM_US,
    HALF_UP,
    LONGEST_S,
    MAXIMUM,
    MINIMUM,
    MINIMUM_S,
    NUMBER_LENGTH,
    SLOTS,
    TO_US,
    TOP_SHIFT,
    TRUNKS,
    UP,
    WINDOWS,
    Clock,
    Deck,
    DeckNames,
    Integers,
    clock_of,
    deck_of,
)
from tollbook.core.rating.engine import charge_of
from tollbook.core.rating.model import TalkedCall
from tollbook.core.tariff import CompiledTariff

try:
    from numba import njit
except ImportError:  # The extra `fast` is not installed.
    HAS_NUMBA = False
else:
    HAS_NUMBA = True

PRICED, ASK_SCALAR = 0, 1
BLOCK = 64
_CODES = {symbol: code for code, symbol in enumerate("0123456789*#ABC", start=1)}

F = TypeVar("F", bound=Callable[..., Any])

# Talk instant in microseconds, length of the number, caller, department, trunk.
Asked: TypeAlias = tuple[int, int, int, int, int]
Rows: TypeAlias = tuple[Integers, ...]
Prices: TypeAlias = tuple[Integers, Integers, Integers, Integers]


def typed(function: F) -> F:
    """Compile *function* where numba is here; leave it as it is where not."""
    return (
        cast("F", njit(cache=True, nogil=True, error_model="numpy")(function))
        if HAS_NUMBA
        else function
    )


def inlined(function: F) -> F:
    """Like `typed`, written into its callers: passing the arrays along costs more than the work."""
    return cast("F", njit(inline="always")(function)) if HAS_NUMBA else function


@dataclass(frozen=True, slots=True)
class CallArrays:
    """Calls as parallel arrays of 64-bit integers.

    `start_us` is the talk instant; `talk_s` whole seconds, rounded up; `number` the first 15
    symbols packed, `length` how many there are in all; `caller`, `department` and `trunk` the
    ids of `DeckNames`, -1 for any other. Metering pulses are left to the scalar form.
    """

    start_us: Integers
    talk_s: Integers
    number: Integers
    length: Integers
    caller: Integers
    department: Integers
    trunk: Integers


@dataclass(frozen=True, slots=True)
class ChargeArrays:
    """Prices as parallel arrays; a row whose `state` is 1 is empty and asks for the scalar form."""

    amount_micros: Integers
    billed_s: Integers
    rate_index: Integers
    state: Integers


@dataclass(frozen=True, slots=True)
class BatchTariff:
    """A tariff ready for batches: its arrays, or only the scalar form where they cannot hold it."""

    compiled: CompiledTariff
    deck: Deck | None
    names: DeckNames


@dataclass(frozen=True, slots=True)
class ChargeColumns:
    """Prices as parallel lists; where `reason` is not empty the call is unrated."""

    amount_micros: list[int]
    billed_s: list[int]
    rate_index: list[int]
    reason: list[str]


def batch_tariff(compiled: CompiledTariff) -> BatchTariff:
    """Return *compiled* ready for batches."""
    decked = deck_of(compiled)
    if decked is None:
        return BatchTariff(compiled, None, DeckNames({}, {}))
    return BatchTariff(compiled, *decked)


def price_batch(tariff: BatchTariff, calls: CallArrays) -> ChargeArrays:
    """Price *calls*; the tariff must have a deck."""
    if tariff.deck is None:
        raise ValueError("this tariff is priced by the scalar form alone")
    size = len(calls.start_us)
    out = ChargeArrays(*(np.zeros(size, dtype=np.int64) for _ in range(4)))
    if size:
        first_s, last_s = int(calls.start_us.min()) // MICRO, int(calls.start_us.max()) // MICRO
        clock = clock_of(tariff.compiled.calendar, first_s, last_s)
        _price_rows(tariff.deck, clock, _columns(calls), _columns(out))
    return out


def price_columns(tariff: BatchTariff, calls: Sequence[TalkedCall]) -> ChargeColumns:
    """Price *calls* one after another, by whichever form is the quicker."""
    if not HAS_NUMBA or tariff.deck is None:
        return _scalar(tariff.compiled, calls)
    priced = price_batch(tariff, arrays_of(tariff.names, calls))
    columns = ChargeColumns(
        priced.amount_micros.tolist(),
        priced.billed_s.tolist(),
        priced.rate_index.tolist(),
        [""] * len(calls),
    )
    for at in np.flatnonzero(priced.state).tolist():
        _set(columns, at, charge_of(tariff.compiled, calls[at]))
    return columns


def arrays_of(names: DeckNames, calls: Sequence[TalkedCall]) -> CallArrays:
    """Return *calls* as arrays."""
    packed = [pack(strip_decoration(call.dialled)) for call in calls]
    microsecond = timedelta(microseconds=1)
    columns: tuple[list[int], ...] = (
        [(call.start - EPOCH) // microsecond for call in calls],
        [min(ceil(call.talk_s), LONGEST_S + 1) for call in calls],
        [number for number, _ in packed],
        [length for _, length in packed],
        [names.callers.get(call.caller or "", -1) for call in calls],
        [names.callers.get(call.department or "", -1) for call in calls],
        [names.trunks.get(call.trunk or "", -1) for call in calls],
    )
    return CallArrays(*(np.array(column, dtype=np.int64) for column in columns))


def pack(number: str) -> tuple[int, int]:
    """Return the packed beginning of *number* (without decoration) and its whole length.

    Packing ends at a symbol that no prefix of a deck can hold.

    >>> pack("49x1")[0] == pack("49")[0]
    True
    """
    packed = symbols = 0
    for symbol in number[:PACKED_SYMBOLS]:
        code = _CODES.get(symbol)
        if code is None:
            break
        packed = packed << SYMBOL_BITS | code
        symbols += 1
    return packed << SYMBOL_BITS * (PACKED_SYMBOLS - symbols), len(number)


def _columns(arrays: CallArrays | ChargeArrays) -> tuple[Any, ...]:
    return tuple(getattr(arrays, column.name) for column in fields(arrays))


def _scalar(compiled: CompiledTariff, calls: Sequence[TalkedCall]) -> ChargeColumns:
    size = len(calls)
    columns = ChargeColumns([0] * size, [0] * size, [0] * size, [""] * size)
    for at, call in enumerate(calls):
        _set(columns, at, charge_of(compiled, call))
    return columns


def _set(columns: ChargeColumns, at: int, result: tuple[int, int, int] | str) -> None:
    if isinstance(result, str):
        columns.reason[at] = result
    else:
        columns.amount_micros[at], columns.billed_s[at], columns.rate_index[at] = result


# --- The loop. Everything below is compiled: plain integers and arrays only. -------------------
#
# Functions are written into their callers and take the arrays one by one: handing the whole deck
# along would count references at every row, which costs more than the work.


@inlined
def _entry_of(starts: Integers, entry_at: Integers, top: Integers, number: int) -> int:
    """Return the entry of the longest prefix of *number*, or -1."""
    first_symbols = number >> TOP_SHIFT
    low, high = top[first_symbols] - 1, top[first_symbols + 1]
    while high - low > 1:
        middle = (low + high) >> 1
        if starts[middle] <= number:
            low = middle
        else:
            high = middle
    return int(entry_at[low])


@inlined
def _place(begins: Integers, offsets: Integers, epoch_s: int) -> tuple[int, int]:
    """Return the zone's offset at *epoch_s*, and the instant at which the next one holds."""
    at = len(begins) - 1
    until_s = epoch_s + LONGEST_S + DAY_S
    while at > 0 and begins[at] > epoch_s:
        until_s = begins[at]
        at -= 1
    return offsets[at], until_s


@inlined
def _open_at(
    edges: Integers,
    opened: Integers,
    opening: Integers,
    first_day: int,
    offset_s: int,
    epoch_s: int,
) -> tuple[int, int]:
    """Return the windows open at *epoch_s* and the instant of their next edge."""
    local_s = epoch_s + offset_s
    day = local_s // DAY_S
    second = local_s - day * DAY_S
    interval = len(edges) - 1
    while edges[interval] > second:
        interval -= 1
    edge_s = edges[interval + 1] if interval + 1 < len(edges) else DAY_S
    row = day - first_day
    windows = opening[row] & opened[0, interval] | opening[row - 1] & opened[1, interval]
    return windows, epoch_s + edge_s - second


@inlined
def _holds(ids: Integers, first: int, last: int, wanted: int) -> bool:
    found = False
    for at in range(first, last):
        found = found or ids[at] == wanted
    return found


@inlined
def _winner(
    first: Integers,
    ranked: Integers,
    shorter: Integers,
    limits: Integers,
    callers: Integers,
    trunks: Integers,
    entry: int,
    asked: Asked,
    windows: int,
) -> int:
    """Return the rate that wins while *windows* are open, or -1."""
    at_us, length, caller, department, trunk = asked
    won = -1
    while entry >= 0 and won < 0:
        for rank in range(first[entry], first[entry + 1]):
            rate = ranked[rank]
            needs = limits[rate, WINDOWS]
            wanted = limits[rate, NUMBER_LENGTH]
            if (
                needs & windows == needs
                and limits[rate, FROM_US] <= at_us < limits[rate, TO_US]
                and wanted in (0, length)
            ):
                begin, end = limits[rate, CALLERS], limits[rate + 1, CALLERS]
                fits = end == begin or (
                    _holds(callers, begin, end, caller) or _holds(callers, begin, end, department)
                )
                begin, end = limits[rate, TRUNKS], limits[rate + 1, TRUNKS]
                if fits and (end == begin or _holds(trunks, begin, end, trunk)):
                    won = rate
                    break
        entry = shorter[entry]
    return won


@inlined
def _run(
    limits: Integers, slots: Integers, rate: int, position_s: int, end_s: int
) -> tuple[int, int]:
    """Walk the slots of *rate* from *position_s* until steps reach *end_s*: (position, units)."""
    units = 0
    last = limits[rate + 1, SLOTS] - 1
    for at in range(limits[rate, SLOTS], last + 1):
        next_s = slots[at + 1, 0] if at < last else end_s
        stop_s = min(next_s, end_s)
        if stop_s > position_s:
            increment_s = slots[at, 1]
            count = (stop_s - position_s + increment_s - 1) // increment_s
            units += count * slots[at, 2]
            position_s += count * increment_s
    return position_s, units


@inlined
def _rounded(units: int, divisor: int, step: int, rule: int) -> int:
    quotient = units // divisor
    rest = units - quotient * divisor
    if rule == UP:
        quotient += rest > 0
    elif rule >= HALF_UP:
        beyond = rest - (divisor - rest)
        quotient += beyond > 0 or (beyond == 0 and (rule == HALF_UP or quotient & 1 == 1))
    return quotient * step


@typed
def _price_rows(  # noqa: C901 - one loop, because a call at every row costs more than the work
    deck: Deck, clock: Clock, calls: Rows, prices: Prices
) -> None:
    """Price every row of *calls* into *prices*; what is left to the scalar form stays 0."""
    starts, entry_at, top, first, ranked, shorter = deck[:6]
    limits, slots, callers, trunks, edges, opened = deck[6:12]
    splits, divisor, step, rule = deck[12:]
    begins, offsets, opening, first_day = clock
    start_us, talk_s, number, length, caller, department, trunk = calls
    amount_micros, billed_s, rate_index, state = prices
    size = len(start_us)
    entries = np.empty(BLOCK, dtype=np.int64)
    for block in range(0, size, BLOCK):
        block_end = min(block + BLOCK, size)
        # The look-ups of a block stand together, so that their cache misses overlap.
        for row in range(block, block_end):
            entries[row - block] = _entry_of(starts, entry_at, top, number[row])
        for row in range(block, block_end):
            state[row] = ASK_SCALAR
            entry, epoch_s = entries[row - block], start_us[row] // MICRO
            asked = (start_us[row], length[row], caller[row], department[row], trunk[row])
            offset_s, _ = _place(begins, offsets, epoch_s)
            windows, _ = _open_at(edges, opened, opening, first_day, offset_s, epoch_s)
            rate = _winner(first, ranked, shorter, limits, callers, trunks, entry, asked, windows)
            if rate < 0 or talk_s[row] > LONGEST_S or limits[rate, ALONE]:
                continue
            position_s = units = 0
            beyond_free_s = talk_s[row] - limits[rate, FREE_S]
            billable_s = max(beyond_free_s, limits[rate, MINIMUM_S]) if beyond_free_s > 0 else 0
            if billable_s and not splits:
                position_s, units = _run(limits, slots, rate, 0, billable_s)
            begin_s = epoch_s + limits[rate, FREE_S]
            while position_s < billable_s:
                at_s = begin_s + position_s
                offset_s, until_s = _place(begins, offsets, at_s)
                windows, edge_s = _open_at(edges, opened, opening, first_day, offset_s, at_s)
                current = _winner(
                    first, ranked, shorter, limits, callers, trunks, entry, asked, windows
                )
                if current < 0 or limits[current, SLOTS] == limits[current + 1, SLOTS]:
                    break  # No price from here on: the scalar form says why.
                end_s = min(until_s, edge_s) - begin_s
                position_s, more = _run(limits, slots, current, position_s, min(end_s, billable_s))
                units += more
            if position_s < billable_s:
                continue
            if billable_s:
                units = max(units + limits[rate, FEE], limits[rate, MINIMUM])
                if limits[rate, MAXIMUM] >= 0:
                    units = min(units, limits[rate, MAXIMUM])
                amount_micros[row] = _rounded(units, divisor, step, rule)
            billed_s[row] = position_s
            rate_index[row] = rate
            state[row] = PRICED
