"""`tollbook work`: the background jobs, in a process of their own.

They keep the columnar copy of the calls, close holds whose record does not come, and take the
nightly balances. A TERM may come at any moment; what is being written then is not used.
"""

import argparse
import logging
import signal
import sys
import time
from types import FrameType

from tollbook.wiring.process import log_to_stderr, the_only_one
from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import Installation, open_installation

DONE, INCOMPLETE, WRONG_USE = 0, 1, 2
LOOK_S = 5.0
AFTER_A_FAULT_S = 60.0

log = logging.getLogger(__name__)


def run(args: argparse.Namespace) -> int:
    """Work until a TERM, or only rebuild or check the copy; exit status 2 if it cannot start."""
    try:
        installation = open_installation(data_dir=args.data)
        if args.check:
            return _check(installation)
        if args.rebuild:
            return _rebuild(installation)
        log_to_stderr(installation.settings.log_level)
        with the_only_one(installation.settings.data_dir / "work.lock", does="works"):
            _work(installation)
    except SettingsError as fault:
        print(f"tollbook work: {fault}", file=sys.stderr)
        return WRONG_USE
    return DONE


def _work(installation: Installation) -> None:
    # Models can be imported only once the installation is open.
    from django.db import DatabaseError, connections  # noqa: PLC0415

    from tollbook.app.close_holds import close_holds  # noqa: PLC0415
    from tollbook.app.columnar_copy import refresh_if_due  # noqa: PLC0415
    from tollbook.app.snapshots import take_snapshots  # noqa: PLC0415
    from tollbook.storage.columns.duck import Fault  # noqa: PLC0415

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    written_s = time.monotonic()
    while True:
        pause_s = LOOK_S
        try:
            if refresh_if_due(installation.door, waited_s=time.monotonic() - written_s):
                written_s = time.monotonic()
        except (DatabaseError, Fault, OSError) as fault:
            log.warning(
                "the columnar copy was not written: %s. Totals are read from the database; "
                "it is tried again in %.0f s.",
                fault,
                AFTER_A_FAULT_S,
            )
            connections.close_all()
            pause_s = AFTER_A_FAULT_S
        try:
            close_holds(installation.door, at=installation.now())
            take_snapshots(installation.door, at=installation.now())
        except (DatabaseError, OSError) as fault:
            log.warning(
                "holds were not closed and balances not noted: %s. It is tried again in %.0f s.",
                fault,
                AFTER_A_FAULT_S,
            )
            connections.close_all()
            pause_s = AFTER_A_FAULT_S
        time.sleep(pause_s)


def _rebuild(installation: Installation) -> int:
    from tollbook.app.columnar_copy import rebuild  # noqa: PLC0415 - needs Django set up

    began = time.perf_counter()
    written = rebuild(installation.door)
    if written is not None:
        took_s = time.perf_counter() - began
        months = len(written.months)
        word = "month" if months == 1 else "months"
        print(f"{written.calls:,} calls of {months} {word}, written in {took_s:.1f} s.")
    return DONE


def _check(installation: Installation) -> int:
    from tollbook.app.columnar_copy import differences  # noqa: PLC0415 - needs Django set up

    found = differences(installation.door)
    for difference in found:
        print(difference.message)
    if not found:
        print("The columnar copy agrees with the database.")
    return INCOMPLETE if found else DONE


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(DONE)
