"""`tollbook authorise`: what is asked is whole, and at which instant."""

import argparse

from tollbook.commands.first import GoOn
from tollbook.commands.words import refuse
from tollbook.core.calendar import parse_instant
from tollbook.wiring.clock import now


def run(args: argparse.Namespace, go_on: GoOn) -> int:
    """Go on with the instant."""
    if (args.dialled is None) == (args.typed is None):
        words = "give either --dialled, a number, or --typed, what is keyed, code included"
        return refuse("authorise", words)
    if args.typed is not None and args.account_code:
        return refuse("authorise", "--typed holds the code already; leave --account-code away")
    try:
        at = now() if args.at is None else parse_instant(args.at)
    except ValueError as fault:
        return refuse("authorise", str(fault))
    return go_on(at)
