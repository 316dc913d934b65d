"""The thread that brings raw logs into the database, all lanes in turn.

Receiving never waits for it: bytes are safe in the raw log first. While the database cannot be
written, each lane reports that, goes back to its stored position and tries again.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from django.db import close_old_connections, connections

from tollbook.collectors.lane import Lane
from tollbook.collectors.raw_log import LogEnd
from tollbook.storage.db.current import carried

# What arrives within this time of the first byte shares a transaction with it.
GATHER_S = 0.02
CLOSE_EVERY_S = 2.0
LONGEST_WAIT_S = 10.0

log = logging.getLogger(__name__)


class Feeder:
    """Lanes by source, fed by one thread."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lanes: dict[int, Lane] = {}
        self._ends: dict[int, LogEnd] = {}
        self._faults: dict[int, str] = {}
        self._closed: set[int] = set()  # Lanes to be opened (again) at their stored position.
        self._changed = threading.Condition()
        self._grown = False
        self._leaving = False
        self._thread = threading.Thread(
            target=carried(self._run), name="tollbook-feeder", daemon=True
        )

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread after its current step."""
        with self._changed:
            self._leaving = True
            self._changed.notify()
        self._thread.join()

    def add(self, lane: Lane, end: LogEnd) -> None:
        """Feed *lane* up to *end*, and further as it grows."""
        with self._changed:
            self._lanes[lane.source.id] = lane
            self._closed.add(lane.source.id)
        self.grow(lane.source.id, end)

    def grow(self, source_id: int, end: LogEnd) -> None:
        """Say that a source's log is on disk up to *end*."""
        with self._changed:
            self._ends[source_id] = end
            self._grown = True
            self._changed.notify()

    def clean(self, source_id: int) -> LogEnd | None:
        """Return the place up to which a source's log is stored, if no record is open there."""
        lane = self._lanes.get(source_id)
        return lane.clean if lane is not None and source_id not in self._faults else None

    def fault(self, source_id: int) -> str:
        """Return why a source's records cannot be stored, or nothing."""
        return self._faults.get(source_id, "")

    def _run(self) -> None:
        closed_at_s = time.monotonic()
        retry_s = 0.0
        while self._wait(retry_s or CLOSE_EVERY_S):
            time.sleep(GATHER_S)
            self._feed_all()
            if time.monotonic() - closed_at_s >= CLOSE_EVERY_S:
                closed_at_s = time.monotonic()
                for lane in self._present():
                    self._try(lane, self._close_due)
            retry_s = min(max(1.0, retry_s * 2), LONGEST_WAIT_S) if self._faults else 0.0
        connections.close_all()

    def _wait(self, at_most_s: float) -> bool:
        """Wait until a log has grown or time is up; False when the thread must stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._grown or self._leaving, timeout=at_most_s)
            self._grown = False
            return not self._leaving

    def _present(self) -> list[Lane]:
        with self._changed:
            return list(self._lanes.values())

    def _feed_all(self) -> None:
        """Feed every lane, a chunk in turn, until all are at their ends."""
        waiting = self._present()
        while waiting and not self._leaving:
            waiting = [lane for lane in waiting if self._try(lane, self._advance)]

    def _advance(self, lane: Lane) -> bool:
        if lane.source.id in self._closed:
            lane.open()
            self._closed.discard(lane.source.id)
        return lane.advance(self._ends[lane.source.id], at=self._now())

    def _close_due(self, lane: Lane) -> bool:
        if lane.source.id not in self._closed:
            lane.close_due(at=self._now())
        return False

    def _try(self, lane: Lane, step: Callable[[Lane], bool]) -> bool:
        """Take one step; a fault is kept for the source's state and ends this lane's turn."""
        source_id = lane.source.id
        try:
            more = step(lane)
        except Exception as fault:  # a lane that fails must not stop the others
            if source_id not in self._faults:
                log.exception("source %s: its records cannot be stored", lane.source.name)
            self._faults[source_id] = str(fault).strip() or type(fault).__name__
            self._closed.add(source_id)
            close_old_connections()
            return False
        self._faults.pop(source_id, None)
        return more
