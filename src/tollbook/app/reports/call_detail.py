"""One call with everything that is known of it, for whoever may see it."""

from tollbook.app.access.roles import Reach, sees_call
from tollbook.storage.models import Call
from tollbook.storage.reports.call_detail import CallDetail, LegRow, RawPlace, call_detail

__all__ = ["CallDetail", "LegRow", "RawPlace", "is_call", "visible_call"]


def visible_call(reach: Reach, call_id: int) -> CallDetail | None:
    """Return the call; None for one that is not there or beyond *reach*."""
    found = call_detail(call_id)
    if found is None:
        return None
    row = found.row
    sees = sees_call(reach, owner_id=row.owner_id, extension_id=row.extension_id)
    return found if sees else None


def is_call(call_id: int) -> bool:
    """Say whether there is a call of that id."""
    return Call.objects.filter(pk=call_id).exists()
