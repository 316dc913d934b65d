"""A plan in the words of the screens: each part, what it does, and which calls it is for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tollbook.core.charging import Plan
from tollbook.core.discounts import (
    Bundle,
    DiscountPackage,
    Match,
    ServiceCharge,
    Tax,
    VolumeDiscount,
)
from tollbook.core.money import format_amount
from tollbook.documents.cells import clock

_LISTED = 12  # More callers or prefixes than these are counted, not named.


@dataclass(frozen=True, slots=True)
class ShownPart:
    """One line of a section: its name, what it does, which calls it is for."""

    name: str
    does: str
    fits: str


@dataclass(frozen=True, slots=True)
class ShownSection:
    """The parts of one kind, in the order in which they are looked at."""

    title: str
    says: str
    parts: tuple[ShownPart, ...]


def plan_sections(plan: Plan) -> tuple[ShownSection, ...]:
    """Return the sections of a plan in RUL-09's order; empty ones are left out."""
    currency = f" {plan.currency}" if plan.currency else ""
    zone = ZoneInfo(plan.zone)
    sections = (
        ShownSection(
            "Bundles",
            "Free seconds, the first in this order used up first.",
            tuple(_part(one.name, _bundle(one), one.match, zone) for one in plan.bundles),
        ),
        ShownSection(
            "Service charges",
            "Added one after another, percents of the amount so far.",
            tuple(
                _part(one.name, _service_charge(one, currency), one.match, zone)
                for one in plan.service_charges
            ),
        ),
        ShownSection(
            "Volume discounts",
            "The first that fits a call.",
            tuple(
                _part(one.name, _volume(one, currency), one.match, zone)
                for one in plan.volume_discounts
            ),
        ),
        ShownSection(
            "Discount packages",
            "The first that fits a call.",
            tuple(
                _part(one.name, _package(one, currency), one.match, zone)
                for one in plan.discount_packages
            ),
        ),
        ShownSection(
            "Taxes",
            "Each on the amount before any tax.",
            tuple(_part(one.name, _tax(one), one.match, zone) for one in plan.taxes),
        ),
    )
    return tuple(section for section in sections if section.parts)


def plan_summary(plan: Plan) -> str:
    """Return what a plan consists of, in one line.

    >>> plan_summary(Plan())
    'nothing: base prices'
    """
    counted = (
        (len(plan.bundles), "bundle", "bundles"),
        (len(plan.service_charges), "service charge", "service charges"),
        (len(plan.volume_discounts), "volume discount", "volume discounts"),
        (len(plan.discount_packages), "discount package", "discount packages"),
        (len(plan.taxes), "tax", "taxes"),
    )
    words = [f"{count} {one if count == 1 else many}" for count, one, many in counted if count]
    if plan.currency:
        words.append(f"in {plan.currency}")
    return ", ".join(words) or "nothing: base prices"


def match_words(match: Match, zone: ZoneInfo) -> str:
    """Return which calls a part is for.

    >>> match_words(Match(callers=("101",), prefixes=("49",)), ZoneInfo("UTC"))
    'callers 101; numbers beginning with 49'
    """
    lists = (
        ("callers", match.callers),
        ("trunks", match.trunks),
        ("account codes", match.account_codes),
        ("gateways", match.source_ips),
        ("sites", match.sites),
        ("call types", match.call_types),
        ("numbers beginning with", match.prefixes),
    )
    words = [f"{title} {_listed(values)}" for title, values in lists if values]
    if match.from_at is not None:
        words.append(f"from {_local(match.from_at, zone)} on")
    if match.to_at is not None:
        words.append(f"before {_local(match.to_at, zone)}")
    return "; ".join(words) or "every call"


def _part(name: str, does: str, match: Match, zone: ZoneInfo) -> ShownPart:
    return ShownPart(name, does, match_words(match, zone))


def _bundle(bundle: Bundle) -> str:
    whose = "shared by all" if bundle.shared else "for each caller"
    return f"{clock(bundle.seconds * 1000)} a {bundle.every.value}, {whose}"


def _service_charge(charge: ServiceCharge, currency: str) -> str:
    return f"adds {_flat_and_percent(charge.flat, charge.percent, currency)}"


def _package(package: DiscountPackage, currency: str) -> str:
    return f"takes off {_flat_and_percent(package.flat, package.percent, currency)}"


def _volume(discount: VolumeDiscount, currency: str) -> str:
    def start(amount: Decimal) -> str:
        if discount.basis == "amount":
            return f"{format_amount(amount)}{currency}"
        return clock(int(amount * 1000))

    tiers = ", ".join(
        f"from {start(tier.start)} {format_amount(tier.percent)} %" for tier in discount.tiers
    )
    how = "the whole call by the tier it begins in" if discount.whole else "each part by its tier"
    return f"{tiers} of what a caller has in the {discount.every.value}; {how}"


def _tax(tax: Tax) -> str:
    how = "in the price already" if tax.inclusive else "added"
    return f"{format_amount(tax.percent)} %, {how}"


def _flat_and_percent(flat: Decimal, percent: Decimal, currency: str) -> str:
    words = []
    if flat:
        words.append(f"{format_amount(flat)}{currency}")
    if percent:
        words.append(f"{format_amount(percent)} %")
    return " and ".join(words) or "nothing"


def _listed(values: Iterable[str]) -> str:
    values = tuple(values)
    if len(values) > _LISTED:
        return f"{', '.join(values[:_LISTED])} and {len(values) - _LISTED} more"
    return ", ".join(values)


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S}"
