"""`tollbook report`: write a report to standard output or a file."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tollbook.app.reports.catalogue import (
    FORMATS,
    FORMATS_TO_COME,
    REPORTS,
    STATISTICS,
    Report,
    UnknownReport,
    find_report,
)
from tollbook.commands.files import cannot_write
from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import open_installation

if TYPE_CHECKING:
    from tollbook.app.reports.call_criteria import Criteria

DONE, WRONG_USE, NOT_BUILT = 0, 2, 3


def run(args: argparse.Namespace) -> int:
    """Write the report that *args* ask for; words go to standard error."""
    if args.list:
        _print_list(as_json=args.format == "json")
        return DONE
    if args.name is None:
        return _refuse("name a report, or see them all with --list.")
    try:
        report = find_report(args.name)
    except UnknownReport as fault:
        return _refuse(str(fault))
    if args.format in FORMATS_TO_COME:
        words = f"{report.name} as {args.format} is not built yet. Ask for {', '.join(FORMATS)}."
        return _refuse(words, status=NOT_BUILT)
    if args.format == "xlsx" and args.output is None and sys.stdout.isatty():
        return _refuse("a workbook is no text: name a file with -o, or redirect the output.")
    return _made(report, args)


def _made(report: Report, args: argparse.Namespace) -> int:
    if args.by is not None and report.name != STATISTICS:
        return _refuse(f"--by: only {STATISTICS} are added up by day, month or year.")
    try:
        open_installation(data_dir=args.data)
    except SettingsError as fault:
        return _refuse(str(fault))
    # Models can be imported only once the installation is open.
    from tollbook.app.reports.call_criteria import CriteriaError  # noqa: PLC0415
    from tollbook.app.reports.report import write_report  # noqa: PLC0415

    try:
        pieces = write_report(
            report.name, _criteria(args), format_name=args.format, by=args.by or "day"
        )
        _write(pieces, args.output)
    except CriteriaError as fault:
        return _refuse(f"--{fault.field.replace('_', '-')}: {fault}")
    except BrokenPipeError:
        raise  # The command line knows what to do when nobody reads any more.
    except OSError as fault:
        return _refuse(cannot_write(args.output, fault))
    return DONE


def _criteria(args: argparse.Namespace) -> "Criteria":
    from tollbook.app.reports.call_criteria import Criteria  # noqa: PLC0415 - see `_made`

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
        keyword=args.keyword,
        cost_min=args.cost_min,
        cost_max=args.cost_max,
        unrated=args.unrated,
        below_cost=args.below_cost,
    )


def _write(pieces: Iterator[bytes], output: str | None) -> None:
    """Write all *pieces*; a file appears under its name only when it is whole."""
    if output is None or output == "-":
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    target = Path(output)
    unfinished = target.with_name(f".{target.name}.part-{os.getpid()}")
    try:
        with unfinished.open("wb") as out:
            for piece in pieces:
                out.write(piece)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    print(f"{target}: written, {target.stat().st_size} bytes.", file=sys.stderr)


def _print_list(*, as_json: bool) -> None:
    if as_json:
        print(json.dumps([{"name": one.name, "shows": one.shows} for one in REPORTS.values()]))
        return
    for report in REPORTS.values():
        print(f"{report.name:<16} {report.shows}")


def _refuse(words: str, *, status: int = WRONG_USE) -> int:
    print(f"tollbook report: {words}", file=sys.stderr)
    return status
