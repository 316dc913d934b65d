"""The sites of an installation: one by its id or its name, or all of them to choose from."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from tollbook.storage.models import Extension, Site


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A site as screens and answers need it: its name, its clock, its money."""

    id: int
    name: str
    zone_name: str
    currency: str
    bills_new: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which dates mean midnight."""
        return ZoneInfo(self.zone_name)


def first_site() -> SiteFacts | None:
    """Return the first site, whose zone and currency count where none is named."""
    return _facts(Site.objects.order_by("id"))


def find_site(site_id: int) -> SiteFacts | None:
    """Return one site, None if there is no such."""
    return _facts(Site.objects.filter(pk=site_id))


def site_called(name: str | None) -> SiteFacts | None:
    """Return the site of that name, without a name the first; None if there is no such."""
    sites = Site.objects.order_by("id")
    return _facts(sites.filter(name=name) if name else sites)


def is_site(site_id: int) -> bool:
    """Say whether there is a site of that id."""
    return Site.objects.filter(pk=site_id).exists()


def site_names(*, by: Literal["name", "id"] = "name") -> list[tuple[int, str]]:
    """Return all sites as id and name."""
    return list(Site.objects.order_by(by).values_list("id", "name"))


def sites_of_extensions(extension_ids: Collection[int | str]) -> dict[int, int]:
    """Return the site of each extension where sites may number alike; nothing where one is."""
    if Site.objects.count() < 2:
        return {}
    rows = Extension.objects.filter(pk__in=extension_ids)
    return dict(rows.values_list("pk", "site_id"))


def _facts(sites: QuerySet[Site]) -> SiteFacts | None:
    row = sites.first()
    if row is None:
        return None
    return SiteFacts(row.pk, row.name, row.zone, row.currency, row.bills_new)
