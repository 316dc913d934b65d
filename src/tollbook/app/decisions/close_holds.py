"""Closes holds whose call's record does not come: a job of `tollbook work`.

A hold that was settled stays an estimate until the record comes and corrects it
(`app.billing.bill`). A hold whose end nobody told is let go when its time is over, and reported.

Source: docs/algorithms/ledger.md, "Records and money".
"""

from datetime import datetime, timedelta

from tollbook.app.decisions.decider import expire_due
from tollbook.core.instants import to_us
from tollbook.storage.billing.holds import mark_estimated
from tollbook.storage.db.installation import door

GRACE = timedelta(minutes=10)  # How long a record may take before the hold says: an estimate.


def close_holds(*, at: datetime) -> int:
    """Let holds go whose time is over; return how many.

    What was settled `GRACE` ago and has no record yet says from now on that it is an estimate.
    """
    expired = expire_due(at)
    door().decide(lambda: mark_estimated(to_us(at - GRACE)))
    return expired
