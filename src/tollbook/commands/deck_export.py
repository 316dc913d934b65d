"""`tollbook tariff export`: write the rates of a tariff, as it is in force, as a deck."""

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from tollbook.app.tariffs.decks import base_in_force
from tollbook.app.words import counted
from tollbook.commands.deck import WrongUse, tariff_id
from tollbook.commands.words import DONE, note, refuse
from tollbook.documents.deck import CellTooLong, deck_csv, deck_xlsx
from tollbook.wiring.start import Installation


def run(args: argparse.Namespace, installation: Installation) -> int:
    """Write the deck to standard output or a file."""
    try:
        base = base_in_force(tariff_id(args.name), at=installation.now())
        tariff = base.tariff
        zone = ZoneInfo(tariff.zone)
        pieces = (
            deck_xlsx(tariff.rates, title=tariff.name, zone=zone)
            if args.format == "xlsx"
            else deck_csv(tariff.rates)
        )
    except (WrongUse, CellTooLong) as fault:
        return refuse("tariff", str(fault))
    with _output(args.output) as out:
        for piece in pieces:
            out.write(piece)
    note(f'"{tariff.name}" version {base.number}: {counted(len(tariff.rates), "rate")}.')
    return DONE


def _output(name: str | None) -> AbstractContextManager[BinaryIO]:
    return Path(name).open("wb") if name else nullcontext(sys.stdout.buffer)
