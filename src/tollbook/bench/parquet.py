"""From Parquet to Parquet: calls with their numbers as text in, their charges out.

A file holds a million calls. It is read, its numbers packed, its calls priced and its charges
written before the next one begins; two cores take a file each.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from tollbook.bench.batch import CORES, Page, Pages, best_s, on_two_cores, peak
from tollbook.bench.figures import Figure
from tollbook.core.rating.batch import (
    HAS_NUMBA,
    BatchTariff,
    CallArrays,
    pack_numbers,
    pack_read_numbers,
    price_batch,
)
from tollbook.storage.reports.columnar.duck import quoted

# As `pack_read_numbers` wants it.
_READ = "coalesce(TRY_CAST('0x1' || dialled AS BIGINT), 0)"
_OPTIONS: dict[str, str | bool | int | float | list[str]] = {
    "threads": "1",
    "preserve_insertion_order": "true",  # A charge is found by its call's place.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


def measure_with(tariff: BatchTariff, pages: Pages, count: int) -> Iterator[Figure]:
    """Yield calls a second from files to files on one core and on two, beside the batch alone."""
    if not (HAS_NUMBA and tariff.deck):
        return
    within = os.environ.get("TOLLBOOK_BENCH_DIR")
    with tempfile.TemporaryDirectory(prefix="tollbook-bench-", dir=within) as name:
        files = list(write_calls(pages.of(count), Path(name)))
        database = duckdb.connect(":memory:", config=_OPTIONS)
        first = read_calls(files[0], database)
        batch = len(first) / best_s(lambda: price_batch(tariff, first))
        one = count / sum(_file_s(tariff, file, database) for file in files)
        yield Figure(f"Parquet to Parquet of {count:,}, one core", one, "calls/s")
        yield Figure("Parquet to Parquet beside batch", one / batch, "times", "≥ 0.35")
        reading_s = best_s(lambda: read_calls(files[0], database))
        yield Figure("stage: read and packed", reading_s / len(first) * 1e9, "ns a call")
        if len(files) >= CORES:
            yield from _two_cores(tariff, files[:CORES], len(first), database)
        yield peak("peak memory, all told")


def _file_s(tariff: BatchTariff, file: Path, database: Any) -> float:
    return best_s(lambda: price_file(tariff, file, database))


def _two_cores(
    tariff: BatchTariff, files: list[Path], calls: int, database: Any
) -> Iterator[Figure]:
    yield from on_two_cores(
        "Parquet to Parquet",
        calls,
        files,
        lambda file: price_file(tariff, file, database),
        floor="",
    )


def price_file(tariff: BatchTariff, file: Path, database: Any) -> Path:
    """Price the calls of *file* into a file beside it and return that."""
    calls = read_calls(file, database)
    priced = price_batch(tariff, calls)
    target = file.with_suffix(".charges.parquet")
    with database.cursor() as work:
        work.register(
            "priced",
            {
                "amount_micros": priced.amount_micros,
                "billed_s": priced.billed_s,
                "rate_index": priced.rate_index,
                "state": priced.state,
            },
        )
        work.execute(
            "COPY (SELECT amount_micros, billed_s, CAST(rate_index AS INTEGER) AS rate_index, "
            f"CAST(state AS TINYINT) AS state FROM priced) TO {quoted(target)} (FORMAT parquet)"
        )
    return target


def write_calls(pages: Iterable[Page], folder: Path) -> Iterator[Path]:
    """Write each page to a file in *folder*, numbers as the text that a switch wrote."""
    for nth, page in enumerate(pages):
        file = folder / f"{nth}.parquet"
        columns = {"start_us": page.start_us, "talk_s": page.talk_s, "number": page.number}
        with duckdb.connect(":memory:", config=_OPTIONS) as work:
            work.register("calls", columns)
            work.execute(
                "COPY (SELECT start_us, talk_s, CAST(number AS VARCHAR) AS dialled FROM calls) "
                f"TO {quoted(file)} (FORMAT parquet)"
            )
        yield file


def read_calls(file: Path, database: Any) -> CallArrays:
    """Return the calls of *file* as arrays.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "calls.parquet"
    ...     rows = "SELECT 0 AS start_us, 60 AS talk_s, unnest(['049', '49x', '1e3']) AS dialled"
    ...     _ = duckdb.sql(f"COPY ({rows}) TO {quoted(file)} (FORMAT parquet)")
    ...     calls = read_calls(file, duckdb)
    >>> calls.number.tolist() == pack_numbers(["049", "49x", "1e3"])[0].tolist()
    True
    """
    source = f"read_parquet({quoted(file)})"
    with database.cursor() as work:
        columns = work.execute(
            "SELECT CAST(start_us AS BIGINT) AS start_us, CAST(talk_s AS BIGINT) AS talk_s, "
            f"{_READ} AS number, length(dialled) AS length FROM {source}"
        ).fetchnumpy()
        number = pack_read_numbers(columns["number"], columns["length"])
        others = np.flatnonzero(number < 0)
        if len(others):
            texts = work.execute(f"SELECT dialled FROM {source}").fetchnumpy()["dialled"][others]
            number[others] = pack_numbers(texts.tolist())[0]
    nobody = np.full(len(number), -1, dtype=np.int64)
    return CallArrays(
        columns["start_us"], columns["talk_s"], number, columns["length"], nobody, nobody, nobody
    )
