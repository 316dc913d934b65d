"""Calls charged again under their plans, in call order: re-rated ones, and after late ones.

What a plan makes of a call depends on the calls before it, so one walk goes through the calls in
the order in which they talked. It carries what each counter stands at; a call is charged again
where that was asked for, or where a counter that it asks has moved. Whatever order the calls came
in, they end at the digits that they would have had if they had been priced in order at once.

The walk is resumable: each step is one transaction that writes new charges beside the old, posts
the differences, moves the counters by what changed, and moves the mark from which on a counter
must still be recounted. Source: docs/algorithms/charging.md, "Late calls".
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from tollbook.app.pricing.exchange_rates import RateTable, find_rate_in
from tollbook.app.pricing.explain_call import compiled_version
from tollbook.app.pricing.pbx_rules import CHARGE
from tollbook.app.pricing.plan_charge import (
    CALLEE,
    DIALLED,
    FindRate,
    PlannedCharge,
    SiteRef,
    asked_of,
    kept_rate,
    planned_charge,
    prefix_of,
)
from tollbook.app.pricing.plans import PlanAtWork
from tollbook.app.pricing.rater import Billable, talked_call
from tollbook.app.rerating.budgets_and_fees import count_again
from tollbook.app.rerating.reprice import Repriced, Repricer, billable, difference_entries
from tollbook.core.batch import ChargeValues
from tollbook.core.discounts import Volume
from tollbook.core.tariff import CompiledTariff
from tollbook.storage.billing.ledger import post_entries
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.installation import door
from tollbook.storage.models import RatingRun, Site
from tollbook.storage.pricing.plan_counters import (
    CounterState,
    counters_after,
    dirty_counters,
    read_counters,
    write_counters,
)
from tollbook.storage.pricing.planned_charges import PartsRow, store_planned
from tollbook.storage.rerating.planned_calls import (
    PlacedCall,
    effects_from,
    newest_parts_id,
    placed_calls,
    planned_among,
    planned_from,
)
from tollbook.storage.rerating.rated_calls import RatedCall, newest_run, rated_calls
from tollbook.storage.rerating.store_run import RunTaken

STEP_CALLS = 200
_SNAPSHOTS = 3
_NOTHING = Volume()


@dataclass(frozen=True, slots=True)
class ChargeChange:
    """A call whose charge is another now; `parts` None: no plan is in force for it any more."""

    repriced: Repriced
    parts: PartsRow | None


@dataclass(slots=True)
class WalkStep:
    """What one step found: the calls that were charged again, and how far the walk is.

    `until_us` is the instant before which all calls are done; None: the walk is at its end.
    """

    looked_at: int = 0
    charged: list[Repriced] = field(default_factory=list)
    changes: list[ChargeChange] = field(default_factory=list)
    moved: dict[str, Volume] = field(default_factory=dict)
    periods: dict[str, int] = field(default_factory=dict)
    latest: dict[str, str] = field(default_factory=dict)
    until_us: int | None = None


class Walk:
    """The calls of all plans from an instant on; belongs to one thread.

    *wanted* are calls that are charged by the tariffs and plans of now. Others keep the versions
    and the rate that they were charged by, and only follow the counters.
    """

    def __init__(self, repricer: Repricer, wanted: Sequence[int] = ()) -> None:
        self._repricer = repricer
        self._sites = {
            row_id: SiteRef(row_id, name) for row_id, name in Site.objects.values_list("id", "name")
        }
        self._find_rate = find_rate_in(RateTable())
        self._compiled: dict[int, CompiledTariff] = {}
        plans, known = repricer.plans, planned_among(wanted)
        self._wanted = {
            call.call_id: call
            for call in placed_calls(wanted)
            if call.call_id in known or plans.in_force(call.site_id, call.order.talk_us)
        }
        self._coming = sorted(self._wanted.values(), key=lambda call: call.order)
        self._next = 0  # Of `_coming`, the first that was not looked at.
        self.dirty = dirty_counters()
        starts = [tally.dirty_from_us or 0 for tally in self.dirty.values()]
        starts += [call.order.talk_us for call in self._coming[:1]]
        self.at_us: int | None = min(starts) if starts else None
        self._stands = self._stand_before(self.at_us) if self.at_us is not None else {}

    @property
    def is_done(self) -> bool:
        """Whether no call is left that anything could have moved."""
        return self.at_us is None

    def step(self) -> WalkStep:
        """Look at the next calls and return what is new about them; nothing is stored."""
        step = WalkStep(until_us=self.at_us)
        if self.at_us is None:
            return step
        calls, more_us = self._next_calls(self.at_us)
        found = {
            call.id: (call, charges.get(CHARGE))
            for call, charges in rated_calls(sorted(call.call_id for call in calls))
        }
        for placed in calls:
            call, old = found[placed.call_id]
            self._look_at(step, placed, call, old)
        step.looked_at = len(calls)
        self.at_us = step.until_us = more_us
        self._forget_ended(more_us)
        if self._next >= len(self._coming) and not self.dirty:
            self.at_us = None
        return step

    def _next_calls(self, from_us: int) -> tuple[list[PlacedCall], int | None]:
        """Return the next calls of all plans and those that are wanted, in call order."""
        calls, more_us = planned_from(from_us, limit=STEP_CALLS)
        known = {call.call_id for call in calls}
        joining = self._coming[self._next : self._next + STEP_CALLS]
        if self._next + STEP_CALLS < len(self._coming):
            last_us = joining[-1].order.talk_us
            same = self._next + len(joining)
            while same < len(self._coming) and self._coming[same].order.talk_us == last_us:
                joining.append(self._coming[same])
                same += 1
            more_us = last_us + 1 if more_us is None else min(more_us, last_us + 1)
        if more_us is not None:
            calls = [call for call in calls if call.order.talk_us < more_us]
            joining = [call for call in joining if call.order.talk_us < more_us]
        self._next += len(joining)
        calls += [call for call in joining if call.call_id not in known]
        return sorted(calls, key=lambda call: call.order), more_us

    def _look_at(
        self, step: WalkStep, placed: PlacedCall, call: RatedCall, old: ChargeValues | None
    ) -> None:
        asked = asked_of(placed.parts.effects) if placed.parts else ()
        is_wanted = placed.call_id in self._wanted
        before = {one.key: one.add for one in asked if one.add != _NOTHING}
        if not is_wanted and not any(one.key in self.dirty for one in asked):
            self._count(before)
            return
        as_priced = billable(call, self._repricer.names)
        price, planned = self._charge(placed, as_priced, old, is_wanted=is_wanted)
        after = planned.adds if planned else {}
        self._count(after)
        for one in (*asked, *(planned.asked if planned else ())):
            step.periods[one.key] = one.until_us
        for one in planned.asked if planned else ():
            step.latest[one.key] = max(step.latest.get(one.key, ""), placed.order.text)
        for key in before.keys() | after.keys():
            more = _minus(after.get(key, _NOTHING), before.get(key, _NOTHING))
            if more != _NOTHING:
                step.moved[key] = _plus(step.moved.get(key, _NOTHING), more)
                tally = self.dirty.setdefault(key, CounterState(until_us=step.periods[key]))
                tally.mark_dirty(placed.order.talk_us)
        parts = planned.parts if planned else None
        is_other = before != after or _differs(price, parts, old, placed.parts)
        repriced = Repriced(call, old, price, (price,) if is_other else ())
        step.charged.append(repriced)
        if is_other:
            step.changes.append(ChargeChange(repriced, parts))

    def _charge(
        self, placed: PlacedCall, call: Billable, old: ChargeValues | None, *, is_wanted: bool
    ) -> tuple[ChargeValues, PlannedCharge | None]:
        rater = self._repricer.raters[placed.order.pbx_id]
        plans = self._repricer.plans
        if not is_wanted and placed.parts is not None and old is not None:
            work = plans.by_id[placed.parts.plan_version_id]
            version_id = old.tariff_version_id or 0
            compiled = self._compiled.get(version_id)
            if compiled is None:
                compiled = self._compiled[version_id] = compiled_version(version_id)
            by = prefix_of(placed.parts.parts)
            rate = kept_rate(placed.parts, old.currency)
            planned = self._planned(placed, call, work, compiled, version_id, by, rate)
            return planned.price, planned
        in_force = plans.in_force(placed.site_id, call.talk_us)
        chosen = rater.chosen(call)
        if in_force is None or isinstance(chosen, str):
            return rater.charge(call), None
        pricer, by_dialled = chosen
        by = DIALLED if by_dialled else CALLEE
        planned = self._planned(
            placed, call, in_force, pricer.compiled, pricer.version_id, by, self._find_rate
        )
        return planned.price, planned

    def _planned(
        self,
        placed: PlacedCall,
        call: Billable,
        work: PlanAtWork,
        compiled: CompiledTariff,
        version_id: int,
        by: Literal["callee", "dialled"],
        rate: FindRate,
    ) -> PlannedCharge:
        return planned_charge(
            work,
            compiled,
            version_id,
            talked_call(call, call.dialled if by == DIALLED else call.callee),
            site=self._sites[placed.site_id],
            prefix_of=by,
            counted=lambda key: self._stands.get(key, _NOTHING),
            rate=rate,
        )

    def _count(self, adds: Mapping[str, Volume]) -> None:
        for key, add in adds.items():
            self._stands[key] = _plus(self._stands.get(key, _NOTHING), add)

    def _forget_ended(self, until_us: int | None) -> None:
        """Leave out counters whose period is over: no later call asks them."""
        for key, tally in list(self.dirty.items()):
            if until_us is None or (tally.until_us is not None and tally.until_us <= until_us):
                del self.dirty[key]

    def _stand_before(self, from_us: int) -> dict[str, Volume]:
        """Return what each counter stood at before *from_us*.

        That is what it stands at now, less what was counted since. Optimistic read: repeated
        unless no charge was inserted between the two queries.
        """
        for _ in range(_SNAPSHOTS):
            stamp = newest_parts_id()
            stands = {
                key: Volume(tally.amount, tally.seconds)
                for key, tally in counters_after(from_us).items()
            }
            for effects in effects_from(from_us):
                for one in asked_of(effects):
                    if one.add != _NOTHING:
                        stands[one.key] = _minus(stands.get(one.key, _NOTHING), one.add)
            if newest_parts_id() == stamp:
                return stands
        raise Busy


class Busy(RuntimeError):
    """Calls come faster than the counters can be added up."""

    def __init__(self) -> None:
        super().__init__(
            "calls came while the counters were added up, several times. Nothing was re-rated. "
            "Try again when fewer calls come."
        )


class Overtaken(RuntimeError):
    """A call came late while a run was broken off: what the run had charged must be repeated."""

    def __init__(self, run_id: int) -> None:
        super().__init__(f"re-rating {run_id} was overtaken by calls that came late")


def walk_dry(walk: Walk) -> Iterator[Repriced]:
    """Yield the calls that would be charged again, in call order; nothing is stored."""
    while not walk.is_done:
        yield from walk.step().charged


def store_walk(
    walk: Walk, run_id: int, *, at: datetime, note: Callable[[WalkStep], None]
) -> Generator[WalkStep, None, None]:
    """Store what a walk finds, one transaction a step, and yield each step once it is on disk.

    *note* is called inside the transaction. Raises RunTaken once a newer run has begun, and
    Overtaken where a call has a charge of this run that is no longer right.
    """
    while not walk.is_done:
        begin_us = walk.at_us or 0
        with door().transaction():
            bulk_engine().begin_batch()
            if RatingRun.objects.order_by("-id").values_list("id", flat=True).first() != run_id:
                raise RunTaken(run_id)
            before = set(walk.dirty)
            step = walk.step()
            _write(step.changes, run_id, at=at)
            _move_counters(step, before, walk, begin_us=begin_us)
            note(step)
        yield step


def _write(changes: Sequence[ChargeChange], run_id: int, *, at: datetime) -> None:
    if newest_run([change.repriced.call.id for change in changes]) >= run_id:
        raise Overtaken(run_id)
    rows = [
        (change.repriced.call.id, price, change.parts)
        for change in changes
        if (price := change.repriced.new) is not None
    ]
    store_planned(rows, run=run_id)
    post_entries(difference_entries([change.repriced for change in changes], run=run_id, at=at))
    count_again([change.repriced.call.id for change in changes], run=run_id, at=at)


def _move_counters(step: WalkStep, before: set[str], walk: Walk, *, begin_us: int) -> None:
    """Add what changed to the counters, and move the marks of those that are being counted."""
    keys = before | walk.dirty.keys() | step.moved.keys() | step.latest.keys()
    known = read_counters(keys)
    tallies = {key: known.get(key) or CounterState() for key in keys}
    for key, more in step.moved.items():
        tallies[key].amount += more.amount
        tallies[key].seconds += more.seconds
    for key, tally in tallies.items():
        tally.until_us = step.periods.get(key, tally.until_us)
        tally.latest = max(tally.latest, step.latest.get(key, ""))
        if tally.dirty_from_us is not None and tally.dirty_from_us < begin_us:
            continue  # Keep the mark: a late call arrived before our position.
        tally.dirty_from_us = step.until_us if key in walk.dirty else None
    write_counters(tallies)


def _differs(
    price: ChargeValues, parts: PartsRow | None, old: ChargeValues | None, known: PartsRow | None
) -> bool:
    """Say whether a charge is another than before, be it in a step or in the plan's version."""
    if old is None or price != old or (parts is None) != (known is None):
        return True
    if parts is None or known is None:
        return False
    # What counters stood at may have moved without any step: that alone is no new charge.
    return replace(parts, effects="") != replace(known, effects="")


def _plus(one: Volume, other: Volume) -> Volume:
    return Volume(one.amount + other.amount, one.seconds + other.seconds)


def _minus(one: Volume, other: Volume) -> Volume:
    return Volume(one.amount - other.amount, one.seconds - other.seconds)
