"""What calls cost at this moment, cached for questions about calls to come."""

from collections.abc import Mapping
from dataclasses import dataclass

from tollbook.app.pricing.exchange_rates import RateTable
from tollbook.app.pricing.pbx_rules import Rules
from tollbook.app.pricing.plans import PlanBook
from tollbook.app.pricing.rater import Rater


@dataclass(frozen=True, slots=True)
class Prices:
    """What calls cost: the compiled tariffs of each PBX, plans, exchange rates."""

    raters: Mapping[int, Rater]
    rules: Mapping[int, Rules]
    plans: PlanBook
    rates: RateTable
