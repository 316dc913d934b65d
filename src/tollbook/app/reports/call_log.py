"""The call log: which calls, page by page, those that came since, and their ids.

Narrow the filter with `app.access.roles.visible_calls` to what the asker may see.
"""

from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.call_log import (
    EVERYTHING,
    CallPage,
    CursorError,
    Sort,
    SortOrder,
    call_ids,
    call_log,
    calls_after,
    newest_call_id,
)
from tollbook.storage.reports.call_rows import CallRow

__all__ = [
    "EVERYTHING",
    "CallFilter",
    "CallPage",
    "CallRow",
    "CursorError",
    "Sort",
    "SortOrder",
    "call_ids",
    "call_log",
    "calls_after",
    "newest_call_id",
]
