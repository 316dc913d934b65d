"""Decisions one at a time, as tests ask for them: the program itself asks many at once."""

from typing import cast

from tollbook.app.decisions.decider import (
    Answer,
    Release,
    Renewal,
    Request,
    Settled,
    Settlement,
    decider,
)


def authorise(request: Request) -> Answer:
    """Decide on a call, and hold its money if it is allowed.

    Raises KeyConflict for a key that was used with other content, UnknownPlace.
    """
    return cast("Answer", decider().decide(request))


def renew(renewal: Renewal) -> Answer:
    """Hold more for a call that lasts; the answer's `limit_s` counts from its beginning.

    Where there is no more the limit stays, and a step says why. Raises UnknownHold, HoldEnded.
    """
    return cast("Answer", decider().decide(renewal))


def settle(settlement: Settlement) -> Settled:
    """Charge exactly what the call cost, let the rest go. Raises UnknownHold, KeyConflict."""
    return cast("Settled", decider().decide(settlement))


def release(given_up: Release) -> Settled:
    """Let a hold go whose call did not come about. Raises UnknownHold, HoldEnded."""
    return cast("Settled", decider().decide(given_up))
