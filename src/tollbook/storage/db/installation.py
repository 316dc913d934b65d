"""The handle of an installation: its settings, its database, its data folder, its write door.

    installation = open_database(settings, now=now)
    with installation.current():
        ...  # queries, the ORM, caches and the door work on it

A process may have several open; `storage.db.current` says how each piece of code finds its own.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connections

from tollbook.storage.db.address import database_settings
from tollbook.storage.db.current import add_alias, current_alias, drop_alias, working_on
from tollbook.storage.db.door import Door
from tollbook.storage.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class Installation:
    """An open installation. `alias` is Django's name of its database in this process."""

    settings: Settings
    alias: str
    door: Door
    now: Callable[[], datetime]

    @property
    def data_dir(self) -> Path:
        """The folder that holds all of it, but for a server's database."""
        return self.settings.data_dir

    def current(self) -> AbstractContextManager[None]:
        """Make it the current one: of a request, a job or a command."""
        return working_on(self.alias)

    def close(self) -> None:
        """Answer what waits at the door, close this thread's connection, forget what was kept."""
        if self.alias not in _installations:
            return
        self.door.close()
        connections[self.alias].close()
        del connections[self.alias]
        del _installations[self.alias]
        drop_alias(self.alias)
        del connections.settings[self.alias]


_installations: dict[str, Installation] = {}
_numbers = count(1)


def open_database(settings: Settings, *, now: Callable[[], datetime]) -> Installation:
    """Open the installation that *settings* describe; no connection is made yet.

    One that this process has open already is returned again. From the first on, Django's default
    database is closed to everybody: what does not say where it works must fail, not guess.
    """
    for known in _installations.values():
        if known.settings == settings:
            return known
    alias = f"installation-{next(_numbers)}"
    if not _installations:
        connections[DEFAULT_DB_ALIAS].close()
        del connections[DEFAULT_DB_ALIAS]
    described = {DEFAULT_DB_ALIAS: {}, alias: database_settings(settings)}
    connections.settings |= connections.configure_settings(described)
    installation = Installation(settings, alias, Door(alias), now)
    _installations[alias] = installation
    add_alias(alias)
    return installation


def current() -> Installation:
    """Return the installation that is current here. Raises NoInstallation."""
    return _installations[current_alias()]


def door() -> Door:
    """Return the write door of the installation that is current here. Raises NoInstallation."""
    return current().door


def open_installations() -> list[Installation]:
    """Return what this process has open."""
    return list(_installations.values())
