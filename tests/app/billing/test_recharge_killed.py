"""A process killed at any statement of a recharge leaves all of it or nothing."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.databases import Database
from support.office import open_office
from tollbook.storage.billing.balances import HolderFilter, list_holders
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import AuditLog, Extension, LedgerEntry

PROCESS = Path(__file__).parents[2] / "support" / "recharge_process.py"
LEAST_STATEMENTS = 8


@pytest.mark.slow
def test_kill_9_at_each_statement_in_turn_leaves_nothing_then_all(database: Database) -> None:
    open_office(database)
    ids = [str(pk) for pk in Extension.objects.values_list("pk", flat=True)]
    kills = 0
    with subprocess.Popen(
        [sys.executable, PROCESS, *ids],
        env=database.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        while (ended := int(process.stdout.readline())) != 0:
            assert ended == -signal.SIGKILL
            kills += 1
            assert not LedgerEntry.objects.exists()
            assert not AuditLog.objects.filter(object_type="entry").exists()
            assert {one.balance_micros for one in list_holders(HolderFilter())} == {0}
            assert verify_balances() == []
            process.stdin.write("go on\n")
            process.stdin.flush()

    assert kills >= LEAST_STATEMENTS
    assert [one.balance_micros for one in list_holders(HolderFilter())] == [10_000_000] * 2
    assert LedgerEntry.objects.count() == AuditLog.objects.filter(object_type="entry").count() == 2
    assert verify_balances() == []
