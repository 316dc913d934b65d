"""DuckDB as this process uses it: in memory, bounded, and never fetching anything.

One instance a process; each query has a connection of its own to it, so that threads do not meet.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from tollbook.storage.db.sql import Row
from tollbook.storage.reports.columnar.layout import ABSENT, COLUMNS, NAMES, SEARCHED, TAKEN

Arrays = Mapping[str, "np.ndarray[Any, Any]"]

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",  # Installing is a download: rooms are offline.
    "autoload_known_extensions": "false",
    "memory_limit": "1GB",
    "preserve_insertion_order": "false",
    "temp_directory": "",  # A question that does not fit in memory is answered by the database.
}
# Writing spills where answering may not; it has no hurry, so it takes one core and half the memory.
_IN_BACKGROUND = {"memory_limit": "512MB", "threads": "1"}
_starting = threading.Lock()
_instances: dict[int, Any] = {}  # by process id: an instance does not survive a fork


class DuckDbError(Exception):
    """DuckDB could not answer: a file has gone or cannot be read."""


@contextmanager
def connection() -> Iterator[Any]:
    """Give a connection for one question.

    Raises Fault for whatever DuckDB raises inside.
    """
    with _starting:
        instance = _instances.get(os.getpid())
        if instance is None:
            instance = _instances[os.getpid()] = duckdb.connect(":memory:", config=_SETTINGS)
            instance.execute("SET GLOBAL parquet_metadata_cache = true")
    with _closing(instance.cursor()) as one:
        yield one


@contextmanager
def workshop(spill: Path) -> Iterator[Any]:
    """Give an instance of its own, which may spill to the folder *spill*, for writing files.

    Raises Fault for whatever DuckDB raises inside.
    """
    with _closing(
        duckdb.connect(
            ":memory:", config={**_SETTINGS, **_IN_BACKGROUND, "temp_directory": str(spill)}
        )
    ) as one:
        yield one


@contextmanager
def _closing(one: Any) -> Iterator[Any]:
    try:
        yield one
    except duckdb.Error as fault:
        raise DuckDbError(str(fault)) from fault
    finally:
        one.close()


def quoted(path: Path) -> str:
    """Return *path* as a literal of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def arrays_of(rows: list[Row]) -> Arrays:
    """Return rows of `layout.selected` as arrays, one a column."""
    columns = list(zip(*rows, strict=True)) or [()] * len(TAKEN)
    return {
        column.name: np.array(values, dtype=object if column.is_text else np.int64)
        for column, values in zip(TAKEN, columns, strict=True)
    }


def from_arrays(view: str) -> str:
    """Return the query that makes rows of the files from registered arrays: types and nulls."""
    taken = ", ".join(
        f"CAST({column.name} AS VARCHAR) AS {column.name}"
        if column.is_text
        else f"CAST(nullif({column.name}, {ABSENT}) AS {column.kind}) AS {column.name}"
        for column in TAKEN
    )
    columns = ", ".join(
        f"{column.source} AS {column.name}" if column is SEARCHED else column.name
        for column in COLUMNS
    )
    return f"SELECT {columns} FROM (SELECT {taken} FROM {view})"


def from_files(files: list[Path]) -> str:
    """Return the query that reads *files*, of which there is at least one."""
    listed = ", ".join(quoted(file) for file in files)
    return f"SELECT {', '.join(NAMES)} FROM read_parquet([{listed}])"
