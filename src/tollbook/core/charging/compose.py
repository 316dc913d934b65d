"""The composed price: base, bundles, service charges, discounts, bounds, taxes, one rounding.

Every amount on the way is exact; only the end is rounded, by the tariff's rule. Steps that are
shown add up to the charge. Source: docs/algorithms/charging.md (RUL-09).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Protocol

from tollbook.core.calendar import Every, period_at
from tollbook.core.charging.plan import DatedExchangeRate, Plan
from tollbook.core.discounts import (
    Bundle,
    Facts,
    Volume,
    VolumeDiscount,
    cover,
    package_discount,
    service_charge,
    tax_on,
    volume_discount,
)
from tollbook.core.money import exact_decimal, exact_difference, format_amount, from_micros
from tollbook.core.rating import Segment, TalkedCall, Unrated
from tollbook.core.rating.engine import owed_for
from tollbook.core.rating.segments import split_charge
from tollbook.core.rating.steps import Owed
from tollbook.core.tariff import CompiledTariff, Rate

# What is counted: its name, whose it is (empty: everybody's) and when its period began.
CounterKey = tuple[str, str, str]
_HORIZON_S = 1_000_000_000


class Counters(Protocol):
    """What calls before this one have used up."""

    def volume(self, key: CounterKey) -> Volume:
        """Return the volume counted under *key*."""

    def bundle_used_s(self, key: CounterKey) -> int:
        """Return the seconds taken of a bundle under *key*."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What a call adds to the counters once it is charged."""

    volumes: tuple[tuple[CounterKey, Volume], ...] = ()
    bundles: tuple[tuple[CounterKey, int], ...] = ()


class InMemoryCounters:
    """Counters that live as long as this object."""

    def __init__(self) -> None:
        self._volumes: dict[CounterKey, Volume] = {}
        self._bundles: dict[CounterKey, int] = {}

    def volume(self, key: CounterKey) -> Volume:
        """Return the volume counted under *key*."""
        return self._volumes.get(key, Volume())

    def bundle_used_s(self, key: CounterKey) -> int:
        """Return the seconds taken of a bundle under *key*."""
        return self._bundles.get(key, 0)

    def apply(self, effects: Effects) -> None:
        """Count what a charged call used."""
        for key, more in effects.volumes:
            before = self.volume(key)
            self._volumes[key] = Volume(before.amount + more.amount, before.seconds + more.seconds)
        for key, used_s in effects.bundles:
            self._bundles[key] = self.bundle_used_s(key) + used_s


@dataclass(frozen=True, slots=True)
class ChargeStep:
    """One line: what it adds and what the amount is after it, in the charge's currency.

    Steps before an `exchange` are in the tariff's currency. *name* is the plan's word for it.
    """

    kind: str
    amount: Decimal
    after: Decimal
    name: str = ""
    from_s: int | None = None
    seconds: int | None = None
    price: Decimal | None = None
    per_s: int | None = None


def step_object(step: ChargeStep) -> dict[str, object]:
    """Return a step for programs: amounts are text, unknown is null."""
    return {
        "kind": step.kind,
        "name": step.name or None,
        "from_s": step.from_s,
        "seconds": step.seconds,
        "price": None if step.price is None else format_amount(step.price),
        "per_s": step.per_s,
        "amount": format_amount(step.amount),
        "after": format_amount(step.after),
    }


@dataclass(frozen=True, slots=True)
class Original:
    """The amount before it was exchanged, and the rate that was used."""

    amount: Decimal
    currency: str
    rate: DatedExchangeRate


@dataclass(frozen=True, slots=True)
class Charged:
    """A charge, every step to it, and what it counts for; the last step's *after* is the charge."""

    charge: Decimal
    currency: str
    billed_s: int
    tariff: str
    rate: Rate
    rate_index: int
    steps: tuple[ChargeStep, ...]
    segments: tuple[Segment, ...]
    effects: Effects
    original: Original | None = None
    tax: Decimal = Decimal(0)


@dataclass(slots=True)
class _RunningAmount:
    """The amount so far and the lines that led to it."""

    amount: Fraction = Fraction(0)
    steps: list[ChargeStep] = field(default_factory=list)

    def add(
        self, kind: str, amount: Fraction, *, name: str = "", price: Decimal | None = None
    ) -> None:
        if amount:
            self.amount += amount
            self.steps.append(
                ChargeStep(kind, shown(amount), shown(self.amount), name, price=price)
            )


def charge(
    plan: Plan,
    tariffs: Mapping[str, CompiledTariff],
    call: TalkedCall,
    counters: Counters,
    *,
    default: str | None = None,
    site: str | None = None,
    earned_only: bool = False,
) -> Charged | Unrated:
    """Return what *call* costs under *plan*, given what was used before it.

    *tariffs* are by the names that the plan's assignments use; *default* prices what none of
    them claims. *earned_only* assumes no volume discount beyond the tier the call begins in, as
    a decision must, and so never comes out below the final charge.
    """
    facts = facts_of(call, site)
    name = plan.tariff_for(facts) or default
    if name is None:
        return Unrated("no_assignment")
    compiled = tariffs[name]
    owed = owed_for(compiled, call)
    if isinstance(owed, str):
        return Unrated(owed)
    facts = facts_of(call, site, call_type=owed.rate.rate.call_type)
    covered = _covered(plan, facts, counters, ceil(call.talk_s) - owed.rate.free_s)
    if covered:
        owed = owed_for(compiled, call, covered_s=sum(used_s for _, _, used_s in covered))
        if isinstance(owed, str):
            return Unrated(owed)
    rate = (
        plan.exchange(compiled.currency, plan.currency, facts)
        if _exchanges(plan, compiled)
        else None
    )
    if rate is None and _exchanges(plan, compiled):
        return Unrated("no_exchange_rate")
    return _composed(
        plan,
        compiled,
        call,
        facts,
        owed,
        counters,
        covered,
        rate,
        name=name,
        earned_only=earned_only,
    )


def longest_talk(
    plan: Plan,
    tariffs: Mapping[str, CompiledTariff],
    call: TalkedCall,
    counters: Counters,
    *,
    credit: Decimal,
    at_most_s: int | None,
    default: str | None = None,
    site: str | None = None,
) -> int | Unrated | None:
    """Return the most seconds n up to *at_most_s* so that each call of up to n s costs <= credit.

    None: there is no bound. Calls `charge` itself, without discounts that are not yet earned, so
    that the charge is monotonic in talk: the last affordable second is found by binary search.
    """

    def is_affordable(talk_s: int) -> bool | str:
        longer = call.lasting(talk_s)
        answer = charge(
            plan, tariffs, longer, counters, default=default, site=site, earned_only=True
        )
        return answer.reason if isinstance(answer, Unrated) else answer.charge <= credit

    first = is_affordable(1)
    if isinstance(first, str) and first != "no_rate_midway":
        return Unrated(first)
    if at_most_s == 0 or first is not True or credit < 0:
        return 0
    affordable, too_dear = 1, 2
    while is_affordable(too_dear) is True:
        affordable, too_dear = too_dear, too_dear * 2
        if at_most_s is not None and affordable >= at_most_s:
            return at_most_s
        if affordable > _HORIZON_S:
            return at_most_s
    while too_dear - affordable > 1:
        middle = (affordable + too_dear) // 2
        if is_affordable(middle) is True:
            affordable = middle
        else:
            too_dear = middle
    return affordable if at_most_s is None else min(affordable, at_most_s)


def shown(amount: Fraction) -> Decimal:
    """Return *amount* as it is shown: exact if its decimals end, else to 12 of them."""
    return exact_decimal(amount.numerator, amount.denominator)


Covered = tuple[tuple[Bundle, CounterKey, int], ...]


def _composed(
    plan: Plan,
    compiled: CompiledTariff,
    call: TalkedCall,
    facts: Facts,
    owed: Owed,
    counters: Counters,
    covered: Covered,
    exchanged: DatedExchangeRate | None,
    *,
    name: str,
    earned_only: bool,
) -> Charged:
    running = _RunningAmount()
    _base(running, compiled, call, owed, covered)
    original: Original | None = None
    factor = Fraction(1)
    if exchanged is not None:
        factor = Fraction(exchanged.rate)
        original = Original(shown(running.amount), compiled.currency, exchanged)
        running.add("exchange", running.amount * (factor - 1), price=exchanged.rate)
    effects = Effects(bundles=tuple((key, used_s) for _, key, used_s in covered))
    tax = Fraction(0)
    if owed.billed_s:
        volumes = _around(plan, running, facts, counters, owed.billed_s, earned_only=earned_only)
        effects = Effects(volumes, effects.bundles)
        _bounds(running, compiled, owed, factor)
        tax = _taxes(plan, running, facts)
    micros = compiled.rounding.micros(running.amount.numerator, running.amount.denominator)
    charged = from_micros(micros)
    rounding = exact_difference(charged, (step.amount for step in running.steps))
    if rounding:
        running.steps.append(ChargeStep("rounding", rounding, charged))
    resolution_micros = compiled.rounding.resolution_micros
    return Charged(
        charge=charged,
        currency=plan.currency or compiled.currency,
        billed_s=owed.billed_s,
        tariff=name,
        rate=owed.rate.rate,
        rate_index=owed.rate.index,
        steps=tuple(running.steps),
        segments=split_charge(micros, call.legs, resolution_micros=resolution_micros)
        if call.legs
        else (),
        effects=effects,
        original=original,
        tax=shown(tax),
    )


def _base(
    running: _RunningAmount,
    compiled: CompiledTariff,
    call: TalkedCall,
    owed: Owed,
    covered: Covered,
) -> None:
    """Add free seconds, bundles, each stretch of time, and the connect fee."""
    free_s = min(max(ceil(call.talk_s), 0), owed.rate.free_s)
    if free_s:
        running.steps.append(ChargeStep("free", Decimal(0), Decimal(0), from_s=0, seconds=free_s))
    for bundle, _, used_s in covered:
        running.steps.append(
            ChargeStep("bundle", Decimal(0), Decimal(0), bundle.name, from_s=free_s, seconds=used_s)
        )
        free_s += used_s
    if not owed.billed_s:
        return
    for _, slot, from_s, count in owed.pieces:
        stretch = Fraction(count * slot.units, compiled.denominator)
        running.amount += stretch
        running.steps.append(
            ChargeStep(
                slot.kind,
                shown(stretch),
                shown(running.amount),
                from_s=free_s + from_s,
                seconds=count * slot.increment_s,
                price=slot.price,
                per_s=slot.per_s,
            )
        )
    if owed.rate.pulse is not None and not owed.pieces:
        price = Fraction(owed.rate.pulse, compiled.denominator)
        running.add("pulse", Fraction(owed.units, compiled.denominator), price=shown(price))
    fee = Fraction(owed.rate.fee, compiled.denominator)
    running.add("connect_fee", fee, price=shown(fee))


def _around(
    plan: Plan,
    running: _RunningAmount,
    facts: Facts,
    counters: Counters,
    billed_s: int,
    *,
    earned_only: bool,
) -> tuple[tuple[CounterKey, Volume], ...]:
    """Add service charges, take off volume discount and package; return the volume to count."""
    for extra in plan.service_charges:
        if extra.match.fits(facts):
            running.add("service_charge", service_charge(extra, running.amount), name=extra.name)
    counted: tuple[tuple[CounterKey, Volume], ...] = ()
    discount = next((d for d in plan.volume_discounts if d.match.fits(facts)), None)
    if discount is not None:
        key = _key(plan, discount.name, facts, discount.every, shared=False)
        gross = running.amount
        taken = _volume_taken(
            discount, counters.volume(key), gross, billed_s, earned_only=earned_only
        )
        running.add("volume_discount", -taken, name=discount.name)
        counted = ((key, Volume(gross, billed_s)),)
    package = package_discount(plan.discount_packages, facts, running.amount)
    running.add("discount_package", -package)
    return counted


def _volume_taken(
    discount: VolumeDiscount, before: Volume, amount: Fraction, seconds: int, *, earned_only: bool
) -> Fraction:
    if earned_only and not discount.whole:
        begin = before.amount if discount.basis == "amount" else Fraction(before.seconds)
        percent = [tier.percent for tier in discount.tiers if tier.start <= begin][-1]
        return amount * Fraction(percent) / 100
    return volume_discount(discount, before, amount=amount, seconds=seconds)


def _bounds(
    running: _RunningAmount, compiled: CompiledTariff, owed: Owed, factor: Fraction
) -> None:
    """Raise the amount to the rate's minimum charge, cap it at its maximum."""
    minimum = Fraction(owed.rate.minimum, compiled.denominator) * factor
    if running.amount < minimum:
        running.add("minimum_charge", minimum - running.amount, price=shown(minimum))
    if owed.rate.maximum is not None:
        maximum = Fraction(owed.rate.maximum, compiled.denominator) * factor
        if running.amount > maximum:
            running.add("maximum_charge", maximum - running.amount, price=shown(maximum))


def _taxes(plan: Plan, running: _RunningAmount, facts: Facts) -> Fraction:
    """Add the taxes, each on the amount before any of them; return all tax, shown or added."""
    net = running.amount
    total = Fraction(0)
    for tax in plan.taxes:
        if not tax.match.fits(facts):
            continue
        amount = tax_on(tax, net)
        total += amount
        if not tax.inclusive:
            running.add("tax", amount, name=tax.name, price=tax.percent)
        elif amount:
            # An inclusive tax is in the amount already: it is shown, and nothing is added.
            running.steps.append(
                ChargeStep(
                    "tax_included", Decimal(0), shown(running.amount), tax.name, price=shown(amount)
                )
            )
    return total


def _covered(plan: Plan, facts: Facts, counters: Counters, talk_s: int) -> Covered:
    """Return which bundles cover how much of *talk_s*, with the keys they are counted under."""
    if talk_s <= 0:
        return ()
    keys = {
        bundle.name: _key(plan, bundle.name, facts, bundle.every, shared=bundle.shared)
        for bundle in plan.bundles
        if bundle.match.fits(facts)
    }
    lefts = [
        (bundle, max(0, bundle.seconds - counters.bundle_used_s(keys[bundle.name])))
        for bundle in plan.bundles
        if bundle.name in keys
    ]
    return tuple((bundle, keys[bundle.name], used_s) for bundle, used_s in cover(talk_s, lefts))


def _key(plan: Plan, name: str, facts: Facts, every: Every, *, shared: bool) -> CounterKey:
    begin = period_at(facts.at, every=every, zone_name=plan.zone).begin
    return name, "" if shared else facts.caller or "", begin.isoformat()


def _exchanges(plan: Plan, compiled: CompiledTariff) -> bool:
    return bool(plan.currency) and plan.currency != compiled.currency


def facts_of(call: TalkedCall, site: str | None = None, *, call_type: str = "") -> Facts:
    """Return what matching looks at; the call type is known once a rate has won."""
    return Facts(
        at=call.start,
        number=call.dialled,
        call_type=call_type,
        caller=call.caller,
        department=call.department,
        trunk=call.trunk,
        account_code=call.account_code,
        source_ip=call.source_ip,
        site=site,
    )
