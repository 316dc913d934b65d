"""Forks a process for each n that imports the same calls and is killed at its n-th statement,
until one survives. Prints how many were killed; ends with 1 where one left money wrong.

Usage: python killed_billing.py
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from django.db import connections

from tollbook.wiring.start import open_installation

open_installation(migrate=False)
connections.close_all()  # Forked processes may not share one.

# ruff: noqa: E402 - models need Django set up
from django.db.backends.signals import connection_created

from support.databases import Database
from support.killed_decision import Killer
from support.office import Office, calls_in_a_row
from tollbook.app.directory.pbxs import PbxInfo
from tollbook.app.policies.budget_proof import wrong_uses
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.db.current import current_connection
from tollbook.storage.models import Pbx
from tollbook.storage.upkeep.proofs import paid_otherwise
from tollbook.wiring.settings import current_settings

CALLS, MOST = 12, 400


def known_office() -> Office:
    """Return the office that is in the database."""
    settings = current_settings()
    pbx = Pbx.objects.select_related("site").get()
    site = pbx.site
    info = PbxInfo(pbx.pk, pbx.name, pbx.brand, site.pk, site.name, site.zone, site.currency)
    database = Database(current_connection().vendor, settings.data_dir, settings)
    return Office(database, info, site.pk)


def one_import(nth: int) -> None:
    """Import the calls; the n-th statement is the last."""
    killer = Killer(nth)
    connection_created.connect(killer.watch)
    if current_connection().vendor == "postgresql":
        killer.watch_psycopg()
    known_office().receive(calls_in_a_row(CALLS))
    os._exit(0)


def main() -> None:
    for nth in range(1, MOST):
        connections.close_all()
        pid = os.fork()
        if pid == 0:
            one_import(nth)
        _, status = os.waitpid(pid, 0)
        wrong = [*verify_balances(), *paid_otherwise(), *wrong_uses()]
        if wrong:
            sys.exit(f"killed at statement {nth}: {wrong[0]}")
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
            print(nth - 1, flush=True)
            return
        if not os.WIFSIGNALED(status):
            sys.exit(f"the import of {nth} ended with {status}")
    sys.exit(f"no process survived {MOST} statements")


if __name__ == "__main__":
    main()
