"""`tollbook plan check`: validate a plan, change nothing."""

import argparse
from pathlib import Path

from tollbook.app.pricing.plan_documents import CheckedPlan, check_plan
from tollbook.commands.words import DONE, INCOMPLETE, note, refuse, tell, tell_faults


def run(args: argparse.Namespace) -> int:
    """Say whether the plan can be added."""
    # Whose zone it would get is known only once it is added: here any will do.
    checked, status = read_plan_document(args.file, zone="UTC")
    if checked is not None and checked.plan is not None:
        note(f"{args.file}: can be added.")
    return status


def read_plan_document(name: str, *, zone: str) -> tuple[CheckedPlan | None, int]:
    """Return what the file *name* holds, its faults told, and the status if it is refused."""
    try:
        raw = Path(name).read_bytes()
    except OSError as fault:
        return None, refuse("plan", f"{name}: cannot be read: {fault.strerror}")
    checked = check_plan(raw, name=name, zone=zone)
    tell_faults(name, checked.faults)
    if checked.plan is None:
        words = f"{name}: the plan was refused whole; nothing was changed."
        return checked, tell("plan", words, INCOMPLETE)
    return checked, DONE
