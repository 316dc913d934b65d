"""Closes holds whose call's record does not come: a job of `tollbook work`.

A hold whose end the switch told is settled by what it told, once a record has had time to come;
that is an estimate, and the record corrects it whenever it comes (`app.billing.bill`). A hold whose
end nobody told is let go when its time is over, and reported.

Source: docs/algorithms/ledger.md, "Records and money".
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from tollbook.app.decisions.decider import Settlement, UnknownHold, UnknownPlace, expire_due, settle
from tollbook.core.instants import from_us, to_us
from tollbook.core.ledger import HoldEnded, KeyConflict
from tollbook.storage.billing.holds import ended_holds, mark_estimated, note_told_end
from tollbook.storage.db.installation import door

GRACE = timedelta(minutes=10)  # How long a record may take before the switch's word counts.
AT_ONCE = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Closed:
    """What one round came to: holds settled as estimated, and holds that ran out."""

    estimated: int = 0
    expired: int = 0


def note_end(hold: str, *, talk_s: int, answered: datetime | None = None) -> bool:
    """Note what a switch tells of a call's end, and wait for the record to say what it costs.

    *hold* is the hold's key. Returns whether it is pending still; what has ended stays as it is.
    Raises ValueError for negative talk.
    """
    if talk_s < 0:
        raise ValueError(f"hold {hold!r}: a talk of {talk_s} s")
    answered_us = None if answered is None else to_us(answered)
    return door().decide(lambda: note_told_end(hold, talk_s=talk_s, answered_us=answered_us))


def close_holds(*, at: datetime, grace: timedelta = GRACE) -> Closed:
    """Settle what was told to have ended *grace* ago, let go what ran out; say how many."""
    estimated = 0
    for hold in ended_holds(to_us(at - grace), limit=AT_ONCE):
        answered = None if hold.answered_us is None else from_us(hold.answered_us)
        try:
            settle(Settlement(hold.key, at=at, talk_s=hold.talk_s or 0, answered=answered))
        except (HoldEnded, KeyConflict, UnknownHold):
            continue  # Race: its record was stored meanwhile.
        except (UnknownPlace, ValueError) as fault:
            log.warning(
                "hold %s could not be settled: %s. It runs out in its time.", hold.id, fault
            )
            continue
        estimated += 1
    expired = expire_due(at)
    _mark(at - grace)
    return Closed(estimated, expired)


def _mark(before: datetime) -> None:
    """Let settled holds of which no record has come say that they are estimates."""
    door().decide(lambda: mark_estimated(to_us(before)))
