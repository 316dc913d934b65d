"""`tollbook doctor`: prove that what is stored is whole; say where it is not.

Data on stdout, one line a proof and one a fault. Exit status 1 if anything is wrong.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict

from tollbook.app.upkeep.doctor import ProofResult, examine, mend
from tollbook.commands.words import DONE, INCOMPLETE, note
from tollbook.wiring.start import Installation


def run(args: argparse.Namespace, installation: Installation) -> int:
    """Examine the installation, or with `--mend` first make anew what can be."""
    data_dir = installation.settings.data_dir
    if args.mend:
        for was in mend(installation.door, data_dir=data_dir):
            words = f"{len(was.faults)} mended" if was.faults else "nothing to mend"
            note(f"{was.name}: {words}.")
    return _said(examine(installation.door, data_dir=data_dir), as_json=args.json)


def _said(checks: Iterable[ProofResult], *, as_json: bool) -> int:
    done = []
    for checked in checks:
        done.append(checked)
        if as_json:
            continue
        print(f"{'ok   ' if checked.is_sound else 'FAULT'} {checked.name}: {checked.proves}")
        for fault in checked.faults:
            print(f"      {fault.message}")
    if as_json:
        json.dump(
            [
                {
                    "check": checked.name,
                    "proves": checked.proves,
                    "ok": checked.is_sound,
                    "faults": [asdict(fault) for fault in checked.faults],
                }
                for checked in done
            ],
            sys.stdout,
            ensure_ascii=False,
            indent=2,
        )
        print()
    return DONE if all(checked.is_sound for checked in done) else INCOMPLETE
