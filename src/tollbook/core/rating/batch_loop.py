"""The typed loop that prices arrays of calls: plain integers and arrays, which numba compiles.

Rows are taken 64 at a time, and each pass over them asks for one thing: the prefix, the windows
open, the winner, the price. Rows of a pass do not depend on each other, so their cache misses
overlap. Without numba the same source runs as it is.

Source: docs/algorithms/rating.md, "Batch".
"""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np

from tollbook.core.money import MICRO
from tollbook.core.numbers import PACKED_SYMBOLS, SYMBOL_BITS
from tollbook.core.rating.arrays import (
    ALONE,
    BUCKET_BITS,
    CALLERS,
    CALLERS_END,
    FEE,
    FREE_S,
    FROM_US,
    HALF_UP,
    LEAF,
    LONGEST_S,
    MAXIMUM,
    MINIMUM,
    MINIMUM_S,
    NODE_SIZE,
    NONE,
    NUMBER_LENGTH,
    ORDER,
    PLACES,
    PROFILE,
    RATE,
    ROOT_SIZE,
    SHORTER,
    SLOTS,
    SLOTS_END,
    TO_US,
    TOP_SHIFT,
    TRUNKS,
    TRUNKS_END,
    UP,
    WINDOWS,
    Integers,
    Places,
    TariffArrays,
    TimeArrays,
)

try:
    from numba import njit
except ImportError:  # The extra `fast` is not installed.
    HAS_NUMBA = False
else:
    HAS_NUMBA = True

PRICED, ASK_SCALAR, NO_PREFIX = range(3)
BLOCK = 64
PASSES = ("prefix", "windows open", "winner", "price and rounding")

_ONES = 0x111111111111111

F = TypeVar("F", bound=Callable[..., Any])

# Talk instant in microseconds, length of the number, caller, department, trunk.
PackedLookup: TypeAlias = tuple[int, int, int, int, int]
ArrayColumns: TypeAlias = tuple[Integers, ...]


def _typed(function: F) -> F:
    """Compile *function* where numba is here; leave it as it is where not."""
    if not HAS_NUMBA:
        return function
    try:
        compiled = njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # No folder for the cache: compiled in every process.
        compiled = njit(nogil=True, error_model="numpy")(function)
    return cast("F", compiled)


def _inlined(function: F) -> F:
    """Like `_typed`, but inlined: passing the arrays costs more than the work."""
    return cast("F", njit(inline="always")(function)) if HAS_NUMBA else function


@_inlined
def _segment_at(first_s: int, begins_s: Integers, buckets: Places, epoch_s: int) -> int:
    """Return which stretch of the clock *epoch_s* lies in."""
    segment = int(buckets[(epoch_s - first_s) >> BUCKET_BITS])
    while begins_s[segment + 1] <= epoch_s:
        segment += 1
    return segment


@_inlined
def _holds(ids: Integers, first: int, last: int, wanted: int) -> bool:
    found = False
    for at in range(first, last):
        found = found or ids[at] == wanted
    return found


@_inlined
def _winner(
    entries: Places,
    orders: Places,
    terms: Integers,
    callers: Integers,
    trunks: Integers,
    entry: int,
    asked: PackedLookup,
    windows: int,
) -> int:
    """Return the place of the rate that wins while *windows* are open, or -1."""
    at_us, length, caller, department, trunk = asked
    won = -1
    while entry >= 0 and won < 0:
        order = int(entries[entry, ORDER])
        begin = int(orders[order])
        for term in range(begin, int(orders[order + 1])):
            needs = terms[term, WINDOWS]
            if (
                needs & windows == needs
                and terms[term, FROM_US] <= at_us < terms[term, TO_US]
                and (terms[term, NUMBER_LENGTH] == 0 or terms[term, NUMBER_LENGTH] == length)
            ):
                first, last = terms[term, CALLERS], terms[term, CALLERS_END]
                fits = first == last or (
                    _holds(callers, first, last, caller) or _holds(callers, first, last, department)
                )
                first, last = terms[term, TRUNKS], terms[term, TRUNKS_END]
                if fits and (first == last or _holds(trunks, first, last, trunk)):
                    won = int(entries[entry, PLACES]) + term - begin
                    break
        entry = int(entries[entry, SHORTER])
    return won


@_inlined
def _run(slots: Integers, first: int, end: int, position_s: int, end_s: int) -> tuple[int, int]:
    """Walk slots from *position_s* until their steps reach *end_s*: (position, units)."""
    units = 0
    for at in range(first, end):
        stop_s = min(slots[at + 1, 0], end_s) if at + 1 < end else end_s
        if stop_s > position_s:
            increment_s = slots[at, 1]
            count = stop_s - position_s
            if increment_s > 1:
                count = (count + increment_s - 1) // increment_s
            units += count * slots[at, 2]
            position_s += count * increment_s
    return position_s, units


@_inlined
def _rounded(units: int, divisor: int, step: int, rule: int) -> int:
    quotient = units // divisor
    rest = units - quotient * divisor
    if rule == UP:
        quotient += rest > 0
    elif rule >= HALF_UP:
        beyond = rest - (divisor - rest)
        quotient += beyond > 0 or (beyond == 0 and (rule == HALF_UP or quotient & 1 == 1))
    return quotient * step


@_typed
def _find_prefixes(trie: Places, number: Integers, found: Integers) -> None:
    """Find each number's longest prefix: all rows descend one level together.

    So cache misses overlap, and no branch depends on depth.
    """
    for at in range(len(number)):
        found[at] = trie[number[at] >> TOP_SHIFT]
    shift, is_inside = TOP_SHIFT, True
    while is_inside:
        shift -= SYMBOL_BITS
        deepest = LEAF
        for at in range(len(number)):
            node = found[at]
            place = max(node, 0) * NODE_SIZE + (number[at] >> shift & NODE_SIZE - 1)
            below = int(trie[ROOT_SIZE + place])
            node = below if node >= 0 else node
            found[at] = node
            deepest = max(deepest, node)
        is_inside = deepest >= 0
    for at in range(len(number)):
        found[at] = LEAF - found[at]


@_typed
def _find_segments(clock: TimeArrays, start_us: Integers, segments: Integers) -> None:
    """Find the stretch of the clock in which each call begins."""
    first_s, begins_s, buckets = clock[0], clock[1], clock[5]
    for at in range(len(start_us)):
        segments[at] = _segment_at(first_s, begins_s, buckets, start_us[at] // MICRO)


@_typed
def _find_winners(
    deck: TariffArrays,
    clock: TimeArrays,
    calls: ArrayColumns,
    rows: tuple[int, int],
    found: Integers,
    segments: Integers,
    won: Integers,
    state: Integers,
) -> None:
    """Find the rate that each call of *rows* begins under."""
    entries, orders, terms = deck[1:4]
    callers, trunks = deck[7:9]
    windows, moments, winners = clock[2:5]
    start_us, (length, caller, department, trunk) = calls[0], calls[3:]
    is_tabled = len(winners) > 0
    for row in range(rows[0], rows[1]):
        at = row - rows[0]
        entry, place = found[at], NONE
        state[row] = NO_PREFIX if entry < 0 else ASK_SCALAR
        if is_tabled:
            moment = int(moments[segments[at]])
            while entry >= 0:
                place = int(winners[int(entries[entry, ORDER]), moment])
                if place != NONE:
                    break
                entry = int(entries[entry, SHORTER])
        if place >= 0:
            place += int(entries[entry, PLACES])
        elif entry >= 0:
            asked = (start_us[row], length[row], caller[row], department[row], trunk[row])
            opened = windows[segments[at]]
            place = _winner(entries, orders, terms, callers, trunks, entry, asked, opened)
        won[at] = place


@_typed
def _price(  # noqa: C901 - arrays that are handed on are counted at each call
    deck: TariffArrays,
    clock: TimeArrays,
    calls: ArrayColumns,
    prices: ArrayColumns,
    begin: int,
    found: Integers,
    won: Integers,
) -> None:
    """Price the calls from *begin* on; one that the scalar form has to price is left as it is."""
    _, entries, orders, terms, places, profiles, slots, callers, trunks = deck[:9]
    splits, divisor, step, rule = deck[10:]
    first_s, begins_s, windows, _, _, buckets = clock
    start_us, talk_s, _, length, caller, department, trunk = calls
    amount_micros, billed_s, rate_index, state = prices
    here = min(BLOCK, len(talk_s) - begin)
    charging = np.empty(BLOCK, dtype=np.int64)
    for at in range(here):
        charging[at] = int(places[won[at], PROFILE]) if won[at] >= 0 else NONE
    for at in range(here):
        row, profile = begin + at, charging[at]
        if profile < 0 or talk_s[row] > LONGEST_S or profiles[profile, ALONE]:
            continue
        beyond_free_s = talk_s[row] - profiles[profile, FREE_S]
        billable_s = position_s = units = 0
        if beyond_free_s > 0:
            billable_s = max(beyond_free_s, profiles[profile, MINIMUM_S])
        current, end_s = won[at], billable_s
        while position_s < billable_s:
            if splits:
                begin_s = start_us[row] // MICRO + profiles[profile, FREE_S]
                segment = _segment_at(first_s, begins_s, buckets, begin_s + position_s)
                asked = (start_us[row], length[row], caller[row], department[row], trunk[row])
                opened, entry = windows[segment], found[at]
                current = _winner(entries, orders, terms, callers, trunks, entry, asked, opened)
                end_s = min(begins_s[segment + 1] - begin_s, billable_s)
                if current < 0:
                    break  # No price from here on: the scalar form says why.
            priced_by = int(places[current, PROFILE])
            slot, slot_end = profiles[priced_by, SLOTS], profiles[priced_by, SLOTS_END]
            if slot == slot_end:
                break  # As above.
            position_s, more = _run(slots, slot, slot_end, position_s, end_s)
            units += more
        if position_s < billable_s:
            continue
        if billable_s:
            units = max(units + profiles[profile, FEE], profiles[profile, MINIMUM])
            if profiles[profile, MAXIMUM] >= 0:
                units = min(units, profiles[profile, MAXIMUM])
            amount_micros[row] = _rounded(units, divisor, step, rule)
        billed_s[row] = position_s
        rate_index[row] = places[won[at], RATE]
        state[row] = PRICED


@_typed
def price_rows(
    deck: TariffArrays, clock: TimeArrays, calls: ArrayColumns, prices: ArrayColumns, passes: int
) -> None:
    """Price every row of *calls* into *prices*, whose rows are 0 where there is no price.

    The columns are those of `CallArrays` and `ChargeArrays`; every talk instant lies in *clock*.
    Of `PASSES` only the first *passes* are made: all of them but where each is to be timed.
    """
    start_us, _, number = calls[:3]
    state = prices[3]
    size = len(start_us)
    found = np.empty(BLOCK, dtype=np.int64)
    segments = np.empty(BLOCK, dtype=np.int64)
    won = np.empty(BLOCK, dtype=np.int64)
    for begin in range(0, size, BLOCK):
        end = min(begin + BLOCK, size)
        _find_prefixes(deck[0], number[begin:end], found)
        if passes > 1:
            _find_segments(clock, start_us[begin:end], segments)
        if passes > 2:
            _find_winners(deck, clock, calls, (begin, end), found, segments, won, state)
        if passes > 3:
            _price(deck, clock, calls, prices, begin, found, won)


@_typed
def pack_read(read: Integers, lengths: Integers, packed: Integers) -> None:
    """Pack numbers that were read as hexadecimal with a 1 before them; -1 where that misleads.

    See `pack_read_numbers`.
    """
    for row in range(len(read)):
        symbols = lengths[row]
        packed[row] = NONE
        if 0 <= symbols <= PACKED_SYMBOLS and read[row] >> SYMBOL_BITS * symbols == 1:
            below = (1 << SYMBOL_BITS * symbols) - 1
            digits = read[row] & below
            if not digits >> 3 & (digits >> 2 | digits >> 1) & _ONES:  # No symbol above 9.
                filled = digits + (_ONES & below)
                packed[row] = filled << SYMBOL_BITS * (PACKED_SYMBOLS - symbols)
