"""`tollbook doctor`: prove that what is stored is whole; say where it is not.

Data on stdout, one line a proof and one a fault. Exit status 1 if anything is wrong.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from tollbook.app.upkeep.doctor import ProofResult, examine, mend
from tollbook.commands.progress import busy
from tollbook.commands.tables import print_table
from tollbook.commands.words import DONE, INCOMPLETE, note
from tollbook.wiring.start import Installation


def run(args: argparse.Namespace, _installation: Installation) -> int:
    """Examine the installation, or with `--mend` first make anew what can be."""
    if args.mend:
        for was in mend():
            words = f"{len(was.faults)} mended" if was.faults else "nothing to mend"
            note(f"{was.name}: {words}.")
    return _said(examine(), as_json=args.json)


def _said(checks: Iterable[ProofResult], *, as_json: bool) -> int:
    if as_json:
        done = list(checks)
        json.dump([_object(checked) for checked in done], sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        done = _print(checks)
    return DONE if all(checked.is_sound for checked in done) else INCOMPLETE


def _print(checks: Iterable[ProofResult]) -> list[ProofResult]:
    """Print *checks*, each once it is made; on a terminal all of them, as a table."""
    done: list[ProofResult] = []
    if not sys.stdout.isatty():
        for checked in checks:
            done.append(checked)
            print(*_lines(checked), sep="\n")
        return done
    with busy("doctor: examining") as say:
        for checked in checks:
            done.append(checked)
            say(f"doctor: {checked.name} examined")
    print_table(
        ("Result", "Proof", "What it proves"),
        (
            (
                "ok" if checked.is_sound else "FAULT",
                checked.name,
                (checked.proves, *(fault.message for fault in checked.faults)),
            )
            for checked in done
        ),
        lines=(line for checked in done for line in _lines(checked)),
    )
    return done


def _lines(checked: ProofResult) -> Iterator[str]:
    yield f"{'ok   ' if checked.is_sound else 'FAULT'} {checked.name}: {checked.proves}"
    for fault in checked.faults:
        yield f"      {fault.message}"


def _object(checked: ProofResult) -> dict[str, object]:
    return {
        "check": checked.name,
        "proves": checked.proves,
        "ok": checked.is_sound,
        "faults": [asdict(fault) for fault in checked.faults],
    }
