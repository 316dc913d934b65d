"""`tollbook tariff list`: the tariffs; its other actions have modules of their own."""

import argparse
import json
from dataclasses import asdict

from tollbook.app.tariffs.publish import list_tariffs
from tollbook.commands.tables import Right, print_table
from tollbook.commands.words import DONE, note
from tollbook.wiring.start import Installation


def run(args: argparse.Namespace, _installation: Installation) -> int:
    """Print the tariffs."""
    found = list_tariffs()
    if args.json:
        rows = [
            {**asdict(one), "newest_valid_from": one.newest_valid_from.isoformat()} for one in found
        ]
        print(json.dumps(rows, ensure_ascii=False))
        return DONE
    print_table(
        ("Name", "Currency", "Time zone", Right("Version"), "Use"),
        (
            (one.name, one.currency, one.zone, str(one.newest_number), _use(one.assigned))
            for one in found
        ),
        lines=(
            f"{one.name:<32} {one.currency} {one.zone:<24} version {one.newest_number:<4} "
            f"{_use(one.assigned)}"
            for one in found
        ),
    )
    if not found:
        note("There is no tariff yet. Add one: tollbook tariff add carrier-a.toml")
    return DONE


def _use(assigned: bool) -> str:  # noqa: FBT001 - a column, not a switch
    return "assigned" if assigned else "not assigned"
