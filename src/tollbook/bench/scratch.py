"""A scratch installation for one benchmark: an empty data folder, gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tollbook.bench.process import BenchError, Finished, run_tollbook
from tollbook.wiring.start import open_installation

PBX = "Bench"
ZONE = "Europe/Berlin"
# Finished, though some calls were rejected or unrated: that is no fault of the measurement.
FINISHED = frozenset({0, 1})


@dataclass(frozen=True, slots=True)
class Scratch:
    """An empty installation with one PBX; *environment* is what its processes are given."""

    folder: Path
    environment: dict[str, str]

    def tollbook(self, *words: str) -> Finished:
        """Run one command on this installation to its end."""
        return run_tollbook(
            [*words, "--data", str(self.folder)], self.environment, allowed=FINISHED
        )


@contextmanager
def scratch(*, database: str | None = None) -> Iterator[Scratch]:
    """Give an installation on SQLite, or on a database of its own at the server of *database*.

    The folder lies where TOLLBOOK_BENCH_DIR says, else among the machine's temporary files.
    """
    within = os.environ.get("TOLLBOOK_BENCH_DIR")
    folder = Path(tempfile.mkdtemp(prefix="tollbook-bench-", dir=within))
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TOLLBOOK_")
    }
    environment |= {"TOLLBOOK_SITE_ZONE": ZONE, "TOLLBOOK_CURRENCY": "EUR"}
    try:
        with _own_database(database) as url:
            if url:
                environment["TOLLBOOK_DATABASE"] = url
            installation = Scratch(folder / "data", environment)
            installation.tollbook("pbx", "add", PBX)
            yield installation
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def opened(made: Scratch) -> Iterator[None]:
    """Work on a scratch installation in this process; the next benchmark opens its own."""
    installation = open_installation(data_dir=made.folder)
    try:
        with installation.current():
            yield
    finally:
        installation.close()


@contextmanager
def _own_database(server: str | None) -> Iterator[str | None]:
    """Make a database on *server* and drop it afterwards."""
    if server is None:
        yield None
        return
    name = f"tollbook_bench_{os.getpid()}"
    _administer(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        _administer(server, drop)


def _administer(server: str, statement: sql.Composed) -> None:
    try:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(statement)
    except psycopg.Error as fault:
        raise BenchError(
            f"the PostgreSQL server of --database refused: {str(fault).strip()}. Nothing was "
            "measured there. Its user needs the right to create databases."
        ) from fault
