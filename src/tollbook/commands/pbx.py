"""`tollbook pbx add | list`."""

import argparse
import json
import sys

from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import open_installation

DONE, INCOMPLETE, WRONG_USE = 0, 1, 2


def run(args: argparse.Namespace) -> int:
    """Do what the action says."""
    try:
        return _add(args) if args.action == "add" else _list(args)
    except SettingsError as refusal:
        print(f"tollbook pbx: {refusal}", file=sys.stderr)
        return WRONG_USE


def _add(args: argparse.Namespace) -> int:
    installation = open_installation(data_dir=args.data)
    from tollbook.app.directory.pbxs import PbxRefused, add_pbx  # noqa: PLC0415 - needs Django set up

    added = add_pbx(
        installation.door,
        name=args.name,
        site=args.site,
        brand=args.brand,
        at=installation.now(),
        actor="command line",
    )
    if isinstance(added, PbxRefused):
        print(f"tollbook pbx add: {added.message}", file=sys.stderr)
        return WRONG_USE
    print(f'Added PBX "{added.name}" at site "{added.site}" ({added.zone}).', file=sys.stderr)
    return DONE


def _list(args: argparse.Namespace) -> int:
    open_installation(data_dir=args.data)
    from tollbook.app.directory.pbxs import list_pbxs  # noqa: PLC0415 - needs Django set up

    found = list_pbxs()
    if args.json:
        rows = [
            {"name": pbx.name, "brand": pbx.brand, "site": pbx.site, "zone": pbx.zone}
            for pbx in found
        ]
        print(json.dumps(rows, ensure_ascii=False))
        return DONE
    for pbx in found:
        print(f"{pbx.name:<24} {pbx.brand:<16} {pbx.site:<24} {pbx.zone}")
    if not found:
        print("There is no PBX yet. Add one: tollbook pbx add Reception", file=sys.stderr)
    return DONE
