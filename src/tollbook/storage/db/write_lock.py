"""The data folder's write lock: one writer at a time, and nobody overtakes a waiting one.

SQLite has one writer; its own busy handler sleeps and retries, so a writer in a hurry loses
against one that comes again and again. Here writers of all processes queue on two files. Who
wants to write first takes the *turn*, then the *lock*, then gives the turn back: while it waits
for the lock nobody else can, so the writer that just let go of it stands behind. A bulk write
that lets go after every step thereby yields to whoever waits, and costs it one step at most.

The kernel releases both locks when their holder dies, however it dies.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class WriteLock:
    """One connection's way to the write lock of a folder; not to be shared between threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn: int | None = None
        self._lock: int | None = None
        self.held = False

    def acquire(self) -> None:
        """Wait for the lock; raises RuntimeError if it is already held through this object."""
        if self.held:
            raise RuntimeError(f"{self._folder}: this connection already holds the write lock")
        if self._turn is None or self._lock is None:
            self._turn = _opened(self._folder / "write.turn")
            self._lock = _opened(self._folder / "write.lock")
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)
        self.held = True

    def is_awaited(self) -> bool:
        """Whether somebody waits for the lock: then the turn is taken."""
        if self._turn is None:
            return False
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._turn, fcntl.LOCK_UN)
        return False

    def release(self) -> None:
        """Let the next one in; does nothing if the lock is not held."""
        if self.held and self._lock is not None:
            self.held = False
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def close(self) -> None:
        """Release the lock and the files."""
        self.held = False
        for handle in (self._turn, self._lock):
            if handle is not None:
                os.close(handle)
        self._turn = self._lock = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _opened(file: Path) -> int:
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
