"""Forks a process for each n that decides, renews and settles one call and is killed at its n-th
statement, until one survives. Prints the last n.

Usage: python killed_decision.py
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from django.db import connections

from tollbook.wiring.start import open_installation

open_installation(migrate=False)
connections.close_all()  # Forked processes may not share one.

# ruff: noqa: E402 - models need Django set up
from django.db.backends.signals import connection_created

from support.deciding import authorise, renew, settle
from support.prepaid import NOW, asking
from tollbook.app.decisions.decider import Renewal, Settlement
from tollbook.storage.db.current import current_connection

MOST = 400


class Killer:
    """Ends this process, with no chance to tidy up, at its n-th statement."""

    def __init__(self, nth: int) -> None:
        self.left = nth

    def count(self, _statement: object) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, connection: Any, **_: object) -> None:
        if connection.vendor == "sqlite":
            connection.connection.set_trace_callback(self.count)

    def watch_psycopg(self) -> None:
        import psycopg  # noqa: PLC0415 - only where there is a server

        for kind in (psycopg.Cursor, psycopg.Connection):
            for name in ("execute", "executemany", "commit"):
                original = getattr(kind, name, None)
                if original is not None:
                    setattr(kind, name, self._counted(original))

    def _counted(self, original: Any) -> Any:
        def call(this: Any, *words: Any, **named: Any) -> Any:
            self.count(None)
            return original(this, *words, **named)

        return call


def one_call(nth: int) -> None:
    """Place a call, let it last, end it."""
    authorise(asking(f"k{nth}"))
    renew(Renewal(f"k{nth}", NOW, 55))
    settle(Settlement(f"k{nth}", NOW, 100))


def main() -> None:
    for nth in range(1, MOST):
        connections.close_all()
        pid = os.fork()
        if pid == 0:
            killer = Killer(nth)
            connection_created.connect(killer.watch)
            if current_connection().vendor == "postgresql":
                killer.watch_psycopg()
            one_call(nth)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
            print(nth, flush=True)
            return
        if not os.WIFSIGNALED(status):
            sys.exit(f"the call of {nth} ended with {status}")
    sys.exit(f"no process survived {MOST} statements")


if __name__ == "__main__":
    main()
