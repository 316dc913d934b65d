"""`tollbook import`: a file's records into raw log, calls and charges."""

import argparse
import gc
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tollbook.app.intake.hash_ahead import HashAhead
from tollbook.commands.files import cannot_read
from tollbook.commands.progress import progress_bar
from tollbook.formats import (
    Definition,
    DefinitionError,
    FormatNotBuiltError,
    UnknownFormatError,
    ZoneError,
    load_definition,
)
from tollbook.wiring.settings import SettingsError

if TYPE_CHECKING:
    from tollbook.wiring.start import Installation

DONE, INCOMPLETE, WRONG_USE, NOT_BUILT = 0, 1, 2, 3


def run(args: argparse.Namespace) -> int:
    """Import one file and print what it came to."""
    try:
        definition = load_definition(args.format)
    except FormatNotBuiltError as refusal:
        return _say(str(refusal), NOT_BUILT)
    except (UnknownFormatError, DefinitionError) as refusal:
        return _say(str(refusal), WRONG_USE)
    try:
        with _opened(args.file) as file:
            path = Path(args.file)
            # What comes through a pipe can be read but once.
            ahead = HashAhead(path) if args.file != "-" and path.is_file() else None
            from tollbook.wiring.start import open_installation  # noqa: PLC0415 - loads Django

            installation = open_installation(data_dir=args.data, pages=False)
            return _import(args, definition, file, installation, ahead)
    except SettingsError as refusal:
        return _say(str(refusal), WRONG_USE)
    except OSError as fault:
        if fault.filename == args.file:
            return _say(cannot_read(args.file, fault), WRONG_USE)
        return _say(
            f"{fault.filename or 'the data folder'}: {fault.strerror or fault}. The import "
            "stopped; what was stored is whole. Mend this and import the same file again: what is "
            "stored already is recognised.",
            INCOMPLETE,
        )


def _import(
    args: argparse.Namespace,
    definition: Definition,
    file: BinaryIO,
    installation: "Installation",
    ahead: HashAhead | None,
) -> int:
    from django.db import OperationalError  # noqa: PLC0415 - needs Django set up

    from tollbook.app.directory.pbxs import UnknownPbx, find_pbx  # noqa: PLC0415 - likewise
    from tollbook.app.intake.import_file import (  # noqa: PLC0415 - likewise
        ImportPlace,
        ImportRefused,
        import_file,
    )

    settings = installation.settings
    # Looking for cycles among a million texts takes longer than storing them; this process ends
    # with the file.
    gc.disable()
    try:
        pbx = find_pbx(args.pbx)
        with progress_bar("import") as progress:
            done = import_file(
                installation.door,
                file,
                name=Path(args.file).name,
                pbx=pbx,
                definition=definition,
                place=ImportPlace(
                    data_dir=settings.data_dir,
                    raw_dir=settings.raw_dir,
                    reserve_bytes=settings.disk_reserve_mb * 1_000_000,
                    workers=settings.import_workers,
                ),
                at=installation.now(),
                zone=args.zone,
                progress=progress,
                ahead=ahead,
            )
    except UnknownPbx as unknown:
        known = f" Known: {', '.join(unknown.known)}." if unknown.known else ""
        return _say(
            f'there is no PBX "{unknown.name}". Nothing was imported.{known} '
            f'Add it first: tollbook pbx add "{unknown.name}".',
            WRONG_USE,
        )
    except (ImportRefused, ZoneError) as refusal:
        return _say(str(refusal), WRONG_USE)
    except OperationalError as fault:  # A disk that is full, or a server that went away.
        return _say(
            f"{settings.data_dir}: the database takes nothing more: {fault}. The import stopped; "
            "what was stored is whole. Mend this and import the same file again: what is stored "
            "already is recognised.",
            INCOMPLETE,
        )
    result = done.result
    if args.json:
        print(json.dumps(asdict(result)))
    else:
        for name, count in asdict(result).items():
            print(f"{name:<11}{count:>12,}")
    if done.known_since is not None:
        _tell(f"this very file was imported on {done.known_since:%Y-%m-%d %H:%M} UTC: no new call.")
    if result.rejects:
        _tell(f"records that could not be read and are in quarantine: {result.rejects:,}.")
    if done.unrated:
        _tell(f"calls without a price, listed as unrated: {done.unrated:,}.")
    return INCOMPLETE if result.rejects or done.unrated else DONE


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as file:
        yield file


def _tell(words: str) -> None:
    print(f"tollbook import: {words}", file=sys.stderr)


def _say(words: str, status: int) -> int:
    _tell(words)
    return status
