"""A raw log and its inlet for a test, with a clock that ticks and a disk that can be full."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tollbook.collectors.inlet import Inlet
from tollbook.collectors.raw_log import LogEnd, RawLog, segments

PATIENCE_S = 20.0


class Clock:
    """Every look at it is a second later."""

    def __init__(self) -> None:
        self._now = datetime(2026, 1, 31, tzinfo=UTC)

    def __call__(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


class Disk:
    """How much room the disk has."""

    def __init__(self) -> None:
        self.free_bytes = 1_000_000_000

    def __call__(self, _folder: Path) -> int:
        return self.free_bytes


class Station:
    """One source's log, the inlet to it and what the inlet reported as stored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.disk = Disk()
        self.stored: list[LogEnd] = []
        self._pool = ThreadPoolExecutor(1)
        log = RawLog(folder, reserve_bytes=1_000, free_bytes=self.disk)
        self.inlet = Inlet(log, now=Clock(), pool=self._pool, stored=self.stored.append)

    def received(self) -> bytes:
        return b"".join(segment.path.read_bytes() for segment in segments(self.folder))

    def texts(self) -> list[bytes]:
        """Return the content of each segment that has any."""
        return [one.path.read_bytes() for one in segments(self.folder) if one.size]

    async def close(self) -> None:
        await self.inlet.close()
        self._pool.shutdown()


@asynccontextmanager
async def running(collector: object, station: Station) -> AsyncIterator[None]:
    """Run a collector for a while, then stop it as the runner does."""
    task = asyncio.create_task(collector.run())  # type: ignore[attr-defined] - any collector
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await station.close()


async def until(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds; it always does sooner or later, unless there is a fault."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)
