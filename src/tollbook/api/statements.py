"""`GET /statements`: what an account held before a period, each movement in it, and what after."""

from typing import Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tollbook.api.auth import NeedsScope, reach_of
from tollbook.api.errors import ApiError, ErrorBody, invalid
from tollbook.api.params import refuse_unknown
from tollbook.app.access.roles import Reach
from tollbook.app.billing.money_tables import statement_object
from tollbook.app.billing.statements import Book, LineFilter, book_of
from tollbook.app.directory.choices import code_called
from tollbook.app.directory.holders import (
    HolderKind,
    HolderRow,
    Unknown,
    find_holders,
    holders_by_id,
    own_holder,
)
from tollbook.app.directory.sites import site_called
from tollbook.app.reports.period import PeriodError, period
from tollbook.core.instants import to_us

MAX_LIMIT = 1_000

router = Router(tags=["statements"], auth=NeedsScope("extensions:read"))


class StatementParameters(Schema):
    """Whose statement, of which period; `type` and `keyword` choose among its entries."""

    kind: Literal["extension", "owner", "department", "account_code"] = "extension"
    number: str = Field(
        description="an extension's number, an account code, another's name", max_length=200
    )
    site: str | None = Field(
        None, description="where two have the number; its zone is the one of days"
    )
    currency: str | None = Field(
        None, description="default: the holder's", pattern="^[A-Z]{3}$", examples=["EUR"]
    )
    from_: str | None = Field(None, alias="from", description="first instant or day")
    to: str | None = Field(None, description="the instant or day it ends before")
    type: str | None = Field(None, description="only entries of this kind", examples=["recharge"])
    keyword: str | None = Field(
        None, description="part of a reason, number or destination", max_length=100
    )
    order: Literal["oldest", "newest"] = "oldest"
    limit: int = Field(100, ge=1, le=MAX_LIMIT, description="entries a page")
    first: int = Field(0, ge=0, le=10**9, description="how many to pass over")


class EntryBody(Schema):
    """One entry; `balance` is what it left. A call stands where it began."""

    time: str = Field(examples=["2026-10-01T09:12:44+02:00"])
    kind: str = Field(examples=["charge"])
    entry_id: int | None = Field(description="null for an account code, which has no account")
    call_id: int | None
    call_to: str | None
    destination: str | None
    talk_s: int | float | None
    reason: str | None
    amount: str = Field(examples=["-0.325"])
    balance: str = Field(examples=["9.675"])


class StatementBody(Schema):
    """Opening, up and down make the closing; entries are those that fit, `total` how many."""

    kind: str
    number: str
    currency: str
    opening: str
    up: str
    down: str
    closing: str
    entries: list[EntryBody]
    total: int


@router.get(
    "",
    response={200: StatementBody, 401: ErrorBody, 403: ErrorBody, 404: ErrorBody, 422: ErrorBody},
    summary="The statement of an account, or of an account code",
    operation_id="get_statement",
)
@refuse_unknown(StatementParameters)
def get_statement(request: HttpRequest, query: Query[StatementParameters]) -> dict[str, object]:
    """Opening, entries with what each left, and closing. An account code adds up what it cost."""
    site = site_called(query.site)
    if site is None:
        raise invalid("site", f'there is no site "{(query.site or "")[:64]}".')
    zone = site.zone
    book = _book(request, query, usual=site.currency)
    if query.type is not None and query.type not in book.kinds:
        raise invalid("type", f"there is no such kind. Known: {', '.join(book.kinds)}.")
    try:
        asked = period(query.from_, query.to, zone=zone)
    except PeriodError as fault:
        raise invalid("from" if fault.side == "start" else "to", str(fault)) from fault
    found = book.statement(
        LineFilter(
            from_us=None if asked.start is None else to_us(asked.start),
            to_us=None if asked.end is None else to_us(asked.end),
            kind=query.type or "",
            keyword=(query.keyword or "").strip(),
        )
    )
    newest_first = query.order == "newest"
    lines = book.lines(found, newest_first=newest_first, first=query.first, count=query.limit)
    whose = {"kind": query.kind, "number": query.number}
    return whose | statement_object(book, found, lines, zone=zone)


def _book(request: HttpRequest, query: StatementParameters, *, usual: str) -> Book:
    """Return the book that is meant; to a token with a reach, another's is not there."""
    reach = reach_of(request)
    if query.kind == "account_code":
        code = code_called(reach, query.number)
        if code is None:
            raise _nobody(query)
        return book_of("account_code", code.id, currency=query.currency or usual)
    row = _holder(reach, query.kind, query)
    return book_of(row.kind, row.id, currency=query.currency or row.currency)


def _holder(reach: Reach, kind: HolderKind, query: StatementParameters) -> HolderRow:
    if reach.is_everything:
        ids = find_holders(kind, [query.number], site=query.site)
        if isinstance(ids, Unknown):
            raise _nobody(query, ids.message)
        return holders_by_id(kind, ids)[0]
    own = own_holder(reach)
    if own is None or (own.kind, own.number) != (kind, query.number):
        raise _nobody(query)
    return own


def _nobody(query: StatementParameters, message: str = "") -> ApiError:
    words = query.kind.replace("_", " ")
    found = message or f'there is no {words} "{query.number[:64]}".'
    return ApiError(404, f"{query.kind}.unknown", found, "query.number")
