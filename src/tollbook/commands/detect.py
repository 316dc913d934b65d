"""`tollbook detect`: which format a file of records is in, best guess first."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tollbook.commands.files import cannot_read
from tollbook.commands.tables import Right, print_table
from tollbook.commands.words import DONE, INCOMPLETE, refuse, tell
from tollbook.formats import detect

_READ_BYTES = 512 * 1024


def run(args: argparse.Namespace) -> int:
    """Print one object for each format that reads the file; 1 if none does."""
    try:
        if args.file == "-":
            data = sys.stdin.buffer.read(_READ_BYTES)
        else:
            with Path(args.file).open("rb") as source:
                data = source.read(_READ_BYTES)
    except OSError as fault:
        return refuse("detect", cannot_read(args.file, fault))
    found = detect(data)
    lines = (json.dumps(asdict(each)) for each in found)
    if args.json:
        for line in lines:
            print(line)
    else:
        print_table(
            ("Format", Right("Score"), Right("Calls"), Right("Rejects")),
            (
                (each.format, f"{each.score:.0%}", f"{each.calls:,}", f"{each.rejects:,}")
                for each in found
            ),
            lines=lines,
        )
    if found:
        return DONE
    return tell(
        "detect",
        f"no known format makes a call of {args.file}. "
        "`tollbook formats` lists them; a definition of your own may read it.",
        INCOMPLETE,
    )
