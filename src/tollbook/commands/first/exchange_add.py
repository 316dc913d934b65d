"""`tollbook exchange add`: the day from which the rate counts."""

import argparse
from datetime import date

from tollbook.commands.first import GoOn
from tollbook.commands.words import refuse


def run(args: argparse.Namespace, go_on: GoOn) -> int:
    """Go on with the day."""
    try:
        day = date.fromisoformat(args.on)
    except ValueError:
        return refuse("exchange", f"--on is {args.on!r}, expected a day as 2026-10-30")
    return go_on(day)
