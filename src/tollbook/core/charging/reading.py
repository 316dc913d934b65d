"""From a price plan's document to a `Plan`, or to every fault that it has, each with its place."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from tollbook.core.calendar import Every, zone_names
from tollbook.core.charging.plan import DatedExchangeRate, Plan, PlanAssignment
from tollbook.core.discounts import (
    Bundle,
    DiscountPackage,
    Match,
    ServiceCharge,
    Tax,
    Tier,
    VolumeDiscount,
)
from tollbook.core.tariff.fields import Fault, FaultList, Fields

T = TypeVar("T")

_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_EVERY = tuple(each.value for each in Every)
_NOTHING = Decimal(0)
_WHOLE = Decimal(100)


@dataclass(frozen=True, slots=True)
class PlanReading:
    """A plan, or no plan and all faults, in the document's order."""

    plan: Plan | None
    faults: tuple[Fault, ...]


def read_plan(document: Mapping[str, object]) -> PlanReading:
    """Read a whole plan document. One error refuses all of it."""
    faults = FaultList()
    fields = Fields(document, "", faults)
    zone = fields.text("zone", "UTC")
    if zone not in zone_names():
        fields.error("zone", "zone", f'is "{zone[:40]}", which is no time zone; as Europe/Berlin')
    currency = _currency(fields, "currency", must=False)
    plan = Plan(
        zone=zone,
        currency=currency,
        assignments=_each(fields, "assignment", _assignment),
        service_charges=_each(fields, "service_charge", _service_charge),
        volume_discounts=_each(fields, "volume_discount", _volume_discount),
        discount_packages=_each(fields, "discount_package", _discount_package),
        bundles=tuple(sorted(_each(fields, "bundle", _bundle), key=lambda bundle: bundle.position)),
        taxes=_each(fields, "tax", _tax),
        exchange_rates=_each(fields, "exchange_rate", _exchange_rate),
    )
    fields.refuse_unknown()
    _refuse_shared_names(fields, plan)
    return PlanReading(None if faults.has_errors else plan, tuple(faults.faults))


def _each(fields: Fields, key: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
    found = []
    for table in fields.tables(key):
        found.append(read(table))
        table.refuse_unknown()
    return tuple(found)


def _match(fields: Fields) -> Match:
    match = Match(
        callers=fields.texts("callers"),
        trunks=fields.texts("trunks"),
        account_codes=fields.texts("account_codes"),
        source_ips=fields.texts("source_ips"),
        sites=fields.texts("sites"),
        call_types=fields.texts("call_types"),
        prefixes=fields.texts("prefixes"),
        from_at=fields.instant("from"),
        to_at=fields.instant("to"),
    )
    if match.from_at and match.to_at and match.to_at <= match.from_at:
        fields.error("to", "dates", "is not after from, so it never fits")
    return match


def _assignment(fields: Fields) -> PlanAssignment:
    return PlanAssignment(fields.text("tariff", None), _match(fields))


def _service_charge(fields: Fields) -> ServiceCharge:
    return ServiceCharge(
        name=fields.text("name", None),
        flat=fields.amount("flat", _NOTHING),
        percent=fields.amount("percent", _NOTHING),
        match=_match(fields),
    )


def _discount_package(fields: Fields) -> DiscountPackage:
    return DiscountPackage(
        name=fields.text("name", None),
        flat=fields.amount("flat", _NOTHING),
        percent=_share(fields, "percent"),
        match=_match(fields),
    )


def _volume_discount(fields: Fields) -> VolumeDiscount:
    tiers = []
    for table in fields.tables("tiers"):
        tiers.append(Tier(table.amount("from", None), _share(table, "percent")))
        table.refuse_unknown()
    starts, percents = [tier.start for tier in tiers], [tier.percent for tier in tiers]
    if not tiers or tiers[0].start != 0:
        fields.error("tiers", "tiers", 'must begin with a tier from = "0"')
    elif starts != sorted(set(starts)) or percents != sorted(percents):
        fields.error("tiers", "tiers", "must ascend, and no tier may give less than the one before")
    return VolumeDiscount(
        name=fields.text("name", None),
        tiers=tuple(tiers),
        basis=fields.choice("basis", ("amount", "seconds"), "amount"),
        whole=fields.flag("whole", default=False) or False,
        every=Every(fields.choice("every", _EVERY, "month")),
        match=_match(fields),
    )


def _bundle(fields: Fields) -> Bundle:
    return Bundle(
        name=fields.text("name", None),
        seconds=fields.whole("seconds", None, low=1),
        position=fields.whole("position", 0),
        shared=fields.flag("shared", default=False) or False,
        every=Every(fields.choice("every", _EVERY, "month")),
        match=_match(fields),
    )


def _tax(fields: Fields) -> Tax:
    return Tax(
        name=fields.text("name", None),
        percent=fields.amount("percent", None),
        inclusive=fields.flag("inclusive", default=False) or False,
        match=_match(fields),
    )


def _exchange_rate(fields: Fields) -> DatedExchangeRate:
    source = _currency(fields, "source", must=True)
    target = _currency(fields, "target", must=True)
    rate = fields.amount("rate", None)
    if not rate:
        fields.error("rate", "range", "must be more than zero")
    return DatedExchangeRate(source, target, rate, fields.day("on"))


def _share(fields: Fields, key: str) -> Decimal:
    share = fields.amount(key, _NOTHING)
    if share > _WHOLE:
        fields.error(key, "range", f"is {share}; a discount is at most 100 percent")
    return share


def _currency(fields: Fields, key: str, *, must: bool) -> str:
    currency = fields.text(key, None if must else "")
    if currency and not _CURRENCY.fullmatch(currency):
        fields.error(key, "currency", f'is "{currency[:20]}"; expected three capitals, as EUR')
    return currency


def _refuse_shared_names(fields: Fields, plan: Plan) -> None:
    """Refuse two of one name: volumes and bundles are counted by name."""
    for key, names in (
        ("volume_discount", [discount.name for discount in plan.volume_discounts]),
        ("bundle", [bundle.name for bundle in plan.bundles]),
    ):
        twice = {name for name in names if names.count(name) > 1}
        for name in sorted(twice):
            fields.error(key, "name", f'has the name "{name[:40]}" twice')
