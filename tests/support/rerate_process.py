"""A process that carries on with a re-rating in small steps and says how far it is.

Usage: python rerate_process.py RUN
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tollbook.wiring.start import open_installation

open_installation(migrate=False)

# ruff: noqa: E402 - models need Django set up
from support.office import NOON
from tollbook.app.rerating import reprice
from tollbook.app.rerating.run import carry_on

STEP = 5


def told(done: int, total: int) -> None:
    print(done, flush=True)


if __name__ == "__main__":
    reprice.STEP_CHANGED = STEP
    carry_on(int(sys.argv[1]), now=lambda: NOON, progress=told)
