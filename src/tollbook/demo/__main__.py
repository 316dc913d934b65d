"""`python -m tollbook.demo FOLDER`: the office's switches, a child process of `tollbook demo`."""

import sys
from pathlib import Path

from tollbook.demo.folder import read_plan
from tollbook.demo.switches import run_switches
from tollbook.wiring.clock import now

folder = Path(sys.argv[1])
plan = read_plan(folder)
run_switches(
    seed=plan.seed,
    host="127.0.0.1",
    port=plan.port,
    master_csv=plan.master_csv(folder),
    clock=now,
)
