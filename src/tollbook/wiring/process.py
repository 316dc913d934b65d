"""What every long-running process does: log to stderr, end with its parent, work alone."""

import ctypes
import fcntl
import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tollbook.wiring.start import StartError

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
def the_only_one(lock: Path, *, does: str) -> Iterator[None]:
    """Hold *lock* as the only process on this data folder that *does* this.

    Raises StartError if another holds it; the kernel frees it when that one ends.
    """
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise StartError(
                f"{lock.parent}: another process {does} here already. This one did not start. "
                "Stop that one first, or use another data folder."
            ) from fault
        yield


def require_free_port(host: str, port: int) -> None:
    """Raise StartError if nobody could listen on *port* of *host* now."""
    try:
        with socket.create_server((host, port), family=_family(host)):
            return
    except OSError as fault:
        raise StartError(
            f"port {port} on {host} cannot be opened: {_why(fault)}. Tollbook did not start. "
            'Stop what uses it, or choose another with --port or the setting "port".'
        ) from fault


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _why(fault: OSError) -> str:
    return os.strerror(fault.errno).lower() if fault.errno else str(fault)
