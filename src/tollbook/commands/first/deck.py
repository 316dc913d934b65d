"""`tollbook tariff import`: the file is there."""

import argparse
from pathlib import Path

from tollbook.commands.files import cannot_read
from tollbook.commands.first import GoOn
from tollbook.commands.words import refuse


def run(args: argparse.Namespace, go_on: GoOn) -> int:
    """Go on with the open file."""
    try:
        with Path(args.file).open("rb") as file:
            return go_on(file)
    except OSError as fault:
        return refuse("tariff", cannot_read(args.file, fault))
