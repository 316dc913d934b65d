"""Charges of arriving calls under a plan, in the transaction that stores the calls.

A plan remembers what came before: volumes and bundles are read and moved here, in call order,
together with the charges, so that nothing is ever counted twice or lost. A call that comes late,
after calls that talked later were counted, is charged by what stands now, and its counters are
marked: `app.rerating.late_calls` charges them again in their order.
"""

from collections.abc import Container

from tollbook.app.intake.price_draft import billables
from tollbook.app.pricing.counters import PendingCounters
from tollbook.app.pricing.exchange_rates import RateTable, find_rate_in
from tollbook.app.pricing.pbx_rules import CHARGE
from tollbook.app.pricing.plan_charge import (
    CALLEE,
    DIALLED,
    PlannedCharge,
    SiteRef,
    planned_charge,
)
from tollbook.app.pricing.plans import PlanAtWork, PlanBook, load_plans
from tollbook.app.pricing.rater import Billable, Rater, talked_call, unrated
from tollbook.core.batch import CallBatch, ChargeColumns, ChargeValues, StoredBatch
from tollbook.storage.models import Site
from tollbook.storage.pricing.planned_charges import PartsRow, store_planned
from tollbook.storage.rerating.planned_calls import CallOrderKey


class PlanPricer:
    """The plans of one PBX's calls, ready to price."""

    def __init__(
        self, book: PlanBook, rates: RateTable, rater: Rater, *, pbx_id: int, site: SiteRef
    ) -> None:
        self.book = book
        self.rates = rates
        self._find_rate = find_rate_in(rates)
        self._rater = rater
        self._pbx_id = pbx_id
        self._site = site

    def planned(self, draft: CallBatch) -> dict[int, PlanAtWork]:
        """Return which of a priced draft's charges a plan is in force for, by their index."""
        calls, found = draft.calls, {}
        for index, (call, kind) in enumerate(
            zip(draft.charges.call, draft.charges.kind, strict=True)
        ):
            answer_us = calls.answer_us[call]
            talk_us = calls.begin_us[call] if answer_us is None else answer_us
            work = self.book.in_force(self._site.id, talk_us) if kind == CHARGE else None
            if work is not None:
                found[index] = work
        return found

    def file(self, draft: CallBatch, stored: StoredBatch, works: dict[int, PlanAtWork]) -> None:
        """Charge the calls that were added, in call order, in the transaction that is open.

        The draft's charges become what is stored.
        """
        calls, charges = draft.calls, draft.charges
        priced = {charges.call[index] for index in works}
        of_calls = dict(billables(self._rater, draft, map(priced.__contains__, range(len(calls)))))
        added = []
        for index, work in works.items():
            call = charges.call[index]
            call_id = stored.call_ids[call]
            if call_id is not None:
                billable = of_calls[call]
                order = CallOrderKey(
                    billable.talk_us,
                    self._pbx_id,
                    calls.begin_us[call],
                    calls.dedupe_hash[call],
                )
                added.append((order, index, call_id, billable, work))
        added.sort(key=lambda one: one[0])
        counters = PendingCounters()
        rows: list[tuple[int, ChargeValues, PartsRow | None]] = []
        for order, index, call_id, billable, work in added:
            price, planned = self._charge(billable, work, counters)
            if planned is not None:
                counters.count(planned, order)
            rows.append((call_id, price, planned.parts if planned else None))
            for column, value in zip(charges.lists()[1:], price, strict=True):
                column[index] = value
        store_planned(rows)
        counters.write()

    def _charge(
        self, call: Billable, work: PlanAtWork, counters: PendingCounters
    ) -> tuple[ChargeValues, PlannedCharge | None]:
        chosen = self._rater.chosen(call)
        if isinstance(chosen, str):
            return unrated(CHARGE, chosen), None
        pricer, by_dialled = chosen
        planned = planned_charge(
            work,
            pricer.compiled,
            pricer.version_id,
            talked_call(call, call.dialled if by_dialled else call.callee),
            site=self._site,
            prefix_of=DIALLED if by_dialled else CALLEE,
            counted=counters.volume,
            rate=self._find_rate,
        )
        return planned.price, planned


def without(charges: ChargeColumns, left_out: Container[int]) -> ChargeColumns:
    """Return *charges* but for those with these indexes."""
    kept = [index for index in range(len(charges)) if index not in left_out]
    return ChargeColumns(*([column[index] for index in kept] for column in charges.lists()))


def open_plan_pricer(
    rater: Rater, *, pbx_id: int, site_id: int, known: "PlanPricer | None" = None
) -> PlanPricer | None:
    """Return the current plans, ready to price a PBX's calls; None where there is no plan.

    Plans and exchange rates that *known* holds are not read again while they stay.
    """
    book = known.book if known and known.book.is_current() else load_plans()
    if not book:
        return None
    rates = known.rates if known and known.rates.is_current() else RateTable()
    site = SiteRef(site_id, Site.objects.values_list("name", flat=True).get(pk=site_id))
    return PlanPricer(book, rates, rater, pbx_id=pbx_id, site=site)
