"""`tollbook plan add`: the instant from which the plan is in force."""

import argparse

from tollbook.commands.first import GoOn
from tollbook.commands.first.valid_from import read_valid_from


def run(args: argparse.Namespace, go_on: GoOn) -> int:
    """Go on with that instant, or None."""
    valid_from = read_valid_from("plan", args.valid_from)
    return valid_from if isinstance(valid_from, int) else go_on(valid_from)
