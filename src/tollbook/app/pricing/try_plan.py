"""What a call that nobody made would cost under the plan of its site, as counters stand now."""

from dataclasses import replace

from tollbook.app.pricing.counters import PendingCounters
from tollbook.app.pricing.exchange_rates import RateTable, find_rate_in
from tollbook.app.pricing.plan_charge import CALLEE, PlannedCharge, SiteRef, planned_charge
from tollbook.app.pricing.plans import PlanInfo, load_plans, open_plan
from tollbook.core.instants import to_us
from tollbook.core.rating import TalkedCall
from tollbook.core.tariff import CompiledTariff
from tollbook.storage.models import Department, Extension, Site


def try_plan(
    compiled: CompiledTariff, version_id: int, call: TalkedCall, site_id: int
) -> tuple[PlanInfo, PlannedCharge] | None:
    """Return the plan that would be in force and the price under it; None without a plan.

    Nothing is counted. A caller that is a telephone of the site brings its department along.
    """
    work = load_plans().in_force(site_id, to_us(call.start))
    opened = None if work is None else open_plan(work.version_id)
    site = Site.objects.filter(pk=site_id).first()
    if work is None or opened is None or site is None:
        return None
    planned = planned_charge(
        work,
        compiled,
        version_id,
        _with_department(call, site_id),
        site=SiteRef(site.pk, site.name),
        prefix_of=CALLEE,
        counted=PendingCounters().volume,
        rate=find_rate_in(RateTable()),
    )
    return opened.info, planned


def _with_department(call: TalkedCall, site_id: int) -> TalkedCall:
    telephone = Extension.objects.filter(site=site_id, number=call.caller or "").first()
    if telephone is None or telephone.department_id is None:
        return call
    department = Department.objects.get(pk=telephone.department_id).name
    return replace(call, department=department)
