"""`tollbook authorise`: the decision and every step; 0 allowed, 1 refused, 2 wrong use."""

import json

import pytest

from support.databases import Database, door
from support.prepaid import CENT, PARIS, balance, open_prepaid
from tollbook.cli import main
from tollbook.storage.models import AccountCode, AccountCodeNumber, LedgerHold, Owner, Site

AT = "2026-11-02T10:00:00+01:00"
KEYS = {"allowed", "reason", "number", "caller_id", "limit_s", "hold", "account", "steps"}


def authorise(database: Database, *words: str) -> int:
    return main(["authorise", "--data", str(database.data_dir), "--at", AT, *words])


def test_an_allowed_call(sqlite: Database, capsys: pytest.CaptureFixture[str]) -> None:
    open_prepaid(sqlite, cents=18)

    status = authorise(sqlite, "--caller", "101", "--dialled", PARIS, "--json")

    answer = json.loads(capsys.readouterr().out)
    assert status == 0
    assert set(answer) == KEYS
    assert answer["limit_s"] == 280
    assert answer["hold"] is None
    assert all(set(step) == {"rule", "outcome", "limit_s"} for step in answer["steps"])
    assert balance() == (18 * CENT, 0)
    assert not LedgerHold.objects.exists()


def test_a_refused_call_says_why(sqlite: Database, capsys: pytest.CaptureFixture[str]) -> None:
    open_prepaid(sqlite, cents=9)

    assert authorise(sqlite, "--caller", "101", "--dialled", PARIS) == 1

    printed = capsys.readouterr().out
    assert printed.startswith("refused: no_money\n")
    assert "the first step costs more than is available" in printed


@pytest.mark.parametrize(
    ("keys", "code_length", "status", "number"),
    [
        (f"4711**{PARIS}#", 0, 0, "8888" + PARIS),
        (f"4711{PARIS}#", 4, 0, "8888" + PARIS),
        (f"4711**{PARIS}#", 4, 0, "8888" + PARIS),
        ("4711#", 0, 0, "88880033999999999"),  # the code's only number (EBC-10)
        (f"47110**{PARIS}#", 4, 1, ""),  # another length than the fixed one is no code (AMB-01)
        (f"9999**{PARIS}#", 0, 1, ""),
    ],
)
def test_typed_keys(
    sqlite: Database,
    capsys: pytest.CaptureFixture[str],
    keys: str,
    code_length: int,
    status: int,
    number: str,
) -> None:
    open_prepaid(sqlite)
    with door.transaction():
        Site.objects.update(code_length=code_length)
        owner = Owner.objects.create(name="Legal")
        code = AccountCode.objects.create(code="4711", owner=owner)
        AccountCodeNumber.objects.create(code=code, position=1, number="0033999999999")

    assert authorise(sqlite, "--caller", "101", "--typed", keys, "--json") == status

    answer = json.loads(capsys.readouterr().out)
    assert answer["number"] == number
    assert answer["reason"] == (None if number else "unknown_code")


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        (["--caller", "101"], "either --dialled"),
        (["--caller", "101", "--dialled", "1", "--typed", "1#"], "either --dialled"),
        (["--caller", "101", "--typed", "1#", "--account-code", "1"], "holds the code already"),
        (["--caller", "101", "--dialled", "1", "--pbx", "Moon"], 'no PBX "Moon"'),
        (["--caller", "101", "--dialled", "1", "--at", "yesterday"], "not an instant"),
    ],
)
def test_wrong_use(
    sqlite: Database, capsys: pytest.CaptureFixture[str], words: list[str], finding: str
) -> None:
    open_prepaid(sqlite)

    assert main(["authorise", "--data", str(sqlite.data_dir), *words]) == 2

    assert finding in capsys.readouterr().err
