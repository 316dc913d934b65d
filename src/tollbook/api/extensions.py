"""`GET /extensions`: extensions, owners and departments with what they hold and may spend."""

from typing import Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tollbook.api.auth import NeedsScope, reach_of, refuse_foreign_names
from tollbook.api.errors import ErrorBody, invalid
from tollbook.api.params import refuse_unknown
from tollbook.app.billing.money_tables import holder_object
from tollbook.app.directory.holders import (
    HolderFilter,
    count_holders,
    list_holders,
    visible_holders,
)
from tollbook.app.directory.sites import site_called

MAX_LIMIT = 1_000

router = Router(tags=["extensions"], auth=NeedsScope("extensions:read"))


class HolderParameters(Schema):
    """Which holders; every filter narrows."""

    kind: Literal["extension", "owner", "department"] = "extension"
    site: str | None = Field(None, description="its name; owners belong to no site")
    keyword: str | None = Field(None, description="part of a number or a name", max_length=100)
    locked: bool | None = None
    payment_type: Literal["prepaid", "postpaid"] | None = None
    billing: bool | None = None
    limit: int = Field(100, ge=1, le=MAX_LIMIT, description="holders a page")
    first: int = Field(0, ge=0, le=10**9, description="how many to pass over")


class HolderBody(Schema):
    """A holder; money is text. `available` is the balance less what is held, and the credit."""

    kind: str = Field(examples=["extension"])
    id: int
    number: str = Field(description="an extension's number, another's name", examples=["101"])
    name: str | None = Field(examples=["Amir"])
    department: str | None
    active: bool
    billing: bool
    payment_type: str = Field(examples=["prepaid"])
    locked: bool
    total_recharges: str = Field(description="since it was last counted anew", examples=["20"])
    balance: str = Field(examples=["12.345"])
    held: str = Field(description="set aside for calls under way", examples=["0.5"])
    credit: str = Field(examples=["0"])
    available: str = Field(examples=["11.845"])
    currency: str = Field(examples=["EUR"])


class HolderListBody(Schema):
    """One page, by number or name, and how many there are."""

    extensions: list[HolderBody]
    total: int


@router.get(
    "",
    response={200: HolderListBody, 401: ErrorBody, 403: ErrorBody, 422: ErrorBody},
    summary="Extensions (or owners, departments) and their balances",
    operation_id="list_extensions",
)
@refuse_unknown(HolderParameters)
def list_extensions(request: HttpRequest, query: Query[HolderParameters]) -> dict[str, object]:
    """Holders by number or name, with what they were given, hold, and may still spend."""
    refuse_foreign_names(request)
    wanted = HolderFilter(
        site_id=_site_id(query.site),
        keyword=(query.keyword or "").strip(),
        **query.model_dump(include={"kind", "locked", "payment_type", "billing"}),
    )
    wanted = visible_holders(reach_of(request), wanted)
    rows = list_holders(wanted, first=query.first, count=query.limit)
    return {"extensions": [holder_object(row) for row in rows], "total": count_holders(wanted)}


def _site_id(name: str | None) -> int | None:
    if name is None:
        return None
    site = site_called(name) if name else None
    if site is None:
        raise invalid("site", f'there is no site "{name[:64]}".')
    return site.id
