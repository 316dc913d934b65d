"""`GET /plans`, `GET /plans/{id}`, `GET /exchange-rates`: what stands around base prices."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field, StringConstraints

from tollbook.api.auth import NeedsScope
from tollbook.api.errors import ApiError, ErrorBody
from tollbook.api.params import refuse_unknown
from tollbook.app.pricing.exchange_rates import RateQuery, count_rates, find_rates
from tollbook.app.pricing.plans import PlanInfo, list_plans, open_plan
from tollbook.core.tariff.text import parse_json

plans_router = Router(tags=["plans"], auth=NeedsScope("tariffs:read"))
rates_router = Router(tags=["plans"], auth=NeedsScope("tariffs:read"))

MAX_ID = 2**63 - 1
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]


class PlanBody(Schema):
    """A version of a plan; of a site's versions the newest that holds at a call's talk counts."""

    id: int
    site: str | None = Field(description="null: for every site that has no plan of its own")
    version: int
    valid_from: str | None = Field(description="null: for all calls")
    created: str
    created_by: str
    sha256: str


class PlanList(Schema):
    """All versions, by site, the newest first."""

    plans: list[PlanBody]


class PlanDetailBody(PlanBody):
    """A version with its document, whose keys are those of `rate --plan`."""

    document: dict[str, Any]


class ExchangeRateBody(Schema):
    """One `source` is `rate` of `target` from the local day `on` until the pair's next rate."""

    source: str
    target: str
    on: date
    rate: str = Field(examples=["1.0934"])
    origin: str = Field(description="ecb, hand or plan")


class RateList(Schema):
    """Rates in force, the newest day first, and how many there are in all."""

    rates: list[ExchangeRateBody]
    total: int


class RateParameters(Schema):
    """Which rates."""

    source: Currency | None = None
    target: Currency | None = None
    from_: date | None = Field(None, alias="from")
    to: date | None = None
    limit: int = Field(100, ge=1, le=1_000)
    offset: int = Field(0, ge=0, le=10_000_000)


@plans_router.get(
    "",
    response={200: PlanList, 401: ErrorBody, 403: ErrorBody},
    summary="Plans",
    operation_id="list_plans",
)
def plans(request: HttpRequest) -> dict[str, object]:  # noqa: ARG001 - ninja's signature
    """Every version of every plan."""
    return {"plans": [_plan(info) for info in list_plans()]}


@plans_router.get(
    "/{int:plan_id}",
    response={200: PlanDetailBody, 401: ErrorBody, 403: ErrorBody, 404: ErrorBody},
    summary="One plan",
    operation_id="get_plan",
)
def plan(request: HttpRequest, plan_id: int) -> dict[str, object]:  # noqa: ARG001 - ninja's signature
    """A version of a plan with its document."""
    opened = open_plan(plan_id) if plan_id <= MAX_ID else None
    if opened is None:
        raise ApiError(404, "plan.unknown", f"there is no plan {plan_id}.", "path.plan_id")
    return {**_plan(opened.info), "document": parse_json(opened.document)}


@rates_router.get(
    "",
    response={200: RateList, 401: ErrorBody, 403: ErrorBody, 422: ErrorBody},
    summary="Exchange rates",
    operation_id="list_exchange_rates",
)
@refuse_unknown(RateParameters)
def exchange_rates(request: HttpRequest, query: Query[RateParameters]) -> dict[str, object]:  # noqa: ARG001 - ninja's signature
    """The exchange rates in force: corrected ones are left out."""
    wanted = RateQuery(
        source=query.source or "", target=query.target or "", from_day=query.from_, to_day=query.to
    )
    found = find_rates(wanted, first=query.offset, count=query.limit)
    return {
        "rates": [
            {
                "source": one.source,
                "target": one.target,
                "on": one.day,
                "rate": one.rate,
                "origin": one.origin,
            }
            for one in found
        ],
        "total": count_rates(wanted),
    }


def _plan(info: PlanInfo) -> dict[str, object]:
    return {
        "id": info.id,
        "site": info.site if info.site_id is not None else None,
        "version": info.number,
        "valid_from": info.valid_from.isoformat() if info.valid_from else None,
        "created": info.created.isoformat(),
        "created_by": info.created_by,
        "sha256": info.sha256,
    }
