"""`tollbook rerate`: price stored calls again and post the differences."""

import argparse
import gc
import json
import sys
from typing import TYPE_CHECKING

from tollbook.app.words import counted
from tollbook.commands.progress import progress_bar
from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import Installation, open_installation

if TYPE_CHECKING:
    from tollbook.app.reports.call_criteria import Criteria, Selection
    from tollbook.app.rerating.totals import RerateLine, Rerating

DONE, INCOMPLETE, WRONG_USE = 0, 1, 2

_HEADINGS = {"extension": "Extension", "call_type": "Call type", "destination": "Destination"}


def run(args: argparse.Namespace) -> int:
    """Re-rate what *args* ask for, or only say what it would come to."""
    # Looking for cycles among a million calls takes a fifth of the time; there are none.
    gc.disable()
    try:
        installation = open_installation(data_dir=args.data)
    except SettingsError as refusal:
        return _refuse(str(refusal))
    if args.late:
        return _late(args, installation)
    if not args.from_ or not args.to:
        return _refuse("give --from and --to, or --late")
    # Models can be imported only once the installation is open.
    from tollbook.app.reports.call_criteria import CriteriaError, select  # noqa: PLC0415

    try:
        selection = select(_criteria(args))
    except CriteriaError as fault:
        return _refuse(f"--{fault.field.replace('_', '-')}: {fault}")
    if args.dry_run:
        from tollbook.app.rerating.run import dry_run  # noqa: PLC0415 - as above

        with progress_bar("dry run") as progress:
            return _said(dry_run(selection.filter, progress=progress), as_json=args.json)
    return _rerate(args, selection, installation)


def _rerate(args: argparse.Namespace, selection: "Selection", installation: Installation) -> int:
    from tollbook.app.rerating.run import (  # noqa: PLC0415 - needs Django set up
        RunTaken,
        Unfinished,
        begin_rerating,
        carry_on,
    )

    door, now = installation.door, installation.now
    words = ", ".join([selection.period.words(), *selection.words])
    try:
        run = begin_rerating(door, selection.filter, words=words, at=now(), actor="command line")
        if run.calls_done:
            _tell(f"carrying on with re-rating {run.id}: {counted(run.calls_done, 'call')} done.")
        with progress_bar("rerate") as progress:
            rerating = carry_on(door, run.id, now=now, progress=progress)
    except Unfinished as refusal:
        return _refuse(f"{refusal} Give its own period and filters again.")
    except RunTaken as taken:
        _tell(str(taken))
        return INCOMPLETE
    return _said(rerating, as_json=args.json)


def _late(args: argparse.Namespace, installation: Installation) -> int:
    if args.from_ or args.to or args.dry_run:
        return _refuse("--late stands alone: it knows itself which calls were moved")
    from tollbook.app.rerating.late_calls import rerate_late  # noqa: PLC0415 - needs Django set up
    from tollbook.app.rerating.plan_walk import Busy  # noqa: PLC0415 - as above
    from tollbook.storage.rerating.store_run import RunTaken  # noqa: PLC0415 - as above

    try:
        rerating = rerate_late(installation.door, at=installation.now(), actor="command line")
    except (RunTaken, Busy) as reason:
        _tell(str(reason))
        return INCOMPLETE
    if rerating is None:
        _tell("no call came late: all were counted in call order.")
        return DONE
    return _said(rerating, as_json=args.json)


def _criteria(args: argparse.Namespace) -> "Criteria":
    from tollbook.app.reports.call_criteria import Criteria  # noqa: PLC0415 - needs Django set up

    return Criteria(
        start=args.from_,
        end=args.to,
        site=args.site,
        pbx=args.pbx,
        extension=args.extension,
        department=args.department,
        owner=args.owner,
        account_code=args.account_code,
        trunk=args.trunk,
        direction=args.direction,
        call_type=args.call_type,
        unrated=args.unrated,
    )


def _said(rerating: "Rerating", *, as_json: bool) -> int:
    """Print what a re-rating came to; calls without a price make the status 1."""
    if as_json:
        from tollbook.app.rerating.totals import document_of  # noqa: PLC0415 - as above

        print(json.dumps(document_of(rerating), ensure_ascii=False))
    else:
        _print(rerating)
    if rerating.unrated:
        _tell(
            f"calls without a price, listed as unrated: {rerating.unrated:,}, "
            f"of which {rerating.lost:,} had one before."
        )
    return INCOMPLETE if rerating.unrated else DONE


def _print(rerating: "Rerating") -> None:
    what = "Dry run: nothing was stored" if rerating.run is None else f"Re-rating {rerating.run}"
    calls = "1 call" if rerating.calls == 1 else f"{rerating.calls:,} calls"
    print(f"{what}. {calls}, {rerating.changed:,} with a new charge.")
    for line in rerating.totals:
        print(_row("All", line))
    for dimension, heading in _HEADINGS.items():
        print(
            f"\n{heading:<24}{'Calls':>10}{'Changed':>10}{'Old':>16}{'New':>16}{'Difference':>16}"
        )
        for line in rerating.groups[dimension]:
            print(_row(line.name or "(none)", line))


def _row(name: str, line: "RerateLine") -> str:
    from tollbook.core.money import format_amount  # noqa: PLC0415 - loaded with the work only

    amounts = "".join(
        f"{format_amount(amount):>16}" for amount in (line.old, line.new, line.difference)
    )
    return f"{name[:23]:<24}{line.calls:>10,}{line.changed:>10,}{amounts} {line.currency}".rstrip()


def _tell(words: str) -> None:
    print(f"tollbook rerate: {words}", file=sys.stderr)


def _refuse(words: str) -> int:
    _tell(words)
    return WRONG_USE
