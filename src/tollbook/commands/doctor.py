"""`tollbook doctor`: prove that what is stored is whole; say where it is not.

Data on stdout, one line a proof and one a fault. Exit status 1 if anything is wrong.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import open_installation

if TYPE_CHECKING:
    from tollbook.app.upkeep.doctor import ProofResult

DONE, INCOMPLETE, WRONG_USE = 0, 1, 2


def run(args: argparse.Namespace) -> int:
    """Examine the installation, or with `--mend` first make anew what can be."""
    try:
        open_installation(data_dir=args.data)
    except SettingsError as fault:
        print(f"tollbook doctor: {fault}", file=sys.stderr)
        return WRONG_USE
    from tollbook.app.upkeep.doctor import examine, mend  # noqa: PLC0415 - needs Django set up

    if args.mend:
        for was in mend():
            words = f"{len(was.faults)} mended" if was.faults else "nothing to mend"
            print(f"{was.name}: {words}.", file=sys.stderr)
    return _said(examine(), as_json=args.json)


def _said(checks: "Iterable[ProofResult]", *, as_json: bool) -> int:
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
