"""What tests of the screens share: an office, a clock that stands, a browser's session."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from support.databases import Database
from support.factories import make_user
from support.office import NOON, Office, open_office
from support.screens import PASSWORD, StandingClock
from tollbook.wiring.settings import Settings


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(NOON)


@pytest.fixture
def more_settings() -> dict[str, Any]:
    return {"max_upload_mb": 1}


@pytest.fixture
def installed(sqlite: Database) -> Iterator[Settings]:
    """The settings that the screens see."""
    with override_settings(
        ALLOWED_HOSTS=["testserver", "localhost", "127.0.0.1"],
        # Argon2 is slow on purpose; one test sees to it that it is what the product uses.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ):
        yield sqlite.settings


@pytest.fixture
def office(sqlite: Database, installed: Settings) -> Office:
    return open_office(sqlite)


@pytest.fixture
def user(office: Office) -> User:
    return make_user("anna", administrator=True, password=PASSWORD)


@pytest.fixture
def anonymous(office: Office) -> Client:
    return Client(raise_request_exception=True)


@pytest.fixture
def browser(anonymous: Client, user: User) -> Client:
    """A client that has signed in through the form."""
    answer = anonymous.post("/sign-in", {"name": "anna", "password": PASSWORD})
    assert answer.status_code == 302
    return anonymous
