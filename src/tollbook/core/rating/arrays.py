"""A compiled tariff as flat arrays, which the batch form walks through.

The same compilation as the scalar form: prices are integers of one unit, prefixes and windows
those of `CompiledTariff`. What whole 64-bit numbers cannot hold is marked and left to the scalar
form.

A deck has a great many prefixes, but few prices and few ways in which a prefix's rates follow
each other. So what decides (terms) and what is charged (profiles) stand in small tables that stay
in the processor's cache, and a prefix is 16 bytes that point into them.

Source: docs/algorithms/rating.md, "Batch".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tollbook.core.calendar import DAY_S, Calendar
from tollbook.core.money import MICRO
from tollbook.core.numbers import PACKED_SYMBOLS, SYMBOL_BITS, pack_digits
from tollbook.core.tariff import CompiledRate, CompiledTariff, PrefixEntry

Integers: TypeAlias = NDArray[np.int64]
Places: TypeAlias = NDArray[np.int32]

LONGEST_S = 31 * DAY_S
GREATEST = 2**62
NONE, ASK_TERMS = -1, -2

# Columns of `TariffArrays.entries`, `TariffArrays.terms`, `TariffArrays.profiles` and
# `TariffArrays.places`.
ORDER, PLACES, SHORTER = range(3)
WINDOWS, FROM_US, TO_US, NUMBER_LENGTH, CALLERS, CALLERS_END, TRUNKS, TRUNKS_END = range(8)
FEE, MINIMUM, MAXIMUM, FREE_S, MINIMUM_S, ALONE, SLOTS, SLOTS_END = range(8)
RATE, PROFILE = range(2)
RULES = ("up", "down", "half_up", "half_even")
UP, DOWN, HALF_UP, HALF_EVEN = range(4)

# The first symbols of a number choose a place in the root of the trie, each further one a place
# in a node of 16: 64 bytes, one cache line.
TOP_SYMBOLS = 4
TOP_SHIFT = SYMBOL_BITS * (PACKED_SYMBOLS - TOP_SYMBOLS)
ROOT_SIZE = 1 << SYMBOL_BITS * TOP_SYMBOLS
NODE_SIZE = 1 << SYMBOL_BITS
LEAF = -2  # An entry is written into the trie as LEAF - entry, so no entry as -1.

BUCKET_BITS = 12  # 4,096 s a bucket: windows seldom change twice in it.
_MOST_WINDOWS = 60
_MOST_WINNERS = 1_000_000
_MOST_TERMS = 2**15
_LONGEST_STEP_S = 2**40
_NEVER_S = 2**62


class TariffArrays(NamedTuple):
    """A tariff's arrays.

    `trie` holds nodes (0 and up: the node that the next symbol chooses in) and leaves. A prefix is
    a row of `entries`: its order of terms, the place of its first rate, the entry of the next
    shorter prefix. Its rates, best first, take as many rows of `places` (rate and profile) as its
    order has terms, `terms[orders[o]:orders[o + 1]]`: conditions, in which windows are a mask, and
    callers and trunks are stretches of `callers` and `trunks`, which hold ids of `NameIds`; an
    empty stretch asks nothing. A row of `profiles` is what a rate charges: MAXIMUM is -1 for none,
    ALONE 1 where the scalar form must price; its `slots` have beginning, increment and units.
    Amounts become millionths when divided by `divisor`, rounded by the rule of that place in
    `RULES`, and multiplied by `step`. `edges_s` are the dates at which rates come and go, in whole
    seconds since 1970, sorted.
    """

    trie: Places
    entries: Places
    orders: Places
    terms: Integers
    places: Places
    profiles: Integers
    slots: Integers
    callers: Integers
    trunks: Integers
    edges_s: Integers
    splits: int
    divisor: int
    step: int
    rule: int


class TimeArrays(NamedTuple):
    """What time decides, from each of `begins_s` (epoch seconds) until before the next.

    The last of them is never reached. `buckets` say, for each stretch of 2**BUCKET_BITS seconds
    from `first_s` on, which of them holds at its beginning. `windows` are those open; `moments`
    say which of the few pairs of open windows and rates in effect it is. `winners` has a row for
    each order of terms and a column for each moment: the first term that fits, NONE if none does,
    ASK_TERMS where who calls whom decides too. It is empty where it would be larger than it is
    worth; then every call goes through the terms.
    """

    first_s: int
    begins_s: Integers
    windows: Integers
    moments: Places
    winners: NDArray[np.int16]
    buckets: Places


@dataclass(frozen=True, slots=True)
class NameIds:
    """The ids of the callers, departments and trunks that the tariff's rates name."""

    callers: dict[str, int]
    trunks: dict[str, int]


def deck_of(compiled: CompiledTariff) -> tuple[TariffArrays, NameIds] | None:
    """Return *compiled* as arrays; None where it has prefixes or windows they cannot hold."""
    resolution = compiled.rounding.resolution_micros
    divisor = compiled.denominator // MICRO * resolution
    if len(compiled.calendar.windows) > _MOST_WINDOWS or divisor >= GREATEST:
        return None
    entries = tuple(compiled.entries.values())
    trie = _trie(entries)
    if trie is None:
        return None
    names = NameIds(
        _ids(name for rate in compiled.rates for name in rate.callers),
        _ids(name for rate in compiled.rates for name in rate.trunks),
    )
    tables = _Tables(names, compiled.denominator)
    number = {entry.digits: at for at, entry in enumerate(entries)}
    rows = [
        (
            *tables.add(entry.rates),
            NONE if entry.shorter is None else number[entry.shorter.digits],
        )
        for entry in entries
    ]
    rule = "half_up" if compiled.rounding.rule == "none" else compiled.rounding.rule
    deck = TariffArrays(
        trie=trie,
        entries=_rows(rows, 3, np.int32),
        orders=np.array([*tables.orders, len(tables.terms)], dtype=np.int32),
        terms=_rows(tables.terms, 8),
        places=_rows(tables.places, 2, np.int32),
        profiles=_rows(tables.profiles, 8),
        slots=_rows(tables.slots, 3),
        callers=_array(tables.callers),
        trunks=_array(tables.trunks),
        edges_s=_edges_s(compiled.rates),
        splits=int(compiled.splits),
        divisor=divisor,
        step=resolution,
        rule=RULES.index(rule),
    )
    return deck, names


def clock_of(calendar: Calendar, deck: TariffArrays, first_s: int, last_s: int) -> TimeArrays:
    """Return what time decides for talk that begins in [first_s, last_s].

    The windows are as the scalar form reads them, one change after another.
    """
    # Free seconds come off first, and the minimum may last as long again.
    end_s = last_s + 2 * LONGEST_S + DAY_S
    changes: list[int] = []
    windows: list[int] = []
    position_s: int | None = first_s
    while position_s is not None and position_s <= end_s:
        windows_open, changes_s = calendar.open_until(position_s)
        if not windows or windows[-1] != windows_open:
            changes.append(position_s)
            windows.append(windows_open)
        position_s = changes_s
    edges_s = deck.edges_s[(deck.edges_s > first_s) & (deck.edges_s <= end_s)]
    begins_s = np.union1d(_array(changes), edges_s)
    opened = _array(windows)[np.searchsorted(_array(changes), begins_s, side="right") - 1]
    dated = np.searchsorted(deck.edges_s, begins_s, side="right")
    pairs, first, moments = np.unique(
        np.stack([opened, dated]), axis=1, return_index=True, return_inverse=True
    )
    buckets_s = np.arange(first_s, end_s + 1, 1 << BUCKET_BITS, dtype=np.int64)
    return TimeArrays(
        first_s=first_s,
        begins_s=np.append(begins_s, _NEVER_S),
        windows=opened,
        moments=moments.reshape(-1).astype(np.int32),
        winners=_winners(deck, pairs[0], begins_s[first] * MICRO),
        buckets=(np.searchsorted(begins_s, buckets_s, side="right") - 1).astype(np.int32),
    )


def _winners(deck: TariffArrays, opened: Integers, at_us: Integers) -> NDArray[np.int16]:
    """Return which term of each order wins at the moments at which *opened* were and *at_us* lay.

    `TimeArrays` says what stands for none, and for those that time alone does not decide.
    """
    orders, moments = len(deck.orders) - 1, len(opened)
    longest = int(np.diff(deck.orders).max(initial=0))
    dates_us = deck.terms[:, [FROM_US, TO_US]]
    parts_us = dates_us[np.abs(dates_us) < GREATEST // 2] % MICRO  # Real dates only.
    if orders * moments > _MOST_WINNERS or longest >= _MOST_TERMS or parts_us.any():
        return np.zeros((0, moments), dtype=np.int16)
    needs, from_us, to_us = (deck.terms[:, [at]] for at in (WINDOWS, FROM_US, TO_US))
    fits = (needs & opened == needs) & (from_us <= at_us) & (at_us < to_us)
    asks = (
        (deck.terms[:, NUMBER_LENGTH] != 0)
        | (deck.terms[:, CALLERS] != deck.terms[:, CALLERS_END])
        | (deck.terms[:, TRUNKS] != deck.terms[:, TRUNKS_END])
    )
    winners = np.full((orders, moments), NONE, dtype=np.int16)
    for order in range(orders):
        begin, end = deck.orders[order : order + 2]
        for term in range(end - 1, begin - 1, -1):  # Last to first: the first stays.
            winners[order, fits[term]] = ASK_TERMS if asks[term] else term - begin
    return winners


class _Tables:
    """The tables of a deck while it is compiled; equal rows are interned: stored once, by index."""

    def __init__(self, names: NameIds, denominator: int) -> None:
        self.orders: list[int] = []
        self.terms: list[tuple[int, ...]] = []
        self.places: list[tuple[int, int]] = []
        self.profiles: list[tuple[int, ...]] = []
        self.slots: list[tuple[int, int, int]] = []
        self.callers: list[int] = []
        self.trunks: list[int] = []
        self._names = names
        self._denominator = denominator
        self._known_orders: dict[tuple[object, ...], int] = {}
        self._known_profiles: dict[tuple[object, ...], int] = {}

    def add(self, rates: Sequence[CompiledRate]) -> tuple[int, int]:
        """Add the rates of a prefix; return the order of their terms and the first one's place."""
        conditions = tuple(
            (
                rate.needs,
                rate.from_us,
                rate.to_us,
                rate.number_length,
                rate.callers,
                rate.trunks,
            )
            for rate in rates
        )
        order = self._known_orders.get(conditions)
        if order is None:
            order = self._known_orders[conditions] = len(self.orders)
            self.orders.append(len(self.terms))
            self.terms += [self._term(rate) for rate in rates]
        place = len(self.places)
        self.places += [(rate.index, self._profile(rate)) for rate in rates]
        return order, place

    def _term(self, rate: CompiledRate) -> tuple[int, ...]:
        callers, trunks = len(self.callers), len(self.trunks)
        self.callers += sorted(self._names.callers[name] for name in rate.callers)
        self.trunks += sorted(self._names.trunks[name] for name in rate.trunks)
        return (
            rate.needs,
            rate.from_us,
            rate.to_us,
            rate.number_length,
            callers,
            len(self.callers),
            trunks,
            len(self.trunks),
        )

    def _profile(self, rate: CompiledRate) -> int:
        slots = tuple((slot.from_s, slot.increment_s, slot.units) for slot in rate.slots)
        amounts = (rate.fee, rate.minimum, rate.maximum, rate.free_s, rate.minimum_s)
        key = (*amounts, rate.pulse is None, slots)
        found = self._known_profiles.get(key)
        if found is None:
            found = self._known_profiles[key] = len(self.profiles)
            begin = len(self.slots)
            if _fits(rate, self._denominator):
                self.slots += slots
                maximum = NONE if rate.maximum is None else rate.maximum
                limits = (rate.fee, rate.minimum, maximum, rate.free_s, rate.minimum_s, 0)
            else:
                limits = (0, 0, 0, 0, 0, 1)
            self.profiles.append((*limits, begin, len(self.slots)))
        return found


def _trie(entries: Sequence[PrefixEntry]) -> Places | None:
    """Return the trie over the prefixes, each place of it holding the longest that fits there.

    None where a prefix is too long or has a symbol without a code.
    """
    if any(len(entry.digits) > PACKED_SYMBOLS for entry in entries):
        return None
    root = np.full(ROOT_SIZE, NONE, dtype=np.int32)
    # Node 0 is a dummy: the loop reads it for numbers that are at a leaf, and ignores the result.
    nodes = [NONE] * NODE_SIZE
    # Shorter prefixes come first, so a longer one finds a leaf where it must branch.
    for at in sorted(range(len(entries)), key=lambda at: len(entries[at].digits)):
        digits = entries[at].digits
        try:
            packed = pack_digits(digits)
        except ValueError:
            return None
        top = packed >> TOP_SHIFT
        if len(digits) <= TOP_SYMBOLS:
            root[top : top + (1 << SYMBOL_BITS * (TOP_SYMBOLS - len(digits)))] = LEAF - at
            continue
        value = int(root[top])
        if value < 0:
            root[top] = len(nodes) // NODE_SIZE
            value = _grow(nodes, value)
        for depth in range(TOP_SYMBOLS + 1, len(digits) + 1):
            symbol = packed >> SYMBOL_BITS * (PACKED_SYMBOLS - depth) & (NODE_SIZE - 1)
            place = value * NODE_SIZE + symbol
            if depth == len(digits):
                nodes[place] = LEAF - at
                break
            value = nodes[place]
            if value < 0:
                nodes[place] = len(nodes) // NODE_SIZE
                value = _grow(nodes, value)
    return np.concatenate([root, np.array(nodes, dtype=np.int32)])


def _grow(nodes: list[int], leaf: int) -> int:
    """Add a node whose every place is *leaf* and return its number."""
    nodes += [leaf] * NODE_SIZE
    return len(nodes) // NODE_SIZE - 1


def _fits(rate: CompiledRate, denominator: int) -> bool:
    """Say whether every call of up to 31 days stays within 2**62 units, by time alone."""
    if rate.pulse is not None or max(rate.free_s, rate.minimum_s) > LONGEST_S:
        return False
    if any(max(slot.from_s, slot.increment_s) > _LONGEST_STEP_S for slot in rate.slots):
        return False
    worst = rate.fee + rate.minimum + (rate.maximum or 0)
    for slot in rate.slots:
        worst += slot.units * (LONGEST_S // slot.increment_s + 2)
    return max(worst, denominator) < GREATEST


def _edges_s(rates: Sequence[CompiledRate]) -> Integers:
    """Return the instants at which rates come and go: where not a whole second, the next."""
    edges_us = {edge for rate in rates for edge in (rate.from_us, rate.to_us)}
    return _array(sorted({-(-edge // MICRO) for edge in edges_us}))


def _ids(names: Iterable[str]) -> dict[str, int]:
    return {name: at for at, name in enumerate(dict.fromkeys(names))}


def _rows(rows: Sequence[Sequence[int]], width: int, kind: type[Any] = np.int64) -> NDArray[Any]:
    return np.array(rows, dtype=kind).reshape(-1, width)


def _array(numbers: object) -> Integers:
    return np.asarray(numbers, dtype=np.int64)
