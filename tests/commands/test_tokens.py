"""`tollbook token create`, `list` and `revoke`, run as people run them."""

import json
import subprocess
from pathlib import Path

import pytest

from support.command_server import run_command
from support.databases import Database
from support.office import open_office
from tollbook.app.access.tokens import SCOPES, bearer_of
from tollbook.cli import main
from tollbook.storage.models import ApiToken, AuditLog
from tollbook.wiring.clock import now

FOLDER = Path(__file__).parent


def token(database: Database, *words: str) -> "subprocess.CompletedProcess[str]":
    return run_command("token", "create", *words, environment=database.environment, folder=FOLDER)


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


def made(capsys: pytest.CaptureFixture[str], name: str, *words: str) -> str:
    """Make a token and return its secret."""
    assert main(["token", "create", "--name", name, "--scope", "calls:read", *words]) == 0
    return capsys.readouterr().out.strip()


def test_the_list_names_tokens_and_never_their_secrets(
    sqlite: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    open_office(sqlite)
    secret = made(capsys, "ERP")
    made(capsys, "Old till")
    assert main(["token", "revoke", "Old till"]) == 0
    capsys.readouterr()

    assert main(["token", "list", "--json"]) == 0
    text = capsys.readouterr().out
    assert [(one["name"], one["state"], one["scopes"]) for one in json.loads(text)] == [
        ("Old till", "withdrawn", ["calls:read"]),
        ("ERP", "active", ["calls:read"]),
    ]
    assert main(["token", "list", "--state", "active"]) == 0
    table = capsys.readouterr().out
    assert "ERP" in table
    assert "Old till" not in table
    assert secret not in text + table


def test_a_token_is_withdrawn_by_its_name_or_number(
    sqlite: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    open_office(sqlite)
    first, second = made(capsys, "ERP"), made(capsys, "2nd till")

    assert main(["token", "revoke", "ERP"]) == 0
    assert "is withdrawn" in capsys.readouterr().err
    assert (bearer_of(first, at=now()), bearer_of(second, at=now()) is None) == (None, False)
    number = str(ApiToken.objects.get(name="2nd till").pk)
    assert main(["token", "revoke", number]) == 0
    assert bearer_of(second, at=now()) is None
    assert AuditLog.objects.filter(action="token.revoke", actor="command line").count() == 2


def test_a_name_that_is_a_number_goes_before_the_number(
    sqlite: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    open_office(sqlite)
    made(capsys, "ERP")
    called_one = made(capsys, str(ApiToken.objects.get(name="ERP").pk))

    assert main(["token", "revoke", str(ApiToken.objects.get(name="ERP").pk)]) == 0
    assert bearer_of(called_one, at=now()) is None
    assert ApiToken.objects.get(name="ERP").revoked_us is None


def test_withdrawing_twice_changes_nothing_and_nobody_is_wrong_use(
    sqlite: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    open_office(sqlite)
    made(capsys, "ERP")
    assert [main(["token", "revoke", name]) for name in ("ERP", "ERP", "nobody")] == [0, 0, 2]
    said = capsys.readouterr().err
    assert "was withdrawn before" in said
    assert 'there is no token "nobody"' in said


def test_a_token_for_everything_has_a_name_that_fits(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    open_office(database)
    every = [word for scope in SCOPES for word in ("--scope", scope)]

    assert main(["token", "create", *every]) == 0
    assert len(ApiToken.objects.get().name) <= 120
    for name in ("x" * 121, "a\x1b[2J"):
        assert main(["token", "create", "--scope", "calls:read", "--name", name]) == 2
