"""The price of one call: rules 3 to 7 of `rate`.

A call is a walk over runs: steps of one slot of one rate, one after another. A run is counted,
never stepped through, so the work depends on the slots and band edges crossed, not on the
length of the call.

Source: docs/algorithms/rating.md.
"""

from collections.abc import Iterable, Iterator
from math import ceil

from tollbook.core.money import from_micros
from tollbook.core.rating.model import Priced, Segment, TalkedCall, Unrated
from tollbook.core.rating.segments import split_charge
from tollbook.core.rating.steps import Owed, SlotSteps, steps_of
from tollbook.core.rating.winner import PrefixLookup, asked, unrated_reason, winner
from tollbook.core.tariff import CompiledRate, CompiledSlot, CompiledTariff

# The rate and slot of a run (None, None: from here on no rate is in force), the billable second
# at which it begins, and how many steps it has (None: there is no end to it).
Run = tuple[CompiledRate | None, CompiledSlot | None, int, int | None]


def price(compiled: CompiledTariff, call: TalkedCall) -> Priced | Unrated:
    """Return what *call* costs and each step of how, or why it has no price."""
    owed = owed_for(compiled, call)
    if isinstance(owed, str):
        return Unrated(owed)
    rate = owed.rate
    charge_micros = _charge_micros(compiled, owed)
    segments: tuple[Segment, ...] = ()
    if call.legs:
        resolution_micros = compiled.rounding.resolution_micros
        segments = split_charge(charge_micros, call.legs, resolution_micros=resolution_micros)
    return Priced(
        charge=from_micros(charge_micros),
        currency=compiled.currency,
        billed_s=owed.billed_s,
        rate=rate.rate,
        rate_index=rate.index,
        band=rate.rate.band,
        steps=steps_of(compiled, call, owed, charge_micros),
        segments=segments,
    )


def charge_of(compiled: CompiledTariff, call: TalkedCall) -> tuple[int, int, int] | str:
    """Return (charge in millionths, billed seconds, rate index), or the code of `Unrated`.

    The same as `price` without the steps, for many calls.
    """
    owed = owed_for(compiled, call)
    if isinstance(owed, str):
        return owed
    return _charge_micros(compiled, owed), owed.billed_s, owed.rate.index


def owed_for(compiled: CompiledTariff, call: TalkedCall, *, covered_s: int = 0) -> Owed | str:
    """Return what the steps of *call* come to, or why it is unrated.

    *covered_s* of its talk are paid otherwise: they come off like the rate's free seconds.
    """
    who = asked(compiled, call)
    windows_open = compiled.calendar.open_at(who.epoch_s)
    rate = winner(who, windows_open)
    if rate is None:
        return unrated_reason(who, windows_open)
    free_s = rate.free_s + covered_s
    beyond_free_s = ceil(call.talk_s) - free_s
    if beyond_free_s <= 0:
        return Owed(rate, 0, 0, ())
    billable_s = max(beyond_free_s, rate.minimum_s)
    if rate.pulse is not None:
        if call.pulses is not None:
            return Owed(rate, billable_s, call.pulses * rate.pulse, ())
        if not rate.slots:
            return "no_pulses"
    return _walked(rate, runs(compiled, who, rate, billable_s, free_s=free_s))


def charge_at(
    compiled: CompiledTariff, rate: CompiledRate, talk_s: int
) -> tuple[int, int, int] | str:
    """Return what `charge_of` returns for *talk_s* whole seconds that *rate* has won.

    Raises ValueError where more decides: bands that split the call, metering pulses.
    """
    if compiled.splits or rate.pulse is not None:
        raise ValueError(f'rate {rate.index} ("{rate.rate.prefix}") needs more than the talk time')
    billable_s = talk_s - rate.free_s
    if billable_s <= 0:
        return 0, 0, rate.index
    owed = _walked(rate, _slot_runs(rate, 0, max(billable_s, rate.minimum_s)))
    if isinstance(owed, str):
        return owed
    return _charge_micros(compiled, owed), owed.billed_s, rate.index


def _walked(rate: CompiledRate, found: Iterable[Run]) -> Owed | str:
    """Return what these runs come to, or why the call is unrated."""
    units = end_s = 0
    pieces: list[SlotSteps] = []
    for priced_by, slot, from_s, count in found:
        if priced_by is None or slot is None or count is None:
            return "no_rate_midway"
        pieces.append((priced_by, slot, from_s, count))
        units += count * slot.units
        end_s = from_s + count * slot.increment_s
    return Owed(rate, end_s, units, pieces)


def _charge_micros(compiled: CompiledTariff, owed: Owed) -> int:
    return compose(compiled, owed.rate, owed.units) if owed.billed_s else 0


def compose(compiled: CompiledTariff, rate: CompiledRate, units: int) -> int:
    """Return the charge in millionths for steps worth *units* (rule 6).

    Connect fee, minimum charge, maximum charge, then one rounding; never falls as units rise.
    """
    units += rate.fee
    units = max(units, rate.minimum)
    if rate.maximum is not None:
        units = min(units, rate.maximum)
    return compiled.rounding.micros(units, compiled.denominator)


def runs(
    compiled: CompiledTariff,
    who: PrefixLookup,
    rate: CompiledRate,
    until_s: int | None,
    *,
    free_s: int,
) -> Iterator[Run]:
    """Yield the runs whose steps begin before the billable second *until_s*, in order.

    *rate* is the winner at the talk instant, and billable second 0 comes *free_s* after it.
    Without *until_s* the last run has no end, or the runs go on for ever where bands split the
    call.
    """
    if compiled.splits:
        yield from _split_runs(compiled, who, who.epoch_s + free_s, until_s)
    else:
        yield from _slot_runs(rate, 0, until_s)


def _slot_runs(rate: CompiledRate, position_s: int, until_s: int | None) -> Iterator[Run]:
    """Yield the runs of one rate from *position_s* on."""
    slots = rate.slots
    last = len(slots) - 1
    for at, slot in enumerate(slots):
        end_s = until_s
        if at < last:
            next_s = slots[at + 1].from_s
            if next_s <= position_s:
                continue
            end_s = next_s if until_s is None else min(next_s, until_s)
        if end_s is None:
            yield rate, slot, position_s, None
            return
        if end_s <= position_s:
            return
        count = -((position_s - end_s) // slot.increment_s)
        yield rate, slot, position_s, count
        position_s += count * slot.increment_s


def _split_runs(
    compiled: CompiledTariff, who: PrefixLookup, begin_s: int, until_s: int | None
) -> Iterator[Run]:
    """Yield the runs of a call that each step's own rate prices (rule 5).

    Between two edges of bands or zone transitions one rate holds; the steps that begin there
    are its own, even where the last runs over the edge. Billable second 0 is at *begin_s*.
    """
    position_s = 0
    while until_s is None or position_s < until_s:
        windows_open, changes_s = compiled.calendar.open_until(begin_s + position_s)
        current = winner(who, windows_open)
        if current is None or not current.slots:
            # A rate that only counts metering pulses has no price for a part of the time.
            yield None, None, position_s, None
            return
        end_s = until_s
        if changes_s is not None:
            end_s = changes_s - begin_s
            if until_s is not None:
                end_s = min(end_s, until_s)
        for run in _slot_runs(current, position_s, end_s):
            yield run
            _, slot, from_s, count = run
            if count is None or slot is None:
                return
            position_s = from_s + count * slot.increment_s
