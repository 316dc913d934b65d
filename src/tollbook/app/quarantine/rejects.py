"""Records that were refused: deciding on them, and all of them for an export."""

from collections.abc import Iterator
from typing import Final

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.core.instants import to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import Reject, Source
from tollbook.storage.quarantine.refused_records import (
    DuplicateRow,
    RejectRow,
    duplicates,
    reject_counts,
    rejects,
)

__all__ = [
    "CHUNK",
    "STATES",
    "DuplicateRow",
    "RejectRow",
    "count_waiting",
    "dismiss_reject",
    "duplicates",
    "every_reject",
    "reject_counts",
    "rejects",
    "waiting_counts",
]

STATES: Final = ("new", "released", "dismissed")
CHUNK: Final = 500


def count_waiting(*, at_most: int) -> int:
    """Return how many records wait for a decision, counted up to *at_most*."""
    return Reject.objects.filter(state="new").order_by()[:at_most].count()


def waiting_counts(site_id: int | None = None) -> list[tuple[int, str, int]]:
    """Return (source id, reason, count) of what waits, most first; of one site, or of all."""
    counts = reject_counts()
    if site_id is None:
        return counts
    own = set(Source.objects.filter(pbx__site=site_id).values_list("pk", flat=True))
    return [one for one in counts if one[0] in own]


def every_reject(
    *, state: str, source_id: int | None = None, reason: str | None = None, keyword: str = ""
) -> Iterator[RejectRow]:
    """Yield all rejects of *state*, newest first, a few hundred held at a time."""
    before: int | None = None
    while True:
        page = rejects(
            state=state,
            source_id=source_id,
            reason=reason,
            keyword=keyword,
            before=before,
            page_size=CHUNK,
        )
        yield from page.rows
        if page.next is None:
            return
        before = page.next


def dismiss_reject(reject_id: int, *, by: Actor) -> bool:
    """Take a record off the list of what waits; False if it does not wait there."""
    with door().transaction():
        dismissed = Reject.objects.filter(pk=reject_id, state="new").update(
            state="dismissed", resolved_us=to_us(by.at), resolved_by=by.name
        )
        if dismissed:
            record_change(
                by,
                "reject.dismiss",
                of=("reject", reject_id),
                before={"state": "new"},
                after={"state": "dismissed"},
            )
    return bool(dismissed)
