"""What a site's calls are read and priced by, from the database: dial plan, telephones, tariffs.

What mediation and pricing need of it is one frozen value, `Rules`, so that they touch no
database; `Links` are the ids behind the names that they leave.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.pricing.pbx_rules import Assignment, Rules, Version
from tollbook.core.dialplan import (
    DialPlan,
    DialPlanFault,
    Reached,
    Resolver,
    dial_plan_document,
    read_dial_plan,
)
from tollbook.storage.db.installation import door
from tollbook.storage.models import (
    AccountCode,
    Extension,
    Pbx,
    Site,
    TariffAssignment,
    TariffVersion,
    Trunk,
)


@dataclass(frozen=True, slots=True)
class SitePlan:
    """A site and the dial plan by which its calls are read."""

    id: int
    name: str
    plan: DialPlan


def site_plan(site_id: int | None = None) -> SitePlan | None:
    """Return a site with its plan, the first one without *site_id*; None if there is no such."""
    sites = Site.objects.order_by("id")
    row = (sites if site_id is None else sites.filter(pk=site_id)).first()
    return SitePlan(row.pk, row.name, dial_plan(row)) if row else None


def reached(plan: DialPlan, *, site_id: int, caller: str, dialled: str) -> Reached:
    """Return what *dialled* reaches by *plan* among the telephones of the site."""
    numbers = Extension.objects.filter(site=site_id).values_list("number", flat=True)
    return Resolver(plan, telephones=frozenset(numbers)).resolve(caller, dialled, "", "")


def dial_plan(site: Site) -> DialPlan:
    """Return the site's dial plan: what is stored, else what its country suggests."""
    reading = read_dial_plan({"country": site.country, **site.dial_plan})
    if reading.plan is None:
        fault = reading.faults[0]
        raise ValueError(
            f'the dial plan of site "{site.name}": {fault.place}: {fault.message}. Its calls '
            "cannot be read. Mend the plan."
        )
    return reading.plan


def set_dial_plan(
    *, site_id: int, document: Mapping[str, object], by: Actor
) -> tuple[DialPlanFault, ...]:
    """Store a site's dial plan for the calls to come, or return why it was refused whole."""
    reading = read_dial_plan(document)
    if reading.plan is None:
        return reading.faults
    after = dial_plan_document(reading.plan)
    with door().transaction():
        site = Site.objects.get(pk=site_id)
        record_change(
            by,
            "site.dial_plan",
            of=("site", site_id),
            before=site.dial_plan,
            after=after,
        )
        Site.objects.filter(pk=site_id).update(dial_plan=after, country=reading.plan.country)
    return ()


def load_rules(pbx_id: int, *, known: Rules | None = None) -> Rules:
    """Return what the calls of a PBX are read and priced by, as it stands now.

    Documents that *known* holds already are not read again: versions never change.
    """
    pbx = Pbx.objects.select_related("site").get(pk=pbx_id)
    assignments = TariffAssignment.objects.filter(
        Q(site=None) | Q(site=pbx.site),
        Q(pbx=None) | Q(pbx=pbx),
        Q(trunk=None) | Q(trunk__pbx=pbx),
        Q(extension=None) | Q(extension__site=pbx.site),
        Q(department=None) | Q(department__site=pbx.site),
    ).select_related("trunk", "extension", "department", "account_code")
    found = tuple(_assignment(row) for row in assignments.order_by("position", "id"))
    telephones = Extension.objects.filter(site=pbx.site).values_list("number", "department__name")
    return Rules(
        plan=dial_plan(pbx.site),
        zone=pbx.site.zone,
        extensions={number: department or "" for number, department in telephones},
        assignments=found,
        versions=_versions({one.tariff_id for one in found}, known),
    )


class Links:
    """The ids behind the names of one PBX's calls; makes trunks and telephones seen first."""

    def __init__(self, pbx_id: int, site_id: int) -> None:
        self._pbx_id = pbx_id
        self._site_id = site_id
        self.trunks: dict[str, int | None] = {"": None}
        self.trunks.update(Trunk.objects.filter(pbx=pbx_id).values_list("name", "id"))
        self.extensions: dict[str, tuple[int | None, int | None]] = {"": (None, None)}
        for number, row_id, department_id in Extension.objects.filter(site=site_id).values_list(
            "number", "id", "department_id"
        ):
            self.extensions[number] = (row_id, department_id)
        self.codes: dict[str, tuple[int | None, int | None]] = {"": (None, None)}
        for code, row_id, owner_id in AccountCode.objects.values_list("code", "id", "owner_id"):
            self.codes[code] = (row_id, owner_id)

    def unknown(self, trunks: list[str], extensions: list[str]) -> tuple[set[str], set[str]]:
        """Return the trunks and the telephones that have no id yet."""
        return set(trunks).difference(self.trunks), set(extensions).difference(self.extensions)

    def make(self, trunks: set[str], extensions: set[str]) -> None:
        """Give them ids; to be called inside a transaction.

        Another process may have made them meanwhile: then theirs hold.
        """
        if trunks:
            lines = [Trunk(pbx_id=self._pbx_id, name=name) for name in sorted(trunks)]
            Trunk.objects.bulk_create(lines, ignore_conflicts=True)
            made = Trunk.objects.filter(pbx=self._pbx_id, name__in=trunks)
            self.trunks.update(made.values_list("name", "id"))
        if extensions:
            billing = Site.objects.values_list("bills_new", flat=True).get(pk=self._site_id)
            telephones = [
                Extension(site_id=self._site_id, number=number, billing=billing)
                for number in sorted(extensions)
            ]
            Extension.objects.bulk_create(telephones, ignore_conflicts=True)
            found = Extension.objects.filter(site=self._site_id, number__in=extensions)
            for number, row_id, department_id in found.values_list("number", "id", "department_id"):
                self.extensions[number] = (row_id, department_id)


def _versions(tariff_ids: set[int], known: Rules | None) -> dict[int, tuple[Version, ...]]:
    """Return the versions of each tariff in the order in which they take effect."""
    held = known.versions.values() if known else ()
    by_id = {version.version_id: version for versions in held for version in versions}
    rows = TariffVersion.objects.filter(tariff__in=tariff_ids)
    unread = rows.exclude(pk__in=by_id)
    by_id.update(
        (row.pk, Version(row.pk, row.valid_from_us, row.document)) for row in unread.iterator()
    )
    found: dict[int, tuple[Version, ...]] = {}
    for tariff_id, version_id in rows.order_by("valid_from_us", "number").values_list(
        "tariff_id", "id"
    ):
        found[tariff_id] = (*found.get(tariff_id, ()), by_id[version_id])
    return found


def _assignment(row: TariffAssignment) -> Assignment:
    return Assignment(
        tariff_id=row.tariff_id,
        kind=row.kind,
        trunk=row.trunk.name if row.trunk else "",
        extension=row.extension.number if row.extension else "",
        department=row.department.name if row.department else "",
        account_code=row.account_code.code if row.account_code else "",
        source_ip=row.source_ip,
        from_us=row.from_us,
        to_us=row.to_us,
        matches=row.matches,
    )
