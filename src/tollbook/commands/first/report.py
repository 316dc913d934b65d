"""`tollbook report`: which report is wanted, and that it can be written so; or the list of them."""

import argparse
import json
import sys

from tollbook.app.reports.catalogue import (
    FORMATS,
    FORMATS_TO_COME,
    REPORTS,
    STATISTICS,
    Report,
    UnknownReport,
    find_report,
)
from tollbook.commands.first import GoOn
from tollbook.commands.tables import print_table
from tollbook.commands.words import DONE, NOT_BUILT, refuse, tell


def run(args: argparse.Namespace, go_on: GoOn) -> int:
    """Go on with the report that is named."""
    if args.list:
        return _list(as_json=args.format == "json")
    if args.name is None:
        return refuse("report", "name a report, or see them all with --list.")
    try:
        report = find_report(args.name)
    except UnknownReport as fault:
        return refuse("report", str(fault))
    status = _fits(report, args)
    return go_on(report) if status == DONE else status


def _fits(report: Report, args: argparse.Namespace) -> int:
    """Return DONE, or another exit status if *report* cannot be had as it is wanted."""
    if args.format in FORMATS_TO_COME:
        words = f"{report.name} as {args.format} is not built yet. Ask for {', '.join(FORMATS)}."
        return tell("report", words, NOT_BUILT)
    if args.format == "xlsx" and args.output is None and sys.stdout.isatty():
        words = "a workbook is no text: name a file with -o, or redirect the output."
        return refuse("report", words)
    if args.by is not None and report.name != STATISTICS:
        words = f"--by: only {STATISTICS} are added up by day, month or year."
        return refuse("report", words)
    return DONE


def _list(*, as_json: bool) -> int:
    if as_json:
        print(json.dumps([{"name": one.name, "shows": one.shows} for one in REPORTS.values()]))
        return DONE
    print_table(
        ("Report", "What it shows"),
        ((report.name, report.shows) for report in REPORTS.values()),
        lines=(f"{report.name:<16} {report.shows}" for report in REPORTS.values()),
    )
    return DONE
