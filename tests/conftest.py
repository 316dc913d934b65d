"""What all tests share: Django set up once, a fresh database each, no way to other machines."""

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

# Before Django reads its settings: no test may touch an installation of this machine.
os.environ["TOLLBOOK_DATA"] = tempfile.mkdtemp(prefix="tollbook-tests-")
os.environ["DJANGO_SETTINGS_MODULE"] = "tollbook.wiring.django_settings"

import django
import pytest

django.setup()

from support import databases  # noqa: E402 - needs Django set up
from support.databases import Database  # noqa: E402 - likewise
from support.effort import QUICK, choose_profile, leave_cases_out  # noqa: E402 - likewise
from tollbook.storage.db.installation import open_installations  # noqa: E402 - likewise
from tollbook.wiring.clock import now  # noqa: E402 - likewise

choose_profile()


@pytest.hookimpl(trylast=True)  # The cases that remain once the marks have chosen.
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if QUICK:
        leave_cases_out(config, items)


class NetworkRefusedError(AssertionError):
    """A test that reached for another machine."""


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Refuse connections that leave this machine; sockets of the machine itself pass."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(original: Any) -> Any:
        def call(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
                raise NetworkRefusedError(f"a test connects to {address}; tests stay on loopback")
            return original(self, address)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(connect))
        patch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
        yield


@pytest.fixture(autouse=True)
def _no_installation_left_open() -> Iterator[None]:
    """Close what a test has opened: with two open, code must say on which of them it works."""
    before = open_installations()
    yield
    for installation in open_installations():
        if installation not in before:
            installation.close()


def _is_here(host: str) -> bool:
    if host in ("localhost", ""):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session")
def _postgresql_server() -> Iterator[str]:
    with databases.postgresql_server() as address:
        yield address


@pytest.fixture(scope="session")
def _postgresql_template(_postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("postgresql-template")
    return databases.postgresql_template(_postgresql_server, folder)


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """The clock of the test's installation; tests of screens let it stand."""
    return now


@pytest.fixture
def more_settings() -> dict[str, Any]:
    """What the test's installation sets beside the defaults."""
    return {}


@pytest.fixture
def sqlite(
    tmp_path: Path,
    clock: Callable[[], datetime],
    more_settings: dict[str, Any],
) -> Iterator[Database]:
    """A fresh embedded database."""
    folder = tmp_path / "data"
    copy = databases.sqlite_copy(folder, now=clock, **more_settings)
    with copy as database:
        yield database


@pytest.fixture
def postgresql(
    _postgresql_server: str, _postgresql_template: str, tmp_path: Path
) -> Iterator[Database]:
    """A fresh database on a server; mark the test `postgresql`."""
    copy = databases.postgresql_copy(_postgresql_server, _postgresql_template, tmp_path / "data")
    with copy as database:
        yield database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest) -> Database:
    """A fresh database, on both engines one after the other."""
    chosen: Database = request.getfixturevalue(request.param)
    return chosen
