"""The lines that explain a charge: they add up to it, exactly.

Source: docs/algorithms/rating.md, "Steps".
"""

from collections.abc import Sequence
from decimal import Decimal
from math import ceil
from typing import NamedTuple

from tollbook.core.money import MICRO, ends, exact_decimal, exact_difference, from_micros
from tollbook.core.rating.model import PriceStep, TalkedCall
from tollbook.core.tariff import CompiledRate, CompiledSlot, CompiledTariff

# A rate, its slot, the billable second at which its steps begin, and how many there are.
SlotSteps = tuple[CompiledRate, CompiledSlot, int, int]


class Owed(NamedTuple):
    """What a call's time comes to: *units* for *billed_s* (0: nothing is owed), in *pieces*.

    *rate* won at the talk instant. No pieces although something is owed: pulses were counted.
    """

    rate: CompiledRate
    billed_s: int
    units: int
    pieces: Sequence[SlotSteps]


def steps_of(
    compiled: CompiledTariff, call: TalkedCall, owed: Owed, charge_micros: int
) -> tuple[PriceStep, ...]:
    """Return the steps of *charge_micros*: time, fee, minimum, maximum, rounding (rule 6)."""
    steps = _time_steps(compiled, call, owed)
    if owed.billed_s:
        _add_closing_steps(compiled, owed, charge_micros, steps)
    return tuple(steps)


def _time_steps(compiled: CompiledTariff, call: TalkedCall, owed: Owed) -> list[PriceStep]:
    free_of_s = owed.rate.free_s
    steps = []
    free_s = min(ceil(call.talk_s), free_of_s)
    if free_s > 0:
        steps.append(PriceStep("free", 0, free_s, None, None, Decimal(0), owed.rate.index))
    for priced_by, slot, from_s, count in _joined(owed.pieces):
        amount = exact_decimal(count * slot.units, compiled.denominator)
        seconds = count * slot.increment_s
        steps.append(
            PriceStep(
                slot.kind,
                free_of_s + from_s,
                seconds,
                slot.price,
                slot.per_s,
                amount,
                priced_by.index,
            )
        )
    return steps


def _joined(pieces: Sequence[SlotSteps]) -> Sequence[SlotSteps]:
    """Return *pieces* with those of one slot that follow each other as one.

    A call that crosses an edge of a band that is not its own goes on in the same slot.
    """
    if len(pieces) == 1:
        return pieces
    joined: list[SlotSteps] = []
    for piece in pieces:
        priced_by, slot, _, count = piece
        if joined and joined[-1][1] is slot:
            _, _, from_s, before = joined.pop()
            joined.append((priced_by, slot, from_s, before + count))
        else:
            joined.append(piece)
    return joined


def _add_closing_steps(
    compiled: CompiledTariff, owed: Owed, charge_micros: int, steps: list[PriceStep]
) -> None:
    """Add pulses, fee, minimum, maximum and rounding, where they change anything."""
    rate, units, denominator = owed.rate, owed.units, compiled.denominator

    def add(kind: str, price: int, change: int) -> None:
        written, amount = exact_decimal(price, denominator), exact_decimal(change, denominator)
        steps.append(PriceStep(kind, None, None, written, None, amount, rate.index))

    if rate.pulse is not None and not owed.pieces:
        add("pulse", rate.pulse, units)
    if rate.fee:
        add("connect_fee", rate.fee, rate.fee)
        units += rate.fee
    if units < rate.minimum:
        add("minimum_charge", rate.minimum, rate.minimum - units)
        units = rate.minimum
    if rate.maximum is not None and units > rate.maximum:
        add("maximum_charge", rate.maximum, rate.maximum - units)
        units = rate.maximum
    if ends(denominator):
        rounding = exact_decimal(charge_micros * (denominator // MICRO) - units, denominator)
    else:
        # Some amounts may have been cut to 12 decimals: take what is left from what is written.
        charge = from_micros(charge_micros)
        rounding = exact_difference(charge, (step.amount for step in steps))
    if rounding:
        steps.append(PriceStep("rounding", None, None, None, None, rounding, rate.index))
