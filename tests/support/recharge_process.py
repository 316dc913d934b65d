"""Recharges in a child that is killed at its first statement, then its second, until one lives.

Usage: python recharge_process.py ID [ID …]. After each child its end is told (a negative signal,
or 0) and a line is waited for, so that whoever asked can look at what it left.
"""

import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from django.db import connections

from tollbook.wiring.start import open_installation

open_installation(migrate=False)
connections.close_all()  # Forked processes may not share one.

# ruff: noqa: E402 - models need Django set up
from support.databases import connection
from support.office import NOON
from tollbook.app.access.actor import Actor
from tollbook.app.billing.recharge import Booked, Gift, post_gift


class Killer:
    """Kills its own process instead of the statement whose turn it is."""

    def __init__(self, turn: int) -> None:
        self.left = turn

    def __call__(self, execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)


def recharge(ids: tuple[int, ...], turn: int) -> None:
    gift = Gift("extension", ids, 10_000_000, "user:1", "k1")
    with connection.execute_wrapper(Killer(turn)):
        done = post_gift(gift, Actor("anna", NOON))
    os._exit(0 if isinstance(done, Booked) else 1)


if __name__ == "__main__":
    ids = tuple(map(int, sys.argv[1:]))
    for turn in count(1):
        child = os.fork()  # Before anything is connected: each child has a connection of its own.
        if child == 0:
            recharge(ids, turn)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(ended, flush=True)
        if ended == 0 or not sys.stdin.readline():
            break
