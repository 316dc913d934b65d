"""Why a price under a plan: each step with what it adds and what it comes to, and what it used."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tollbook.app.pricing.plan_charge import BUNDLE, CounterUse
from tollbook.core.charging import Charged, ChargeStep
from tollbook.core.money import exact_decimal, format_amount
from tollbook.documents.cells import clock

_DECIMALS_SHOWN = 6
STEP_WORDS = {
    "free": "Free time",
    "bundle": "Free from bundle",
    "slot": "Slot",
    "initial": "Initial time",
    "unit": "Billing units",
    "block": "Blocks",
    "pulse": "Pulses",
    "connect_fee": "Connect fee",
    "exchange": "Exchanged",
    "service_charge": "Service charge",
    "volume_discount": "Volume discount",
    "discount_package": "Discount package",
    "minimum_charge": "Raised to the minimum charge",
    "maximum_charge": "Cut to the maximum charge",
    "tax": "Tax",
    "tax_included": "Tax that is in the price",
    "rounding": "Rounding",
}


@dataclass(frozen=True, slots=True)
class ShownAmount:
    """An amount as it fits a column; `exact` has every digit where those are too many."""

    words: str
    exact: str = ""


@dataclass(frozen=True, slots=True)
class ShownPlanStep:
    """One line of the price; amounts are in the currency of that line."""

    words: str
    detail: str
    amount: ShownAmount
    after: ShownAmount


@dataclass(frozen=True, slots=True)
class ShownCounter:
    """A volume or a bundle: what it stood at before the call, and what the call added."""

    words: str
    whose: str
    before: ShownAmount
    add: ShownAmount


@dataclass(frozen=True, slots=True)
class PlanWhy:
    """What a plan made of a base price; `currency` is "" where its lines are in two."""

    plan_words: str
    currency: str
    steps: tuple[ShownPlanStep, ...]
    tax_words: str
    original_words: str
    counters: tuple[ShownCounter, ...]


def plan_why(charged: Charged, asked: Sequence[CounterUse], *, plan_words: str) -> PlanWhy:
    """Return what is shown of a composed price and of the counters that it asked."""
    original = charged.original
    steps = []
    unit = f" {original.currency}" if original else ""
    for step in charged.steps:
        if step.kind == "exchange":
            unit = f" {charged.currency}"
        steps.append(_step(step, unit))
    tax = _amount(charged.tax, f" {charged.currency}").words if charged.tax else ""
    exchanged = ""
    if original is not None:
        exchanged = (
            f"{format_amount(original.amount)} {original.currency} at "
            f"{format_amount(original.rate.rate)}, the rate of {original.rate.on:%Y-%m-%d}"
        )
    return PlanWhy(
        plan_words=plan_words,
        currency="" if original else charged.currency,
        steps=tuple(steps),
        tax_words=tax,
        original_words=exchanged,
        counters=tuple(_counter(one, charged.currency) for one in asked),
    )


def _step(step: ChargeStep, unit: str) -> ShownPlanStep:
    words = STEP_WORDS.get(step.kind, step.kind.replace("_", " ").capitalize())
    return ShownPlanStep(
        words=f"{words}: {step.name}" if step.name else words,
        detail=_detail(step),
        amount=_amount(step.amount, unit),
        after=_amount(step.after, unit),
    )


def _detail(step: ChargeStep) -> str:
    """Say of what seconds at what price a step is."""
    words = []
    if step.seconds is not None:
        begins = "" if step.from_s is None else f" from {clock(step.from_s * 1000)}"
        words.append(f"{step.seconds:,} s{begins}")
    if step.price is not None:
        price = format_amount(step.price)
        if step.kind == "tax":
            words.append(f"{price} %")
        elif step.kind in ("tax_included", "minimum_charge", "maximum_charge"):
            words.append(price)
        else:
            words.append(f"at {price} per {step.per_s} s" if step.per_s else f"at {price}")
    return " ".join(words)


def _counter(one: CounterUse, currency: str) -> ShownCounter:
    whose = one.caller or "all whom it is for"
    if one.kind == BUNDLE:
        before, add = (ShownAmount(clock(each.seconds * 1000)) for each in (one.before, one.add))
        return ShownCounter(f"Bundle: {one.name}", whose, before, add)
    # A volume counts what was exchanged already, before discounts.
    before, add = (
        _amount(
            exact_decimal(each.amount.numerator, each.amount.denominator),
            f" {currency}, {clock(each.seconds * 1000)}",
        )
        for each in (one.before, one.add)
    )
    return ShownCounter(f"Volume: {one.name}", whose, before, add)


def _amount(amount: Decimal, unit: str) -> ShownAmount:
    """Return *amount* with at least four decimals, so that a column lines up, and at most six."""
    whole, _, decimals = format_amount(amount).partition(".")
    if len(decimals) > _DECIMALS_SHOWN:
        return ShownAmount(
            f"{whole}.{decimals[:_DECIMALS_SHOWN]}…{unit}", f"{whole}.{decimals}{unit}"
        )
    return ShownAmount(f"{whole}.{decimals:0<4}{unit}")
