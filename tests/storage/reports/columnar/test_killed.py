"""A writer of the columnar copy that is killed leaves the copy as it was, or as it would be."""

import random
import signal
import subprocess
import sys
import time

import pytest

from support.batches import calls_batch, make_office
from support.databases import Database, door
from tollbook.storage.intake.store_calls import store_calls
from tollbook.storage.reports import spend
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.columnar import queries
from tollbook.storage.reports.columnar.check import check
from tollbook.storage.reports.columnar.refresh import refresh

pytestmark = [pytest.mark.slow, pytest.mark.serial]

WRITER = """
from tollbook.wiring.start import open_installation
open_installation(migrate=False)
from tollbook.storage.reports.columnar import catalogue
from tollbook.storage.reports.columnar.refresh import refresh
catalogue.READ_AT_ONCE = 100
print("begun", flush=True)
while True:
    refresh(from_scratch=True, step_rows=100)
"""


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_writer_leaves_a_copy_that_agrees_or_none(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(queries, "WORTH_CALLS", 0)
    office = make_office()
    for first in range(0, 2_000, 500):
        with door.transaction():
            store_calls(calls_batch(office, first, 500))
    words = [sys.executable, "-c", WRITER]
    with subprocess.Popen(words, env=sqlite.environment, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"begun\n"
        time.sleep(random.Random(seed).uniform(0.3, 2.0))
        writer.send_signal(signal.SIGKILL)

    assert check() == []
    from_copy = queries.totals(CallFilter())
    assert from_copy in (None, spend.sums_from_tables((), CallFilter()))
    assert refresh() is not None
    assert check() == []
    assert queries.totals(CallFilter()) is not None
    assert not list((sqlite.data_dir / "columns").rglob("*.part-*"))
