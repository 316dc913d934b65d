"""A process killed at any statement of billing leaves money right, and the next one goes on."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from support.databases import Database, door
from support.factories import make_budget
from support.office import FIRST_CALL, calls_in_a_row, open_office
from tollbook.app.upkeep.doctor import examine
from tollbook.core.instants import to_us
from tollbook.core.ledger import Hold
from tollbook.storage.billing.holds import lock_accounts, place_holds
from tollbook.storage.models import (
    CallPayer,
    Charge,
    Department,
    Extension,
    LedgerEntry,
    LedgerHold,
)

PROCESS = Path(__file__).parents[2] / "support" / "killed_billing.py"
CALLS = 12
LEAST_STATEMENTS = 30


@pytest.mark.slow
def test_kill_9_at_each_statement_in_turn_pays_each_call_once(database: Database) -> None:
    open_office(database)
    with door.transaction():
        Extension.objects.update(billing=True)
        amir = Extension.objects.get(number="101")
        make_budget("department", Department.objects.get().pk, limit_micros=100_000)
        account = ("extension", str(amir.pk), "EUR")
        hold = Hold(
            key="first",
            content_hash="",
            account=account,
            amount_micros=1_000_000,
            placed_us=to_us(FIRST_CALL),
            expires_us=to_us(FIRST_CALL + timedelta(hours=4)),
            switch_call_id="1700000004.4",  # The call of that number, answered, to Germany.
            extension_id=amir.pk,
            caller="101",
        )
        place_holds([hold], lock_accounts({account}, at_us=to_us(FIRST_CALL)))

    done = subprocess.run(
        [sys.executable, PROCESS],
        env=database.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= LEAST_STATEMENTS
    charged = Charge.objects.filter(amount_micros__gt=0).count()
    assert LedgerEntry.objects.filter(kind="charge").count() == charged > 0
    assert CallPayer.objects.count() == Charge.objects.count() < len(calls_in_a_row(CALLS))
    assert LedgerHold.objects.get().state == "captured"
    assert all(one.is_sound for one in examine())
