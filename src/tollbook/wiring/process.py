"""What every long-running process does: log to stderr, end with its parent, work alone."""

import ctypes
import fcntl
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tollbook.wiring.start import StartError

# How long the parts of an installation whose parent was killed may take to end.
LEAVING_S = 4.0

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def log_to_stderr(level: str) -> None:
    """Send log messages to stderr; systemd's journal adds the time."""
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")


def end_with_parent(parent_pid: int | None = None) -> None:
    """Ask the kernel for a TERM when the parent ends, however it ends.

    *parent_pid* is the parent as it was known before a fork: if that one is gone already, this
    process ends at once. Does nothing on systems without prctl.
    """
    prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)
    if prctl is None:
        return
    prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if parent_pid is not None and os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def the_only_one(lock: Path, *, does: str, patience_s: float = 0.0) -> Iterator[None]:
    """Hold *lock* as the only process on this data folder that *does* this.

    Waits *patience_s* for one that is just ending. Raises StartError if another holds it still;
    the kernel frees it when that one ends, however it ends.
    """
    with lock.open("w") as held:
        if not _within(patience_s, lambda: _locked(held.fileno())):
            raise StartError(
                f"{lock.parent}: another process {does} here already. This one did not start. "
                "Stop that one first, or use another data folder."
            )
        yield


def require_free_port(host: str, port: int, *, patience_s: float = 0.0) -> None:
    """Raise StartError if nobody could listen on *port* of *host* within *patience_s*."""
    faults: list[OSError] = []
    if not _within(patience_s, lambda: _can_listen(host, port, faults)):
        raise StartError(
            f"port {port} on {host} cannot be opened: {_why(faults[-1])}. Tollbook did not start. "
            'Stop what uses it, or choose another with --port or the setting "port".'
        )


def _within(patience_s: float, attempt: Callable[[], bool]) -> bool:
    """Try at least once, then every tenth of a second until *patience_s* is over."""
    until_s = time.monotonic() + patience_s
    while not attempt():
        if time.monotonic() >= until_s:
            return False
        time.sleep(0.1)
    return True


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _can_listen(host: str, port: int, faults: list[OSError]) -> bool:
    try:
        with socket.create_server((host, port), family=_family(host)):
            return True
    except OSError as fault:
        faults.append(fault)
        return False


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _why(fault: OSError) -> str:
    return os.strerror(fault.errno).lower() if fault.errno else str(fault)
