"""A compiled tariff as flat arrays, which the batch form walks through.

The same compilation as the scalar form: prices are integers of one unit, prefixes and windows
those of `CompiledTariff`. What whole 64-bit numbers cannot hold is marked and left to the scalar
form. Source: docs/algorithms/rating.md, "Batch".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from tollbook.core.calendar import DAY_S, Calendar
from tollbook.core.money import MICRO
from tollbook.core.numbers import PACKED_SYMBOLS, SYMBOL_BITS, pack_digits
from tollbook.core.tariff import CompiledRate, CompiledTariff, PrefixEntry

T = TypeVar("T")
Integers: TypeAlias = NDArray[np.int64]

LONGEST_S = 31 * DAY_S
GREATEST = 2**62
NONE = -1

# Columns of `Deck.limits`. MAXIMUM is -1 for none; ALONE is 1 where the scalar form must price;
# CALLERS, TRUNKS and SLOTS say where the rate's own begin, and the next row where they end.
NUMBER_LENGTH, FROM_US, TO_US, WINDOWS, FEE, MINIMUM, MAXIMUM = range(7)
FREE_S, MINIMUM_S, ALONE, CALLERS, TRUNKS, SLOTS = range(7, 13)
RULES = ("up", "down", "half_up", "half_even")
UP, DOWN, HALF_UP, HALF_EVEN = range(4)

# The first symbols of a number choose a stretch of the sorted prefix ranges.
TOP_SYMBOLS = 4
TOP_SHIFT = SYMBOL_BITS * (PACKED_SYMBOLS - TOP_SYMBOLS)
_SPACE = 1 << SYMBOL_BITS * PACKED_SYMBOLS
_MOST_WINDOWS = 60


class Deck(NamedTuple):
    """A tariff's arrays; all 64-bit integers, rates and slots in the tariff's order.

    `starts` are the sorted beginnings of disjoint ranges of packed numbers, `entry_at` the
    prefix entry of each (-1: none), `top` where the range of each four first symbols begins.
    An entry's rates are `ranked[first[e]:first[e + 1]]`, best first; `shorter` its next shorter
    prefix. `limits` has a row for each rate and one more, with the columns named above; `slots`
    the beginning, increment and units of each slot; `callers` and `trunks` hold ids of
    `DeckNames`. `opened` has the windows open at each of the day's `edges`: those that opened
    today, and those of the day before. Amounts become millionths when divided by `divisor`,
    rounded by the rule of that place in `RULES`, and multiplied by `step`.
    """

    starts: Integers
    entry_at: Integers
    top: Integers
    first: Integers
    ranked: Integers
    shorter: Integers
    limits: Integers
    slots: Integers
    callers: Integers
    trunks: Integers
    edges: Integers
    opened: Integers
    splits: int
    divisor: int
    step: int
    rule: int


class Clock(NamedTuple):
    """A zone's offsets and the windows that open on each local day, over the calls' range.

    `begins` are epoch seconds from which `offsets` hold; `opening` is by local day, counted
    from `first_day`.
    """

    begins: Integers
    offsets: Integers
    opening: Integers
    first_day: int


@dataclass(frozen=True, slots=True)
class DeckNames:
    """The ids of the callers, departments and trunks that the tariff's rates name."""

    callers: dict[str, int]
    trunks: dict[str, int]


def deck_of(compiled: CompiledTariff) -> tuple[Deck, DeckNames] | None:
    """Return *compiled* as arrays; None where it has prefixes or windows they cannot hold."""
    if len(compiled.calendar.windows) > _MOST_WINDOWS:
        return None
    entries = tuple(compiled.entries.values())
    ranges = _ranges(entries)
    if ranges is None:
        return None
    callers = _ids(name for rate in compiled.rates for name in rate.callers)
    trunks = _ids(name for rate in compiled.rates for name in rate.trunks)
    starts, entry_at = ranges
    resolution = compiled.rounding.resolution_micros
    rule = "half_up" if compiled.rounding.rule == "none" else compiled.rounding.rule
    first, ranked = _flat([[rate.index for rate in entry.rates] for entry in entries])
    place = {entry.digits: at for at, entry in enumerate(entries)}
    fitting = [_fits(rate, compiled.denominator) for rate in compiled.rates]
    slot_first, slots = _flat(
        [rate.slots if fits else () for rate, fits in zip(compiled.rates, fitting, strict=True)]
    )
    caller_first, flat_callers = _flat(
        [sorted(callers[name] for name in rate.callers) for rate in compiled.rates]
    )
    trunk_first, flat_trunks = _flat(
        [sorted(trunks[name] for name in rate.trunks) for rate in compiled.rates]
    )
    limits = np.zeros((len(compiled.rates) + 1, SLOTS + 1), dtype=np.int64)
    for rate, fits in zip(compiled.rates, fitting, strict=True):
        limits[rate.index, :CALLERS] = _limits(rate, fits=fits)
    limits[:, CALLERS], limits[:, TRUNKS], limits[:, SLOTS] = caller_first, trunk_first, slot_first
    tops = np.arange((1 << SYMBOL_BITS * TOP_SYMBOLS) + 1, dtype=np.int64) << TOP_SHIFT
    calendar = compiled.calendar
    deck = Deck(
        starts=starts,
        entry_at=entry_at,
        top=np.searchsorted(starts, tops, side="right").astype(np.int64),
        first=first,
        ranked=_array(ranked),
        shorter=_array([NONE if e.shorter is None else place[e.shorter.digits] for e in entries]),
        limits=limits,
        slots=_array([(slot.from_s, slot.increment_s, slot.units) for slot in slots]).reshape(
            -1, 3
        ),
        callers=_array(flat_callers),
        trunks=_array(flat_trunks),
        edges=_array(calendar.edges_s),
        opened=_array([calendar.opened_today, calendar.opened_yesterday]),
        splits=int(compiled.splits),
        divisor=compiled.denominator // MICRO * resolution,
        step=resolution,
        rule=RULES.index(rule),
    )
    return (deck, DeckNames(callers, trunks)) if deck.divisor < GREATEST else None


def clock_of(calendar: Calendar, first_s: int, last_s: int) -> Clock:
    """Return the zone and windows of *calendar* for talk that begins in [first_s, last_s]."""
    begins: list[int] = []
    offsets: list[int] = []
    position_s = first_s
    end_s = last_s + LONGEST_S
    while position_s <= end_s:
        offset_s, until_s = calendar.offset_at(position_s)
        if not offsets or offsets[-1] != offset_s:
            begins.append(position_s)
            offsets.append(offset_s)
        position_s = until_s
    first_day = (first_s + min(offsets)) // DAY_S - 1
    last_day = (end_s + max(offsets)) // DAY_S + 1
    opening = [calendar.opening_on(day) for day in range(first_day, last_day + 1)]
    return Clock(_array(begins), _array(offsets), _array(opening), first_day)


def _ranges(entries: Sequence[PrefixEntry]) -> tuple[Integers, Integers] | None:
    """Return disjoint ranges of packed numbers and the longest prefix that holds in each."""
    if any(len(entry.digits) > PACKED_SYMBOLS for entry in entries):
        return None
    spans = []
    for at, entry in enumerate(entries):
        try:
            begin = pack_digits(entry.digits)
        except ValueError:
            return None
        width = 1 << SYMBOL_BITS * (PACKED_SYMBOLS - len(entry.digits))
        spans.append((begin, -width, at))
    starts, holds = [0], [NONE]
    enclosing: list[tuple[int, int]] = []  # (end, entry), the innermost last

    def go_to(position: int) -> None:
        while enclosing and enclosing[-1][0] <= position:
            end, _ = enclosing.pop()
            starts.append(end)
            holds.append(enclosing[-1][1] if enclosing else NONE)

    for begin, minus_width, at in sorted(spans):
        go_to(begin)
        starts.append(begin)
        holds.append(at)
        enclosing.append((begin - minus_width, at))
    go_to(_SPACE)
    # Of several ranges that begin at one place the last one stands: the innermost.
    begins = _array(starts)
    last = np.append(begins[1:] != begins[:-1], True)
    return begins[last], _array(holds)[last]


def _fits(rate: CompiledRate, denominator: int) -> bool:
    """Say whether every call of up to 31 days stays within 2**62 units, by time alone."""
    if rate.pulse is not None or max(rate.free_s, rate.minimum_s) > LONGEST_S:
        return False
    worst = rate.fee + rate.minimum + (rate.maximum or 0)
    for slot in rate.slots:
        worst += slot.units * (LONGEST_S // slot.increment_s + 2)
    return max(worst, denominator) < GREATEST


def _limits(rate: CompiledRate, *, fits: bool) -> list[int]:
    if not fits:
        return [rate.number_length, rate.from_us, rate.to_us, rate.needs, *[0] * 5, 1]
    return [
        rate.number_length,
        rate.from_us,
        rate.to_us,
        rate.needs,
        rate.fee,
        rate.minimum,
        NONE if rate.maximum is None else rate.maximum,
        rate.free_s,
        rate.minimum_s,
        0,
    ]


def _ids(names: Iterable[str]) -> dict[str, int]:
    return {name: at for at, name in enumerate(dict.fromkeys(names))}


def _flat(rows: Sequence[Sequence[T]]) -> tuple[Integers, list[T]]:
    """Return where each row begins, with the end of the last, and all rows in one."""
    ends = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
    return ends, [each for row in rows for each in row]


def _array(numbers: object) -> Integers:
    return np.asarray(numbers, dtype=np.int64)
