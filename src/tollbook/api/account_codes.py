"""`POST /calls/{id}/account-code`: assign or correct a call's account code after the call."""

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from tollbook.api.auth import NeedsScope, instant
from tollbook.api.calls import MAX_ID
from tollbook.api.errors import ApiError, ErrorBody
from tollbook.app.access.actor import Actor
from tollbook.app.access.tokens import Bearer
from tollbook.app.billing.correct_code import MAX_REASON, NotCorrected, correct_codes, would_correct
from tollbook.app.reports.call_detail import is_call
from tollbook.core.money import format_amount

router = Router(tags=["calls"], auth=NeedsScope("calls:correct"))


class CodeBody(Schema):
    """The code that the call should have; null takes the code off."""

    account_code: str | None = Field(max_length=64, examples=["4711"])
    reason: str = Field("", max_length=MAX_REASON, examples=["forgotten"])


class CorrectedBody(Schema):
    """What the correction did; `changed` false: the call had this code already."""

    call: int
    changed: bool
    correction: int | None = Field(description="its id", examples=[12])
    account_code: str | None
    payer_before: str | None = Field(examples=["Extension 101 (Amir)"])
    payer_after: str | None = Field(examples=["Owner Ms Okafor"])
    moved: str | None = Field(description="what moved between them", examples=["0.22"])
    currency: str | None


@router.post(
    "/{int:call_id}/account-code",
    response={
        200: CorrectedBody,
        401: ErrorBody,
        403: ErrorBody,
        404: ErrorBody,
        409: ErrorBody,
        422: ErrorBody,
    },
    summary="Assign or correct a call's account code",
    operation_id="correct_account_code",
)
def correct_account_code(request: HttpRequest, call_id: int, body: CodeBody) -> dict[str, object]:
    """Give the call this code; its charge moves to whoever pays calls of this code.

    Sending the same again changes nothing: it needs no idempotency key.
    """
    if call_id > MAX_ID or not is_call(call_id):
        raise ApiError(404, "call.unknown", f"there is no call {call_id}.", "path.call_id")
    bearer: Bearer = request.auth  # type: ignore[attr-defined]  # set by ninja
    code = body.account_code or ""
    try:
        effects = would_correct([call_id], code)
        made = correct_codes(
            [call_id], code, by=Actor(f"token {bearer.name}", instant()), reason=body.reason
        )
    except NotCorrected as refused:
        if refused.field == "account_code":
            raise ApiError(
                422, "account_code.unknown", str(refused), "body.account_code"
            ) from refused
        raise ApiError(409, "call.busy", str(refused), "path.call_id") from refused
    if not made or not effects:
        return _unchanged(call_id, code)
    (effect,) = effects
    return {
        "call": call_id,
        "changed": True,
        "correction": made[0].change_id,
        "account_code": effect.code_after or None,
        "payer_before": effect.payer_before or None,
        "payer_after": effect.payer_after or None,
        "moved": None if effect.amount is None else format_amount(effect.amount),
        "currency": effect.currency or None,
    }


def _unchanged(call_id: int, code: str) -> dict[str, object]:
    return {
        "call": call_id,
        "changed": False,
        "correction": None,
        "account_code": code.strip() or None,
        "payer_before": None,
        "payer_after": None,
        "moved": None,
        "currency": None,
    }
