"""Each benchmark runs to its end on a small number of calls and leaves nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

Figures = dict[str, float]


def bench(name: str, calls: int, within: Path) -> Figures:
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("TOLLBOOK_")
    }
    ended = subprocess.run(
        [sys.executable, "-m", "tollbook", "bench", name, "--calls", str(calls), "--json"],
        env=environment | {"TOLLBOOK_BENCH_DIR": str(within)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return {each["name"]: each["value"] for each in json.loads(ended.stdout)["benchmarks"][name]}


def test_an_import_is_measured_whole_and_by_stage(tmp_path: Path) -> None:
    figures = bench("import", 3_000, tmp_path)

    assert figures["SQLite: calls stored"] == 3_000
    assert figures["SQLite: peak memory, children included"] > 20
    assert figures["SQLite: again, beside the first time"] > 0
    assert figures["stage: parsed, mediated and priced"] > 0
    assert figures["stage: stored"] > 0
    assert list(tmp_path.iterdir()) == []


def test_latency_is_measured_through_a_collecting_process(tmp_path: Path) -> None:
    figures = bench("latency", 5, tmp_path)

    assert 0 < figures["half of the records"] <= figures["the slowest"]
    assert list(tmp_path.iterdir()) == []


def test_the_call_log_is_measured_with_rows_on_its_pages(tmp_path: Path) -> None:
    figures = bench("call-log", 3_000, tmp_path)

    assert figures["calls stored"] == 3_000
    assert figures["first page: size"] > figures["keyword that nobody has: size"] + 10
    assert list(tmp_path.iterdir()) == []
