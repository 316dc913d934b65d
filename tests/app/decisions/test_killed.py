"""Killed at any statement, a decision is whole or was never made, and asking again goes on."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.databases import Database, door
from support.deciding import authorise, renew, settle
from support.prepaid import CENT, NOW, asking, balance, open_prepaid
from tollbook.app.decisions.decider import Renewal, Settlement
from tollbook.core.ledger import HoldEnded
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import LedgerHold, Site

PROCESS = Path(__file__).parents[2] / "support" / "killed_decision.py"
FEWEST = 10  # An authorise, a renewal and a settlement execute many more statements than these.


@pytest.mark.slow
def test_kill_9_at_each_statement(database: Database) -> None:
    open_prepaid(database, cents=100_000)
    with door.transaction():
        Site.objects.update(hold_s=60)

    done = subprocess.run(
        [sys.executable, PROCESS],
        env=database.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    survivor = int(done.stdout)
    assert survivor > FEWEST

    # Nothing is half done: balances, holds and entries agree, and each hold is whole.
    assert verify_balances() == []
    for hold in LedgerHold.objects.all():
        assert hold.amount_micros in (10 * CENT, 12 * CENT)
        assert (hold.state == "captured") == (hold.entry_id is not None)
    ended = LedgerHold.objects.filter(state="captured").count()
    assert 1 <= ended < survivor
    assert balance()[0] == (100_000 - 12 * ended) * CENT

    # Whoever asks again goes on where the other was killed: every call is charged once.
    for nth in range(1, survivor + 1):
        assert authorise(asking(f"k{nth}")).allowed
        try:
            renew(Renewal(f"k{nth}", NOW, 55))
        except HoldEnded:
            assert LedgerHold.objects.get(key=f"k{nth}").state == "captured"
        settle(Settlement(f"k{nth}", NOW, 100))
    assert balance() == ((100_000 - 12 * survivor) * CENT, 0)
    assert verify_balances() == []
