"""`tollbook what-if`: in which form the answer goes out."""

import argparse
import sys

from tollbook.commands.first import GoOn
from tollbook.commands.words import refuse


def run(args: argparse.Namespace, go_on: GoOn) -> int:
    """Go on with the form of the file, None for a table."""
    if args.json and args.format not in (None, "json"):
        words = f"--json and --format {args.format} are two wishes. Give one of them."
        return refuse("what-if", words)
    chosen = "json" if args.json else args.format
    if chosen == "xlsx" and args.output is None and sys.stdout.isatty():
        words = "a workbook is no text: name a file with -o, or redirect the output."
        return refuse("what-if", words)
    return go_on(chosen)
