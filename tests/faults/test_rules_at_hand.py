"""The rules are read before somebody picks up a telephone, and again as soon as they change.

What is read is seen by the copy that decides while the database is away.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.processes import Office, end, free_port, wait_for
from tollbook.app.decisions.offline import FILE


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@contextmanager
def running(office: Office, verb: str) -> Iterator[None]:
    process = office.start(verb, "--port", str(free_port()))
    try:
        yield
    finally:
        end(process)


def test_control_reads_the_rules_without_being_asked_and_again_when_they_change(
    office: Office,
) -> None:
    kept = office.data / FILE
    with running(office, "control"):
        wait_for(kept.exists)
        assert "Annexe" not in kept.read_text()

        office.tollbook("pbx", "add", "Annexe")

        wait_for(lambda: "Annexe" in kept.read_text())


def test_the_api_reads_them_where_a_token_may_ask(office: Office) -> None:
    office.tollbook("token", "create", "--scope", "authorise")

    with running(office, "web"):
        wait_for((office.data / FILE).exists)
