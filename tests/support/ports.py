"""Ports on loopback that nobody holds, below those that the system gives to whoever asks."""

import os
import socket
from itertools import cycle

_FIRST, _END = 10_000, 30_000
_STEP = 8
# Processes that run side by side begin apart, and one never gives a port twice in a round.
_starts = cycle(range(_FIRST, _END, _STEP))
for _ in range(os.getpid() % 97 * 25):
    next(_starts)


def free_ports(count: int) -> int:
    """Return the first of *count* neighbouring ports that are free, for UDP and TCP alike."""
    for _ in range((_END - _FIRST) // _STEP):
        first = next(_starts)
        if first + count > _END or not all(is_free(port) for port in range(first, first + count)):
            continue
        for _ in range((count - 1) // _STEP):
            next(_starts)
        return first
    raise RuntimeError(f"no {count} free ports between {_FIRST} and {_END}")


def is_free(port: int) -> bool:
    """Say whether *port* can be had on loopback."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
