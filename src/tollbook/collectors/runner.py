"""The collect process: runs every wanted source and says how each of them is.

Three parties: the event loop receives and stores bytes, the feeder's thread brings them into the
database, and one more thread (the desk) asks the database what is wanted and reports.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from django.db import DatabaseError, close_old_connections

from tollbook.app.intake.source_options import (
    Connecting,
    Following,
    Listening,
    OptionError,
    TransportOptions,
    read_options,
)
from tollbook.app.intake.sources import Heartbeat, WantedSource, record_heartbeats, wanted_sources
from tollbook.collectors.feeder import Feeder
from tollbook.collectors.inlet import Condition, Inlet
from tollbook.collectors.lane import Lane
from tollbook.collectors.raw_log import LogEnd, RawLog, RawLogError, received_times, segments
from tollbook.collectors.tail import Tail
from tollbook.collectors.tcp_connect import TcpConnector
from tollbook.collectors.tcp_listen import TcpListener
from tollbook.collectors.udp import UdpListener
from tollbook.core.instants import to_us
from tollbook.formats import Definition, load_definition
from tollbook.storage.db.current import current_alias, enter

POLL_S = 0.5
HEARTBEAT_S = 5.0
RESTART_S = 5.0

T = TypeVar("T")

log = logging.getLogger(__name__)


class Collector(Protocol):
    """Receives one source's bytes until it is cancelled."""

    async def run(self) -> None:
        """Receive, hand to the inlet, report; never return."""


@dataclass(slots=True)
class _Post:
    """One source in this process: its lane always, its collector while it is wanted."""

    source: WantedSource
    status: Heartbeat
    definition: Definition | None = None
    inlet: Inlet | None = None
    task: asyncio.Task[None] | None = None
    unreadable: str = ""
    reported: tuple[object, ...] = ()


class Runner:
    """All sources of an installation."""

    def __init__(
        self,
        *,
        data_dir: Path,
        raw_dir: Path,
        reserve_bytes: int,
        now: Callable[[], datetime],
    ) -> None:
        self._data_dir = data_dir
        self._raw_dir = raw_dir
        self._reserve_bytes = reserve_bytes
        self._now = now
        self._posts: dict[int, _Post] = {}
        self._feeder = Feeder(now=now)
        self._desk = _pool(1, "tollbook-desk")
        self._disks = _pool(4, "tollbook-disk")

    async def run(self, stop: asyncio.Event) -> None:
        """Run until *stop* is set, then close every port and store what was received."""
        self._feeder.start()
        beat_at_s = 0.0
        loop = asyncio.get_running_loop()
        try:
            while not stop.is_set():
                try:
                    await self._follow_wishes()
                    due = loop.time() >= beat_at_s
                    await self._report(everything=due)
                    if due:
                        beat_at_s = loop.time() + HEARTBEAT_S
                except DatabaseError as fault:
                    log.warning("the database does not answer, collecting goes on: %s", fault)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), POLL_S)
        finally:
            for post in self._posts.values():
                await self._stop(post, "The collector has ended.", "Start `tollbook serve` again.")
            await loop.run_in_executor(None, self._feeder.stop)
            with contextlib.suppress(DatabaseError):
                await self._report(everything=True)
            self._desk.shutdown()
            self._disks.shutdown()

    async def _follow_wishes(self) -> None:
        """Start what is wanted and does not run, stop what runs and is not wanted."""
        wanted = {source.id: source for source in await self._ask(wanted_sources)}
        for source in wanted.values():
            post = self._posts.get(source.id)
            if post is None:
                post = self._posts[source.id] = _Post(
                    source, Heartbeat(since_us=to_us(self._now()))
                )
                post.unreadable = self._attend(post)
            post.source = source
            if post.unreadable:
                self._say(post, Condition.FAILED, post.unreadable, "Choose another format.")
            elif source.running and post.task is None:
                await self._start(post)
            elif not source.running and post.status.state != Condition.STOPPED:
                await self._stop(
                    post, "The source was stopped by hand.", "Start it to collect again."
                )
        for source_id in self._posts.keys() - wanted.keys():
            await self._stop(self._posts.pop(source_id), "The source was removed.", "")

    def _attend(self, post: _Post) -> str:
        """Feed the source's log, wanted or not: an earlier process may have left a backlog.

        Returns why this cannot be done, or nothing.
        """
        source = post.source
        try:
            definition = post.definition = load_definition(source.format)
        except ValueError as fault:  # unknown, unbuilt or wrong: a newer program may have made it
            return str(fault)
        folder = self._folder(source)
        lane = Lane(source, definition, folder, data_dir=self._data_dir)
        found = segments(folder)
        end = LogEnd(found[-1].sequence, found[-1].size) if found else LogEnd(1, 0)
        self._feeder.add(lane, end)
        return ""

    async def _start(self, post: _Post) -> None:
        source = post.source
        loop = asyncio.get_running_loop()
        try:
            options = read_options(source.transport, source.options)
            inlet = await loop.run_in_executor(self._disks, self._inlet, source)
        except (OptionError, RawLogError) as fault:
            self._say(post, Condition.FAILED, str(fault), "Put it right; it is tried again.")
            return
        post.inlet, post.status = inlet, inlet.status
        ends = post.definition.framing.ends if post.definition else "lf"
        record_end = b"\x00" if ends == "nul" else b"\n"
        collector = _collector(options, source, inlet, record_end)
        post.task = asyncio.create_task(_keep_running(collector, post.source.name, inlet))
        with contextlib.suppress(TimeoutError):  # "starting" is not reported
            await asyncio.wait_for(inlet.spoke.wait(), POLL_S)

    def _inlet(self, source: WantedSource) -> Inlet:
        folder = self._folder(source)
        log = RawLog(folder, reserve_bytes=self._reserve_bytes)
        inlet = Inlet(
            log,
            now=self._now,
            pool=self._disks,
            stored=lambda end: self._feeder.grow(source.id, end),
            clean=lambda: self._feeder.clean(source.id),
        )
        found = segments(folder)
        inlet.status.stored_bytes = sum(segment.size for segment in found)
        filled = [segment for segment in found if segment.size]
        for _, received_us in received_times(filled[-1].path) if filled else ():
            inlet.status.last_record_us = received_us
        return inlet

    async def _stop(self, post: _Post, reason: str, next_step: str) -> None:
        """Close the port or file of a source; what it received is on disk."""
        if post.task is not None and post.inlet is not None:
            post.task.cancel()
            await asyncio.wait([post.task])
            await post.inlet.close()
        post.inlet = post.task = None
        post.status.connected_peers = 0
        self._say(post, Condition.STOPPED, reason, next_step)

    def _say(self, post: _Post, state: Condition, reason: str, next_step: str) -> None:
        status = post.status
        if (status.state, status.reason) != (state, reason):
            status.since_us = to_us(self._now())
        status.state, status.reason, status.next_step = state, reason, next_step

    async def _report(self, *, everything: bool) -> None:
        """Write heartbeats: of all sources when one is due, else of those that have changed."""
        beats = []
        for post in self._posts.values():
            beat = self._heartbeat(post)
            last_s = (beat.last_record_us or 0) // 1_000_000
            told = (beat.state, beat.reason, beat.connected_peers, last_s)
            if everything or told != post.reported:
                beats.append(beat)
                post.reported = told
        if beats:
            await self._ask(partial(record_heartbeats, beats, at=self._now()))

    def _heartbeat(self, post: _Post) -> Heartbeat:
        status = post.status
        state, reason, next_step = str(status.state), status.reason, status.next_step
        fault = self._feeder.fault(post.source.id)
        if fault:
            state = str(Condition.FAILED)
            reason = f"Records are received and safe on disk, but cannot be stored: {fault}."
            next_step = "Check the database and the disk; it is tried again by itself."
        return replace(
            status, source_id=post.source.id, state=state, reason=reason, next_step=next_step
        )

    def _folder(self, source: WantedSource) -> Path:
        return self._raw_dir / str(source.id)

    async def _ask(self, question: Callable[[], T]) -> T:
        """Ask the database in the desk's thread, which keeps its connection."""
        return await asyncio.get_running_loop().run_in_executor(
            self._desk, _with_sound_connection, question
        )


def _with_sound_connection(question: Callable[[], T]) -> T:
    try:
        return question()
    except DatabaseError:
        close_old_connections()  # So that a server that was away is reconnected next time.
        raise


def _collector(
    options: TransportOptions, source: WantedSource, inlet: Inlet, record_end: bytes
) -> Collector:
    match options:
        case Listening() if source.transport == "udp":
            return UdpListener(options, inlet)
        case Listening():
            return TcpListener(options, inlet, record_end=record_end)
        case Connecting():
            return TcpConnector(options, inlet, record_end=record_end)
        case Following():
            return Tail(options, inlet)


async def _keep_running(collector: Collector, name: str, inlet: Inlet) -> None:
    """Run a collector; on an unexpected exception report it and run it again."""
    while True:
        try:
            await collector.run()
        except Exception as fault:
            log.exception("source %s: its collector failed", name)
            inlet.say(
                Condition.FAILED,
                f"The collector failed: {fault or type(fault).__name__}.",
                "It is started again by itself; please report what the log says.",
            )
        await asyncio.sleep(RESTART_S)


def _pool(threads: int, name: str) -> ThreadPoolExecutor:
    """Return a pool whose threads work on the installation that is current here."""
    return ThreadPoolExecutor(
        threads, thread_name_prefix=name, initializer=enter, initargs=(current_alias(),)
    )
