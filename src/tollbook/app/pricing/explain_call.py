"""Why a stored call costs what it costs: its charge computed again from the immutable tariff.

Steps are not stored. They follow from the tariff version that priced the call, and the answer
says whether what follows equals what is stored, to the last digit.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from tollbook.app.pricing.explain_plan import ExplainedPlan, explain_planned
from tollbook.app.pricing.plan_charge import DIALLED, SiteRef, prefix_of
from tollbook.app.pricing.stored_tariffs import stored_tariff
from tollbook.app.pricing.tariff_documents import compiled
from tollbook.core.instants import from_us
from tollbook.core.rating import Explanation, Priced, TalkedCall, TalkedLeg, explain
from tollbook.core.tariff import CompiledTariff
from tollbook.storage.db.current import remembered
from tollbook.storage.models import Call, Leg
from tollbook.storage.pricing.planned_charges import parts_of_charges
from tollbook.storage.pricing.stored_charges import StoredCharge, charges_of

__all__ = ["ExplainedCall", "StoredCharge", "charges_of", "compiled_version", "explain_call"]

PRICED_BY: tuple[Literal["callee", "dialled"], ...] = ("callee", "dialled")
_KEPT_COMPILED = 4  # a deck of 100,000 prefixes is large; a screen asks for few of them


@dataclass(frozen=True, slots=True)
class ExplainedCall:
    """The charge in force and the computation that leads to it.

    `charge` is None for a call that was never priced. `explanation` is None where no tariff took
    part. `number` are the digits that the tariff's prefixes were compared with. `equal` says
    whether computed and stored are the same in amount, billed seconds and rate, or in the reason
    for no price; None where there is nothing to compare. `history` holds every generation of the
    kind, oldest first. A charge that a plan was part of has the steps to it in `planned`; then
    `explanation` is of the base price alone.
    """

    call_id: int
    charge: StoredCharge | None
    explanation: Explanation | None
    number: str
    equal: bool | None
    history: tuple[StoredCharge, ...]
    planned: ExplainedPlan | None = None


def explain_call(
    call_id: int, *, kind: Literal["charge", "cost"] = "charge"
) -> ExplainedCall | None:
    """Return why the call costs what it costs; None if there is no such call."""
    linked = Call.objects.select_related("trunk", "extension", "department", "site")
    call = linked.filter(pk=call_id).first()
    if call is None:
        return None
    history = tuple(one for one in reversed(charges_of(call_id)) if one.kind == kind)
    charge = history[-1] if history else None
    if charge is None or charge.version_id is None:
        return ExplainedCall(call_id, charge, None, "", None, history)
    ready = compiled_version(charge.version_id)
    legs = _legs(call)
    parts = parts_of_charges([charge.id]).get(charge.id)
    if parts is not None:
        by = prefix_of(parts.parts)
        number = call.dialled if by == DIALLED and call.dialled else call.callee
        talked = _talked(call, number, legs)
        planned = explain_planned(
            charge, parts, ready, talked, SiteRef(call.site_id, call.site.name)
        )
        base = explain(ready, talked)
        return ExplainedCall(call_id, charge, base, number, planned.equal, history, planned)
    tried: list[ExplainedCall] = []
    # An assignment chose which digits count, and may have been changed since: the ones that
    # lead to the stored charge are those that counted.
    for priced_by in PRICED_BY:
        number = call.callee if priced_by == "callee" else call.dialled
        explanation = explain(ready, _talked(call, number, legs))
        equal = _equals(charge, explanation)
        tried.append(ExplainedCall(call_id, charge, explanation, number, equal, history))
        if equal:
            return tried[-1]
    return tried[0]


@remembered(most=_KEPT_COMPILED)
def compiled_version(version_id: int) -> CompiledTariff:
    """Return a tariff version ready for pricing; it never changes, so it is kept.

    Raises TariffVersion.DoesNotExist, and ValueError if the stored document is not a tariff.
    """
    return compiled(stored_tariff(version_id))


def _talked(call: Call, number: str, legs: tuple[TalkedLeg, ...]) -> TalkedCall:
    """Return *call* as pricing sees it, with *number* as the one to find a prefix for."""
    talk_begins_us = call.begin_us if call.answer_us is None else call.answer_us
    return TalkedCall(
        start=from_us(talk_begins_us),
        talk_s=_seconds(call.talk_ms or 0),
        dialled=number,
        caller=call.extension.number if call.extension else call.caller or None,
        department=call.department.name if call.department else None,
        trunk=call.trunk.name if call.trunk else None,
        account_code=call.account_code or None,
        source_ip=call.source_ip or None,
        pulses=call.pulses,
        legs=legs,
    )


def _legs(call: Call) -> tuple[TalkedLeg, ...]:
    """Return the legs that the charge is split between: none unless they make up the call."""
    if call.legs_count < 2:
        return ()
    rows = Leg.objects.filter(call_id=call.pk).order_by("position").values_list("party", "talk_ms")
    legs = tuple(TalkedLeg(party or None, _seconds(talk_ms or 0)) for party, talk_ms in rows)
    return legs if sum(leg.talk_s for leg in legs) == _seconds(call.talk_ms or 0) else ()


def _seconds(duration_ms: int) -> Decimal:
    return Decimal(duration_ms).scaleb(-3)


def _equals(charge: StoredCharge, explanation: Explanation) -> bool:
    match explanation.result:
        case Priced() as priced:
            computed = (priced.charge, priced.billed_s, priced.rate_index)
            return computed == (charge.amount, charge.billed_s, charge.rate_index)
        case unrated:
            return charge.amount is None and unrated.reason == charge.unrated_reason
