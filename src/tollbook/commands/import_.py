"""`tollbook import`: a file's records into raw log, calls and charges."""

import argparse
import gc
import json
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from django.db import OperationalError

from tollbook.app.directory.pbxs import UnknownPbx, find_pbx
from tollbook.app.intake.hash_ahead import HashAhead
from tollbook.app.intake.import_file import ImportPlace, ImportRefused, import_file
from tollbook.app.intake.result import Imported
from tollbook.commands.progress import progress_bar
from tollbook.commands.tables import Right, print_table
from tollbook.commands.words import DONE, INCOMPLETE, refuse, tell
from tollbook.formats import Definition, ZoneError
from tollbook.wiring.start import Installation


def run(
    args: argparse.Namespace,
    installation: Installation,
    definition: Definition,
    file: BinaryIO,
    ahead: HashAhead | None,
) -> int:
    """Import one file and print what it came to."""
    settings = installation.settings
    # The cyclic garbage collector takes longer among a million texts than storing them does; this
    # process ends with the file.
    gc.disable()
    try:
        pbx = find_pbx(args.pbx)
        with progress_bar("import", "MB") as progress:
            done = import_file(
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
        return refuse(
            "import",
            f'there is no PBX "{unknown.name}". Nothing was imported.{known} '
            f'Add it first: tollbook pbx add "{unknown.name}".',
        )
    except (ImportRefused, ZoneError) as refusal:
        return refuse("import", str(refusal))
    except OperationalError as fault:  # A disk that is full, or a server that went away.
        return tell(
            "import",
            f"{settings.data_dir}: the database takes nothing more: {fault}. The import stopped; "
            "what was stored is whole. Mend this and import the same file again: what is stored "
            "already is recognised.",
            INCOMPLETE,
        )
    return _said(done, as_json=args.json)


def _said(done: Imported, *, as_json: bool) -> int:
    """Print what the import came to; rejects and calls without a price make the status 1."""
    result = done.result
    if as_json:
        print(json.dumps(asdict(result)))
    else:
        counts = asdict(result).items()
        print_table(
            ("Outcome", Right("Count")),
            ((name, f"{count:,}") for name, count in counts),
            lines=(f"{name:<11}{count:>12,}" for name, count in counts),
        )
    if done.known_since is not None:
        tell(
            "import",
            f"this very file was imported on {done.known_since:%Y-%m-%d %H:%M} UTC: no new call.",
        )
    if result.rejects:
        tell("import", f"records that could not be read and are in quarantine: {result.rejects:,}.")
    if done.unrated:
        tell("import", f"calls without a price, listed as unrated: {done.unrated:,}.")
    return INCOMPLETE if result.rejects or done.unrated else DONE
