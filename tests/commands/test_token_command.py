"""`tollbook token create`, run as people run it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.databases import Database
from support.office import open_office
from tollbook.app.tokens import bearer_of
from tollbook.cli import main
from tollbook.wiring.clock import now

FOLDER = Path(__file__).parent


def token(database: Database, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tollbook", "token", "create", *words],
        env=database.environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=FOLDER,
    )


def test_the_token_is_printed_once_and_opens_its_scope(database: Database) -> None:
    said = token(database, "--scope", "calls:read", "--scope", "charges:read", "--name", "ERP")

    bearer = bearer_of(said.stdout.strip(), at=now())

    assert said.returncode == 0
    assert bearer is not None
    assert (bearer.name, bearer.scopes) == ("ERP", {"calls:read", "charges:read"})
    assert "cannot be shown again" in said.stderr
    assert said.stdout.strip() not in said.stderr


def test_json_holds_the_token_and_its_end(sqlite: Database) -> None:
    said = token(sqlite, "--scope", "calls:read", "--expires", "2099-01-01T00:00Z", "--json")

    made = json.loads(said.stdout)

    assert made["token"].startswith("tollbook_")
    assert made["scopes"] == ["calls:read"]
    assert made["expires"] == "2099-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--scope", "calls:write"], "calls:write"),
        (["--scope", "calls:read", "--expires", "2000-01-01"], "past"),
        (["--scope", "calls:read", "--expires", "never"], "never"),
        ([], "--scope"),
    ],
)
def test_a_token_that_cannot_be_made_is_wrong_use(
    sqlite: Database, capsys: pytest.CaptureFixture[str], words: list[str], named: str
) -> None:
    open_office(sqlite)

    assert main(["token", "create", *words]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert named in said.err
