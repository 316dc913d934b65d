"""Group commit: what waits is decided by one call, a few statements and one commit.

    commits = GroupCommit(door, decide_group)
    result = commits.decide(item)     # from any thread; or: await commits.decide_async(...)

While one group is being committed the next gathers. *decide_group* is given a group, inside a
transaction, and returns an outcome for each item in its order; an exception as an outcome is
raised for that caller alone. What it raises itself undoes the whole group, and each
item is then decided alone, so that only the one at fault hears of it.

Threads are woken one by one, each by the one before it. Woken all at once they would contend for
the GIL (a thundering herd), with each other and with the writer, whose next group waits.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from tollbook.storage.db.door import LARGEST_GROUP, Door

Item = TypeVar("Item")
Result = TypeVar("Result")
DecideGroup = Callable[[Sequence[Item]], Sequence[Result | Exception]]


class _Ticket(Generic[Item, Result]):
    """An item that waits; its thread sleeps on a lock, its event loop on a future.

    `next_to_wake` is the ticket whose thread its own wakes; `told` and `left` (abandoned by its
    thread) are changed under the guard only, and never both.
    """

    __slots__ = (
        "answer",
        "fault",
        "item",
        "left",
        "lock",
        "loop",
        "next_to_wake",
        "pending",
        "told",
    )

    def __init__(self, item: Item) -> None:
        self.item = item
        self.answer: Result | None = None
        self.fault: BaseException | None = None
        self.lock: threading.Lock | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.pending: asyncio.Future[Result] | None = None
        self.next_to_wake: _Ticket[Item, Result] | None = None
        self.told = False
        self.left = False

    def wake(self) -> None:
        """Tell the event loop's future; in its own thread."""
        if self.pending is None or self.pending.done():
            return
        if self.fault is not None:
            self.pending.set_exception(self.fault)
        else:
            self.pending.set_result(self.answer)  # type: ignore[arg-type]  # set before it wakes


class GroupCommit(Generic[Item, Result]):
    """The items of one process, decided in groups by one function."""

    def __init__(self, door: Door, decide_group: DecideGroup[Item, Result]) -> None:
        self._door = door
        self._decide_group = decide_group
        self._guard = threading.Lock()
        self._waiting: list[_Ticket[Item, Result]] = []
        self._coming = False

    def decide(self, item: Item, *, within_s: float | None = None) -> Result:
        """Return the result once it is on disk; raises what was found wrong.

        Raises TimeoutError if there is no answer *within_s* seconds; one may come all the same.
        """
        ticket: _Ticket[Item, Result] = _Ticket(item)
        ticket.lock = threading.Lock()
        ticket.lock.acquire()
        self._add(ticket)
        try:
            # Released when the group is done, by the writer or by the thread woken before.
            ticket.lock.acquire(timeout=-1 if within_s is None else within_s)
        finally:
            self._wait_no_more(ticket)
        if not ticket.told:
            raise TimeoutError(f"no decision within {within_s} s")
        if ticket.fault is not None:
            raise ticket.fault
        return ticket.answer  # type: ignore[return-value]  # set before the lock is let go

    async def decide_async(self, item: Item) -> Result:
        """Do as `decide` without blocking the event loop."""
        ticket: _Ticket[Item, Result] = _Ticket(item)
        ticket.loop = asyncio.get_running_loop()
        ticket.pending = ticket.loop.create_future()
        self._add(ticket)
        return await ticket.pending

    def _add(self, ticket: _Ticket[Item, Result]) -> None:
        with self._guard:
            self._waiting.append(ticket)
            if self._coming:
                return
            self._coming = True
        self._send()

    def _send(self) -> None:
        """Ask the door for one group's turn."""
        group: list[_Ticket[Item, Result]] = []

        def decided() -> Sequence[Result | Exception]:
            if not group:  # A door that must run it twice runs the same group.
                group.extend(self._take())
            return self._decide_group([ticket.item for ticket in group])

        try:
            self._door.decide_later(decided).add_done_callback(
                lambda done: self._distribute(done, group)
            )
        except BaseException as fault:  # noqa: BLE001 - whoever waits must hear of it
            self._tell(self._take(), fault)

    def _take(self) -> list[_Ticket[Item, Result]]:
        """Take what waits; what comes from now on is another group's.

        What was too much for one group is sent when this one is done.
        """
        with self._guard:
            group, self._waiting = self._waiting[:LARGEST_GROUP], self._waiting[LARGEST_GROUP:]
            self._coming = bool(self._waiting)
        return group

    def _send_rest(self) -> None:
        """Send what was left over by a full group, unless that was done."""
        with self._guard:
            left_over = self._coming and bool(self._waiting)
        if left_over:
            self._send()

    def _distribute(
        self,
        done: "Future[Sequence[Result | Exception]]",
        group: list[_Ticket[Item, Result]],
    ) -> None:
        if len(group) == LARGEST_GROUP:
            self._send_rest()
        fault = done.exception()
        if fault is None:
            for ticket, outcome in zip(group, done.result(), strict=True):
                if isinstance(outcome, Exception):
                    ticket.fault = outcome
                else:
                    ticket.answer = outcome
            self._wake(group)
        elif len(group) > 1 and isinstance(fault, Exception):
            for ticket in group:
                self._alone(ticket)
        else:
            self._tell(group or self._take(), fault)

    def _alone(self, ticket: _Ticket[Item, Result]) -> None:
        """Decide one item in a transaction of its own."""
        try:
            self._door.decide_later(lambda: self._decide_group([ticket.item])).add_done_callback(
                lambda done: self._distribute(done, [ticket])
            )
        except BaseException as fault:  # noqa: BLE001 - as above
            self._tell([ticket], fault)

    def _tell(self, group: list[_Ticket[Item, Result]], fault: BaseException) -> None:
        for ticket in group:
            ticket.fault = fault
        self._wake(group)

    def _wake(self, group: list[_Ticket[Item, Result]]) -> None:
        """Wake every caller; an event loop is called once for all of its tickets."""
        loops: dict[asyncio.AbstractEventLoop, list[_Ticket[Item, Result]]] = {}
        first: _Ticket[Item, Result] | None = None
        for ticket in reversed(group):
            if ticket.lock is not None:
                first, ticket.next_to_wake = ticket, first
            elif ticket.loop is not None:
                loops.setdefault(ticket.loop, []).append(ticket)
        self._wake_thread(first)
        for loop, tickets in loops.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_wake_all, tickets)

    def _wake_thread(self, ticket: _Ticket[Item, Result] | None) -> None:
        """Wake the first thread of the chain that still waits."""
        while ticket is not None:
            with self._guard:
                ticket.told = not ticket.left
            if ticket.told and ticket.lock is not None:
                ticket.lock.release()
                return
            ticket = ticket.next_to_wake

    def _wait_no_more(self, ticket: _Ticket[Item, Result]) -> None:
        """On leaving: wake the next thread, or mark the ticket abandoned."""
        with self._guard:
            ticket.left = not ticket.told
        if ticket.told:
            self._wake_thread(ticket.next_to_wake)


def _wake_all(tickets: Sequence["_Ticket[Item, Result]"]) -> None:
    for ticket in tickets:
        ticket.wake()
