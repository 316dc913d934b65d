"""Stored plans: what stands around the base price of a site's calls, version by version.

A plan is the document of `rate --plan`. Which tariff prices a call is not its business here: that
is what the assignments of tariffs say. Its exchange rates go to the table of exchange rates,
where they can be corrected. Source: docs/manual/plans.md, docs/algorithms/charging.md.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.pricing.plan_documents import CheckedPlan, plan_of
from tollbook.core.charging import Plan
from tollbook.core.instants import from_us, to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import PlanVersion, Site, TariffVersion
from tollbook.storage.pricing.exchange_rates import ExchangeRateRow, add_rates

EVERY_SITE = "every site"
SINCE_EVER_US = 0
PLAN_ORIGIN = "plan"


@dataclass(frozen=True, slots=True)
class PlanInfo:
    """A stored version. `site` is the name of the site it is for, `EVERY_SITE` for all others.

    `valid_from` None: for all calls, also those from before it was written down.
    """

    id: int
    site_id: int | None
    site: str
    number: int
    valid_from: datetime | None
    created: datetime
    created_by: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PlanAdded:
    """A version in the database; not new if the newest one was this very document already."""

    info: PlanInfo
    is_new: bool
    new_rates: int


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A version with its plan and its document."""

    info: PlanInfo
    plan: Plan
    document: str


def add_plan(
    checked: CheckedPlan, *, site_id: int | None, by: Actor, valid_from: datetime | None = None
) -> PlanAdded:
    """Store a plan that `check_plan` let pass, for the calls of a site or of every other site.

    It is in force for calls whose talk begins at *valid_from* or later: without one the first
    version serves all calls, a later one those from *at* on. Calls that are stored already keep
    their charge until they are re-rated.

    Raises ValueError for a refused document, Site.DoesNotExist.
    """
    if checked.plan is None:
        raise ValueError("a plan with faults is not stored")
    sha256 = hashlib.sha256(checked.text.encode()).hexdigest()
    with door().transaction():
        site = None if site_id is None else Site.objects.get(pk=site_id)
        versions = PlanVersion.objects.select_related("site").filter(site=site)
        newest = versions.order_by("-number").first()
        new_rates = add_rates(
            [
                ExchangeRateRow(one.source, one.target, one.on, str(one.rate))
                for one in checked.rates
            ],
            origin=PLAN_ORIGIN,
            at_us=to_us(by.at),
            by=by.name,
        )
        if newest is not None and newest.sha256 == sha256 and not is_moved(newest, valid_from):
            return PlanAdded(_info(newest), is_new=False, new_rates=new_rates)
        version = PlanVersion.objects.create(
            site=site,
            number=newest.number + 1 if newest else 1,
            document=checked.text,
            sha256=sha256,
            valid_from_us=valid_from_us(is_first=newest is None, valid_from=valid_from, at=by.at),
            created_us=to_us(by.at),
            created_by=by.name,
        )
        record_change(
            by,
            "plan.add",
            of=("plan", version.pk),
            before={"version": newest.number} if newest else None,
            after={
                "site": site.name if site else EVERY_SITE,
                "version": version.number,
                "sha256": sha256,
            },
        )
        return PlanAdded(_info(version), is_new=True, new_rates=new_rates)


def list_plans() -> tuple[PlanInfo, ...]:
    """Return all versions: by site, the newest first."""
    rows = PlanVersion.objects.select_related("site").defer("document")
    infos = [_info(row) for row in rows.order_by("-number")]
    return tuple(sorted(infos, key=lambda info: (info.site_id is not None, info.site)))


def open_plan(version_id: int) -> StoredPlan | None:
    """Return a version; None if there is no such one."""
    row = PlanVersion.objects.select_related("site").filter(pk=version_id).first()
    return StoredPlan(_info(row), plan_of(row.document), row.document) if row else None


def zone_for(site_id: int | None) -> str:
    """Return where days begin for a plan that does not say: at its site, or at the only one."""
    zones = Site.objects.filter(pk=site_id) if site_id is not None else Site.objects.all()
    found = list(zones.values_list("zone", flat=True)[:2])
    return found[0] if len(found) == 1 else ""


@dataclass(frozen=True, slots=True)
class PlanAtWork:
    """A version as pricing wants it; `site_id` None is a plan for every site."""

    version_id: int
    site_id: int | None
    valid_from_us: int
    document: str

    @property
    def plan(self) -> Plan:
        """Return the plan itself, without exchange rates."""
        return plan_of(self.document)


class PlanBook:
    """All versions, and which of them is in force for a call."""

    def __init__(self, versions: Sequence[PlanAtWork]) -> None:
        """*versions* ascend by the instant from which they hold."""
        self._by_site: dict[int | None, list[PlanAtWork]] = {}
        for version in versions:
            self._by_site.setdefault(version.site_id, []).append(version)
        self._starts = {
            site: [one.valid_from_us for one in ones] for site, ones in self._by_site.items()
        }
        self.by_id = {version.version_id: version for version in versions}

    def __bool__(self) -> bool:
        return bool(self.by_id)

    def is_current(self) -> bool:
        """Say whether no version was added since these were read; they never change."""
        newest = PlanVersion.objects.order_by("-id").values_list("id", flat=True).first()
        return (newest or 0) == max(self.by_id, default=0)

    def in_force(self, site_id: int, talk_us: int) -> PlanAtWork | None:
        """Return the plan of a site's calls at an instant: its own, else that of every site."""
        return self.own(site_id, talk_us) or self.own(None, talk_us)

    def own(self, site_id: int | None, talk_us: int) -> PlanAtWork | None:
        """Return the plan that a site has of its own at an instant; of None that of every site."""
        place = bisect_right(self._starts.get(site_id, ()), talk_us)
        return self._by_site[site_id][place - 1] if place else None


def is_moved(version: PlanVersion | TariffVersion, valid_from: datetime | None) -> bool:
    """Say whether the same document is wanted from another instant on."""
    return valid_from is not None and to_us(valid_from) != version.valid_from_us


def valid_from_us(*, is_first: bool, valid_from: datetime | None, at: datetime) -> int:
    """Return from when on a new version holds: as said, else from now; the first since ever."""
    if valid_from is not None:
        return to_us(valid_from)
    return SINCE_EVER_US if is_first else to_us(at)


def load_plans() -> PlanBook:
    """Return all plans as they stand now."""
    rows = PlanVersion.objects.order_by("valid_from_us", "number", "id")
    return PlanBook(
        [PlanAtWork(row.pk, row.site_id, row.valid_from_us, row.document) for row in rows]
    )


def _info(row: PlanVersion) -> PlanInfo:
    return PlanInfo(
        id=row.pk,
        site_id=row.site_id,
        site=row.site.name if row.site else EVERY_SITE,
        number=row.number,
        valid_from=from_us(row.valid_from_us) if row.valid_from_us > SINCE_EVER_US else None,
        created=from_us(row.created_us),
        created_by=row.created_by,
        sha256=row.sha256,
    )
