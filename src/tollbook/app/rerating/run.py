"""Prices stored calls again: a dry run, then a new generation of charges and its differences.

A run is a row with the filter of its calls and a watermark. Killed at any moment it goes on where
it stood, by `carry_on`; what it had stored is never stored again. Tariffs that change meanwhile
stop it, and a new run prices all of its calls by the new ones: a generation is never a mixture.

Source: docs/decisions/0013-ledger.md.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import IntegrityError
from django.db.models import F

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.pricing.tariff_documents import uncollected
from tollbook.app.rerating.budgets_and_fees import charge_fees_again, count_again
from tollbook.app.rerating.plan_walk import Overtaken, Walk, WalkStep, store_walk, walk_dry
from tollbook.app.rerating.reprice import WORTH_ARRAYS, Repricer, Tally, rules_in_force, steps_of
from tollbook.app.rerating.totals import Rerating, document_of, rerating_from, rerating_of
from tollbook.app.words import counted
from tollbook.core.instants import from_us, to_us
from tollbook.storage.billing.ledger_queries import RerateDifference, differences
from tollbook.storage.db.installation import door
from tollbook.storage.models import RatingRun
from tollbook.storage.models.charges import RunState
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.call_log import newest_call_id
from tollbook.storage.rerating.rated_calls import ids_of, names_of_calls, rerated_cells
from tollbook.storage.rerating.store_run import RerateStep, RunTaken, end_run, store_step

__all__ = [
    "RunInfo",
    "RunTaken",
    "Unfinished",
    "begin_rerating",
    "carry_on",
    "dry_run",
    "find_run",
    "list_runs",
    "posted_differences",
    "unfinished_run",
]

DRY_RUN_TOLD_EVERY = 1_000

RerateProgress = Callable[[int, int], None]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A re-rating: who asked for which calls, and how far it is. `result` once it is done."""

    id: int
    words: str
    by: str
    state: str
    started: datetime
    seen: datetime
    finished: datetime | None
    calls: int
    calls_done: int
    changed: int
    result: Rerating | None

    @property
    def is_running(self) -> bool:
        """Whether it is not ended; its process may have been killed."""
        return self.state == RunState.RUNNING


class Unfinished(ValueError):
    """A run of other calls was not finished: there is one at a time."""

    def __init__(self, run: RunInfo) -> None:
        super().__init__(
            f"re-rating {run.id} ({run.words}) is not finished: {run.calls_done:,} of "
            f"{counted(run.calls, 'call')} done. Nothing was re-rated now. Carry on with that one "
            "first."
        )
        self.run = run


def dry_run(wanted: CallFilter, *, progress: RerateProgress | None = None) -> Rerating:
    """Return what re-rating the calls that *wanted* admits would come to; nothing is stored.

    The columnar copy tells the calls and their charges where it can, the tables where it cannot:
    to the same last digit.
    """
    repricer = Repricer()
    ids = ids_of(wanted)
    tally = Tally()
    with uncollected():
        copied = repricer.reprice_charges(wanted) if len(ids) >= WORTH_ARRAYS else None
        calls = repricer.reprice(ids) if copied is None else copied
        for done, one in enumerate(calls, start=1):
            if not one.planned:
                tally.add(one)
            if progress and done % DRY_RUN_TOLD_EVERY == 0:
                progress(done, len(ids))
    if repricer.plans:
        known = frozenset(ids)
        for one in walk_dry(Walk(repricer, ids)):
            if one.call.id in known:
                tally.add(one)
    return rerating_of(tally.cells.values(), run=None, extensions=repricer.names.extensions)


def begin_rerating(wanted: CallFilter, *, words: str, by: Actor) -> RunInfo:
    """Open the run that re-rates the calls that *wanted* admits; `carry_on` does the work.

    An unfinished run of the same calls is that run. Raises Unfinished for one of other calls.
    """
    last_call = newest_call_id()
    calls = bisect_right(ids_of(wanted), last_call)
    at_us = to_us(by.at)
    try:
        with door().transaction():
            known = _unfinished()
            if known is None:
                run = RatingRun.objects.create(
                    started_us=at_us,
                    by=by.name,
                    note=words,
                    state=RunState.RUNNING,
                    wanted=asdict(wanted),
                    rules=rules_in_force(),
                    last_call=last_call,
                    calls=calls,
                    seen_us=at_us,
                )
                _record(run, "rerate.start", by=by)
                return _info(run)
    except IntegrityError:  # Race: another run was begun meanwhile.
        known = _unfinished()
        if known is None:
            raise
    if _wanted(known) != wanted:
        raise Unfinished(_info(known))
    return _info(known)


def carry_on(run_id: int, *, now: Clock, progress: RerateProgress | None = None) -> Rerating:
    """Do what is left of a run and return what all of it came to; of an ended run: what it did.

    Raises RatingRun.DoesNotExist, and RunTaken when another process carries on with it.
    """
    run = RatingRun.objects.get(pk=run_id)
    if run.result is not None:
        return rerating_from(run.result)
    if run.state != RunState.RUNNING:
        raise RunTaken(run_id)
    repricer = Repricer()
    if rules_in_force() != run.rules:
        anew = _begin_anew(run, at=now(), after=run.watermark, why="the tariffs changed")
        return carry_on(anew.pk, now=now, progress=progress)
    watermark = run.watermark
    done = run.calls_done
    with uncollected():
        for step in door().bulk(_steps(run, repricer, now=now)):
            watermark = step.last_call
            done += step.calls
            if progress:
                progress(done, run.calls)
    try:
        _replan(run, repricer, at=now())
    except Overtaken as fault:
        anew = _begin_anew(run, at=now(), after=watermark, why=str(fault))
        return carry_on(anew.pk, now=now, progress=progress)
    charge_fees_again(ids_of(_wanted(run)))
    return _finish(run, watermark=watermark, at=now())


def find_run(run_id: int) -> RunInfo | None:
    """Return a re-rating, None if there is none of that id."""
    run = RatingRun.objects.filter(pk=run_id, kind="rerate").first()
    return _info(run) if run else None


def list_runs(limit: int = 10) -> list[RunInfo]:
    """Return the latest re-ratings, newest first."""
    return [_info(run) for run in RatingRun.objects.filter(kind="rerate").order_by("-id")[:limit]]


def posted_differences(run_id: int, *, after: int, limit: int) -> list[RerateDifference]:
    """Return the differences that a run posted, from the entry behind *after* on."""
    return differences(run_id, after=after, limit=limit)


def unfinished_run() -> RunInfo | None:
    """Return the re-rating that is running or was broken off."""
    run = _unfinished()
    return _info(run) if run else None


def _unfinished() -> RatingRun | None:
    return RatingRun.objects.filter(state=RunState.RUNNING).first()


def _steps(run: RatingRun, repricer: Repricer, *, now: Clock) -> Iterator[Callable[[], Any]]:
    """Yield the transactions that are left of *run*."""
    ids = _ids_left(run)
    at = now()
    for step in steps_of(repricer.reprice(ids), run=run.pk, after=run.watermark, at=at):
        yield partial(_store, run.pk, step, at=now())


def _store(run_id: int, step: RerateStep, *, at: datetime) -> RerateStep:
    stored = store_step(run_id, step, seen_us=to_us(at))
    count_again(step.charges.call, run=run_id, at=at)
    return stored


def _ids_left(run: RatingRun) -> Sequence[int]:
    """Return the ids of the run's calls behind its watermark, ascending.

    A filter on the charge still finds them: their charges in force are those from before.
    """
    ids = ids_of(_wanted(run))
    return ids[bisect_right(ids, run.watermark) : bisect_right(ids, run.last_call)]


def _replan(run: RatingRun, repricer: Repricer, *, at: datetime) -> None:
    """Charge the run's calls that are under a plan, and those whose counters they have moved."""
    if not repricer.plans:
        return

    def note(step: WalkStep) -> None:
        changed = RatingRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(
            changed=F("changed") + len(step.changes), seen_us=to_us(at)
        )
        if not changed:
            raise RunTaken(run.pk)

    ids = ids_of(_wanted(run))
    walk = Walk(repricer, ids[: bisect_right(ids, run.last_call)])
    for _ in store_walk(walk, run.pk, at=at, note=note):
        pass


def _begin_anew(run: RatingRun, *, at: datetime, after: int, why: str) -> RatingRun:
    """Stop *run*, which stands at *after*, and open one in its place."""
    with door().transaction():
        end_run(run.pk, RunState.STOPPED, after=after, at_us=to_us(at))
        _record(run, "rerate.stop", by=Actor(run.by, at), after={"why": why})
        anew = RatingRun.objects.create(
            started_us=to_us(at),
            by=run.by,
            note=run.note,
            state=RunState.RUNNING,
            wanted=run.wanted,
            rules=rules_in_force(),
            last_call=run.last_call,
            calls=run.calls,
            seen_us=to_us(at),
        )
        _record(anew, "rerate.start", by=Actor(run.by, at))
    return anew


def _finish(run: RatingRun, *, watermark: int, at: datetime) -> Rerating:
    """Add the run up from what is stored, and end it."""
    cells = rerated_cells(_wanted(run), run.pk, last_call=run.last_call)
    rerating = rerating_of(cells, run=run.pk, extensions=names_of_calls().extensions)
    document = document_of(rerating)
    with door().transaction():
        end_run(
            run.pk,
            RunState.DONE,
            after=watermark,
            at_us=to_us(at),
            result=document,
        )
        after = {key: document[key] for key in ("calls", "changed", "unrated", "totals")}
        _record(run, "rerate.done", by=Actor(run.by, at), after=after)
    return rerating


def _wanted(run: RatingRun) -> CallFilter:
    """Return the filter as it was given: JSON makes lists of tuples."""
    ids = run.wanted.get("extension_ids")
    return CallFilter(**{**run.wanted, "extension_ids": None if ids is None else tuple(ids)})


def _record(
    run: RatingRun, action: str, *, by: Actor, after: Mapping[str, Any] | None = None
) -> None:
    said = after or {"calls": run.calls, "words": run.note}
    record_change(by, action, of=("rerating", run.pk), after=said)


def _info(run: RatingRun) -> RunInfo:
    return RunInfo(
        id=run.pk,
        words=run.note,
        by=run.by,
        state=run.state,
        started=from_us(run.started_us),
        seen=from_us(run.seen_us),
        finished=None if run.finished_us is None else from_us(run.finished_us),
        calls=run.calls,
        calls_done=run.calls_done,
        changed=run.changed,
        result=rerating_from(run.result) if run.result else None,
    )
