"""`tollbook doctor` says what holds and what does not, to people and to programs."""

import json

import pytest

from support.databases import Database, door
from support.office import calls_in_a_row, open_office
from tollbook.cli import main
from tollbook.storage.models import Balance, Extension


def test_a_sound_installation_ends_with_0(
    sqlite: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    open_office(sqlite).receive(calls_in_a_row(5))

    assert main(["doctor", "--data", str(sqlite.data_dir)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9
    assert all(line.startswith("ok    ") for line in lines)


def test_a_fault_ends_with_1_and_says_what_to_do(
    sqlite: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    office = open_office(sqlite)
    with door.transaction():
        Extension.objects.update(billing=True)
    office.receive(calls_in_a_row(5))
    Balance.objects.filter(account__kind="extension").update(balance_micros=7)

    assert main(["doctor", "--json", "--data", str(sqlite.data_dir)]) == 1

    checks = {check["check"]: check for check in json.loads(capsys.readouterr().out)}
    assert [name for name, check in checks.items() if not check["ok"]] == ["ledger"]
    fault = checks["ledger"]["faults"][0]
    assert fault["code"] == "ledger.balance_differs"
    assert set(fault) == {"code", "place", "finding", "consequence", "next_step"}


def test_mending_says_what_it_mended(sqlite: Database, capsys: pytest.CaptureFixture[str]) -> None:
    open_office(sqlite)

    assert main(["doctor", "--mend", "--data", str(sqlite.data_dir)]) == 0

    assert capsys.readouterr().err == "".join(
        f"{name}: nothing to mend.\n" for name in ("budgets", "counters", "columns")
    )
