"""Service charges, discount packages and taxes: flat amounts and percents of an amount.

Source: CAB-05, CAB-06; docs/algorithms/charging.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from tollbook.core.discounts.matching import Facts, Match

PERCENT = 100
NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class ServiceCharge:
    """*flat* and *percent* of the amount so far, added to each call that it is for."""

    name: str
    flat: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    match: Match = field(default_factory=Match)


@dataclass(frozen=True, slots=True)
class DiscountPackage:
    """*percent* (0 to 100) and *flat* taken off each call that it is for, never below zero."""

    name: str
    flat: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    match: Match = field(default_factory=Match)


@dataclass(frozen=True, slots=True)
class Tax:
    """*percent* added to the amount, or, *inclusive*, a part of it that is only shown."""

    name: str
    percent: Decimal
    inclusive: bool = False
    match: Match = field(default_factory=Match)


def service_charge(charge: ServiceCharge, amount: Fraction) -> Fraction:
    """Return what *charge* adds to *amount*.

    >>> service_charge(ServiceCharge("hotel", Decimal("0.05"), Decimal("10")), Fraction(2))
    Fraction(1, 4)
    """
    return Fraction(charge.flat) + amount * Fraction(charge.percent) / PERCENT


def package_discount(
    packages: Iterable[DiscountPackage], facts: Facts, amount: Fraction
) -> Fraction:
    """Return what the first of *packages* that fits takes off *amount*; nothing where none does."""
    for package in packages:
        if package.match.fits(facts):
            return min(
                amount, Fraction(package.flat) + amount * Fraction(package.percent) / PERCENT
            )
    return NOTHING


def tax_on(tax: Tax, amount: Fraction) -> Fraction:
    """Return the tax on *amount*, or the part of it that is tax already where it is inclusive.

    >>> tax_on(Tax("VAT", Decimal(19)), Fraction(100))
    Fraction(19, 1)
    >>> tax_on(Tax("VAT", Decimal(25), inclusive=True), Fraction(100))
    Fraction(20, 1)
    """
    percent = Fraction(tax.percent)
    return amount * percent / (PERCENT + percent if tax.inclusive else PERCENT)
