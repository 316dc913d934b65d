"""Calls that came late: where one moved a volume or a bundle, later calls are charged again.

When a call arrives that talked before calls which its counters had counted already, they are marked
(`app.intake.planned_charges`). Here the marked ones are counted anew in call order, as a generation
of charges of its own; only differences are posted, and a call whose charge stays gets no row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.rerating.plan_walk import Walk, WalkStep, store_walk
from tollbook.app.rerating.reprice import Repricer, Tally
from tollbook.app.rerating.totals import Rerating, document_of, rerating_of
from tollbook.core.instants import from_us, to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import RatingRun
from tollbook.storage.models.charges import RunState
from tollbook.storage.pricing.plan_counters import dirty_counters
from tollbook.storage.rerating.store_run import RunTaken

NOTE = "calls after those that came late"

LateCallsProgress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class LateCalls:
    """What must be recounted: how many counters, and from which instant on."""

    counters: int
    since: datetime


def late_calls() -> LateCalls | None:
    """Return what waits; None if all calls were counted in call order."""
    marks = [tally.dirty_from_us or 0 for tally in dirty_counters().values()]
    return LateCalls(len(marks), from_us(min(marks))) if marks else None


def rerate_late(*, by: Actor, progress: LateCallsProgress | None = None) -> Rerating | None:
    """Charge again what late calls have moved, and return what that came to; None: nothing waits.

    Killed at any moment, the next one goes on where it stood. Raises RunTaken while a re-rating
    runs or when one begins meanwhile, and Busy.
    """
    if late_calls() is None:
        return None
    with door().transaction():
        running = RatingRun.objects.filter(state=RunState.RUNNING).first()
        if running is not None:
            raise RunTaken(running.pk)
        at_us = to_us(by.at)
        run = RatingRun.objects.create(
            started_us=at_us, seen_us=at_us, finished_us=at_us, by=by.name, note=NOTE
        )
    tally, looked_at = Tally(), 0

    def note(step: WalkStep) -> None:
        for one in step.charged:
            tally.add(one)
        rerating = rerating_of(
            tally.cells.values(), run=run.pk, extensions=repricer.names.extensions
        )
        RatingRun.objects.filter(pk=run.pk).update(
            calls=rerating.calls,
            calls_done=rerating.calls,
            changed=rerating.changed,
            result=document_of(rerating),
        )

    repricer = Repricer()
    for step in store_walk(Walk(repricer), run.pk, at=by.at, note=note):
        looked_at += step.looked_at
        if progress:
            progress(looked_at)
    rerating = rerating_of(tally.cells.values(), run=run.pk, extensions=repricer.names.extensions)
    with door().transaction():
        if rerating.changed:
            record_change(
                by,
                "rerate.late",
                of=("rerating", run.pk),
                after={"calls": rerating.calls, "changed": rerating.changed},
            )
        else:  # Nothing was written under it: a row of its own would only be in the way.
            RatingRun.objects.filter(pk=run.pk).delete()
    return rerating
