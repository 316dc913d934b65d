"""Calls as the API sends them: the call log's columns, and why a call costs what it costs."""

from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from ninja import Schema
from pydantic import Field

from tollbook.api.plan_bodies import PlanPartBody, planned_price
from tollbook.app.pricing.explain_call import ExplainedCall, StoredCharge, charges_of, explain_call
from tollbook.app.pricing.pbx_rules import COST
from tollbook.app.reports.call_detail import CallDetail, LegRow, RawPlace
from tollbook.app.reports.call_table import call_object, money_text, seconds_number
from tollbook.core.instants import from_us
from tollbook.core.money import format_amount
from tollbook.core.rating import Priced, PriceStep


class CallBody(Schema):
    """A call. Unknown is null; `charge` null goes with `unrated` or `unbilled`, the reason."""

    id: int = Field(examples=[4711])
    start: str = Field(examples=["2026-10-01T09:12:44+02:00"])
    call_from: str | None = Field(examples=["Amir[102]"])
    call_to: str | None = Field(examples=["493023125123"])
    destination: str | None = Field(examples=["Germany"])
    call_type: str | None = Field(examples=["national"])
    trunk: str | None
    account_code: str | None
    owner: str | None
    duration: str | None = Field(examples=["00:03:58"])
    charge: str | None = Field(examples=["0.325"])
    currency: str | None = Field(examples=["EUR"])
    cost: str | None = Field(description="what the carrier bills for it", examples=["0.21"])
    cost_currency: str | None = Field(examples=["EUR"])
    margin: str | None = Field(
        description="the charge less the cost; null unless both are known, in one currency",
        examples=["0.115"],
    )
    unrated: str | None = Field(description="why pricing found no price", examples=[None])
    unbilled: str | None = Field(
        description="internal, incoming or unanswered: such calls are not charged", examples=[None]
    )
    direction: str | None = Field(examples=["out"])
    answered: bool | None
    answer: str | None
    end: str | None
    ring_s: float | int | None
    talk_s: float | int | None = Field(examples=[238])
    billed_s: int | None = Field(examples=[240])
    caller: str | None
    caller_name: str | None
    dialled: str | None
    callee: str | None
    callee_name: str | None
    extension: str | None
    department: str | None
    tariff: str | None
    pbx: str
    pbx_call_id: str | None
    partial: bool
    trunk_id: int | None
    account_code_id: int | None
    owner_id: int | None
    extension_id: int | None
    department_id: int | None
    pbx_id: int
    site_id: int


class RateBody(Schema):
    """The rate that won, or was considered."""

    prefix: str
    destination: str
    call_type: str
    band: str | None
    effective_from: datetime | None


class PriceStepBody(Schema):
    """One line of the price; amounts add up to the charge."""

    kind: str = Field(examples=["slot"])
    from_s: int | None
    seconds: int | None
    price: str | None = Field(examples=["0.12"])
    per_s: int | None
    amount: str = Field(examples=["0.48"])
    name: str | None = Field(None, description="a plan's word for the step")
    after: str | None = Field(None, description="the amount after it, where a plan was in force")


class SegmentBody(Schema):
    """What one leg owes of the charge."""

    party: str | None
    talk_s: float | int
    charge: str


class CandidateBody(Schema):
    """A rate that was considered, and in words why it won or lost."""

    rate: RateBody
    index: int
    outcome: str = Field(examples=["won: longest prefix"])


class PriceBody(Schema):
    """The price computed again from the tariff version that priced the call.

    `equal` says whether it is the stored charge to the last digit; `prefix_of` are the digits
    that prefixes were compared with.
    """

    equal: bool
    tariff: str
    version: int
    prefix_of: str
    charge: str | None
    currency: str | None
    unrated: str | None
    billed_s: int | None
    rate: RateBody | None
    steps: list[PriceStepBody]
    segments: list[SegmentBody]
    candidates: list[CandidateBody]
    plan: PlanPartBody | None = None


class LegBody(Schema):
    """One channel of a call of several."""

    position: int
    party: str | None
    role: str | None
    start: str | None
    answer: str | None
    end: str | None
    talk_s: float | int | None


class ChargeBody(Schema):
    """One generation of the call's charge or cost; the one with the greatest run is in force."""

    run: int
    kind: str
    charge: str | None
    currency: str | None
    unrated: str | None
    billed_s: int
    tariff: str | None
    version: int | None
    prefix: str | None
    band: str | None


class RawBody(Schema):
    """Where a record that made the call lies in the raw log: bytes from 0, lines from 1."""

    source: str
    format: str
    file: str
    offset: int
    length: int
    line: int


class CallDetailBody(CallBody):
    """A call with all that is known of it."""

    legs: list[LegBody]
    price: PriceBody | None
    charges: list[ChargeBody]
    raw: list[RawBody]


def without_cost(body: dict[str, object]) -> dict[str, object]:
    """Return the detail of a call without what the carrier bills for it."""
    charges = cast("list[dict[str, object]]", body["charges"])
    return {
        **body,
        **dict.fromkeys(("cost", "cost_currency", "margin")),
        "charges": [charge for charge in charges if charge["kind"] != COST],
    }


def detail_body(found: CallDetail) -> dict[str, object]:
    """Return the call with its price explained."""
    zone = ZoneInfo(found.row.zone)
    return {
        **call_object(found.row, zone=zone),
        "legs": [_leg(leg, zone) for leg in found.legs],
        "price": _price(explain_call(found.row.id)),
        "charges": [_charge(one) for one in charges_of(found.row.id)],
        "raw": [_raw(place) for place in found.records],
    }


def _price(explained: ExplainedCall | None) -> dict[str, object] | None:
    """Return the computation; None where no tariff took part."""
    if explained is None or explained.explanation is None or explained.charge is None:
        return None
    result = explained.explanation.result
    priced = result if isinstance(result, Priced) else None
    return {
        "equal": bool(explained.equal),
        "tariff": explained.charge.tariff_name,
        "version": explained.charge.version_number,
        "prefix_of": explained.number,
        "charge": format_amount(priced.charge) if priced else None,
        "currency": priced.currency if priced else None,
        "unrated": None if isinstance(result, Priced) else result.reason,
        "billed_s": priced.billed_s if priced else None,
        "rate": priced.rate if priced else None,
        "steps": [_step(step) for step in priced.steps] if priced else [],
        "segments": [
            {
                "party": segment.party,
                "talk_s": seconds_number(int(segment.talk_s * 1000)),
                "charge": format_amount(segment.charge),
            }
            for segment in (priced.segments if priced else ())
        ],
        "candidates": [
            {"rate": each.rate.rate, "index": each.rate.index, "outcome": each.outcome}
            for each in explained.explanation.candidates
        ],
        **(planned_price(explained.planned) if explained.planned else {}),
    }


def _step(step: PriceStep) -> dict[str, object]:
    return {
        "kind": step.kind,
        "from_s": step.from_s,
        "seconds": step.seconds,
        "price": None if step.price is None else format_amount(step.price),
        "per_s": step.per_s,
        "amount": format_amount(step.amount),
    }


def _leg(leg: LegRow, zone: ZoneInfo) -> dict[str, object]:
    def local(instant_us: int | None) -> str | None:
        return None if instant_us is None else from_us(instant_us).astimezone(zone).isoformat()

    return {
        "position": leg.position,
        "party": leg.party or None,
        "role": leg.role or None,
        "start": local(leg.start_us),
        "answer": local(leg.answer_us),
        "end": local(leg.end_us),
        "talk_s": seconds_number(leg.talk_ms),
    }


def _charge(charge: StoredCharge) -> dict[str, object]:
    return {
        "run": charge.run,
        "kind": charge.kind,
        "charge": None if charge.amount_micros is None else money_text(charge.amount_micros),
        "currency": charge.currency or None,
        "unrated": charge.unrated_reason or None,
        "billed_s": charge.billed_s,
        "tariff": charge.tariff_name or None,
        "version": charge.version_number,
        "prefix": charge.prefix or None,
        "band": charge.band or None,
    }


def _raw(place: RawPlace) -> dict[str, object]:
    return {
        "source": place.source,
        "format": place.format,
        "file": place.path,
        "offset": place.offset,
        "length": place.length,
        "line": place.line,
    }
