"""`tollbook exchange add | import | list`: exchange rates by hand and from the central bank."""

import argparse
import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

from tollbook.app.access.actor import Actor
from tollbook.app.pricing.ecb_rates import EcbError
from tollbook.app.pricing.exchange_rates import RateRefused, add_ecb, add_rate
from tollbook.app.words import counted
from tollbook.commands.tables import Right, print_table
from tollbook.commands.words import DONE, INCOMPLETE, refuse, tell
from tollbook.storage.pricing.exchange_rates import RateQuery, find_rates
from tollbook.wiring.start import Installation

_LISTED = 40


def run(args: argparse.Namespace, installation: Installation, day: date | None = None) -> int:
    """Do what the action says; *day* is given to `add`."""
    if day is not None:
        return _add(args, installation, day)
    return _import(args, installation) if args.action == "import" else _list(args)


def _add(args: argparse.Namespace, installation: Installation, day: date) -> int:
    added = add_rate(
        source=args.source,
        target=args.target,
        rate=args.rate,
        day=day,
        by=Actor("command line", installation.now()),
    )
    if isinstance(added, RateRefused):
        return refuse("exchange", f"{added.field}: {added.message}. Nothing was stored.")
    words = f"1 {args.source} is {args.rate} {args.target} from {day} on"
    return tell("exchange", f"{words}." if added.new else f"{words}: known already.")


def _import(args: argparse.Namespace, installation: Installation) -> int:
    try:
        raw = Path(args.file).read_bytes()
    except OSError as fault:
        return refuse("exchange", f"{args.file}: cannot be read: {fault.strerror}")
    try:
        added = add_ecb(raw, by=Actor("command line", installation.now()))
    except EcbError as fault:
        words = f"{args.file}: {fault}. It was refused whole; nothing was stored."
        return tell("exchange", words, INCOMPLETE)
    return tell(
        "exchange",
        f"{counted(added.count, 'rate')} from {added.first} to {added.last}, "
        f"{added.new:,} of them new.",
    )


def _list(args: argparse.Namespace) -> int:
    query = RateQuery(source=args.source or "", target=args.target or "")
    rates = find_rates(query, count=None if args.json else _LISTED)
    if args.json:
        print(json.dumps([{**asdict(one), "day": one.day.isoformat()} for one in rates]))
        return DONE
    print_table(
        ("Day", "From", "To", Right("Rate"), "Origin"),
        ((str(one.day), one.source, one.target, one.rate, one.origin) for one in rates),
        lines=(
            f"{one.day}  {one.source} to {one.target}  {one.rate:>20}  {one.origin}"
            for one in rates
        ),
    )
    if not rates:
        tell("exchange", "there are no such rates. `tollbook exchange import eurofxref-daily.xml`")
    return DONE
