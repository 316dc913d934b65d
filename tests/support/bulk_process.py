"""A process that stores an office's calls from where the last one stopped, as a collector does.

Usage: python bulk_process.py CALLS
"""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tollbook.wiring.start import open_installation

open_installation(migrate=False)

# ruff: noqa: E402 - models need Django set up
from support.batches import RECORD_BYTES, Office, calls_batch, known_office
from support.databases import door
from tollbook.storage.intake.store_calls import store_calls
from tollbook.storage.models import SourcePosition

STEP = 40


def store_from_position(office: Office, count: int) -> None:
    """Store the segment's calls up to *count*, from the position that is on disk."""
    position = SourcePosition.objects.filter(source_id=office.source).first()
    begun = position.offset // RECORD_BYTES if position else 0
    steps = (
        partial(store_calls, calls_batch(office, first, min(STEP, count - first)))
        for first in range(begun, count, STEP)
    )
    for stored in door.bulk(steps):
        print(stored.calls, flush=True)


if __name__ == "__main__":
    store_from_position(known_office(), int(sys.argv[1]))
