"""`tollbook exchange add | import | list`: exchange rates by hand and from the central bank."""

import argparse
import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path

from tollbook.app.words import counted
from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import open_installation

DONE, INCOMPLETE, WRONG_USE = 0, 1, 2
_LISTED = 40


def run(args: argparse.Namespace) -> int:
    """Do what the action says."""
    actions = {"add": _add, "import": _import, "list": _list}
    try:
        return actions[args.action](args)
    except SettingsError as refusal:
        return _say(str(refusal), WRONG_USE)


def _add(args: argparse.Namespace) -> int:
    try:
        day = date.fromisoformat(args.on)
    except ValueError:
        return _say(f"--on is {args.on!r}, expected a day as 2026-10-30", WRONG_USE)
    installation = open_installation(data_dir=args.data)
    from tollbook.app.pricing.exchange_rates import RateRefused, add_rate  # noqa: PLC0415 - needs Django

    added = add_rate(
        installation.door,
        source=args.source,
        target=args.target,
        rate=args.rate,
        day=day,
        at=installation.now(),
        actor="command line",
    )
    if isinstance(added, RateRefused):
        return _say(f"{added.field}: {added.message}. Nothing was stored.", WRONG_USE)
    words = f"1 {args.source} is {args.rate} {args.target} from {day} on"
    return _say(f"{words}." if added.new else f"{words}: known already.", DONE)


def _import(args: argparse.Namespace) -> int:
    installation = open_installation(data_dir=args.data)
    from tollbook.app.pricing.ecb_rates import EcbError  # noqa: PLC0415 - needs Django set up
    from tollbook.app.pricing.exchange_rates import add_ecb  # noqa: PLC0415 - likewise

    try:
        raw = Path(args.file).read_bytes()
    except OSError as fault:
        return _say(f"{args.file}: cannot be read: {fault.strerror}", WRONG_USE)
    try:
        added = add_ecb(installation.door, raw, at=installation.now(), actor="command line")
    except EcbError as fault:
        return _say(f"{args.file}: {fault}. It was refused whole; nothing was stored.", INCOMPLETE)
    return _say(
        f"{counted(added.count, 'rate')} from {added.first} to {added.last}, "
        f"{added.new:,} of them new.",
        DONE,
    )


def _list(args: argparse.Namespace) -> int:
    open_installation(data_dir=args.data)
    from tollbook.storage.pricing.exchange_rates import (  # noqa: PLC0415 - needs Django set up
        RateQuery,
        find_rates,
    )

    query = RateQuery(source=args.source or "", target=args.target or "")
    rates = find_rates(query, limit=None if args.json else _LISTED)
    if args.json:
        print(json.dumps([{**asdict(one), "day": one.day.isoformat()} for one in rates]))
        return DONE
    for one in rates:
        print(f"{one.day}  {one.source} to {one.target}  {one.rate:>20}  {one.origin}")
    if not rates:
        return _say("there are no such rates. `tollbook exchange import eurofxref-daily.xml`", DONE)
    return DONE


def _say(words: str, status: int) -> int:
    print(f"tollbook exchange: {words}", file=sys.stderr)
    return status
