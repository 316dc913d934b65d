"""Query parameters: the filters of the call log, and nothing that nobody knows."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from tollbook.api.errors import invalid
from tollbook.app.reports.call_criteria import Criteria, CriteriaError, Selection, select


class CallParameters(Schema):
    """Which calls; every filter narrows. Names are those that people use, not ids."""

    from_: str | None = Field(
        None,
        alias="from",
        description="first instant or day; a day is its midnight at the site",
        examples=["2026-10-01"],
    )
    to: str | None = Field(
        None, description="the instant or day it ends before", examples=["2026-11-01"]
    )
    site: str | None = Field(None, description="its zone is the one of days; default: the first")
    pbx: str | None = None
    source: str | None = None
    extension: str | None = Field(None, examples=["101"])
    department: str | None = Field(None, examples=["Sales"])
    owner: str | None = None
    account_code: str | None = Field(None, examples=["4711"])
    trunk: str | None = None
    direction: Literal["in", "out", "internal", "transit"] | None = None
    call_type: str | None = Field(None, examples=["national"])
    keyword: str | None = Field(None, description="part of any number or name")
    cost_min: str | None = Field(None, description="charged this much or more", examples=["0.50"])
    cost_max: str | None = Field(None, description="charged this much or less")
    answered: bool | None = None
    unrated: bool = Field(default=False, description="only calls that no rate matched")
    below_cost: bool = Field(default=False, description="only calls charged less than they cost")

    def selection(self) -> Selection:
        """Return the calls that are meant; raises ApiError for a filter that cannot be used."""
        given = self.model_dump(include=set(CallParameters.model_fields))
        start, end = given.pop("from_"), given.pop("to")
        try:
            return select(Criteria(start=start, end=end, **given))
        except CriteriaError as fault:
            raise invalid(fault.field, str(fault)) from fault


Endpoint = Callable[..., Any]


def refuse_unknown(parameters: type[Schema]) -> Callable[[Endpoint], Endpoint]:
    """Refuse a query parameter that *parameters* do not have: nothing is silently ignored."""
    known = {field.alias or name for name, field in parameters.model_fields.items()}

    def guard(view: Endpoint) -> Endpoint:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            for name in request.GET:
                if name not in known:
                    words = ", ".join(sorted(known)) or "none"
                    raise invalid(name[:64], f"there is no such parameter. Known: {words}.")
                if len(request.GET.getlist(name)) > 1:
                    raise invalid(name, "it is given more than once.")
            return view(request, *args, **kwargs)

        return guarded

    return guard
