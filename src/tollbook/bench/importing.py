"""An Asterisk file from disk to priced calls: end to end, by stage, and the same file again."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tollbook.bench import lines
from tollbook.bench.deck import deck_document, prefixes_of_lines
from tollbook.bench.figures import Figure
from tollbook.bench.options import BenchOptions
from tollbook.bench.scratch import PBX, ZONE, Scratch, scratch
from tollbook.bench.stages import stages

DEFAULT_CALLS = 1_000_000


@dataclass(frozen=True, slots=True)
class ImportTiming:
    """What one import added, how long it took, the processors included, and how much memory."""

    calls: int
    wall_s: float
    processor_s: float
    peak_mb: float


def measure(options: BenchOptions) -> Iterator[Figure]:
    """Yield calls a second on SQLite, and on PostgreSQL where a server is named."""
    count = options.calls or DEFAULT_CALLS
    yield from _end_to_end("SQLite", count, database=None, floor="≥ 60,000/s")
    server = options.database or os.environ.get("TOLLBOOK_BENCH_POSTGRESQL")
    if server:
        yield from _end_to_end("PostgreSQL", count, database=server, floor="")


def _end_to_end(engine: str, count: int, *, database: str | None, floor: str) -> Iterator[Figure]:
    with scratch(database=database) as installation:
        file, size = prepare(installation, count)
        first = import_file(installation, file)
        yield Figure(f"{engine}: calls stored", first.calls, "calls")
        yield Figure(f"{engine}: end to end", first.calls / first.wall_s, "calls/s", floor)
        yield Figure(f"{engine}: end to end", size / first.wall_s / 1e6, "MB/s")
        processor_us = first.processor_s / first.calls * 1e6
        yield Figure(f"{engine}: processor time", processor_us, "µs a call")
        yield Figure(f"{engine}: peak memory, children included", first.peak_mb, "MB")
        again = import_file(installation, file)
        yield Figure(f"{engine}: the same file again", again.wall_s, "s")
        ratio = first.wall_s / again.wall_s
        yield Figure(f"{engine}: again, beside the first time", ratio, "times", "≥ 20")
        if database is None:
            yield from stages(installation, file)


def prepare(installation: Scratch, count: int) -> tuple[Path, int]:
    """Write the file and publish the tariff; return the file and its size in bytes."""
    file = installation.folder.parent / "Master.csv"
    size = lines.write_master_csv(file, calls=count)
    tariff = installation.folder.parent / "bench.json"
    tariff.write_text(json.dumps(deck_document(prefixes_of_lines())), encoding="utf-8")
    installation.tollbook(
        "tariff", "add", str(tariff), "--default", "--from", "2000-01-01T00:00:00Z"
    )
    return file, size


def import_file(installation: Scratch, file: Path) -> ImportTiming:
    """Import *file* by the command that people use."""
    finished = installation.tollbook(
        "import", str(file), "--format", "asterisk-csv", "--pbx", PBX, "--zone", ZONE, "--json"
    )
    counts = json.loads(finished.stdout)
    return ImportTiming(counts["calls"], finished.wall_s, finished.processor_s, finished.peak_mb)
