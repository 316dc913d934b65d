"""Which assigned tariffs sell below cost: every pair of a charge and a cost that may meet.

A warning, never a refusal.
"""

from dataclasses import dataclass
from datetime import datetime

from tollbook.app.pricing.pbx_rules import BY_DIALLED, CHARGE, COST
from tollbook.app.pricing.tariff_documents import compiled, read_document
from tollbook.core.instants import to_us
from tollbook.core.rating.losses import Loss, compared, prefixes_of
from tollbook.core.tariff import TariffDefinition
from tollbook.storage.db.current import remembered
from tollbook.storage.models import TariffAssignment, TariffVersion

_KEPT = 8


@dataclass(frozen=True, slots=True)
class TariffPair:
    """What one tariff charges beside what another costs; `losses` have the greatest first.

    `fault` says why they were not compared, "" if they were.
    """

    charge_tariff: str
    cost_tariff: str
    currency: str
    prefixes: int
    losses: tuple[Loss, ...]
    fault: str = ""


def comparisons(*, at: datetime) -> list[TariffPair]:
    """Return every pair of assigned tariffs that may both price one call, in force at *at*."""
    rows = list(TariffAssignment.objects.order_by("kind", "position", "id"))
    pairs = dict.fromkeys(
        (charge.tariff_id, cost.tariff_id)
        for charge in rows
        if charge.kind == CHARGE
        for cost in rows
        if cost.kind == COST and _may_meet(charge, cost)
    )
    versions = {tariff_id: _version(tariff_id, at) for pair in pairs for tariff_id in pair}
    found = []
    for pair in pairs:
        charge, cost = (versions[tariff_id] for tariff_id in pair)
        if charge is not None and cost is not None:
            since = at.replace(minute=0, second=0, microsecond=0)
            found.append(_comparison(charge.pk, cost.pk, since))
    return found


@remembered(most=_KEPT)
def _comparison(charge: int, cost: int, since: datetime) -> TariffPair:
    """Compare two versions by their ids; they never change, so the answer is kept for the hour."""
    ours, theirs = _tariff(charge), _tariff(cost)
    if ours.currency != theirs.currency:
        fault = f"one is in {ours.currency}, the other in {theirs.currency}: they are not compared"
        return TariffPair(ours.name, theirs.name, ours.currency, 0, (), fault)
    ready = compiled(ours), compiled(theirs)
    losses = compared(*ready, since=since)
    return TariffPair(ours.name, theirs.name, ours.currency, len(prefixes_of(*ready)), losses)


def _version(tariff_id: int, at: datetime) -> TariffVersion | None:
    """Return the version in force at *at*; before the first is, the first."""
    versions = TariffVersion.objects.filter(tariff_id=tariff_id).defer("document")
    begun = versions.filter(valid_from_us__lte=to_us(at))
    return begun.order_by("-valid_from_us", "-id").first() or versions.order_by("id").first()


def _may_meet(charge: TariffAssignment, cost: TariffAssignment) -> bool:
    """Say whether a call can be claimed by both: nothing that both ask for differs."""
    asked = ("site_id", "pbx_id", "trunk_id", "extension_id", "department_id", "account_code_id")
    return (
        all(
            None in (getattr(charge, name), getattr(cost, name))
            or getattr(charge, name) == getattr(cost, name)
            for name in asked
        )
        and ("" in (charge.source_ip, cost.source_ip) or charge.source_ip == cost.source_ip)
        # Prefixes of digits dialled and of numbers reached are not the same prefixes.
        and (charge.matches == BY_DIALLED) == (cost.matches == BY_DIALLED)
    )


def _tariff(version_id: int) -> TariffDefinition:
    return read_document(TariffVersion.objects.get(pk=version_id).document)
