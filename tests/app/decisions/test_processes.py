"""Sixty-four callers in several processes on one account spend what is there and no more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.databases import Database, door
from support.factories import change_extension
from support.prepaid import CENT, balance, open_prepaid
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import LedgerHold, Refusal, Site

PROCESS = Path(__file__).parents[2] / "support" / "deciding_process.py"
PROCESSES, CALLERS = 4, 16


def all_at_once(database: Database) -> list[tuple[int, int]]:
    """Let all processes ask at the same moment; how many calls each had, and settled."""
    started = [
        subprocess.Popen(
            [sys.executable, PROCESS, f"p{nth}", str(CALLERS)],
            env=database.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for nth in range(PROCESSES)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    told = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0] * PROCESSES
    return [tuple(json.loads(text)) for text in told]


@pytest.mark.slow
def test_one_account(database: Database) -> None:
    open_prepaid(database, cents=205)  # twenty calls of a minute, and half of another
    with door.transaction():
        Site.objects.update(hold_s=60)

    told = all_at_once(database)

    allowed, settled = (sum(column) for column in zip(*told, strict=True))
    assert allowed == 20
    assert LedgerHold.objects.count() == 20
    assert Refusal.objects.count() == PROCESSES * CALLERS - 20
    assert balance() == ((205 - 10 * settled) * CENT, 10 * (20 - settled) * CENT)
    assert verify_balances() == []


@pytest.mark.slow
def test_a_limit_of_calls_at_once(database: Database) -> None:
    open_prepaid(database, cents=100_000)
    with door.transaction():
        Site.objects.update(hold_s=60)
        change_extension("101", concurrent_limit=7)

    all_at_once(database)

    pending = LedgerHold.objects.filter(state="pending").count()
    assert pending <= 7
    assert set(Refusal.objects.values_list("reason", flat=True)) <= {"too_many_calls"}
    assert verify_balances() == []
