"""A price plan: which tariff prices a call, and what stands around the base price.

Source: docs/manual/plans.md, docs/algorithms/charging.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tollbook.core.calendar import zone
from tollbook.core.discounts import (
    Bundle,
    DiscountPackage,
    Facts,
    Match,
    ServiceCharge,
    Tax,
    VolumeDiscount,
)


@dataclass(frozen=True, slots=True)
class PlanAssignment:
    """Calls that *match* are priced by the tariff of this name."""

    tariff: str
    match: Match = field(default_factory=Match)


@dataclass(frozen=True, slots=True)
class DatedExchangeRate:
    """One *source* is *rate* of *target*, from the local day *on* until the pair's next rate."""

    source: str
    target: str
    rate: Decimal
    on: date


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything around base prices; each list is searched in its order.

    *currency* is what charges come out in, empty for each tariff's own. *zone* says where days
    and bill periods begin.
    """

    zone: str = "UTC"
    currency: str = ""
    assignments: tuple[PlanAssignment, ...] = ()
    service_charges: tuple[ServiceCharge, ...] = ()
    volume_discounts: tuple[VolumeDiscount, ...] = ()
    discount_packages: tuple[DiscountPackage, ...] = ()
    bundles: tuple[Bundle, ...] = ()
    taxes: tuple[Tax, ...] = ()
    exchange_rates: tuple[DatedExchangeRate, ...] = ()

    def tariff_for(self, facts: Facts) -> str | None:
        """Return the tariff of the first assignment that fits; None where none does."""
        for assignment in self.assignments:
            if assignment.match.fits(facts):
                return assignment.tariff
        return None

    def exchange(self, source: str, target: str, facts: Facts) -> DatedExchangeRate | None:
        """Return the newest rate of the pair that was set by the call's local day."""
        day = facts.at.astimezone(zone(self.zone)).date()
        return _newest(self.exchange_rates, source, target, day)


def _newest(
    rates: Sequence[DatedExchangeRate], source: str, target: str, day: date
) -> DatedExchangeRate | None:
    dated = [r for r in rates if (r.source, r.target) == (source, target) and r.on <= day]
    return max(dated, key=lambda rate: rate.on, default=None)
