"""`POST /recharges` puts money on accounts, once a key; `GET /recharges` is the history."""

from typing import Literal
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from tollbook.api.auth import NeedsScope, instant, reach_of
from tollbook.api.errors import ApiError, ErrorBody, invalid
from tollbook.api.params import refuse_unknown
from tollbook.app.access.actor import Actor
from tollbook.app.access.tokens import Bearer
from tollbook.app.billing.money_tables import movement_object
from tollbook.app.billing.movements import MovementFilter, count_movements, list_movements
from tollbook.app.billing.recharge import Gift, post_gift, read_amount
from tollbook.app.directory.holders import HolderKind, Unknown, find_holders, visible_movements
from tollbook.app.directory.sites import site_called
from tollbook.app.faults import RequestRefused
from tollbook.app.reports.period import PeriodError, moment
from tollbook.core.instants import to_us

MAX_LIMIT = 1_000

router = Router(tags=["recharges"])


class RechargeBody(Schema):
    """Whom to recharge: extensions by number, owners or departments by name; one kind at a time."""

    model_config = ConfigDict(extra="forbid")

    extensions: list[str] = Field([], max_length=MAX_LIMIT, examples=[["101", "102"]])
    owners: list[str] = Field([], max_length=MAX_LIMIT)
    departments: list[str] = Field([], max_length=MAX_LIMIT)
    site: str | None = Field(None, description="needed where two sites have the number")
    amount: str = Field(description="for each; text, at most four decimals", examples=["10.00"])
    reason: str = ""


class MovementBody(Schema):
    """One line of the recharge history; `post_balance` is `pre_balance` and `amount`."""

    id: int
    time: str = Field(examples=["2026-10-01T09:12:44+02:00"])
    kind: str = Field(examples=["recharge"], description="recharge, adjustment or reversal")
    of: str = Field(examples=["extension"], description="extension, owner or department")
    number: str = Field(examples=["106"])
    name: str | None = Field(examples=["Extension6"])
    pre_balance: str = Field(examples=["0"])
    amount: str = Field(examples=["10"])
    post_balance: str = Field(examples=["10"])
    currency: str = Field(examples=["EUR"])
    reason: str | None
    by: str | None
    reverses: int | None
    reversed_by: int | None


class RechargedBody(Schema):
    """What was posted; `repeated` if the same request had been posted before."""

    recharges: list[MovementBody]
    repeated: bool


class HistoryBody(Schema):
    """One page of the history, the newest first, and how many lines there are."""

    recharges: list[MovementBody]
    total: int


class HistoryParameters(Schema):
    """Which lines; every filter narrows."""

    from_: str | None = Field(None, alias="from", description="first instant or day")
    to: str | None = Field(None, description="the instant or day it ends before")
    keyword: str | None = Field(None, description="part of a number or a name", max_length=100)
    kind: Literal["extension", "owner", "department"] | None = None
    limit: int = Field(100, ge=1, le=MAX_LIMIT, description="lines a page")
    first: int = Field(0, ge=0, le=10**9, description="how many to pass over")


@router.post(
    "",
    auth=NeedsScope("recharge"),
    response={
        200: RechargedBody,
        201: RechargedBody,
        401: ErrorBody,
        403: ErrorBody,
        409: ErrorBody,
        422: ErrorBody,
    },
    summary="Recharge one or many, in one step or none",
    operation_id="recharge",
)
def recharge(
    request: HttpRequest, body: RechargeBody, response: HttpResponse
) -> Status[dict[str, object]]:
    """Put the amount on each account. The header Idempotency-Key is needed.

    The same key with the same request moves nothing and is answered 200 with what was posted;
    with another request it is 409.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        raise ApiError(
            422,
            "key.missing",
            "send an Idempotency-Key of your own, so that a retry cannot recharge twice.",
            "header.Idempotency-Key",
        )
    kind, names = _whom(body)
    ids = find_holders(kind, list(dict.fromkeys(names)), site=body.site)
    if isinstance(ids, Unknown):
        raise ApiError(422, f"{kind}.unknown", ids.message, f"body.{kind}s")
    micros = read_amount(body.amount)
    if isinstance(micros, RequestRefused):
        raise ApiError(422, micros.code, micros.message, "body.amount")
    bearer: Bearer = request.auth  # type: ignore[attr-defined]  # set by ninja
    gift = Gift(
        kind=kind,
        ids=ids,
        amount_micros=micros,
        sender=f"token:{bearer.token_id}",
        key=key,
        reason=body.reason,
    )
    done = post_gift(gift, Actor(f"token {bearer.name}", instant()))
    if isinstance(done, RequestRefused):
        raise _error(done)
    zone = _zone(body.site)
    found = [movement_object(one, zone=zone) for one in done.movements]
    response["Idempotency-Replayed"] = "true" if done.repeated else "false"
    answer: dict[str, object] = {"recharges": found, "repeated": done.repeated}
    return Status(200 if done.repeated else 201, answer)


@router.get(
    "",
    auth=NeedsScope("extensions:read"),
    response={200: HistoryBody, 401: ErrorBody, 403: ErrorBody, 422: ErrorBody},
    summary="The recharge history",
    operation_id="list_recharges",
)
@refuse_unknown(HistoryParameters)
def list_recharges(request: HttpRequest, query: Query[HistoryParameters]) -> dict[str, object]:
    """Recharges, adjustments and reversals, the newest first, with the balances around them."""
    zone = _zone(None)
    wanted = MovementFilter(
        from_us=_instant_us("from", query.from_, zone),
        to_us=_instant_us("to", query.to, zone),
        keyword=(query.keyword or "").strip(),
        kind=query.kind,
    )
    wanted = visible_movements(reach_of(request), wanted)
    rows = list_movements(wanted, first=query.first, count=query.limit)
    return {
        "recharges": [movement_object(row, zone=zone) for row in rows],
        "total": count_movements(wanted),
    }


def _whom(body: RechargeBody) -> tuple[HolderKind, list[str]]:
    """Return the kind that is named and the names; raises ApiError for none or several kinds."""
    named: list[tuple[HolderKind, list[str]]] = [
        ("extension", body.extensions),
        ("owner", body.owners),
        ("department", body.departments),
    ]
    given = [(kind, names) for kind, names in named if names]
    if len(given) != 1:
        raise ApiError(
            422,
            "recharge.nobody",
            "name extensions, or owners, or departments: one kind, at least one name.",
            "body.extensions",
        )
    return given[0]


def _error(refused: RequestRefused) -> ApiError:
    place = "header.Idempotency-Key" if refused.field == "key" else f"body.{refused.field}"
    status = 409 if refused.code.endswith("key_conflict") else 422
    return ApiError(status, refused.code, refused.message, place)


def _zone(site: str | None) -> ZoneInfo:
    found = site_called(site)
    return found.zone if found else ZoneInfo("UTC")


def _instant_us(name: str, text: str | None, zone: ZoneInfo) -> int | None:
    if not text:
        return None
    try:
        return to_us(moment(text, zone=zone))
    except PeriodError as fault:
        raise invalid(name, str(fault)) from fault
