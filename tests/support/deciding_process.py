"""A process whose callers all ask at once; prints what each was answered, one JSON line.

Usage: python deciding_process.py NAME CALLERS
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tollbook.wiring.start import open_installation

open_installation(migrate=False)

# ruff: noqa: E402 - models need Django set up
from support.deciding import authorise, settle
from support.prepaid import NOW, asking
from tollbook.app.decisions.decider import Settlement

if __name__ == "__main__":
    name, callers = sys.argv[1], int(sys.argv[2])
    print("ready", flush=True)
    sys.stdin.readline()

    def call(nth: int) -> tuple[bool, int]:
        """Ask, talk for as long as is allowed, settle."""
        answer = authorise(asking(f"{name}:{nth}"))
        if not answer.allowed or answer.hold is None:
            return False, 0
        if nth % 2:
            settle(Settlement(answer.hold, NOW, answer.limit_s or 0))
        return True, nth % 2

    with ThreadPoolExecutor(callers) as pool:
        done = list(pool.map(call, range(callers)))
    print(json.dumps([sum(one for one, _ in done), sum(two for _, two in done)]), flush=True)
