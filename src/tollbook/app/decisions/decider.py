"""May this telephone call that number now, and why? The one use case of live control.

    answer = decider().decide(Request(key="agi:7:1793487600.12", at=now, caller="101", dialled=…))
    answer = decider().decide(Renewal(answer.hold, at=now, talked_s=170))
    decider().decide(Settlement(answer.hold, at=now, talk_s=203))

Every answer is on disk before it is given, with the money it sets aside; whatever else was asked
at that moment shares its commit. `ask` answers without setting anything aside.

Source: docs/algorithms/decision.md, docs/manual/may-this-call-be-placed.md.
"""

import asyncio
import gc
import threading
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from tollbook.app.decisions.callers import UnknownPlace
from tollbook.app.decisions.endings import Release, Renewal, Settled, Settlement, UnknownHold
from tollbook.app.decisions.group import (
    CallEvent,
    EventOutcome,
    GroupDecider,
    OutOfDate,
    QueuedEvent,
    answer_question,
)
from tollbook.app.decisions.messages import Answer, Request
from tollbook.app.decisions.offline import keep_policy
from tollbook.app.decisions.rulebook import RulebookKeeper
from tollbook.app.policies.alarms import NewAlarm, raise_alarms
from tollbook.core.instants import to_us
from tollbook.storage.billing.holds import overdue_holds, release_holds
from tollbook.storage.db.current import current_connection
from tollbook.storage.db.door import Door
from tollbook.storage.db.group_commit import GroupCommit
from tollbook.storage.db.installation import door

__all__ = [
    "Answer",
    "Decider",
    "Release",
    "Renewal",
    "Request",
    "Settled",
    "Settlement",
    "UnknownHold",
    "UnknownPlace",
    "ask",
    "decider",
    "expire_due",
]

# Thresholds of the cyclic garbage collector: a group allocates thousands of objects, none in a
# cycle; at the default of 700 the collector takes a tenth of the time.
COLLECTING = 20_000, 10, 10
TRIES = 3  # After so many stale reads the rulebook is loaded inside the transaction.
T = TypeVar("T")


class Decider:
    """All decisions of one process to one database: they share the rulebook and the commits."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.keeper = RulebookKeeper()
        gc.set_threshold(*COLLECTING)
        self._together: GroupCommit[QueuedEvent, EventOutcome] = GroupCommit(
            door, GroupDecider(self.keeper)
        )

    def decide(self, event: CallEvent, *, within_s: float | None = None) -> EventOutcome:
        """Return the outcome once it is on disk; raises what was found wrong with the event.

        Raises TimeoutError where the database takes longer than *within_s*. What comes of it after
        all is found again under the same key.
        """
        for left in reversed(range(TRIES)):
            try:
                return self._together.decide(
                    QueuedEvent(event, insists=not left), within_s=within_s
                )
            except OutOfDate as found:
                self._catch_up(to_us(event.at), found)
        raise RuntimeError("a question that insists is always decided")

    async def decide_async(self, event: CallEvent) -> EventOutcome:
        """Do as `decide` without blocking the event loop."""
        for left in reversed(range(TRIES)):
            try:
                return await self._together.decide_async(QueuedEvent(event, not left))
            except OutOfDate as found:
                await asyncio.to_thread(self._catch_up, to_us(event.at), found)
        raise RuntimeError("a question that insists is always decided")

    def make_ready(self, at: datetime) -> None:
        """Read the rules before somebody asks, unless they are known and have not changed.

        A large tariff takes seconds, and who picks up a telephone has none. Raises DatabaseError.
        """
        current_connection().close_if_unusable_or_obsolete()
        keep_policy(self.keeper.refresh(to_us(at)))

    def _catch_up(self, at_us: int, found: OutOfDate) -> None:
        """Reload the rulebook, and write the policy that answers while the database is away."""
        keep_policy(self.keeper.refresh(at_us, anew=found.uncounted))

    def ask(self, request: Request) -> Answer:
        """Return what would be decided; nothing is set aside or stored."""
        at_us = to_us(request.at)
        try:
            return answer_question(self.keeper.refresh(at_us), request)
        except OutOfDate:
            return answer_question(self.keeper.refresh(at_us, anew=True), request)


_deciders: dict[str, tuple[int, Decider]] = {}
_making = threading.Lock()


def decider() -> Decider:
    """Return the decider of the current installation; a door that was closed gets another."""
    entrance = door()
    known = _deciders.get(entrance.alias)
    if known is None or known[0] != entrance.closings:
        with _making:
            known = _deciders.get(entrance.alias)
            if known is None or known[0] != entrance.closings:
                known = _deciders[entrance.alias] = (entrance.closings, Decider(entrance))
    return known[1]


def ask(request: Request) -> Answer:
    """Answer the same question without holding anything. Raises UnknownPlace."""
    return decider().ask(request)


def expire_due(at: datetime) -> int:
    """Let go of holds whose calls never ended, report each, and return how many they were."""
    return door().decide(_expiring(at))


def _expiring(at: datetime) -> Callable[[], int]:
    def expire() -> int:
        holds = overdue_holds(to_us(at))
        release_holds(holds, at_us=to_us(at), expired=True)
        raise_alarms(
            [
                NewAlarm(
                    key=f"hold-expired:{hold.id}",
                    kind="hold_expired",
                    at=at,
                    message=(
                        f"The call of {hold.caller} to {hold.number} was allowed and its end was "
                        "never told. What was held for it is free again, and nothing was charged. "
                        "See whether the switch reports the ends of calls."
                    ),
                    details={"hold": hold.key},
                    holder=("extension", hold.extension_id) if hold.extension_id else None,
                )
                for hold in holds
            ]
        )
        return len(holds)

    return expire
