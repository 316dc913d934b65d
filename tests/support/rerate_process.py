"""A process that carries on with a re-rating in small steps and says how far it is.

Usage: python rerate_process.py RUN
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import django

django.setup()

# ruff: noqa: E402 - models need Django set up
from support.office import NOON
from tollbook.app.rerating import reprice
from tollbook.app.rerating.run import carry_on
from tollbook.storage.db.door import door

STEP = 5


def told(done: int, total: int) -> None:
    print(done, flush=True)


if __name__ == "__main__":
    reprice.STEP_CHANGED = STEP
    carry_on(door, int(sys.argv[1]), now=lambda: NOON, progress=told)
