"""The tariffs there are, their versions, and what each of them prices: for reading."""

from dataclasses import dataclass
from datetime import datetime

from tollbook.app.pricing.pbx_rules import COST
from tollbook.app.pricing.plans import SINCE_EVER_US
from tollbook.app.pricing.stored_tariffs import stored_tariff
from tollbook.app.tariffs.assign import AssignmentInfo, list_assignments
from tollbook.core.instants import from_us, to_us
from tollbook.core.tariff import TariffDefinition
from tollbook.storage.db.current import remembered
from tollbook.storage.models import Tariff, TariffVersion

PLACE_WORDS = {"pbx": "PBX", "account_code": "account code", "source_ip": "address"}


@dataclass(frozen=True, slots=True)
class TariffLine:
    """One tariff of the list; `rates` and `valid_from` are those of the version in force."""

    id: int
    name: str
    currency: str
    zone: str
    versions: int
    valid_from: datetime | None
    rates: int
    assignments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of a tariff; `valid_from` None holds for all calls before the next one."""

    id: int
    number: int
    valid_from: datetime | None
    created: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class OpenTariff:
    """One version of a tariff, read, with the list of all its versions, newest first."""

    id: int
    version: VersionLine
    versions: tuple[VersionLine, ...]
    tariff: TariffDefinition


def list_tariffs(*, at: datetime) -> list[TariffLine]:
    """Return all tariffs by name, as they are in force at *at*."""
    prices: dict[int, list[str]] = {}
    for one in list_assignments():
        prices.setdefault(one.tariff_id, []).append(_assignment_words(one))
    versions: dict[int, list[TariffVersion]] = {}
    rows = TariffVersion.objects.defer("document")  # A deck's has 30 MB and more.
    for version in rows.order_by("valid_from_us", "number"):
        versions.setdefault(version.tariff_id, []).append(version)
    lines = []
    for tariff in Tariff.objects.order_by("name"):
        own = versions.get(tariff.pk, [])
        held = [version for version in own if version.valid_from_us <= to_us(at)]
        current = held[-1] if held else own[-1] if own else None
        lines.append(
            TariffLine(
                id=tariff.pk,
                name=tariff.name,
                currency=tariff.currency,
                zone=tariff.zone,
                versions=len(own),
                valid_from=_valid_from(current.valid_from_us) if current else None,
                rates=_count_rates(current.pk) if current else 0,
                assignments=tuple(prices.get(tariff.pk, ())),
            )
        )
    return lines


def open_tariff(tariff_id: int, *, number: int | None = None) -> OpenTariff | None:
    """Return a version of a tariff, the newest if *number* is None; None if there is no such."""
    rows = TariffVersion.objects.filter(tariff_id=tariff_id).defer("document")
    found = list(rows.order_by("-number"))
    chosen = next((row for row in found if number in (None, row.number)), None)
    if chosen is None:
        return None
    return OpenTariff(
        id=tariff_id,
        version=_line(chosen),
        versions=tuple(_line(row) for row in found),
        tariff=stored_tariff(chosen.pk),
    )


def version_document(tariff_id: int, number: int) -> str | None:
    """Return a version's document as it is stored; None if there is no such version."""
    found = TariffVersion.objects.filter(tariff_id=tariff_id, number=number)
    return found.values_list("document", flat=True).first()


def version_in_force(tariff_id: int, *, at: datetime) -> VersionLine | None:
    """Return the version of a tariff that prices calls whose talk begins at *at*."""
    held = TariffVersion.objects.filter(tariff_id=tariff_id, valid_from_us__lte=to_us(at))
    row = held.defer("document").order_by("-valid_from_us", "-number").first()
    return _line(row) if row else None


def later_version(tariff_id: int, *, at: datetime) -> VersionLine | None:
    """Return the version that takes over next after *at*; None if none is waiting."""
    rows = TariffVersion.objects.filter(tariff_id=tariff_id, valid_from_us__gt=to_us(at))
    row = rows.defer("document").order_by("valid_from_us", "-number").first()
    return _line(row) if row else None


def _line(row: TariffVersion) -> VersionLine:
    return VersionLine(
        id=row.pk,
        number=row.number,
        valid_from=_valid_from(row.valid_from_us),
        created=from_us(row.created_us),
        created_by=row.created_by,
    )


def _valid_from(valid_from_us: int) -> datetime | None:
    return from_us(valid_from_us) if valid_from_us > SINCE_EVER_US else None


@remembered(most=4096)
def _count_rates(version_id: int) -> int:
    # Within a text of the document the quotation marks would be escaped.
    document = TariffVersion.objects.values_list("document", flat=True).get(pk=version_id)
    return document.count('"prefix":')


def _assignment_words(one: AssignmentInfo) -> str:
    """Say which calls an assignment is for: "site Berlin, trunk SIP-1"."""
    places = ("site", "pbx", "trunk", "extension", "department", "account_code", "source_ip")
    given = [
        f"{PLACE_WORDS.get(place, place)} {getattr(one, place)}"
        for place in places
        if getattr(one, place)
    ]
    words = ", ".join(given) or "all calls"
    return f"{words} (cost)" if one.kind == COST else words
