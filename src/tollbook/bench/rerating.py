"""Stored calls priced again: the dry run, a run in which every charge changes, and one with none.

A third of the file's calls come in and a sixth stays unanswered; the others are priced, and all
of them get a new charge, an entry of the ledger and two postings: the most that a run can write.
"""

import json
import os
from collections.abc import Iterator

from tollbook.bench.deck import deck_document, prefixes_of_lines
from tollbook.bench.figures import Figure
from tollbook.bench.importing import DEFAULT_CALLS, import_file, prepare
from tollbook.bench.options import BenchOptions
from tollbook.bench.process import Finished
from tollbook.bench.scratch import Scratch, scratch

PERIOD = ("--from", "2025-01-01", "--to", "2027-01-01")


def measure(options: BenchOptions) -> Iterator[Figure]:
    """Yield seconds and calls a second on SQLite, and on PostgreSQL where a server is named."""
    count = options.calls or DEFAULT_CALLS
    yield from _again("SQLite", count, database=None)
    server = options.database or os.environ.get("TOLLBOOK_BENCH_POSTGRESQL")
    if server:
        yield from _again("PostgreSQL", count, database=server)


def _again(engine: str, count: int, *, database: str | None) -> Iterator[Figure]:
    with scratch(database=database) as installation:
        import_file(installation, prepare(installation, count)[0])
        _publish_dearer(installation)
        for words, extra in (
            ("dry run", ("--dry-run",)),
            ("every charge changes", ()),
            ("none changes", ()),
        ):
            finished = installation.tollbook("rerate", *PERIOD, "--json", *extra)
            yield from _figures(f"{engine}: {words}", count, finished)


def _figures(name: str, count: int, finished: Finished) -> Iterator[Figure]:
    floor = f"≤ {60 * count / DEFAULT_CALLS:g}"
    yield Figure(f"{name}, {count:,} calls", finished.wall_s, "s", floor)
    yield Figure(f"{name}, processor time", finished.processor_s, "s")
    yield Figure(f"{name}, new charges", json.loads(finished.stdout)["changed"], "charges")
    yield Figure(f"{name}, peak memory", finished.peak_mb, "MB")


def _publish_dearer(installation: Scratch) -> None:
    """Correct the tariff for all calls: each connect fee is one cent more."""
    text = json.dumps(deck_document(prefixes_of_lines()))
    tariff = installation.folder.parent / "dearer.json"
    tariff.write_text(text.replace('"connect_fee": "0.02"', '"connect_fee": "0.03"'), "utf-8")
    installation.tollbook("tariff", "add", str(tariff), "--from", "2000-01-01T00:00:00Z")
