"""Records that were refused: deciding on them, and all of them for an export."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from tollbook.app.access.audit import record_change
from tollbook.core.instants import to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import Reject
from tollbook.storage.quarantine.refused_records import RejectRow, rejects

STATES: Final = ("new", "released", "dismissed")
CHUNK: Final = 500


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


def dismiss_reject(reject_id: int, *, at: datetime, actor: str, address: str) -> bool:
    """Take a record off the list of what waits; False if it does not wait there."""
    with door.transaction():
        dismissed = Reject.objects.filter(pk=reject_id, state="new").update(
            state="dismissed", resolved_us=to_us(at), resolved_by=actor
        )
        if dismissed:
            record_change(
                actor=actor,
                action="reject.dismiss",
                object_type="reject",
                object_id=str(reject_id),
                before={"state": "new"},
                after={"state": "dismissed"},
                at=at,
                address=address,
            )
    return bool(dismissed)
