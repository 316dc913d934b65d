"""One source's way onto the disk: many peers, one log, one fsync for all that waits.

`store` returns when the bytes are durable; only then may they be acknowledged. While the disk
cannot be written it keeps trying, so that a peer is neither acknowledged nor read further, and the
state says so.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import TypeVar

from tollbook.app.intake.sources import Heartbeat
from tollbook.collectors.raw_log import LINE_ENDS, LogEnd, RawLog, RawLogError
from tollbook.core.instants import to_us

T = TypeVar("T")

RETRY_S = 0.5
# How long an unfinished line keeps the log to its own peer while another waits.
HALF_LINE_S = 5.0


class Condition(StrEnum):
    """How a source is, in the words of the screens."""

    RUNNING = "running"
    WAITING = "waiting"
    STOPPED = "stopped"
    FAILED = "failed"


class Inlet:
    """The log of one source, shared by its connections; belongs to one event loop."""

    def __init__(
        self,
        log: RawLog,
        *,
        now: Callable[[], datetime],
        pool: Executor,
        stored: Callable[[LogEnd], None],
        clean: Callable[[], LogEnd | None] = lambda: None,
    ) -> None:
        """*stored* is called from the event loop whenever the log has grown.

        *clean* says up to where the reader is done, if no record is open there.
        """
        self.log = log
        self.status = Heartbeat(since_us=to_us(now()))
        self._clean = clean
        self._now = now
        self._pool = pool
        self._stored = stored
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._owner: object | None = None  # Whose line is unfinished at the end of the log.
        self._line_ended = asyncio.Condition()
        self.spoke = asyncio.Event()  # Set once the collector has said how it is.
        self._said = Condition.WAITING, "The source is starting.", ""
        self._disk_fault: RawLogError | None = None
        self._closing = False

    def say(self, state: Condition, reason: str, next_step: str = "") -> None:
        """Report a state; a disk that cannot be written takes precedence while it lasts."""
        self._said = state, reason, next_step
        self.spoke.set()
        self._show()

    async def store(self, data: bytes, *, peer: object) -> None:
        """Return when *data* from *peer* is on disk, however long that takes.

        Lines of several peers do not mix: while the last line is one peer's and unfinished,
        the others wait for its rest, for `HALF_LINE_S` at most. Raises RawLogError only when
        the source is stopped before the bytes could be stored.
        """
        await self._wait_for_line_end(peer)
        if self._closing:
            raise RawLogError("The source is being stopped.", "Start it again.")
        self._owner = None if data[-1] in LINE_ENDS else peer
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((data, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await done
        if self._owner is None:
            async with self._line_ended:
                self._line_ended.notify_all()

    def hand_over(self, peer: object, to: object) -> None:
        """Let *to* finish the line that *peer* left unfinished: a PBX that connects again.

        A peer that is gone is named by its address (a text), a connected one by its connection.
        """
        if self._owner == peer:
            self._owner = to

    async def end_half_line(self) -> None:
        """Give up an unfinished line: its peer will send the whole record again.

        The next bytes begin a new segment, so that the half does not spoil them.
        """
        if self._writer is not None:
            await asyncio.wait([self._writer])
        abandoned = self._owner is None or isinstance(self._owner, str)
        if abandoned and not self.log.ends_line:
            self._owner = None
            await self.new_segment()

    async def new_segment(self) -> LogEnd:
        """Begin a new segment once all that waits is stored, and return the log's end."""
        if self._writer is not None:
            await asyncio.wait([self._writer])
        end = await self._until_disk_takes(self.log.rotate)
        self._stored(end)
        return end

    async def close(self) -> None:
        """Give up what cannot be stored now (it was not acknowledged) and close the log."""
        self._closing = True
        if self._writer is not None:
            await asyncio.wait([self._writer])
        self.log.close()

    async def _wait_for_line_end(self, peer: object) -> None:
        if self._owner in (None, peer):
            return
        try:
            async with asyncio.timeout(HALF_LINE_S), self._line_ended:
                await self._line_ended.wait_for(lambda: self._owner in (None, peer))
        except TimeoutError:  # The rest of that line may never come: the others go on.
            return

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            data = b"".join(piece for piece, _ in batch)
            received_us = to_us(self._now())
            try:
                while data:
                    taken = await self._until_disk_takes(partial(self._take, data, received_us))
                    data = data[taken:]
            except RawLogError as fault:  # The source is being stopped.
                for _, done in batch + self._waiting:
                    if not done.done():
                        done.set_exception(fault)
                self._waiting.clear()
                return
            self.status.last_record_us = received_us
            self._stored(self.log.end)
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    def _take(self, data: bytes, received_us: int) -> int:
        taken = self.log.take(data, received_us=received_us, clean=self._clean())
        self.status.stored_bytes += taken
        return taken

    async def _until_disk_takes(self, write: Callable[[], T]) -> T:
        """Try *write* until it succeeds; raises RawLogError only while the source is closed."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                done = await loop.run_in_executor(self._pool, write)
            except RawLogError as fault:
                self._disk_fault = fault
                self._show()
                if self._closing:
                    raise
                await asyncio.sleep(RETRY_S)
            else:
                if self._disk_fault is not None:
                    self._disk_fault = None
                    self._show()
                return done

    def _show(self) -> None:
        state, reason, next_step = self._said
        if self._disk_fault is not None:
            state = Condition.FAILED
            reason, next_step = self._disk_fault.reason, self._disk_fault.next_step
        status = self.status
        if (state, reason) != (status.state, status.reason):
            status.since_us = to_us(self._now())
        status.state, status.reason, status.next_step = state, reason, next_step
