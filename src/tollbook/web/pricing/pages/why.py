"""Why a price: a computation of `core.rating` in the words and figures of the screens."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tollbook.app.pricing.explain_call import ExplainedCall
from tollbook.app.reports.call_table import NO_CHARGE_WORDS
from tollbook.core.charging import Charged
from tollbook.core.money import format_amount
from tollbook.core.rating import Candidate, Explanation, Priced, PriceStep
from tollbook.core.tariff import Rate
from tollbook.documents.cells import clock
from tollbook.web.pricing.pages.why_plan import STEP_WORDS, PlanWhy, plan_why

NEXT_STEPS = {
    "no_assignment": "Assign a tariff to these calls, then re-rate them.",
    "no_version": "Publish a version that holds at the time of the call.",
    "no_prefix": "Add a rate for this number to the tariff and publish a new version.",
    "no_band": "Let a rate hold always (no band), or add a band for this time of day.",
    "no_exchange_rate": "Add the exchange rate of that day, then re-rate.",
    "no_talk_time": "Look at the raw record: the PBX wrote no duration.",
}


@dataclass(frozen=True, slots=True)
class ShownPriceStep:
    """One line of the price, all of it text."""

    words: str
    from_words: str
    seconds_words: str
    price_words: str
    amount_words: str


@dataclass(frozen=True, slots=True)
class ShownCandidate:
    """One rate that was looked at."""

    prefix_words: str
    destination: str
    band: str
    outcome: str
    won: bool


@dataclass(frozen=True, slots=True)
class Why:
    """What the panel shows: a charge with its steps, or a reason for there being none."""

    charge: Decimal | None = None
    currency: str = ""
    billed_words: str = ""
    tariff: str = ""
    winner_words: str = ""
    finding: str = ""
    steps: tuple[ShownPriceStep, ...] = ()
    candidates: tuple[ShownCandidate, ...] = ()
    is_unrated: bool = False
    reason_words: str = ""
    next_step: str = ""
    agrees: bool = True
    plan: PlanWhy | None = None


def why_of_call(explained: ExplainedCall, *, unbilled: str) -> Why:
    """Return why a stored call costs what it does.

    *unbilled* is the code of why it has no charge, where it has none.
    """
    charge = explained.charge
    if charge is None:
        return Why(reason_words=reason_words(unbilled))
    tariff = f"{charge.tariff_name}, version {charge.version_number}" if charge.tariff_name else ""
    if charge.amount is None or explained.explanation is None:
        found = explained.explanation.candidates if explained.explanation else ()
        return Why(
            tariff=tariff,
            is_unrated=True,
            reason_words=f"Unrated: {reason_words(charge.unrated_reason).lower()}.",
            next_step=NEXT_STEPS.get(charge.unrated_reason, ""),
            candidates=shown_candidates(found),
            agrees=explained.equal is not False,
        )
    agrees = explained.equal is not False
    planned = explained.planned
    if planned is not None and isinstance(planned.result, Charged):
        words = f"{planned.plan.site}, version {planned.plan.number}"
        plan = plan_why(planned.result, planned.asked, plan_words=words)
        return composed(
            planned.result, explained.explanation, plan=plan, tariff=tariff, agrees=agrees
        )
    return _priced(explained.explanation, tariff=tariff, agrees=agrees)


def composed(
    charged: Charged, explanation: Explanation, *, plan: PlanWhy, tariff: str, agrees: bool = True
) -> Why:
    """Return why a price under a plan is what it is; *explanation* is of its base price."""
    return Why(
        charge=charged.charge,
        currency=charged.currency,
        billed_words=clock(charged.billed_s * 1000),
        tariff=tariff,
        winner_words=_winner_words(explanation, charged.rate),
        finding=f"{format_amount(charged.charge)} {charged.currency}",
        candidates=shown_candidates(explanation.candidates),
        agrees=agrees,
        plan=plan,
    )


def why_of_trial(explanation: Explanation, *, tariff: str) -> Why:
    """Return why a call that nobody made would cost what it would."""
    if isinstance(explanation.result, Priced):
        return _priced(explanation, tariff=tariff, agrees=True)
    return unrated_trial(explanation.result.reason, explanation, tariff=tariff)


def unrated_trial(reason: str, explanation: Explanation, *, tariff: str) -> Why:
    """Return why a call that nobody made would have no price."""
    return Why(
        tariff=tariff,
        finding="Unrated",
        is_unrated=True,
        reason_words=f"No price: {reason_words(reason).lower()}.",
        next_step=NEXT_STEPS.get(reason, ""),
        candidates=shown_candidates(explanation.candidates),
    )


def reason_words(code: str) -> str:
    """Say a reason for no price in words; the code itself if it is not one of ours."""
    words = NO_CHARGE_WORDS.get(code, code.replace("_", " "))
    return words[0].upper() + words[1:] if words else "Not priced"


def shown_candidates(candidates: Sequence[Candidate]) -> tuple[ShownCandidate, ...]:
    """Return the rates that were considered, the first in precedence first."""
    return tuple(
        ShownCandidate(
            prefix_words=candidate.rate.rate.prefix or "any number",
            destination=candidate.rate.rate.destination,
            band=candidate.rate.rate.band or "always",
            outcome=candidate.outcome,
            won=candidate.won,
        )
        for candidate in candidates
    )


def _priced(explanation: Explanation, *, tariff: str, agrees: bool) -> Why:
    priced = explanation.result
    if not isinstance(priced, Priced):
        return Why(
            tariff=tariff, agrees=False, reason_words="Recomputed now, this call has no price"
        )
    return Why(
        charge=priced.charge,
        currency=priced.currency,
        billed_words=clock(priced.billed_s * 1000),
        tariff=tariff,
        winner_words=_winner_words(explanation, priced.rate),
        finding=f"{format_amount(priced.charge)} {priced.currency}",
        steps=tuple(_shown(step) for step in priced.steps),
        candidates=shown_candidates(explanation.candidates),
        agrees=agrees,
    )


def _winner_words(explanation: Explanation, rate: Rate) -> str:
    prefix = f"prefix {rate.prefix}" if rate.prefix else "any number"
    name = f"{rate.destination} ({prefix})" if rate.destination else f"The rate for {prefix}"
    band = f', band "{rate.band}"' if rate.band else ""
    outcome = next((one.outcome for one in explanation.candidates if one.won), "")
    because = f": {outcome.removeprefix('won: ')}" if outcome else ""
    return f"{name}{band} priced this call{because}."


def _shown(step: PriceStep) -> ShownPriceStep:
    price = ""
    if step.price is not None:
        per = f" per {step.per_s} s" if step.per_s else ""
        price = f"{format_amount(step.price)}{per}"
    return ShownPriceStep(
        words=STEP_WORDS.get(step.kind, step.kind.replace("_", " ").capitalize()),
        from_words="" if step.from_s is None else clock(step.from_s * 1000),
        seconds_words="" if step.seconds is None else f"{step.seconds:,}",
        price_words=price,
        amount_words=_four_decimals(step.amount),
    )


def _four_decimals(amount: Decimal) -> str:
    """Return *amount* exactly, with at least four decimals so that a column lines up."""
    whole, _, decimals = format_amount(amount).partition(".")
    return f"{whole}.{decimals:0<4}"
