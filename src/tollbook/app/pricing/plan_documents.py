"""Plan documents as they are stored: checked, put into one form, read once; no database here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from tollbook.core.charging import DatedExchangeRate, Plan, read_plan
from tollbook.core.tariff import Fault, TariffSyntaxError, decode_tariff
from tollbook.core.tariff.text import parse_json

LARGEST_BYTES = 1_000_000
_KEPT_PLANS = 64


@dataclass(frozen=True, slots=True)
class CheckedPlan:
    """A document that was read: the plan as it would be stored, or None, and all faults.

    `text` is its JSON without the exchange rates, which are `rates`.
    """

    plan: Plan | None
    faults: tuple[Fault, ...]
    text: str = ""
    rates: tuple[DatedExchangeRate, ...] = ()


def check_plan(raw: bytes, *, name: str, zone: str = "") -> CheckedPlan:
    """Read the bytes of the file *name* as a plan to be stored.

    *zone* is where its days and months begin if it does not say; "" makes that a fault.
    """
    if len(raw) > LARGEST_BYTES:
        return _refused(
            "the file", "too_large", f"is over {LARGEST_BYTES:,} bytes; no plan is so large"
        )
    try:
        document = decode_tariff(raw, name=name)
    except TariffSyntaxError as fault:
        return _refused(fault.place, "syntax", fault.message)
    return check_document(document, zone=zone)


def check_document(document: Mapping[str, object], *, zone: str = "") -> CheckedPlan:
    """Do as `check_plan` with a document that was decoded already."""
    kept = {key: value for key, value in document.items() if key != "exchange_rate"}
    if kept.get("zone") is None:
        kept = {"zone": zone, **{key: value for key, value in kept.items() if key != "zone"}}
    whole = {**kept, "exchange_rate": document.get("exchange_rate")}
    reading = read_plan({**whole, "zone": kept["zone"] or "UTC"})
    faults = list(reading.faults)
    if not kept["zone"]:
        faults.append(
            Fault(
                "zone",
                "plan.zone",
                "is missing; a plan for every site says in which zone its days and months begin",
            )
        )
    if document.get("assignment"):
        faults.append(
            Fault(
                "assignment",
                "plan.assignment",
                "is for `tollbook rate` alone: stored calls follow the assignments of tariffs. "
                "Remove it here and assign tariffs on their own page",
            )
        )
    if reading.plan is None or any(fault.severity == "error" for fault in faults):
        return CheckedPlan(None, tuple(faults))
    return CheckedPlan(
        plan=plan_of(_text_of(kept)),
        faults=tuple(faults),
        text=_text_of(kept),
        rates=reading.plan.exchange_rates,
    )


@lru_cache(maxsize=_KEPT_PLANS)
def plan_of(document: str) -> Plan:
    """Return a stored document's plan.

    Raises ValueError if it is no longer one: it is checked before it is stored.
    """
    stored = parse_json(document)
    reading = read_plan(stored if isinstance(stored, dict) else {})
    if reading.plan is None:
        raise ValueError(f"a stored plan cannot be read: {reading.faults[0].message}")
    return reading.plan


def _text_of(document: Mapping[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_as_text)


def _as_text(value: object) -> str:
    """Return what TOML has and JSON has not: dates and instants (and numbers, once refused)."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a plan")


def _refused(place: str, code: str, message: str) -> CheckedPlan:
    return CheckedPlan(None, (Fault(place, f"plan.{code}", message),))
