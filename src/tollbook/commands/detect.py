"""`tollbook detect`: which format a file of records is in, best guess first."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tollbook.commands.files import cannot_read
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
        print(f"tollbook detect: {cannot_read(args.file, fault)}", file=sys.stderr)
        return 2
    found = detect(data)
    for each in found:
        print(json.dumps(asdict(each)))
    if not found:
        print(
            f"tollbook detect: no known format makes a call of {args.file}. "
            "`tollbook formats` lists them; a definition of your own may read it.",
            file=sys.stderr,
        )
    return 0 if found else 1
