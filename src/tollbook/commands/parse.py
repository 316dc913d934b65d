"""`tollbook parse`: records in, one JSON object an outcome out; no database."""

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from tollbook.commands.files import cannot_read
from tollbook.commands.words import DONE, INCOMPLETE, NOT_BUILT, refuse, tell
from tollbook.core.calls import Outcome, Part, RejectedRecord
from tollbook.formats import (
    DefinitionError,
    FormatNotBuiltError,
    Parser,
    UnknownFormatError,
    ZoneError,
    load_definition,
    outcome_to_plain,
)

_CHUNK_BYTES = 1 << 18


def run(args: argparse.Namespace) -> int:
    """Print the outcomes of the file; 1 if a record was rejected, 2 for wrong use."""
    try:
        received = _received(args.received)
        name = "standard input" if args.file == "-" else args.file
        parser = Parser(
            load_definition(args.format), zone=args.zone, received=received, source_name=name
        )
        if args.file == "-":
            return _parse(parser, sys.stdin.buffer)
        with _opened(args.file) as source:
            return _parse(parser, source)
    except FormatNotBuiltError as fault:
        return tell("parse", str(fault), NOT_BUILT)
    except (DefinitionError, UnknownFormatError, ZoneError, _WrongUseError) as fault:
        return refuse("parse", str(fault))
    except _UnreadableError as unreadable:
        return refuse("parse", cannot_read(args.file, unreadable.fault))


class _WrongUseError(ValueError):
    """An option that cannot be understood."""


class _UnreadableError(Exception):
    """The input cannot be read; a fault of the output is another one."""

    def __init__(self, fault: OSError) -> None:
        super().__init__(str(fault))
        self.fault = fault


def _received(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        received = datetime.fromisoformat(text)
    except ValueError:
        received = None
    if received is None or received.tzinfo is None:
        raise _WrongUseError(
            f'--received "{text}" is not an instant with offset. Nothing was read. '
            "Write it as 2026-10-25T02:30:00+01:00."
        )
    return received


def _opened(name: str) -> BinaryIO:
    try:
        return Path(name).open("rb")
    except OSError as fault:
        raise _UnreadableError(fault) from fault


def _parse(parser: Parser, source: BinaryIO) -> int:
    rejected = False
    while chunk := _piece(source):
        rejected |= _print(parser.feed(chunk))
    rejected |= _print(parser.finish())
    return INCOMPLETE if rejected else DONE


def _piece(source: BinaryIO) -> bytes:
    try:
        return source.read(_CHUNK_BYTES)
    except OSError as fault:
        raise _UnreadableError(fault) from fault


def _print(outcomes: Iterable[Outcome]) -> bool:
    """Print every outcome but parts, whose call names their lines; return whether one failed."""
    rejected = False
    for outcome in outcomes:
        rejected |= isinstance(outcome, RejectedRecord)
        if not isinstance(outcome, Part):
            print(json.dumps(outcome_to_plain(outcome)))
    return rejected
