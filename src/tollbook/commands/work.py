"""`tollbook work`: the background jobs, in a process of their own.

Watching for fraud, closing holds whose calls have ended, noting balances at midnight, re-rating
what late calls changed, keeping the columnar copy of the calls. A TERM may come at any moment;
what is being written then is not used.
"""

import argparse
import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from django.db import DatabaseError, connections

from tollbook.app.access.actor import Actor
from tollbook.app.billing.snapshots import take_snapshots
from tollbook.app.decisions.close_holds import close_holds
from tollbook.app.policies.watch_fraud import watch
from tollbook.app.rerating.late_calls import rerate_late
from tollbook.app.rerating.plan_walk import Busy
from tollbook.app.upkeep.columnar_copy import differences, rebuild, refresh_if_due
from tollbook.app.words import counted
from tollbook.commands.words import DONE, INCOMPLETE
from tollbook.storage.reports.columnar.duck import DuckDbError
from tollbook.storage.rerating.store_run import RunTaken
from tollbook.wiring.process import log_to_stderr, the_only_one
from tollbook.wiring.start import Installation

LOOK_S = 5.0
AFTER_A_FAULT_S = 60.0
LATE_CALLS_EVERY_S = 600.0  # Late calls come in bunches: one generation of charges for many.

log = logging.getLogger(__name__)


def run(args: argparse.Namespace, installation: Installation) -> int:
    """Work until a TERM, or only rebuild or check the copy."""
    if args.check:
        return _check()
    if args.rebuild:
        return _rebuild()
    log_to_stderr(installation.settings.log_level)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    with the_only_one(installation.settings.data_dir / "work.lock", does="works"):
        _work(installation)
    return DONE


@dataclass(slots=True)
class _Job:
    """Something to look at every *every_s*; *fault* says what was not done if it fails."""

    run: Callable[[], object]
    fault: str
    every_s: float = LOOK_S
    again_at_s: float = 0.0


def _work(installation: Installation) -> None:
    jobs = _jobs(installation)
    while True:
        for job in jobs:
            if time.monotonic() < job.again_at_s:
                continue
            job.again_at_s = time.monotonic() + job.every_s
            try:
                job.run()
            except (DatabaseError, DuckDbError, OSError, RunTaken, Busy) as fault:
                again_s = AFTER_A_FAULT_S
                log.warning("%s: %s. It is tried again in %.0f s.", job.fault, fault, again_s)
                connections.close_all()
                job.again_at_s = time.monotonic() + again_s
        time.sleep(1)


def _jobs(installation: Installation) -> list[_Job]:
    now = installation.now
    written_s = time.monotonic()

    def refresh() -> None:
        nonlocal written_s
        if refresh_if_due(waited_s=time.monotonic() - written_s):
            written_s = time.monotonic()

    return [
        _Job(lambda: watch(at=now()), "new calls were not watched for fraud"),
        _Job(lambda: close_holds(at=now()), "holds were not closed"),
        _Job(lambda: take_snapshots(at=now()), "balances were not noted"),
        _Job(
            lambda: rerate_late(by=Actor("late calls", now())),
            "calls that changed a volume tier were not re-rated",
            every_s=LATE_CALLS_EVERY_S,
        ),
        _Job(refresh, "the columnar copy was not written, totals come from the database"),
    ]


def _rebuild() -> int:
    began = time.perf_counter()
    written = rebuild()
    if written is not None:
        took_s = time.perf_counter() - began
        months = len(written.months)
        word = "month" if months == 1 else "months"
        print(f"{counted(written.calls, 'call')} of {months} {word}, written in {took_s:.1f} s.")
    return DONE


def _check() -> int:
    found = differences()
    for difference in found:
        print(difference.message)
    if not found:
        print("The columnar copy agrees with the database.")
    return INCOMPLETE if found else DONE


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(DONE)
