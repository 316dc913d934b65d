"""Prices stored calls again and says what is new: the work of a re-rating, before it is stored.

Only what differs becomes a new charge: another amount, version, rate, band or billed time. A
call whose charge stays gets no row, so a re-rating that corrects one prefix writes little.

Source: docs/decisions/0013-ledger.md.
"""

import hashlib
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from tollbook.app.pricing.load_pbx_rules import load_rules
from tollbook.app.pricing.pbx_rules import CHARGE, COST, Rules
from tollbook.app.pricing.plans import load_plans
from tollbook.app.pricing.rater import Billable, Rater
from tollbook.core.batch import ChargeColumns, ChargeValues
from tollbook.core.calls import DIRECTIONS
from tollbook.core.dialplan import unbilled_reason
from tollbook.core.ledger import UNPAID_CHARGES, Entry, rerating_entry
from tollbook.core.money import Money
from tollbook.storage.billing.call_payers import payers_of
from tollbook.storage.models import Pbx, PlanVersion, TariffAssignment, TariffVersion
from tollbook.storage.pricing.exchange_rates import newest_rate_id
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.rerating.planned_calls import planned_among
from tollbook.storage.rerating.rated_calls import (
    Names,
    RatedCall,
    RerateSums,
    names_of_calls,
    rated_calls,
    rated_calls_in_copy,
)
from tollbook.storage.rerating.store_run import RerateStep

if TYPE_CHECKING:
    from tollbook.app.pricing.price_batches import ManyPrices

# The size of a step bounds how long its locks are held; calls whose charge stays cost it nothing.
STEP_CHANGED = 500
STEP_CALLS = 20_000
CALLS_AT_ONCE = 2_000  # Read and priced together.
WORTH_ARRAYS = 20_000  # From so many calls on, loading the batch form is soon earned.


@dataclass(frozen=True, slots=True)
class Repriced:
    """A stored call, its charge in force, and the prices that differ from those in force.

    A `planned` call's charge is not looked at here: what a plan makes of it depends on the calls
    before, and `app.rerating.plan_walk` charges such calls in call order.
    """

    call: RatedCall
    old: ChargeValues | None
    new: ChargeValues | None
    changed: tuple[ChargeValues, ...]
    planned: bool = False

    @property
    def money_before(self) -> Money | None:
        """What the charge in force charges."""
        return self.old and self.old.money

    @property
    def money_now(self) -> Money | None:
        """What the new price charges."""
        return self.new and self.new.money


@dataclass(slots=True)
class Tally:
    """The cells of a comparison as it grows."""

    cells: dict[tuple[int | None, str, str, str, str], RerateSums] = field(default_factory=dict)

    def add(self, one: Repriced) -> None:
        """Count a call that has a charge or gets one."""
        call, old, new = one.call, one.old, one.new
        if old is None and new is None:
            return
        now = old if new is None else new
        before, after = old and old.money, now and now.money
        key = (
            call.extension_id,
            call.call_type,
            call.destination,
            before.currency if before else "",
            after.currency if after else "",
        )
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = RerateSums(*key)
        cell.calls += 1
        cell.changed += any(price.kind == CHARGE for price in one.changed)
        cell.unrated += after is None
        cell.lost += after is None and before is not None
        cell.old_micros += before.micros if before else 0
        cell.new_micros += after.micros if after else 0


class Repricer:
    """All tariffs as they are now, ready to price stored calls."""

    def __init__(self) -> None:
        self.names: Names = names_of_calls()
        self.plans = load_plans()
        self.raters: dict[int, Rater] = {}
        self._sites = dict(Pbx.objects.values_list("id", "site_id"))
        rules: Rules | None = None
        rater: Rater | None = None
        for pbx_id in Pbx.objects.order_by("id").values_list("id", flat=True):
            rules = load_rules(pbx_id, known=rules)
            rater = self.raters[pbx_id] = Rater(rules, before=rater)

    def reprice(self, ids: Sequence[int]) -> Iterator[Repriced]:
        """Yield the calls with these ids, ascending, each with what is new about its price."""
        planned = planned_among(ids) if self.plans else set()
        calls = rated_calls(ids)
        many = _many() if len(ids) >= WORTH_ARRAYS else None
        while some := list(islice(calls, CALLS_AT_ONCE)):
            yield from self._repriced(some, planned, many)

    def reprice_charges(self, wanted: CallFilter) -> Iterator[Repriced] | None:
        """Do as `reprice` from the columnar copy, for the charges alone and in any order.

        None: the copy cannot answer now.
        """
        pieces = rated_calls_in_copy(wanted)
        return None if pieces is None else self._reprice_pieces(pieces)

    def _reprice_pieces(
        self, pieces: Iterable[list[tuple[RatedCall, dict[str, ChargeValues]]]]
    ) -> Iterator[Repriced]:
        many = _many()
        for some in pieces:
            planned = planned_among([call.id for call, _ in some]) if self.plans else set()
            yield from self._repriced(some, planned, many, kinds=(CHARGE,))

    def _repriced(
        self,
        some: Sequence[tuple[RatedCall, dict[str, ChargeValues]]],
        planned: Container[int],
        many: "ManyPrices | None",
        *,
        kinds: Container[str] = (CHARGE, COST),
    ) -> Iterator[Repriced]:
        """Yield some calls, those of one PBX priced together; only prices of *kinds* are asked."""
        is_planned = [False] * len(some)
        prices: list[list[ChargeValues]] = [[] for _ in some]
        asked: dict[tuple[int, str], tuple[list[int], list[Billable]]] = {}
        for at, (call, _) in enumerate(some):
            if unbilled_reason(
                DIRECTIONS[call.direction], answered=call.answered, talk_ms=call.talk_ms
            ):
                continue
            as_priced = billable(call, self.names)
            is_planned[at] = call.id in planned or self._is_planned(call, as_priced.talk_us)
            for kind in self.raters[call.pbx_id].kinds:
                if kind in kinds and not (is_planned[at] and kind == CHARGE):
                    places, billables = asked.setdefault((call.pbx_id, kind), ([], []))
                    places.append(at)
                    billables.append(as_priced)
        for (pbx_id, kind), (places, billables) in asked.items():
            rater = self.raters[pbx_id]
            if many is None:
                found = [rater.charge(one, kind) for one in billables]
            else:
                found = many.charges(rater, billables, kind)
            for at, price in zip(places, found, strict=True):
                prices[at].append(price)
        for at, (call, charges) in enumerate(some):
            new = next((price for price in prices[at] if price.kind == CHARGE), None)
            changed = tuple(
                price for price in prices[at] if _differs(price, charges.get(price.kind))
            )
            yield Repriced(call, charges.get(CHARGE), new, changed, planned=is_planned[at])

    def _is_planned(self, call: RatedCall, talk_us: int) -> bool:
        site_id = self._sites[call.pbx_id]
        return bool(self.plans) and self.plans.in_force(site_id, talk_us) is not None


def billable(call: RatedCall, names: Names) -> Billable:
    """Return a stored call as pricing sees it."""
    return Billable(
        call.begin_us if call.answer_us is None else call.answer_us,
        call.talk_ms,
        call.callee,
        call.dialled or call.callee,
        call.caller,
        names.extensions.get(call.extension_id or 0, ""),
        names.departments.get(call.department_id or 0, ""),
        names.trunks.get(call.trunk_id or 0, ""),
        call.account_code,
        call.source_ip,
        call.pulses,
    )


def steps_of(
    repriced: Iterable[Repriced], *, run: int, after: int, at: datetime
) -> Iterator[RerateStep]:
    """Yield what a run stores, in steps that follow each other from the call *after* on."""
    calls = last_call = 0
    changed: list[Repriced] = []
    for one in repriced:
        calls += 1
        last_call = one.call.id
        if one.changed:
            changed.append(one)
        if len(changed) >= STEP_CHANGED or calls >= STEP_CALLS:
            yield _step(changed, run=run, after=after, last_call=last_call, calls=calls, at=at)
            after, calls, changed = last_call, 0, []
    if calls:
        yield _step(changed, run=run, after=after, last_call=last_call, calls=calls, at=at)


def _many() -> "ManyPrices":
    # It loads numba, which takes a second: as long as some thousand calls take without it.
    from tollbook.app.pricing.price_batches import ManyPrices

    return ManyPrices()


def rules_in_force() -> str:
    """Return a hash of all that decides a price: tariffs, plans and exchange rates."""
    assignments = TariffAssignment.objects.order_by("position", "id").values_list()
    versions = TariffVersion.objects.order_by("id").values_list("id", "tariff_id", "valid_from_us")
    plans = PlanVersion.objects.order_by("id").values_list("id", "valid_from_us")
    decisive = [list(assignments), list(versions), list(plans), newest_rate_id()]
    return hashlib.sha256(repr(decisive).encode()).hexdigest()


def _step(
    changed: Sequence[Repriced], *, run: int, after: int, last_call: int, calls: int, at: datetime
) -> RerateStep:
    charges = ChargeColumns()
    columns = charges.lists()
    for one in changed:
        for price in one.changed:
            for column, value in zip(columns, (one.call.id, *price), strict=True):
                column.append(value)
    return RerateStep(
        after=after,
        last_call=last_call,
        calls=calls,
        changed=sum(any(price.kind == CHARGE for price in one.changed) for one in changed),
        charges=charges,
        entries=difference_entries(changed, run=run, at=at),
    )


def difference_entries(changed: Sequence[Repriced], *, run: int, at: datetime) -> list[Entry]:
    """Return the entries of the differences: to the account that paid, else to all customers'."""
    moved = [one for one in changed if not one.planned and one.money_before != one.money_now]
    payers = payers_of([one.call.id for one in moved])
    entries = []
    for one in moved:
        entry = rerating_entry(
            one.money_before,
            one.money_now,
            key=f"rerating:{run}:{one.call.id}",
            at=at,
            payer=payers.get(one.call.id, UNPAID_CHARGES),
            call_id=one.call.id,
            run=run,
        )
        if entry is not None:
            entries.append(entry)
    return entries


def _differs(price: ChargeValues, old: ChargeValues | None) -> bool:
    """Say whether *price* is another than *old*; prefix and band follow from version and rate."""
    if old is None:
        return True
    was = (old.tariff_version_id, old.rate_index, *old[5:])
    return (price.tariff_version_id, price.rate_index, *price[5:]) != was
