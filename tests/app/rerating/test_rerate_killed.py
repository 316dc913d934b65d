"""A re-rating that is killed at any moment goes on: no difference twice, none missing."""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from support.databases import Database
from support.office import FIRST_CALL, NOON, TARIFF, calls_in_a_row, open_office
from support.post_entry import balance_micros
from tollbook.app.access.actor import Actor
from tollbook.app.rerating.run import begin_rerating, carry_on, dry_run, find_run
from tollbook.app.tariffs.publish import publish_tariff
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import Charge, LedgerEntry
from tollbook.storage.reports.call_filter import CallFilter

PROCESS = Path(__file__).parents[2] / "support" / "rerate_process.py"
SEED = 20_261_031
KILLS = 4
ALL = CallFilter()


def start(database: Database, run_id: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, PROCESS, str(run_id)],
        env=database.environment,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_kill_9_at_any_moment_posts_each_difference_once(database: Database) -> None:
    open_office(database).receive(calls_in_a_row(600))
    germany, berlin = TARIFF["rate"]
    dearer = {**TARIFF, "rate": [{**germany, "connect_fee": "0.20"}, {**berlin, "prefix": "4931"}]}
    publish_tariff(dearer, by=Actor("test", NOON), valid_from=FIRST_CALL)
    foretold = dry_run(ALL)
    old = {charge.call_id: charge.amount_micros or 0 for charge in Charge.objects.all()}
    run_id = begin_rerating(ALL, words="all calls", by=Actor("test", NOON)).id
    moments = random.Random(SEED)
    done = [0]

    for _ in range(KILLS):
        process = start(database, run_id)
        assert process.stdout is not None
        process.stdout.readline()  # Its first step is stored; kill it in one of the next.
        time.sleep(moments.uniform(0, 0.02))
        process.kill()
        process.wait(30)
        process.stdout.close()
        run = find_run(run_id)
        assert run is not None
        done.append(run.calls_done)
        assert verify_balances() == []
    assert done == sorted(set(done)), "each process has done some more"
    assert done[-1] < 600, "no kill came in time to be a kill"

    rerating = carry_on(run_id, now=lambda: NOON)

    assert rerating.totals == foretold.totals
    assert rerating.groups == foretold.groups
    new = {
        charge.call_id: charge.amount_micros or 0 for charge in Charge.objects.filter(run=run_id)
    }
    differences = {call_id: new[call_id] - old[call_id] for call_id in new}
    entries = Counter(LedgerEntry.objects.filter(run=run_id).values_list("call_id", flat=True))
    assert entries == Counter(call_id for call_id, micros in differences.items() if micros)
    assert balance_micros("system", "revenue", "EUR") == sum(differences.values()) != 0
    assert verify_balances() == []
