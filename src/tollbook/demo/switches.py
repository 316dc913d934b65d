"""The two switches of the sample office at work: a call every few seconds, written as it ends.

The 3CX of the annex connects to our port and sends a line; the Asterisk of the main house adds a
line to its Master.csv. Runs as a process of its own, as real switches do.
"""

import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from tollbook.demo.diary import OfficeCall, call_at
from tollbook.demo.office import ASTERISK, THREECX, Office, dice_of, make_office
from tollbook.demo.records import asterisk_line, threecx_line

PAUSES_S = (2.0, 6.0)
LONGEST_LIVE_TALK_S = 900  # A call that has just arrived should not lie far down the list.
ASTERISK_SHARE = 0.35
RECONNECT_S = 2.0
CONNECT_TIMEOUT_S = 5.0


def run_switches(
    *, seed: int, host: str, port: int, master_csv: Path, clock: Callable[[], datetime]
) -> None:
    """Write calls until the process is ended."""
    office = make_office(seed)
    dice = dice_of(seed, f"live from {clock().isoformat()}")
    wire = Wire(host, port)
    while True:
        time.sleep(dice.uniform(*PAUSES_S))
        instant = clock()
        number = int(instant.timestamp() * 10)  # It grows, also from one run to the next.
        if dice.random() < ASTERISK_SHARE:
            call = just_ended(office, instant, dice, pbx=ASTERISK)
            append_line(master_csv, asterisk_line(call, number))
        else:
            call = just_ended(office, instant, dice, pbx=THREECX)
            wire.send(threecx_line(call, number))


def just_ended(office: Office, instant: datetime, dice: Random, *, pbx: str) -> OfficeCall:
    """Return a call of *pbx* that ended in the second of *instant*."""
    second = instant.replace(microsecond=0)
    call = call_at(office, second, dice, {}, pbx=pbx)
    talk_s = min(call.talk_s, LONGEST_LIVE_TALK_S)
    return replace(call, begin=second - timedelta(seconds=call.ring_s + talk_s), talk_s=talk_s)


def append_line(file: Path, line: bytes) -> None:
    """Add *line* to *file* in one write, as cdr_csv does."""
    with file.open("ab", buffering=0) as master:
        master.write(line)


class Wire:
    """A switch's connection to its call accounting: it dials again until somebody answers."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None

    def send(self, line: bytes) -> None:
        """Send *line*, however long it takes to find a listener."""
        while True:
            try:
                if self._socket is None:
                    self._socket = socket.create_connection(self._address, CONNECT_TIMEOUT_S)
                self._socket.sendall(line)
            except OSError:  # Nobody listens yet, or no longer.
                self.close()
                time.sleep(RECONNECT_S)
            else:
                return

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
