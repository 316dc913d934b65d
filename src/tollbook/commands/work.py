"""`tollbook work`: the background jobs, in a process of their own.

Watching for fraud, closing holds whose calls have ended, noting balances at midnight, re-rating
what late calls changed, keeping the columnar copy of the calls. A TERM may come at any moment;
what is being written then is not used.
"""

import argparse
import logging
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from tollbook.app.words import counted
from tollbook.wiring.process import log_to_stderr, the_only_one
from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import Installation, open_installation

DONE, INCOMPLETE, WRONG_USE = 0, 1, 2
LOOK_S = 5.0
AFTER_A_FAULT_S = 60.0
LATE_CALLS_EVERY_S = 600.0  # Late calls come in bunches: one generation of charges for many.

log = logging.getLogger(__name__)


def run(args: argparse.Namespace) -> int:
    """Work until a TERM, or only rebuild or check the copy; exit status 2 if it cannot start."""
    try:
        installation = open_installation(data_dir=args.data)
        if args.check:
            return _check()
        if args.rebuild:
            return _rebuild(installation)
        log_to_stderr(installation.settings.log_level)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _leave)
        with the_only_one(installation.settings.data_dir / "work.lock", does="works"):
            _work(installation)
    except SettingsError as fault:
        print(f"tollbook work: {fault}", file=sys.stderr)
        return WRONG_USE
    return DONE


@dataclass(slots=True)
class _Job:
    """Something to look at every *every_s*; *fault* says what was not done if it fails."""

    run: Callable[[], object]
    fault: str
    every_s: float = LOOK_S
    again_at_s: float = 0.0


def _work(installation: Installation) -> None:
    from django.db import DatabaseError, connections  # noqa: PLC0415 - needs Django set up

    from tollbook.app.rerating.plan_walk import Busy  # noqa: PLC0415 - likewise
    from tollbook.storage.reports.columnar.duck import DuckDbError  # noqa: PLC0415 - likewise
    from tollbook.storage.rerating.store_run import RunTaken  # noqa: PLC0415 - likewise

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
    # Models can be imported only once the installation is open.
    from tollbook.app.billing.snapshots import take_snapshots  # noqa: PLC0415
    from tollbook.app.decisions.close_holds import close_holds  # noqa: PLC0415
    from tollbook.app.policies.watch_fraud import watch  # noqa: PLC0415
    from tollbook.app.rerating.late_calls import rerate_late  # noqa: PLC0415
    from tollbook.app.upkeep.columnar_copy import refresh_if_due  # noqa: PLC0415

    door, now = installation.door, installation.now
    written_s = time.monotonic()

    def refresh() -> None:
        nonlocal written_s
        if refresh_if_due(door, waited_s=time.monotonic() - written_s):
            written_s = time.monotonic()

    return [
        _Job(lambda: watch(door, at=now()), "new calls were not watched for fraud"),
        _Job(lambda: close_holds(door, at=now()), "holds were not closed"),
        _Job(lambda: take_snapshots(door, at=now()), "balances were not noted"),
        _Job(
            lambda: rerate_late(door, at=now(), actor="late calls"),
            "calls that changed a volume tier were not re-rated",
            every_s=LATE_CALLS_EVERY_S,
        ),
        _Job(refresh, "the columnar copy was not written, totals come from the database"),
    ]


def _rebuild(installation: Installation) -> int:
    from tollbook.app.upkeep.columnar_copy import rebuild  # noqa: PLC0415 - needs Django set up

    began = time.perf_counter()
    written = rebuild(installation.door)
    if written is not None:
        took_s = time.perf_counter() - began
        months = len(written.months)
        word = "month" if months == 1 else "months"
        print(f"{counted(written.calls, 'call')} of {months} {word}, written in {took_s:.1f} s.")
    return DONE


def _check() -> int:
    from tollbook.app.upkeep.columnar_copy import differences  # noqa: PLC0415 - needs Django set up

    found = differences()
    for difference in found:
        print(difference.message)
    if not found:
        print("The columnar copy agrees with the database.")
    return INCOMPLETE if found else DONE


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(DONE)
