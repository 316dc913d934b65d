"""What if, under plans: calls that a plan is in force for, by another tariff, in call order.

Volumes and bundles begin at nothing where the compared calls begin: compare whole bill periods.
"""

from collections.abc import Callable, Sequence

from tollbook.app.pricing.exchange_rates import RateTable, find_rate_in
from tollbook.app.pricing.plan_charge import CALLEE, SiteRef, planned_charge
from tollbook.app.pricing.plans import PlanAtWork, load_plans
from tollbook.core.batch import ChargeValues
from tollbook.core.discounts import Volume
from tollbook.core.rating import TalkedCall
from tollbook.core.tariff import CompiledTariff
from tollbook.storage.models import Pbx
from tollbook.storage.rerating.rated_calls import RatedCall

_NO_VERSION = 0  # A tariff that is only tried has none.


class PlansTried:
    """The plans as they stand, for calls that are priced by way of trial."""

    def __init__(self) -> None:
        self._plans = load_plans()
        self._sites = {
            pbx_id: SiteRef(site_id, name)
            for pbx_id, site_id, name in Pbx.objects.values_list("id", "site_id", "site__name")
        }
        self._find_rate = find_rate_in(RateTable())

    def __bool__(self) -> bool:
        """Whether there is any plan."""
        return bool(self._plans)

    def plan_of(self, call: RatedCall) -> PlanAtWork | None:
        """Return the plan that is in force for *call*."""
        return self._plans.in_force(self._sites[call.pbx_id].id, _talk_us(call))

    def prices(
        self,
        compiled: CompiledTariff,
        calls: Sequence[RatedCall],
        talked: Callable[[RatedCall], TalkedCall],
    ) -> list[ChargeValues]:
        """Return what each of *calls* would be charged, in their order; all of them have a plan."""
        order = sorted(range(len(calls)), key=lambda at: _order(calls[at]))
        counted: dict[str, Volume] = {}
        found: dict[int, ChargeValues] = {}
        for at in order:
            call = calls[at]
            work = self.plan_of(call)
            if work is None:
                raise ValueError(f"call {call.id} has no plan")
            planned = planned_charge(
                work,
                compiled,
                _NO_VERSION,
                talked(call),
                site=self._sites[call.pbx_id],
                prefix_of=CALLEE,
                counted=lambda key: counted.get(key, Volume()),
                rate=self._find_rate,
            )
            for key, add in planned.adds.items():
                before = counted.get(key, Volume())
                counted[key] = Volume(before.amount + add.amount, before.seconds + add.seconds)
            found[at] = planned.price
        return [found[at] for at in range(len(calls))]


def _talk_us(call: RatedCall) -> int:
    return call.begin_us if call.answer_us is None else call.answer_us


def _order(call: RatedCall) -> tuple[int, int, int, int]:
    return _talk_us(call), call.pbx_id, call.begin_us, call.id
