"""`tollbook import`: the format is known and the file is there; its hash is begun."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tollbook.app.intake.hash_ahead import HashAhead
from tollbook.commands.files import cannot_read
from tollbook.commands.first import GoOn
from tollbook.commands.words import INCOMPLETE, NOT_BUILT, refuse, tell
from tollbook.formats import (
    DefinitionError,
    FormatNotBuiltError,
    UnknownFormatError,
    load_definition,
)


def run(args: argparse.Namespace, go_on: GoOn) -> int:
    """Go on with the format, the open file and its hash to come (None for a pipe)."""
    try:
        definition = load_definition(args.format)
    except FormatNotBuiltError as refusal:
        return tell("import", str(refusal), NOT_BUILT)
    except (UnknownFormatError, DefinitionError) as refusal:
        return refuse("import", str(refusal))
    try:
        with _opened(args.file) as file:
            path = Path(args.file)
            # What comes through a pipe can be read but once.
            ahead = HashAhead(path) if args.file != "-" and path.is_file() else None
            return go_on(definition, file, ahead)
    except OSError as fault:
        if fault.filename == args.file:
            return refuse("import", cannot_read(args.file, fault))
        return tell(
            "import",
            f"{fault.filename or 'the data folder'}: {fault.strerror or fault}. The import "
            "stopped; what was stored is whole. Mend this and import the same file again: what is "
            "stored already is recognised.",
            INCOMPLETE,
        )


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as file:
        yield file
