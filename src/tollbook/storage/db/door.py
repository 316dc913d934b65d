"""The one write door: whoever writes comes through here.

Three ways in, the same on both engines:

- `transaction()` for an ordinary use case: one transaction, committed at its end.
- `decide(fn)` for durable decisions from many callers: what waits shares one commit, so the
  disk is asked once for all of them. A refusal undoes its own work and nobody else's.
- `bulk(steps)` for writes by the million: a few steps share a commit, but as soon as somebody
  waits it comes after the step that is running, and who waits goes first.

On SQLite the transactions queue on the data folder's lock (`write_lock`), on PostgreSQL the
server arbitrates. Measurements are in docs/decisions/0002.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from django.db import DatabaseError, connections, transaction

from tollbook.storage.db.checkpoints import Checkpointer
from tollbook.storage.db.current import current_alias, enter
from tollbook.storage.db.write_lock import WriteLock

T = TypeVar("T")

STEPS_TOGETHER = 4  # Bulk steps that share a commit when nobody waits.
LARGEST_GROUP = 256  # Decisions that share a commit: its cost is negligible, and it is prompt.


@dataclass(frozen=True, slots=True)
class _QueuedWrite:
    """A decision that has not been answered yet."""

    fn: Callable[[], Any]
    answer: Future[Any]


@dataclass(frozen=True, slots=True)
class _WriteResult:
    """What a decision came to, before it is known to be on disk."""

    waiting: _QueuedWrite
    result: Any = None
    fault: BaseException | None = None

    def tell(self) -> None:
        if self.fault is None:
            self.waiting.answer.set_result(self.result)
        else:
            self.waiting.answer.set_exception(self.fault)


class Door:
    """The write door of one process to one database."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._queue: SimpleQueue[_QueuedWrite | None] = SimpleQueue()
        self._starting = threading.Lock()
        self._writer: threading.Thread | None = None
        self._light: object = None  # The driver's connection that `_commit_lightly` has set up.
        self._checkpointer: Checkpointer | None = None
        self.closings = 0  # Incremented on close: invalidates caches of this database.

    def transaction(self) -> AbstractContextManager[None]:
        """Return a context that commits at its end and rolls back on an exception.

        Raises RuntimeError inside another transaction, for a use case is one transaction, and
        where another installation is current: what is written inside would go there.
        """
        if current_alias() != self.alias:
            raise RuntimeError(f"{self.alias} is written to while {current_alias()} is current")
        return transaction.atomic(using=self.alias, durable=True)

    def bulk(
        self, steps: Iterable[Callable[[], T]], *, proves_links: Callable[[], bool] | None = None
    ) -> Iterator[T]:
        """Run each step in a transaction and yield its result once it is committed.

        A step that raises is undone; those before it are committed and yielded, then what it
        raised is raised here. (What only the commit can refuse undoes all that share it.) A step
        should write at most `BATCH_RECORDS` records. Steps are asked for while the lock is free,
        so what prepares them (reading, parsing, pricing) blocks nobody.

        Where *proves_links*, asked before each transaction, says yes, SQLite leaves foreign keys to
        the steps: for those that delete nothing and write by the engine of
        `storage.db.bulk_engines`, which proves them many at a time.
        """
        coming = iter(steps)
        while True:
            group, unprepared = _take(coming, STEPS_TOGETHER)
            ended = len(group) < STEPS_TOGETHER
            while group:
                proven = proves_links is not None and proves_links()
                with self._links_left_to_steps() if proven else nullcontext():
                    results, failed = self._run_until_awaited(group)
                yield from results
                if failed is not None:
                    raise failed
            if unprepared is not None:
                raise unprepared
            if ended:
                return

    def decide(self, fn: Callable[[], T]) -> T:
        """Run *fn* in the writer's thread and return its result once it is on disk.

        What *fn* raises is raised here, and undoes what it wrote. *fn* may have to run twice
        (when another's broken constraint fails the common commit), so it must have no effect
        outside the database. Raises RuntimeError inside a transaction: the writer would wait
        for its lock, and it for the writer: a deadlock.
        """
        return self._enqueue(fn).result()

    def decide_later(self, fn: Callable[[], T]) -> "Future[T]":
        """Do as `decide`, but return at once what will hold the result.

        Its callbacks run in the writer's thread, behind the commit.
        """
        return self._enqueue(fn)

    async def decide_async(self, fn: Callable[[], T]) -> T:
        """Do as `decide` without blocking the event loop."""
        return await asyncio.wrap_future(self._enqueue(fn))

    def close(self) -> None:
        """Answer what waits, then end the writer; the next decision starts another."""
        with self._starting:
            self.closings += 1
            writer, self._writer = self._writer, None
            if writer is not None and writer.is_alive():
                self._queue.put(None)
                writer.join()

    def _enqueue(self, fn: Callable[[], T]) -> "Future[T]":
        if connections[self.alias].in_atomic_block:
            raise RuntimeError("a decision cannot be asked for inside a transaction")
        if self._writer is None or not self._writer.is_alive():
            self._start()
        answer: Future[T] = Future()
        self._queue.put(_QueuedWrite(fn, answer))
        return answer

    def _start(self) -> None:
        with self._starting:
            if self._writer is None or not self._writer.is_alive():  # also after a fork
                self._writer = threading.Thread(
                    target=self._write, name=f"tollbook-writer-{self.alias}", daemon=True
                )
                self._writer.start()

    def _write(self) -> None:
        """Serve groups of decisions until told to leave."""
        enter(self.alias)
        try:
            staying = True
            while staying:
                group, staying = self._gather()
                if group:
                    self._commit_together(group)
        finally:
            connections[self.alias].close()
            if self._checkpointer is not None:
                self._checkpointer.close()
                self._checkpointer = None

    def _gather(self) -> tuple[list[_QueuedWrite], bool]:
        """Wait for a decision and return it with those that wait behind it; False: leave."""
        group: list[_QueuedWrite] = []
        try:
            first = self._queue.get()
            while first is not None:
                if first.answer.set_running_or_notify_cancel():
                    group.append(first)
                if len(group) >= LARGEST_GROUP:
                    return group, True
                first = self._queue.get_nowait()
        except Empty:
            return group, True
        return group, False

    def _run_until_awaited(
        self, group: "deque[Callable[[], T]]"
    ) -> tuple[list[T], BaseException | None]:
        """Run steps in one transaction until one fails or somebody waits for the lock."""
        results: list[T] = []
        with self.transaction():
            while group:
                result, fault = self._try(group.popleft())
                if fault is not None:
                    return results, fault
                results.append(result)
                if self._is_awaited():
                    break
        return results, None

    def _links_left_to_steps(self) -> AbstractContextManager[None]:
        """Return a context without foreign key checks; on PostgreSQL they stay."""
        return connections[self.alias].constraint_checks_disabled()

    def _is_awaited(self) -> bool:
        """Whether a writer queues for the lock; on PostgreSQL there is no queue."""
        write_lock: WriteLock | None = getattr(connections[self.alias], "write_lock", None)
        return write_lock is not None and write_lock.is_awaited()

    def _commit_together(self, group: list[_QueuedWrite]) -> None:
        try:
            connections[self.alias].close_if_unusable_or_obsolete()
            with self.transaction():
                self._commit_lightly()
                if len(group) == 1:
                    outcomes = [_WriteResult(group[0], self._alone(group[0].fn))]
                else:
                    outcomes = [_WriteResult(waiting, *self._try(waiting.fn)) for waiting in group]
        except DatabaseError as fault:
            if len(group) == 1:
                group[0].answer.set_exception(fault)
                return
            # The common commit failed; a commit for each tells which one is at fault.
            for waiting in group:
                self._commit_together([waiting])
        except BaseException as fault:  # noqa: BLE001 - whatever it is, the callers must hear of it
            for waiting in group:
                waiting.answer.set_exception(fault)
        else:
            if self._checkpointer is not None:
                self._checkpointer.committed()
            for outcome in outcomes:
                outcome.tell()

    def _commit_lightly(self) -> None:
        """Smaller page cache and rarer auto-checkpoints on the decision connection.

        Each commit walks through all cached pages (measured: 300 µs for 64 MB, 80 µs for 16), and
        decisions touch few. Checkpoints are left to a background thread; a commit does one only
        where that cannot keep up.
        """
        connection = connections[self.alias]
        driver = connection.connection
        if connection.vendor == "sqlite" and driver is not self._light:
            driver.execute("PRAGMA cache_size = -16384")  # KiB
            driver.execute("PRAGMA wal_autocheckpoint = 16000")  # pages, 64 MB
            self._light = driver
            if self._checkpointer is None:
                self._checkpointer = Checkpointer(Path(connection.settings_dict["NAME"]))

    def _alone(self, fn: Callable[[], T]) -> T:
        """Run *fn*, which has the transaction to itself: what it raises undoes all there is."""
        result = fn()
        connections[self.alias].validate_no_broken_transaction()
        return result

    def _try(self, fn: Callable[[], T]) -> tuple[Any, BaseException | None]:
        """Run *fn* between savepoints and return its result or what it raised: it fails alone.

        The savepoints are the driver's, because Django's own cost as much as a small decision.
        """
        connection = connections[self.alias]
        driver = connection.connection
        result, fault = None, None
        with connection.wrap_database_errors:
            driver.execute("SAVEPOINT attempt")
        try:
            result = fn()
            connection.validate_no_broken_transaction()  # *fn* may have hidden a database error
        except BaseException as raised:  # noqa: BLE001 - handed to the caller that waits for it
            result, fault = None, raised
            with connection.wrap_database_errors:
                driver.execute("ROLLBACK TO SAVEPOINT attempt")
            connection.needs_rollback = False
        with connection.wrap_database_errors:
            driver.execute("RELEASE SAVEPOINT attempt")
        return result, fault


def _take(coming: Iterator[T], count: int) -> tuple["deque[T]", BaseException | None]:
    """Return the next *count* items, or those before the fault in making one, and the fault."""
    taken: deque[T] = deque()
    try:
        taken.extend(islice(coming, count))
    except BaseException as fault:  # noqa: BLE001 - raised again once what came before is stored
        return taken, fault
    return taken, None
