"""Databases for tests: migrated once, then a fresh copy for each test.

A copy and not a flush: TRUNCATE is refused by the guards, and rightly so.

The migrated SQLite file is kept under `.cache/tests`, for all workers of a run and for the runs
behind it: the migrations take ten seconds, and what they make depends on nothing but the code
that the file's name is a digest of.
"""

import fcntl
import filecmp
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import django
import psycopg

from support.missing import missing
from tollbook.storage.db.current import current_connection
from tollbook.storage.db.installation import Installation, current, open_database
from tollbook.storage.db.migrate import bring_up_to_date
from tollbook.wiring.clock import now
from tollbook.wiring.settings import Settings, current_settings

REPOSITORY = Path(__file__).parents[2]
POSTGRES_UP = REPOSITORY / "scripts" / "postgres-up"
SOURCE = REPOSITORY / "src" / "tollbook"
TEMPLATES = REPOSITORY / ".cache" / "tests"
TEMPLATES_KEPT = 4


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated, empty database that this process is connected to."""

    engine: str
    data_dir: Path
    settings: Settings

    @property
    def environment(self) -> dict[str, str]:
        """What another process needs to work on the same database."""
        return {
            **os.environ,
            "TOLLBOOK_DATA": str(self.data_dir),
            "TOLLBOOK_DATABASE": self.settings.database,
            "DJANGO_SETTINGS_MODULE": "tollbook.wiring.django_settings",
        }


@contextmanager
def connected(settings: Settings, *, now: Callable[[], datetime] = now) -> Iterator[Installation]:
    """Open the installation of *settings*; it is the current one of this thread and its pools."""
    variables = {"TOLLBOOK_DATA": str(settings.data_dir), "TOLLBOOK_DATABASE": settings.database}
    saved = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    current_settings.cache_clear()
    installation = open_database(settings, now=now)
    try:
        with installation.current():
            yield installation
    finally:
        installation.close()
        for name, value in saved.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        current_settings.cache_clear()


class _CurrentConnection:
    """This thread's connection to the test's own database."""

    def __getattr__(self, name: str) -> Any:
        return getattr(current_connection(), name)


connection: Any = _CurrentConnection()


class _CurrentDoor:
    """The write door of the test's own installation."""

    def __getattr__(self, name: str) -> Any:
        return getattr(current().door, name)


door: Any = _CurrentDoor()


def is_untouched(database: Database) -> bool:
    """Say whether nothing was written to a SQLite database since it was laid there."""
    file = database.settings.database_file
    if database.engine != "sqlite" or file.with_name(f"{file.name}-wal").exists():
        return False
    return filecmp.cmp(file, sqlite_template(), shallow=False)


def file_of(database: Database) -> bytes:
    """Return a SQLite database as a file, all that was written in it."""
    _close()
    return database.settings.database_file.read_bytes()


def replace_file(database: Database, content: bytes) -> None:
    """Put a file that `file_of` returned in the place of a SQLite database."""
    _close()
    database.settings.database_file.write_bytes(content)


def _close() -> None:
    current().door.close()
    connection.close()


@cache
def sqlite_template() -> Path:
    """Return a migrated database file that nobody writes to; make it if the code is new."""
    TEMPLATES.mkdir(parents=True, exist_ok=True)
    kept = TEMPLATES / f"{_schema_digest()}.sqlite3"
    with (TEMPLATES / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # One worker makes it, the others wait for it.
        if not kept.exists():
            with tempfile.TemporaryDirectory(dir=TEMPLATES) as folder:
                settings = Settings(data_dir=Path(folder), secret_key="for tests only")
                with connected(settings):
                    bring_up_to_date()
                settings.database_file.replace(kept)
            for old in _oldest(TEMPLATES.glob("*.sqlite3")):
                old.unlink()
    return kept


def _oldest(templates: Iterable[Path]) -> list[Path]:
    """Return all but the few newest: somebody may go back and forth between two branches."""
    return sorted(templates, key=lambda path: path.stat().st_mtime)[:-TEMPLATES_KEPT]


def _schema_digest() -> str:
    """Return a digest of all that a migrated database depends on."""
    versions = (sys.version, django.__version__, sqlite3.sqlite_version)
    digest = hashlib.sha256(repr(versions).encode())
    files = [SOURCE / "wiring/django_settings.py"]
    for folder in ("db", "migrations", "models"):
        files += sorted((SOURCE / "storage" / folder).rglob("*.py"))
    for file in files:
        digest.update(f"{file.relative_to(SOURCE)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:32]


def lay_sqlite(folder: Path) -> None:
    """Lay a migrated, empty database into *folder*, as the first start of the program would."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(sqlite_template(), Settings(data_dir=folder, secret_key="-").database_file)


@contextmanager
def sqlite_copy(
    folder: Path, *, now: Callable[[], datetime] = now, **more: Any
) -> Iterator[Database]:
    """Connect to a fresh database in *folder*, with *more* settings."""
    lay_sqlite(folder)
    settings = Settings(data_dir=folder, secret_key="for tests only", **more)
    with connected(settings, now=now):
        yield Database("sqlite", folder, settings)


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Yield the address of a server: the one that TOLLBOOK_TEST_POSTGRESQL names, or our own.

    Without a server the test is skipped by name, on a build machine it fails.
    """
    given = os.environ.get("TOLLBOOK_TEST_POSTGRESQL")
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="tb-pg-"))  # short: a socket's path has 107 characters
    try:
        started = subprocess.run(
            [POSTGRES_UP, "start", folder, "--unsafe"], capture_output=True, text=True, check=False
        )
        if started.returncode:
            reason = f"no PostgreSQL: {started.stderr.strip()}"
            missing(reason)
        yield started.stdout.strip()
        subprocess.run([POSTGRES_UP, "stop", folder], check=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def postgresql_template(server: str, folder: Path) -> str:
    """Return the name of a migrated database on *server*; make it if nobody has yet."""
    name = f"tollbook_template_{_schema_digest()}"
    making = f"{name}_making"
    with psycopg.connect(server, autocommit=True) as link:
        link.execute("SELECT pg_advisory_lock(4711)")  # Until the connection ends.
        if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            link.execute(f'DROP DATABASE IF EXISTS "{making}"')
            link.execute(f'CREATE DATABASE "{making}"')
            with connected(_postgresql_settings(server, making, folder)):
                bring_up_to_date()
            link.execute(f'ALTER DATABASE "{making}" RENAME TO "{name}"')
    return name


@contextmanager
def postgresql_copy(server: str, template: str, folder: Path) -> Iterator[Database]:
    """Connect to a copy of *template* on *server*."""
    name = f"tollbook_test_{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    _command(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    _command(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    settings = _postgresql_settings(server, name, folder)
    try:
        with connected(settings):
            yield Database("postgresql", folder, settings)
    finally:
        _command(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _postgresql_settings(server: str, name: str, folder: Path) -> Settings:
    address = re.sub(r"(?<=://)([^/?]*)(/[^?]*)?", rf"\1/{name}", server, count=1)
    return Settings(data_dir=folder, database=address, secret_key="for tests only")


def _command(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(statement)
