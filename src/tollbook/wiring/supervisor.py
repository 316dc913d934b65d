"""One command that runs everything: a parent and its children, each a process of its own.

A child that dies is restarted, with exponential back-off. A TERM or Ctrl-C
ends them all; when the parent is killed, the kernel ends them.
"""

import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

from tollbook.wiring.process import end_with_parent

LOOK_S = 0.1
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
SOUND_AFTER_S = 60.0  # After so long a run the back-off is reset.
GRACE_S = 10.0
WRONG_USE = 2  # A child that leaves so cannot be helped by starting it again.

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Child:
    """One process to run: a name for messages and its command line."""

    name: str
    argv: Sequence[str]


@dataclass(slots=True)
class _RunningChild:
    child: Child
    process: "subprocess.Popen[bytes] | None" = None
    begun_s: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    again_at_s: float = 0.0
    ended_with: list[int] = field(default_factory=list)


def supervise(children: Sequence[Child], *, looked: Callable[[], None] = lambda: None) -> int:
    """Run *children* until a signal comes; return 0, or 2 if one of them cannot run at all.

    *looked* is called some ten times a second. To be called in the main thread.
    """
    leaving = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, partial(_note, leaving))
    running = [_RunningChild(child) for child in children]
    status = 0
    try:
        while not leaving.wait(LOOK_S):
            for one in running:
                _look_after(one)
            if any(one.ended_with[-1:] == [WRONG_USE] for one in running):
                status = WRONG_USE
                break
            looked()
    finally:
        _end(running)
    return status


def answers(host: str, port: int) -> bool:
    """Say whether somebody accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False


def _note(leaving: threading.Event, _number: int, _frame: FrameType | None) -> None:
    leaving.set()


def _look_after(one: _RunningChild) -> None:
    """Start the child if it does not run and its pause is over; note how it ended."""
    now_s = time.monotonic()
    if one.process is None:
        if now_s >= one.again_at_s:
            one.begun_s = now_s
            one.process = subprocess.Popen(  # noqa: S603 - our own command line
                one.child.argv,
                stdin=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C reaches the parent only, which passes it on once.
                preexec_fn=partial(end_with_parent, os.getpid()),  # noqa: PLW1509 - no thread runs here
            )
        return
    status = one.process.poll()
    if status is None:
        return
    one.process = None
    one.ended_with.append(status)
    if now_s - one.begun_s > SOUND_AFTER_S:
        one.pause_s = FIRST_PAUSE_S
    if status != WRONG_USE:
        log.warning(
            "%s ended (%s); it is started again in %.0f s.",
            one.child.name,
            _words(status),
            one.pause_s,
        )
    one.again_at_s = now_s + one.pause_s
    one.pause_s = min(one.pause_s * 2, LONGEST_PAUSE_S)


def _end(running: Sequence[_RunningChild]) -> None:
    """Ask all children to end, and end those that do not."""
    alive = [one.process for one in running if one.process is not None]
    for process in alive:
        process.terminate()
    until_s = time.monotonic() + GRACE_S
    for process in alive:
        try:
            process.wait(max(0.0, until_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("process %d did not end in %.0f s and is killed.", process.pid, GRACE_S)
            process.kill()
            process.wait()


def _words(status: int) -> str:
    if status < 0:
        return f"by {signal.Signals(-status).name}"
    return f"with exit status {status}"
