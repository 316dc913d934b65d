"""`tollbook report`: write a report to standard output or a file."""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tollbook.app.reports.call_criteria import CriteriaError
from tollbook.app.reports.catalogue import Report
from tollbook.app.reports.report import write_report
from tollbook.commands.criteria import criteria_of, option_words
from tollbook.commands.files import cannot_write
from tollbook.commands.words import DONE, note, refuse
from tollbook.wiring.start import Installation


def run(args: argparse.Namespace, _installation: Installation, report: Report) -> int:
    """Write *report* as *args* ask for it; words go to standard error."""
    try:
        criteria = replace(
            criteria_of(args),
            keyword=args.keyword,
            cost_min=args.cost_min,
            cost_max=args.cost_max,
            unrated=args.unrated,
            below_cost=args.below_cost,
        )
        pieces = write_report(report.name, criteria, format_name=args.format, by=args.by or "day")
        _write(pieces, args.output)
    except CriteriaError as fault:
        return refuse("report", option_words(fault))
    except BrokenPipeError:
        raise  # The command line knows what to do when nobody reads any more.
    except OSError as fault:
        return refuse("report", cannot_write(args.output, fault))
    return DONE


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
    note(f"{target}: written, {target.stat().st_size} bytes.")
