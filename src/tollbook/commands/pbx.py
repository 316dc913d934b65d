"""`tollbook pbx add | list`."""

import argparse
import json

from tollbook.app.directory.pbxs import PbxRefused, add_pbx, list_pbxs
from tollbook.commands.tables import print_table
from tollbook.commands.words import DONE, note, refuse
from tollbook.wiring.start import Installation


def run(args: argparse.Namespace, installation: Installation) -> int:
    """Do what the action says."""
    return _add(args, installation) if args.action == "add" else _list(args)


def _add(args: argparse.Namespace, installation: Installation) -> int:
    added = add_pbx(
        name=args.name,
        site=args.site,
        brand=args.brand,
        at=installation.now(),
        actor="command line",
    )
    if isinstance(added, PbxRefused):
        return refuse("pbx add", added.message)
    note(f'Added PBX "{added.name}" at site "{added.site}" ({added.zone}).')
    return DONE


def _list(args: argparse.Namespace) -> int:
    found = list_pbxs()
    if args.json:
        rows = [
            {"name": pbx.name, "brand": pbx.brand, "site": pbx.site, "zone": pbx.zone}
            for pbx in found
        ]
        print(json.dumps(rows, ensure_ascii=False))
        return DONE
    print_table(
        ("Name", "Brand", "Site", "Time zone"),
        ((pbx.name, pbx.brand, pbx.site, pbx.zone) for pbx in found),
        lines=(f"{pbx.name:<24} {pbx.brand:<16} {pbx.site:<24} {pbx.zone}" for pbx in found),
    )
    if not found:
        note("There is no PBX yet. Add one: tollbook pbx add Reception")
    return DONE
