"""Why a stored call costs what it does under its plan: the composition done again.

The plan's and the tariff's versions never change, the exchange rate is the one that was kept, and
counters stand at what they stood at then: so each step must come out as it is stored.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tollbook.app.pricing.plan_charge import (
    CounterUse,
    SiteRef,
    asked_of,
    kept_rate,
    planned_charge,
    prefix_of,
    steps_of,
)
from tollbook.app.pricing.plans import PlanAtWork, PlanInfo, open_plan
from tollbook.core.charging import Charged, Unrated, step_object
from tollbook.core.discounts import Volume
from tollbook.core.instants import to_us
from tollbook.core.rating import TalkedCall
from tollbook.core.tariff import CompiledTariff
from tollbook.storage.pricing.plan_counters import micros_of
from tollbook.storage.pricing.planned_charges import PartsRow
from tollbook.storage.pricing.stored_charges import StoredCharge


@dataclass(frozen=True, slots=True)
class ExplainedPlan:
    """The composed price of a call: its steps in RUL-09's order, and what it counted for.

    `asked` are the volumes and bundles, what each stood at before the call and what the call
    added. `equal` says whether every step is the one that is stored.
    """

    plan: PlanInfo
    result: Charged | Unrated
    asked: tuple[CounterUse, ...]
    tax: Decimal
    equal: bool


def explain_planned(
    charge: StoredCharge, parts: PartsRow, compiled: CompiledTariff, call: TalkedCall, site: SiteRef
) -> ExplainedPlan:
    """Return the composition of *charge* again, of which *parts* is what the plan made.

    Raises ValueError if its plan is no longer in the database.
    """
    opened = open_plan(parts.plan_version_id)
    if opened is None or charge.version_id is None:
        raise ValueError(f"charge {charge.id} has parts of a plan that is not there")
    info = opened.info
    asked = asked_of(parts.effects)
    stood = {one.key: one.before for one in asked}
    starts_us = to_us(info.valid_from) if info.valid_from else 0
    composed = planned_charge(
        PlanAtWork(info.id, info.site_id, starts_us, opened.document),
        compiled,
        charge.version_id,
        call,
        site=site,
        prefix_of=prefix_of(parts.parts),
        counted=lambda key: stood.get(key, Volume()),
        rate=kept_rate(parts, charge.currency),
    )
    price = composed.price
    result = composed.charged or Unrated(price.unrated_reason)
    same = (price.amount_micros, price.billed_s, price.rate_index, price.unrated_reason)
    stored = (charge.amount_micros, charge.billed_s, charge.rate_index, charge.unrated_reason)
    steps = [step_object(step) for step in composed.charged.steps] if composed.charged else []
    tax = composed.charged.tax if composed.charged else Decimal(0)
    return ExplainedPlan(
        plan=info,
        result=result,
        asked=asked,
        tax=tax,
        equal=same == stored
        and steps == steps_of(parts.parts)
        and composed.adds == {one.key: one.add for one in asked if one.add != Volume()}
        and micros_of(Fraction(tax)) == parts.tax_micros,
    )
