"""Why a price under a plan: each step with what it adds and what it comes to, and what it used."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tollbook.app.planned_charge import BUNDLE, Asked
from tollbook.core.charging import Charged, ChargeStep
from tollbook.core.money import exact_decimal, format_amount
from tollbook.documents.cells import clock

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
class ShownPlanStep:
    """One line of the price, all of it text; amounts are in the currency of that line."""

    words: str
    from_words: str
    seconds_words: str
    price_words: str
    amount_words: str
    after_words: str


@dataclass(frozen=True, slots=True)
class ShownCounter:
    """A volume or a bundle: what it stood at before the call, and what the call added."""

    words: str
    whose: str
    before_words: str
    add_words: str


@dataclass(frozen=True, slots=True)
class PlanWhy:
    """What a plan made of a base price."""

    plan_words: str
    steps: tuple[ShownPlanStep, ...]
    tax_words: str
    original_words: str
    counters: tuple[ShownCounter, ...]


def plan_why(charged: Charged, asked: Sequence[Asked], *, plan_words: str) -> PlanWhy:
    """Return what is shown of a composed price and of the counters that it asked."""
    original = charged.original
    steps = []
    currency = original.currency if original else charged.currency
    for step in charged.steps:
        if step.kind == "exchange":
            currency = charged.currency
        steps.append(_step(step, currency))
    tax = f"{format_amount(charged.tax)} {charged.currency}" if charged.tax else ""
    exchanged = ""
    if original is not None:
        exchanged = (
            f"{format_amount(original.amount)} {original.currency} at "
            f"{format_amount(original.rate.rate)}, the rate of {original.rate.on:%Y-%m-%d}"
        )
    return PlanWhy(
        plan_words=plan_words,
        steps=tuple(steps),
        tax_words=tax,
        original_words=exchanged,
        counters=tuple(_counter(one, charged.currency) for one in asked),
    )


def _step(step: ChargeStep, currency: str) -> ShownPlanStep:
    words = STEP_WORDS.get(step.kind, step.kind.replace("_", " ").capitalize())
    return ShownPlanStep(
        words=f"{words}: {step.name}" if step.name else words,
        from_words="" if step.from_s is None else clock(step.from_s * 1000),
        seconds_words="" if step.seconds is None else f"{step.seconds:,}",
        price_words=_price(step),
        amount_words=f"{_four_decimals(step.amount)} {currency}",
        after_words=f"{_four_decimals(step.after)} {currency}",
    )


def _price(step: ChargeStep) -> str:
    if step.price is None:
        return ""
    price = format_amount(step.price)
    if step.kind == "tax":
        return f"{price} %"
    return f"{price} per {step.per_s} s" if step.per_s else price


def _counter(one: Asked, currency: str) -> ShownCounter:
    whose = one.caller or "all whom it is for"
    if one.kind == BUNDLE:
        before, add = f"{clock(one.before.seconds * 1000)} used", clock(one.add.seconds * 1000)
        return ShownCounter(f"Bundle: {one.name}", whose, before, add)

    # A volume counts what was exchanged already, before discounts.
    def both(amount: Fraction, seconds: int) -> str:
        exact = exact_decimal(amount.numerator, amount.denominator)
        return f"{_four_decimals(exact)} {currency}, {clock(seconds * 1000)}"

    return ShownCounter(
        f"Volume: {one.name}",
        whose,
        both(one.before.amount, one.before.seconds),
        both(one.add.amount, one.add.seconds),
    )


def _four_decimals(amount: Decimal) -> str:
    """Return *amount* exactly, with at least four decimals so that a column lines up."""
    whole, _, decimals = format_amount(amount).partition(".")
    return f"{whole}.{decimals:0<4}"
