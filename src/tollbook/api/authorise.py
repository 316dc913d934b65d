"""The four requests of live control as the API describes them: see `api.decisions`.

Where the bare route stands in front, requests never come here; the answers are the same.
"""

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from tollbook.api.auth import NeedsScope
from tollbook.api.decisions import LARGEST_BYTES, SCOPE, ApiRequest, decide_call
from tollbook.api.errors import ApiError, ErrorBody
from tollbook.app.access.tokens import Bearer

router = Router(tags=["authorise"], auth=NeedsScope(SCOPE))


class DecisionStepBody(Schema):
    """One rule's answer, and the limit in seconds after it."""

    rule: str = Field(examples=["money"])
    outcome: str = Field(examples=["280 s of talk are paid"])
    limit_s: int | None


class AnswerBody(Schema):
    """The decision; `hold` names the money that was set aside."""

    allowed: bool
    reason: str | None = Field(examples=["no_money"])
    number: str = Field(description="what the switch dials", examples=["88880301234567"])
    caller_id: str
    limit_s: int | None = Field(description="cut the call there; null: never")
    hold: str | None
    account: str | None = Field(description="who pays", examples=["extension 101"])
    steps: list[DecisionStepBody]


class SettledBody(Schema):
    """How a call ended: `charge` is null where nobody pays; `excess` is what was not held."""

    hold: str
    state: str = Field(examples=["captured"])
    talk_s: int | None
    charge: str | None = Field(examples=["0.14"])
    currency: str
    excess: str


_REFUSALS = {401: ErrorBody, 403: ErrorBody, 404: ErrorBody, 409: ErrorBody, 422: ErrorBody}


def _described(*fields: tuple[str, str, str], required: list[str]) -> dict[str, Any]:
    """Return the description of a body with these fields: name, JSON type, words."""
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": {name: {"type": kind, "description": words} for name, kind, words in fields},
    }
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@router.post(
    "",
    response={200: AnswerBody, **_REFUSALS},
    summary="May this telephone call that number now?",
    operation_id="authorise",
    openapi_extra=_described(
        ("caller", "string", "the extension that calls"),
        ("dialled", "string", "the number, as it was dialled"),
        ("typed", "string", "or what was keyed: code**number#, codenumber# with a fixed length"),
        ("account_code", "string", "the code, beside dialled"),
        ("pbx", "string", "the PBX, by name"),
        ("site", "string", "the site, by name"),
        ("device", "string", "the channel, as PJSIP/101-0000001a"),
        ("source_ip", "string", "where the telephone is"),
        ("trunk", "string", "the trunk, if prices depend on it"),
        ("switch_call_id", "string", "what the switch calls the call"),
        required=["caller"],
    ),
)
def authorise(request: HttpRequest) -> HttpResponse:
    """Decide and set the money aside.

    Needs the header `Idempotency-Key`; an emergency number passes without.
    """
    return _decided(request, "")


@router.post(
    "/renew",
    response={200: AnswerBody, **_REFUSALS},
    summary="Set more aside for a call that lasts",
    operation_id="renew_hold",
    openapi_extra=_described(
        ("hold", "string", "the hold that the answer named"),
        ("talked_s", "integer", "how long the call has lasted"),
        required=["hold", "talked_s"],
    ),
)
def renew(request: HttpRequest) -> HttpResponse:
    """Return the new limit, counted from the call's beginning; it stays where money is short."""
    return _decided(request, "renew")


@router.post(
    "/settle",
    response={200: SettledBody, **_REFUSALS},
    summary="Charge a call that has ended",
    operation_id="settle_hold",
    openapi_extra=_described(
        ("hold", "string", "the hold that the answer named"),
        ("talk_s", "integer", "seconds of talk, 0 if nobody answered"),
        ("answered", "string", "when talk began, ISO 8601 with offset"),
        required=["hold", "talk_s"],
    ),
)
def settle(request: HttpRequest) -> HttpResponse:
    """Charge exactly what the call cost and let the rest of its hold go."""
    return _decided(request, "settle")


@router.post(
    "/release",
    response={200: SettledBody, **_REFUSALS},
    summary="Let a hold go whose call did not come about",
    operation_id="release_hold",
    openapi_extra=_described(
        ("hold", "string", "the hold that the answer named"), required=["hold"]
    ),
)
def release(request: HttpRequest) -> HttpResponse:
    """Let the whole hold go."""
    return _decided(request, "release")


def _decided(request: HttpRequest, verb: str) -> HttpResponse:
    if len(request.body) > LARGEST_BYTES:
        raise ApiError(413, "body.too_large", f"at most {LARGEST_BYTES} bytes fit.", "body")
    bearer = cast("Bearer", request.auth)  # type: ignore[attr-defined]  # set by ninja
    key = request.headers.get("Idempotency-Key", "")
    answer = decide_call(ApiRequest(verb, key, request.body, ""), bearer)
    return HttpResponse(answer, content_type="application/json; charset=utf-8")
