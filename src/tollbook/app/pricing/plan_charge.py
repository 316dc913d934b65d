"""A call's price under a stored plan, with all that must be kept so that it can be shown again.

`core.charging.charge` composes it, the same that `rate --plan` asks. What it asked of volumes and
bundles is written down with what they stood at, so the computation can be repeated at any time,
to the last digit, whatever has been counted since. Source: docs/algorithms/charging.md.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from tollbook.app.pricing.pbx_rules import CHARGE
from tollbook.app.pricing.plans import PlanAtWork
from tollbook.app.pricing.rater import priced_charge, unrated
from tollbook.core.batch import ChargeValues
from tollbook.core.calendar import period_at, zone
from tollbook.core.charging import (
    Charged,
    DatedExchangeRate,
    Plan,
    Unrated,
    charge,
    step_object,
)
from tollbook.core.charging.compose import CounterKey
from tollbook.core.discounts import Volume
from tollbook.core.instants import to_us
from tollbook.core.money import format_amount, to_micros
from tollbook.core.rating import TalkedCall
from tollbook.core.tariff import CompiledTariff
from tollbook.storage.pricing.plan_counters import micros_of
from tollbook.storage.pricing.planned_charges import PartsRow

VOLUME, BUNDLE = "v", "b"
CALLEE: Literal["callee"] = "callee"
DIALLED: Literal["dialled"] = "dialled"
_LONGEST_KEY = 255
_LARGEST_MICROS = 2**62
_NOTHING = Volume()
# From a pair of currencies and the local day to the rate in force.
FindRate = Callable[[str, str, datetime], DatedExchangeRate | None]


@dataclass(frozen=True, slots=True)
class CounterUse:
    """A counter that a charge asked for: what it stood at, and what the call adds to it.

    `key` is the row of `Counter`; the rest is the key that the core knows. A bundle has seconds
    only. `until_us` ends the counter's period.
    """

    key: str
    kind: str
    name: str
    caller: str
    begin: str
    until_us: int
    before: Volume
    add: Volume = _NOTHING


@dataclass(frozen=True, slots=True)
class SiteRef:
    """Where a call was made, as plans know it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class PlannedCharge:
    """A price as the charge's columns have it, what the plan made of it, and what was asked.

    `charged` is None for an unrated call.
    """

    price: ChargeValues
    parts: PartsRow
    asked: tuple[CounterUse, ...]
    charged: Charged | None

    @property
    def adds(self) -> dict[str, Volume]:
        """Return what the call adds to which counters; those it only asked are left out."""
        return {one.key: one.add for one in self.asked if one.add != _NOTHING}


def planned_charge(
    work: PlanAtWork,
    compiled: CompiledTariff,
    version_id: int,
    call: TalkedCall,
    *,
    site: SiteRef,
    prefix_of: Literal["callee", "dialled"],
    counted: Callable[[str], Volume],
    rate: FindRate,
) -> PlannedCharge:
    """Return what *call* costs by a tariff version under a plan.

    *counted* tells what a counter stands at, by its key. *prefix_of* is kept: which digits
    prefixes are compared with. Nothing is moved here.
    """
    counters = _CounterRecorder(work, site, call.start, counted)
    plan = _with_rate(work.plan, compiled, call.start, rate)
    result = charge(plan, {"": compiled}, call, counters, default="", site=site.name)
    if isinstance(result, Charged) and _is_too_large(result):
        result = Unrated("amount_too_large")
    if isinstance(result, Unrated):
        price = unrated(CHARGE, result.reason, version_id, plan.currency or compiled.currency)
        asked = counters.asked
        return PlannedCharge(price, _parts(work, None, call, asked, prefix_of), asked, None)
    asked = counters.with_adds(result)
    price = priced_charge(
        CHARGE,
        version_id,
        result.rate_index,
        result.rate,
        result.billed_s,
        to_micros(result.charge),
        result.currency,
    )
    return PlannedCharge(price, _parts(work, result, call, asked, prefix_of), asked, result)


def asked_of(effects: str) -> tuple[CounterUse, ...]:
    """Return the counters that a stored charge asked."""
    return tuple(
        CounterUse(
            one["key"],
            one["kind"],
            one["name"],
            one["caller"],
            one["begin"],
            one["until_us"],
            before=Volume(Fraction(one["before"]), one["before_s"]),
            add=Volume(Fraction(one["amount"]), one["seconds"]),
        )
        for one in (json.loads(effects) if effects else ())
    )


def steps_of(parts: str) -> list[Mapping[str, Any]]:
    """Return the steps of a stored charge, their amounts as text."""
    found: list[Mapping[str, Any]] = json.loads(parts)["steps"]
    return found


def prefix_of(parts: str) -> Literal["callee", "dialled"]:
    """Return which digits a stored charge's prefixes were compared with."""
    return DIALLED if json.loads(parts)["prefix_of"] == DIALLED else CALLEE


def kept_rate(parts: PartsRow, currency: str) -> FindRate:
    """Return the way to the rate that a stored charge in *currency* was exchanged at."""
    if not parts.rate or parts.rate_day is None:
        return lambda _source, _target, _at: None
    kept = DatedExchangeRate(parts.original_currency, currency, Decimal(parts.rate), parts.rate_day)
    return lambda _source, _target, _at: kept


class _CounterRecorder:
    """The core's counters, answered by ours; remembers what was asked."""

    def __init__(
        self, work: PlanAtWork, site: SiteRef, at: datetime, counted: Callable[[str], Volume]
    ) -> None:
        self._work = work
        self._site = site
        self._at = at
        self._counted = counted
        self._asked: dict[tuple[str, CounterKey], CounterUse] = {}

    @property
    def asked(self) -> tuple[CounterUse, ...]:
        return tuple(self._asked.values())

    def volume(self, key: CounterKey) -> Volume:
        return self._ask(VOLUME, key)

    def bundle_used_s(self, key: CounterKey) -> int:
        return self._ask(BUNDLE, key).seconds

    def with_adds(self, charged: Charged) -> tuple[CounterUse, ...]:
        adds = {(VOLUME, key): more for key, more in charged.effects.volumes}
        adds |= {(BUNDLE, key): Volume(seconds=used_s) for key, used_s in charged.effects.bundles}
        return tuple(
            replace(one, add=adds[asked]) if asked in adds else one
            for asked, one in self._asked.items()
        )

    def _ask(self, kind: str, key: CounterKey) -> Volume:
        known = self._asked.get((kind, key))
        if known is None:
            name, caller, begin = key
            plan = self._work.plan
            parts = plan.volume_discounts if kind == VOLUME else plan.bundles
            part = next(part for part in parts if part.name == name)
            row = counter_row(self._work, self._site, kind, key)
            until = period_at(self._at, every=part.every, zone_name=plan.zone).end
            known = CounterUse(
                row, kind, name, caller, begin, to_us(until), before=self._counted(row)
            )
            self._asked[kind, key] = known
        return known.before


def counter_row(work: PlanAtWork, site: SiteRef, kind: str, key: CounterKey) -> str:
    """Return the key of the row in which a plan's volume or bundle is counted."""
    name, caller, begin = key
    is_shared = kind == BUNDLE and any(
        bundle.shared for bundle in work.plan.bundles if bundle.name == name
    )
    return _row_key(kind, work.site_id if is_shared else site.id, begin, caller, name)


def _row_key(kind: str, site_id: int | None, begin: str, caller: str, name: str) -> str:
    """Return the key of a counter's row; names that are too long for it are hashed.

    The callers of different sites are different people; a bundle that is shared is shared by the
    sites that its plan is for.
    """
    scope = "every" if site_id is None else str(site_id)
    key = "|".join((kind, scope, begin, caller, name))
    if len(key) <= _LONGEST_KEY and "|" not in caller:
        return key
    digest = hashlib.sha256(json.dumps([caller, name]).encode()).hexdigest()
    return "|".join((kind, scope, begin, f"#{digest}"))


def _with_rate(plan: Plan, compiled: CompiledTariff, at: datetime, rate: FindRate) -> Plan:
    """Return *plan* with the one exchange rate that the call needs, if it needs one."""
    if not plan.currency or plan.currency == compiled.currency:
        return plan
    found = rate(compiled.currency, plan.currency, at.astimezone(zone(plan.zone)))
    return replace(plan, exchange_rates=(found,)) if found else plan


def _parts(
    work: PlanAtWork,
    charged: Charged | None,
    call: TalkedCall,
    asked: Sequence[CounterUse],
    prefix_of: str,
) -> PartsRow:
    original = charged.original if charged else None
    steps = [step_object(step) for step in charged.steps] if charged else []
    parts = {"prefix_of": prefix_of, "steps": steps}
    if original is not None:
        parts["original"] = format_amount(original.amount)
    return PartsRow(
        plan_version_id=work.version_id,
        parts=_json(parts),
        effects=_json([_effect(one) for one in asked]) if asked else "",
        tax_micros=micros_of(Fraction(charged.tax)) if charged else 0,
        original_micros=None if original is None else micros_of(Fraction(original.amount)),
        original_currency="" if original is None else original.currency,
        rate="" if original is None else format_amount(original.rate.rate),
        rate_day=None if original is None else original.rate.on,
        talk_us=to_us(call.start),
    )


def _effect(one: CounterUse) -> dict[str, object]:
    return {
        "key": one.key,
        "kind": one.kind,
        "name": one.name,
        "caller": one.caller,
        "begin": one.begin,
        "until_us": one.until_us,
        "before": str(one.before.amount),
        "before_s": one.before.seconds,
        "amount": str(one.add.amount),
        "seconds": one.add.seconds,
    }


def _is_too_large(result: Charged) -> bool:
    original = Fraction(result.original.amount) if result.original else Fraction(0)
    amounts = (Fraction(result.charge), Fraction(result.tax), original)
    return any(abs(micros_of(amount)) >= _LARGEST_MICROS for amount in amounts)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
