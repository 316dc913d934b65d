"""`GET /charges/summary`: totals by extension, department, trunk or account code."""

from typing import Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tollbook.api.auth import NeedsScope, refuse_foreign_names, within_reach
from tollbook.api.errors import ErrorBody
from tollbook.api.params import CallParameters, refuse_unknown
from tollbook.app.reports.call_table import seconds_number
from tollbook.app.reports.summary import GroupSum, summarise

router = Router(tags=["charges"], auth=NeedsScope("charges:read"))


class SummaryParameters(CallParameters):
    """Which calls, and by what they are added up."""

    group_by: Literal[
        "extension", "department", "trunk", "account_code", "owner", "pbx", "call_type"
    ]


class AmountBody(Schema):
    """A sum in one currency; sums of different currencies are never added."""

    currency: str = Field(examples=["EUR"])
    amount: str = Field(examples=["1234.5678"])


class GroupBody(Schema):
    """The calls of one group; `name` is null for calls that belong to none."""

    name: str | None = Field(examples=["101"])
    label: str | None = Field(examples=["Amir"])
    calls: int
    answered: int
    talk_s: float | int
    unrated: int = Field(description="calls that no rate matched")
    charges: list[AmountBody]


class SummaryBody(Schema):
    """The sums, the dearest group first, and the period in words."""

    group_by: str
    period: str
    groups: list[GroupBody]


@router.get(
    "/summary",
    response={200: SummaryBody, 401: ErrorBody, 403: ErrorBody, 422: ErrorBody},
    summary="Totals of charges",
    operation_id="summarise_charges",
)
@refuse_unknown(SummaryParameters)
def summary(request: HttpRequest, query: Query[SummaryParameters]) -> dict[str, object]:
    """Calls, talk and charges by group; the filters are those of the call log."""
    refuse_foreign_names(request)
    wanted = within_reach(request, query.selection())
    return {
        "group_by": query.group_by,
        "period": wanted.period.words(),
        "groups": [_body(group) for group in summarise(wanted, group_by=query.group_by)],
    }


def _body(group: GroupSum) -> dict[str, object]:
    return {
        "name": group.name,
        "label": group.label,
        "calls": group.calls,
        "answered": group.answered,
        "talk_s": seconds_number(group.talk_ms),
        "unrated": group.unrated,
        "charges": [{"currency": one, "amount": amount} for one, amount in group.charges],
    }
