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
    FEE,
    FREE_S,
    FROM_US,
    LONGEST_S,
    MAXIMUM,
    MINIMUM,
    MINIMUM_S,
    NUMBER_LENGTH,
    TO_US,
    TOP_SHIFT,
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

# An entry, talk instant in microseconds, length of the number, caller, department, trunk.
Asked: TypeAlias = tuple[int, int, int, int, int, int]
Rows: TypeAlias = tuple[Integers, ...]
Prices: TypeAlias = tuple[Integers, Integers, Integers, Integers]


def typed(function: F) -> F:
    """Compile *function* where numba is here; leave it as it is where not."""
    return cast("F", njit(cache=True, nogil=True)(function)) if HAS_NUMBA else function


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


@inlined
def _entry_of(deck: Deck, number: int) -> int:
    """Return the entry of the longest prefix of *number*, or -1."""
    top = number >> TOP_SHIFT
    low, high = deck.top[top] - 1, deck.top[top + 1]
    while high - low > 1:
        middle = (low + high) >> 1
        if deck.starts[middle] <= number:
            low = middle
        else:
            high = middle
    return int(deck.entry_at[low])


@inlined
def _holds(ids: Integers, first: int, last: int, wanted: int) -> bool:
    for at in range(first, last):
        if ids[at] == wanted:
            return wanted >= 0
    return False


@inlined
def _offset_index(clock: Clock, epoch_s: int) -> int:
    at = len(clock.begins) - 1
    while at > 0 and clock.begins[at] > epoch_s:
        at -= 1
    return at


@inlined
def _open_at(deck: Deck, clock: Clock, epoch_s: int) -> tuple[int, int]:
    """Return the windows open at *epoch_s*, and the instant until which that surely holds."""
    if len(deck.opened_today) == 1 and len(clock.opening) == 1:
        return 0, epoch_s + LONGEST_S + DAY_S
    at = _offset_index(clock, epoch_s)
    local_s = epoch_s + clock.offsets[at]
    day = local_s // DAY_S
    second = local_s - day * DAY_S
    interval = len(deck.edges) - 1
    while deck.edges[interval] > second:
        interval -= 1
    row = day - clock.first_day
    windows = clock.opening[row] & deck.opened_today[interval]
    windows |= clock.opening[row - 1] & deck.opened_yesterday[interval]
    edge_s = deck.edges[interval + 1] if interval + 1 < len(deck.edges) else DAY_S
    until_s = epoch_s + edge_s - second
    if at + 1 < len(clock.begins):
        until_s = min(until_s, clock.begins[at + 1])
    return windows, until_s


@inlined
def _winner(
    deck: Deck,
    entry: int,
    at_us: int,
    length: int,
    caller: int,
    department: int,
    trunk: int,
    windows: int,
) -> int:
    """Return the rate that wins while *windows* are open, or -1."""
    while entry >= 0:
        for ranked in range(deck.first[entry], deck.first[entry + 1]):
            rate = deck.ranked[ranked]
            needs = deck.limits[rate, WINDOWS]
            if needs & windows != needs:
                continue
            if not deck.limits[rate, FROM_US] <= at_us < deck.limits[rate, TO_US]:
                continue
            if deck.limits[rate, NUMBER_LENGTH] not in (0, length):
                continue
            first, last = deck.caller_first[rate], deck.caller_first[rate + 1]
            if last > first and not (
                _holds(deck.callers, first, last, caller)
                or _holds(deck.callers, first, last, department)
            ):
                continue
            first, last = deck.trunk_first[rate], deck.trunk_first[rate + 1]
            if last > first and not _holds(deck.trunks, first, last, trunk):
                continue
            return int(rate)
        entry = deck.shorter[entry]
    return -1


@inlined
def _run(deck: Deck, rate: int, position_s: int, end_s: int) -> tuple[int, int]:
    """Walk the slots of *rate* from *position_s* until steps reach *end_s*: (position, units)."""
    units = 0
    first, last = deck.slot_first[rate], deck.slot_first[rate + 1] - 1
    for at in range(first, last + 1):
        stop_s = end_s
        if at < last:
            next_s = deck.slots[at + 1, 0]
            if next_s <= position_s:
                continue
            stop_s = min(next_s, end_s)
        if stop_s <= position_s:
            break
        increment_s = deck.slots[at, 1]
        count = -((position_s - stop_s) // increment_s)
        units += count * deck.slots[at, 2]
        position_s += count * increment_s
    return position_s, units


@inlined
def _rounded(units: int, divisor: int, step: int, rule: int) -> int:
    quotient = units // divisor
    rest = units - quotient * divisor
    if rule == 0:
        quotient += rest > 0
    elif rule >= 2:
        beyond = rest - (divisor - rest)
        if beyond > 0 or (beyond == 0 and (rule == 2 or quotient % 2 == 1)):
            quotient += 1
    return quotient * step


@inlined
def _split(deck: Deck, clock: Clock, asked: Asked, rate: int, billable_s: int) -> tuple[int, int]:
    """Walk a call that each step's own rate prices: (position, units), or (-1, 0) if none holds."""
    entry, at_us, length, caller, department, trunk = asked
    begin_s = at_us // MICRO + deck.limits[rate, FREE_S]
    position_s = units = 0
    while position_s < billable_s:
        windows, until_s = _open_at(deck, clock, begin_s + position_s)
        current = _winner(deck, entry, at_us, length, caller, department, trunk, windows)
        if current < 0 or deck.slot_first[current] == deck.slot_first[current + 1]:
            return -1, 0
        position_s, more = _run(deck, current, position_s, min(until_s - begin_s, billable_s))
        units += more
    return position_s, units


@inlined
def _price_one(deck: Deck, clock: Clock, asked: Asked, talk_s: int) -> tuple[int, int, int, int]:
    """Return (state, rate, billed seconds, units) of one call."""
    entry, at_us, length, caller, department, trunk = asked
    windows, _ = _open_at(deck, clock, at_us // MICRO)
    rate = _winner(deck, entry, at_us, length, caller, department, trunk, windows)
    if rate < 0 or talk_s > LONGEST_S or deck.limits[rate, ALONE]:
        return ASK_SCALAR, 0, 0, 0
    beyond_free_s = talk_s - deck.limits[rate, FREE_S]
    if beyond_free_s <= 0:
        return PRICED, rate, 0, 0
    billable_s = max(beyond_free_s, deck.limits[rate, MINIMUM_S])
    if deck.splits:
        position_s, units = _split(deck, clock, asked, rate, billable_s)
        if position_s < 0:
            return ASK_SCALAR, 0, 0, 0
    else:
        position_s, units = _run(deck, rate, 0, billable_s)
    units = max(units + deck.limits[rate, FEE], deck.limits[rate, MINIMUM])
    maximum = deck.limits[rate, MAXIMUM]
    if maximum >= 0:
        units = min(units, maximum)
    return PRICED, rate, position_s, units


@typed
def _price_rows(deck: Deck, clock: Clock, calls: Rows, prices: Prices) -> None:
    """Price every row of *calls* into *prices*."""
    start_us, talk_s, number, length, caller, department, trunk = calls
    amount_micros, billed_s, rate_index, state = prices
    size = len(start_us)
    entries = np.empty(BLOCK, dtype=np.int64)
    for begin in range(0, size, BLOCK):
        end = min(begin + BLOCK, size)
        # The look-ups of a block stand together, so that their cache misses overlap.
        for row in range(begin, end):
            entries[row - begin] = _entry_of(deck, number[row])
        for row in range(begin, end):
            asked = (
                entries[row - begin],
                start_us[row],
                length[row],
                caller[row],
                department[row],
                trunk[row],
            )
            state[row], rate_index[row], billed_s[row], units = _price_one(
                deck, clock, asked, talk_s[row]
            )
            if units:
                amount_micros[row] = _rounded(units, deck.divisor, deck.step, deck.rule)
