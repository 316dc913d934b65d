"""What a plan made of a call's price, as the API sends it."""

from ninja import Schema
from pydantic import Field

from tollbook.app.pricing.explain_plan import ExplainedPlan
from tollbook.app.pricing.plan_charge import BUNDLE, CounterUse
from tollbook.core.charging import Charged, step_object
from tollbook.core.money import exact_decimal, format_amount


class OriginalBody(Schema):
    """The amount before it was exchanged, and the rate that was used."""

    amount: str = Field(examples=["0.22"])
    currency: str = Field(examples=["EUR"])
    rate: str = Field(examples=["1.0934"])
    on: str = Field(description="the day that the rate was set for", examples=["2026-10-30"])


class CountedBody(Schema):
    """A volume or a bundle: what it stood at before the call, and what the call added."""

    kind: str = Field(description="volume or bundle")
    name: str
    caller: str | None = Field(description="whose; null where all share it")
    period_from: str
    before_s: int
    before: str | None = Field(description="amount of a volume, before discounts")
    seconds: int
    amount: str | None


class PlanPartBody(Schema):
    """The plan that was in force; steps of the price are in its order (RUL-09)."""

    id: int
    site: str | None = Field(description="null: the plan of every site without its own")
    version: int
    tax: str
    original: OriginalBody | None
    counted: list[CountedBody]


def planned_price(planned: ExplainedPlan) -> dict[str, object]:
    """Return what replaces the keys of a base price where a plan was part of it."""
    result = planned.result
    plan: dict[str, object] = {
        "id": planned.plan.id,
        "site": planned.plan.site if planned.plan.site_id is not None else None,
        "version": planned.plan.number,
        "tax": format_amount(planned.tax),
        "original": None,
        "counted": [_counted(one) for one in planned.asked],
    }
    if not isinstance(result, Charged):
        return {
            "charge": None,
            "currency": None,
            "unrated": result.reason,
            "billed_s": None,
            "steps": [],
            "segments": [],
            "plan": plan,
        }
    original = result.original
    if original is not None:
        plan["original"] = {
            "amount": format_amount(original.amount),
            "currency": original.currency,
            "rate": format_amount(original.rate.rate),
            "on": original.rate.on.isoformat(),
        }
    return {
        "charge": format_amount(result.charge),
        "currency": result.currency,
        "unrated": None,
        "billed_s": result.billed_s,
        "steps": [step_object(step) for step in result.steps],
        "plan": plan,
    }


def _counted(one: CounterUse) -> dict[str, object]:
    is_bundle = one.kind == BUNDLE
    before, add = one.before.amount, one.add.amount
    return {
        "kind": "bundle" if is_bundle else "volume",
        "name": one.name,
        "caller": one.caller or None,
        "period_from": one.begin,
        "before_s": one.before.seconds,
        "before": None
        if is_bundle
        else format_amount(exact_decimal(before.numerator, before.denominator)),
        "seconds": one.add.seconds,
        "amount": None
        if is_bundle
        else format_amount(exact_decimal(add.numerator, add.denominator)),
    }
