"""Volume discounts: the more a caller uses in a bill period, the cheaper it gets (AMB-41).

The volume is what the caller's calls of the same discount came to before this one, in amount or
in seconds. Graduated tiers discount only the part of a call that falls into them; a whole-volume
discount takes the percent of the tier that the call begins in for the whole call, so that no
discount is given before it is earned.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from tollbook.core.calendar import Every
from tollbook.core.discounts.matching import Match

PERCENT = 100

Basis = Literal["amount", "seconds"]


@dataclass(frozen=True, slots=True)
class Tier:
    """From a volume of *start* on, *percent* (0 to 100) is taken off."""

    start: Decimal
    percent: Decimal


@dataclass(frozen=True, slots=True)
class VolumeDiscount:
    """Tiers in ascending order, the first at 0; the volume begins anew with each period."""

    name: str
    tiers: tuple[Tier, ...]
    basis: Basis = "amount"
    whole: bool = False
    every: Every = Every.MONTH
    match: Match = field(default_factory=Match)


@dataclass(frozen=True, slots=True)
class Volume:
    """What came before in the period: the amount, undiscounted, and the billed seconds."""

    amount: Fraction = Fraction(0)
    seconds: int = 0


def volume_discount(
    discount: VolumeDiscount, before: Volume, *, amount: Fraction, seconds: int
) -> Fraction:
    """Return what *discount* takes off a call of *amount* and *seconds* after *before*.

    >>> tiers = (Tier(Decimal(0), Decimal(0)), Tier(Decimal(10), Decimal(20)))
    >>> local = VolumeDiscount("local", tiers)
    >>> volume_discount(local, Volume(Fraction(9)), amount=Fraction(3), seconds=60)
    Fraction(2, 5)
    """
    if discount.basis == "amount":
        begin, size = before.amount, amount
    else:
        begin, size = Fraction(before.seconds), Fraction(seconds)
    if size <= 0:
        return Fraction(0)
    if discount.whole:
        return amount * Fraction(_tier_at(discount.tiers, begin).percent) / PERCENT
    return amount * _graduated(discount.tiers, begin, begin + size) / size / PERCENT


def _tier_at(tiers: tuple[Tier, ...], volume: Fraction) -> Tier:
    return [tier for tier in tiers if tier.start <= volume][-1]


def _graduated(tiers: tuple[Tier, ...], begin: Fraction, end: Fraction) -> Fraction:
    """Return the sum over all tiers of percent times the volume from *begin* to *end* in it."""
    discounted = Fraction(0)
    ends = [Fraction(tier.start) for tier in tiers[1:]]
    for tier, tier_end in zip(tiers, [*ends, end], strict=True):
        inside = min(end, max(tier_end, begin)) - max(begin, Fraction(tier.start))
        if inside > 0:
            discounted += inside * Fraction(tier.percent)
    return discounted
