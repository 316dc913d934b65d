"""The PBXs of an installation: add, list, find."""

from dataclasses import dataclass
from datetime import datetime

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.core.instants import to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import Pbx, Site

MAX_NAME = 120


class UnknownPbx(LookupError):
    """There is no PBX of that name; `known` are those that exist."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name)
        self.name = name
        self.known = known


@dataclass(frozen=True, slots=True)
class PbxInfo:
    """A PBX and where it stands."""

    pbx_id: int
    name: str
    brand: str
    site_id: int
    site: str
    zone: str
    currency: str


@dataclass(frozen=True, slots=True)
class PbxRefused:
    """Why something was not added: place, finding, next step in one sentence."""

    message: str


def add_pbx(
    *, name: str, at: datetime, actor: str, site: str | None = None, brand: str = ""
) -> PbxInfo | PbxRefused:
    """Add a PBX to *site* (None: the first site) and return it, or why not."""
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        return PbxRefused(
            f"{name!r} is no name for a PBX: give 1 to {MAX_NAME} printable characters."
        )
    with door().transaction():
        place = _site(site)
        if place is None:
            known = ", ".join(Site.objects.order_by("id").values_list("name", flat=True))
            return PbxRefused(f'There is no site "{site}". Nothing was added. Sites: {known}.')
        if Pbx.objects.filter(name=name).exists():
            return PbxRefused(
                f'There is a PBX "{name}" already. Nothing was added. Choose another name.'
            )
        row = Pbx.objects.create(name=name, site=place, brand=brand[:80], created_us=to_us(at))
        record_change(
            Actor(actor, at),
            "pbx.add",
            of=("pbx", row.pk),
            after={"name": name, "site": place.name, "brand": row.brand},
        )
    return find_pbx(name)


def list_pbxs() -> tuple[PbxInfo, ...]:
    """Return all PBXs by name."""
    return tuple(_info(pbx) for pbx in Pbx.objects.select_related("site").order_by("name"))


def is_pbx(pbx_id: int) -> bool:
    """Say whether there is a PBX of that id."""
    return Pbx.objects.filter(pk=pbx_id).exists()


def find_pbx(name: str) -> PbxInfo:
    """Return the PBX called *name*. Raises UnknownPbx."""
    pbx = Pbx.objects.select_related("site").filter(name=name).first()
    if pbx is None:
        raise UnknownPbx(name, tuple(Pbx.objects.order_by("name").values_list("name", flat=True)))
    return _info(pbx)


def _site(name: str | None) -> Site | None:
    sites = Site.objects.order_by("id")
    return sites.first() if name is None else sites.filter(name=name).first()


def _info(pbx: Pbx) -> PbxInfo:
    site = pbx.site
    return PbxInfo(pbx.pk, pbx.name, pbx.brand, site.pk, site.name, site.zone, site.currency)
