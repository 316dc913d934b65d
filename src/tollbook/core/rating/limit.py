"""How long a call may last for an amount of money: rule 8 of `rate` (RUL-06).

It walks the same runs and composes the same charge as `price`, so the two never disagree. A
charge is monotonic in talk, because steps only add and rounding keeps order; so within a run the
last affordable step is found by binary search.

Source: docs/algorithms/rating.md, "Longest talk".
"""

from collections.abc import Callable
from decimal import Decimal

from tollbook.core.money import MICRO
from tollbook.core.rating.engine import compose, runs
from tollbook.core.rating.model import TalkedCall, Unrated
from tollbook.core.rating.winner import PrefixLookup, asked, unrated_reason, winner
from tollbook.core.tariff import CompiledRate, CompiledTariff

# Where bands split a call there is no last run; past thirty years talk counts as unbounded.
_HORIZON_S = 1_000_000_000


def longest_talk(
    compiled: CompiledTariff, call: TalkedCall, *, credit: Decimal, at_most_s: int | None
) -> int | Unrated | None:
    """Return the most seconds n up to *at_most_s* so that each call of up to n s costs <= credit.

    None: there is no bound. `call.talk_s` plays no part. 0 where the first step is too dear, and
    the free seconds where the rate has any; a time without any rate ends talk like one too dear.
    """
    who = asked(compiled, call)
    windows_open = compiled.calendar.open_at(who.epoch_s)
    rate = winner(who, windows_open)
    if rate is None:
        return Unrated(unrated_reason(who, windows_open))
    if rate.pulse is not None and not rate.slots:
        return Unrated("no_pulses")
    if credit < 0:
        return 0
    credit_micros = int(credit * MICRO)  # A charge is a whole number of millionths.

    def is_affordable(units: int) -> bool:
        return compose(compiled, rate, units) <= credit_micros

    until_s = None if at_most_s is None else at_most_s - rate.free_s
    if until_s is not None and until_s <= 0:
        return at_most_s
    billable_s = _longest_billable(compiled, who, rate, until_s, is_affordable)
    if billable_s is None:
        return at_most_s
    talk_s = rate.free_s + billable_s if billable_s >= max(1, rate.minimum_s) else rate.free_s
    return talk_s if at_most_s is None else min(talk_s, at_most_s)


def _longest_billable(
    compiled: CompiledTariff,
    who: PrefixLookup,
    rate: CompiledRate,
    until_s: int | None,
    is_affordable: Callable[[int], bool],
) -> int | None:
    """Return the most billable seconds that are affordable; None: all up to *until_s*."""
    if until_s is not None:
        until_s = max(until_s, rate.minimum_s)
    units = 0
    for priced_by, slot, from_s, count in runs(compiled, who, rate, until_s, free_s=rate.free_s):
        if priced_by is None or slot is None:
            return from_s
        if count is None:
            has_top = rate.maximum is not None and is_affordable(rate.maximum)
            if has_top or (slot.units == 0 and is_affordable(units)):
                return None
            too_dear = _one_too_many(units, slot.units, is_affordable)
            steps = _affordable_steps(units, slot.units, too_dear, is_affordable)
            return from_s + steps * slot.increment_s
        if from_s > _HORIZON_S:
            return None
        steps = _affordable_steps(units, slot.units, count, is_affordable)
        if steps < count:
            return from_s + steps * slot.increment_s
        units += count * slot.units
    return None


def _one_too_many(units: int, step_units: int, is_affordable: Callable[[int], bool]) -> int:
    """Return a number of steps that is too dear on top of *units*; there must be one."""
    count = 1
    while is_affordable(units + count * step_units):
        count *= 2
    return count


def _affordable_steps(
    units: int, step_units: int, count: int, is_affordable: Callable[[int], bool]
) -> int:
    """Return how many of *count* steps, one after another, are affordable on top of *units*."""
    if is_affordable(units + count * step_units):
        return count
    affordable, too_dear = 0, count
    while too_dear - affordable > 1:
        middle = (affordable + too_dear) // 2
        if is_affordable(units + middle * step_units):
            affordable = middle
        else:
            too_dear = middle
    return affordable
