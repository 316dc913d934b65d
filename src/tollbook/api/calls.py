"""`GET /calls` and `GET /calls/{id}`."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tollbook.api.auth import NeedsScope, reach_of, refuse_foreign_names, within_reach
from tollbook.api.call_bodies import CallBody, CallDetailBody, detail_body, without_cost
from tollbook.api.errors import ApiError, ErrorBody, invalid
from tollbook.api.params import CallParameters, refuse_unknown
from tollbook.app.reports.call_detail import visible_call
from tollbook.app.reports.call_log import CursorError, Sort, SortOrder, call_log
from tollbook.app.reports.call_table import call_object

MAX_LIMIT = 1_000
MAX_ID = 2**63 - 1

router = Router(tags=["calls"], auth=NeedsScope("calls:read"))


class CallListParameters(CallParameters):
    """Which calls, in which order, and where to go on."""

    order: Literal["newest", "oldest"] = Field(
        "newest", description="by start; walk oldest first to keep a copy"
    )
    limit: int = Field(100, ge=1, le=MAX_LIMIT, description="calls a page")
    cursor: str | None = Field(None, description="`next` or `previous` of the page before")


class CallListBody(Schema):
    """One page; `next` is null on the last one."""

    calls: list[CallBody]
    next: str | None
    previous: str | None


REFUSALS = {401: ErrorBody, 403: ErrorBody, 404: ErrorBody, 422: ErrorBody}


@router.get(
    "",
    response={200: CallListBody, 401: ErrorBody, 403: ErrorBody, 422: ErrorBody},
    summary="The call log",
    operation_id="list_calls",
)
@refuse_unknown(CallListParameters)
def list_calls(request: HttpRequest, query: Query[CallListParameters]) -> dict[str, object]:
    """Calls by start, page by page. A walk meets every call once, also while new ones arrive."""
    refuse_foreign_names(request)
    wanted = within_reach(request, query.selection())
    order = SortOrder(Sort.BEGIN, descending=query.order == "newest")
    try:
        page = call_log(
            wanted.filter, cursor=_opened(query.cursor), page_size=query.limit, order=order
        )
    except CursorError as fault:
        raise invalid("cursor", "this cursor is not one of this list's.") from fault
    return {
        "calls": [
            call_object(row, zone=wanted.zone, with_cost=reach_of(request).is_everything)
            for row in page.rows
        ],
        "next": _sealed(page.next),
        "previous": _sealed(page.previous),
    }


@router.get(
    "/{int:call_id}",
    response={200: CallDetailBody, **REFUSALS},
    summary="One call: why this price, and the record it came from",
    operation_id="get_call",
)
def get_call(request: HttpRequest, call_id: int) -> dict[str, object]:
    """The call with its legs, the steps of its price, the rates considered, and its raw place."""
    reach = reach_of(request)
    found = visible_call(reach, call_id) if call_id <= MAX_ID else None
    if found is None:
        raise ApiError(404, "call.unknown", f"there is no call {call_id}.", "path.call_id")
    body = detail_body(found)
    # The record may hold what is not the call's own, so it is for those who see all calls, and
    # so is what the carrier bills.
    return body if reach.is_everything else without_cost({**body, "raw": []})


def _sealed(cursor: str | None) -> str | None:
    """Return a cursor as text that says nothing: what is in it may change."""
    return urlsafe_b64encode(cursor.encode()).decode().rstrip("=") if cursor else None


def _opened(cursor: str | None) -> str | None:
    if not cursor:
        return None
    try:
        return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (ValueError, UnicodeError) as fault:
        raise invalid("cursor", "this is not a cursor: pass `next` as it came.") from fault
