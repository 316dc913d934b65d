"""Databases for tests: migrated once, then a fresh copy for each test.

A copy and not a flush: TRUNCATE is refused by the guards, and rightly so.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from support.missing import missing
from tollbook.storage.db.current import current_connection
from tollbook.storage.db.installation import Installation, open_database
from tollbook.storage.db.migrate import bring_up_to_date
from tollbook.wiring.clock import now
from tollbook.wiring.settings import Settings, current_settings

REPOSITORY = Path(__file__).parents[2]
POSTGRES_UP = REPOSITORY / "scripts" / "postgres-up"


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


def sqlite_template(folder: Path) -> Path:
    """Make a migrated database file in *folder*."""
    settings = Settings(data_dir=folder, secret_key="for tests only")
    with connected(settings):
        bring_up_to_date()
    return settings.database_file


@contextmanager
def sqlite_copy(
    template: Path, folder: Path, *, now: Callable[[], datetime] = now, **more: Any
) -> Iterator[Database]:
    """Connect to a copy of *template* in *folder*, with *more* settings."""
    settings = Settings(data_dir=folder, secret_key="for tests only", **more)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(template, settings.database_file)
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
    """Make a migrated database on *server* and return its name."""
    name = f"tollbook_template_{os.getpid()}"
    _command(server, f'DROP DATABASE IF EXISTS "{name}"')
    _command(server, f'CREATE DATABASE "{name}"')
    with connected(_postgresql_settings(server, name, folder)):
        bring_up_to_date()
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
