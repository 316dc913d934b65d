"""Which extensions have a PIN, and PINs read from a file."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from tollbook.app.access.pins import MOST_AT_ONCE, weakness
from tollbook.core.instants import from_us
from tollbook.storage.models import Extension, ExtensionPin, UserRole

COLUMNS: Final = ("extension", "pin", "site")
MOST_FAULTS: Final = 20
SORTS: Final = ("number", "name", "changed")


@dataclass(frozen=True, slots=True)
class PinLine:
    """One extension and whether its user can sign in; `seen` is when that was last."""

    extension_id: int
    number: str
    name: str
    site: str
    has_pin: bool
    changed: datetime | None
    changed_by: str
    seen: datetime | None
    shut_out: bool


@dataclass(frozen=True, slots=True)
class ReadPins:
    """What a file says: PINs by extension, or why nothing of it can be taken."""

    pins: Mapping[int, str]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PinFilter:
    """Which active extensions are asked for; sorted by one of `SORTS`, a minus turns it round."""

    sought: str = ""
    has_pin: bool | None = None
    site_id: int | None = None
    sort: str = "number"


def count_pins(wanted: PinFilter) -> int:
    """Return how many active extensions fit, with a PIN or without."""
    return _matching(wanted).count()


def list_pins(wanted: PinFilter, *, first: int, count: int) -> list[PinLine]:
    """Return the active extensions that fit, sorted, *count* from the *first* on (0-based)."""
    return [_pin_line(row) for row in _matching(wanted)[first : first + count]]


def every_pin(wanted: PinFilter) -> Iterator[PinLine]:
    """Yield all active extensions that fit, sorted, some hundred held at a time."""
    yield from map(_pin_line, _matching(wanted).iterator(chunk_size=500))


def _matching(wanted: PinFilter) -> QuerySet[Extension]:
    kept = ExtensionPin.objects.filter(extension_id=OuterRef("pk"))
    role = UserRole.objects.filter(extension_id=OuterRef("pk"))
    extensions = Extension.objects.filter(active=True).select_related("site")
    found = extensions.annotate(
        has_pin=Exists(kept),
        pin_us=Subquery(kept.values("changed_us")),
        pin_by=Coalesce(Subquery(kept.values("changed_by")), Value(""), output_field=CharField()),
        user_seen=Subquery(role.values("user__last_login")),
        user_active=Subquery(role.values("user__is_active")),
    )
    if wanted.sought:
        parts = Q(number__startswith=wanted.sought) | Q(name__icontains=wanted.sought)
        found = found.filter(parts)
    if wanted.has_pin is not None:
        found = found.filter(has_pin=wanted.has_pin)
    if wanted.site_id is not None:
        found = found.filter(site_id=wanted.site_id)
    key = wanted.sort.removeprefix("-")
    column = {"number": "number", "name": "name", "changed": "pin_us"}[key]
    return found.order_by(f"-{column}" if wanted.sort != key else column, "number", "pk")


def has_pins() -> bool:
    """Say whether anybody signs in with a PIN at all."""
    return ExtensionPin.objects.exists()


def sites_with_pins() -> list[tuple[int, str]]:
    """Return the sites (id and name) at which an active extension has a PIN, by name."""
    kept = ExtensionPin.objects.filter(extension__active=True)
    sites = kept.values_list("extension__site_id", "extension__site__name").distinct()
    return sorted(sites, key=lambda site: site[1])


def _pin_line(extension: Extension) -> PinLine:
    """Return an extension of `_matching` as a line."""
    changed_us: int | None = getattr(extension, "pin_us", None)
    return PinLine(
        extension_id=extension.pk,
        number=extension.number,
        name=extension.name,
        site=extension.site.name,
        has_pin=bool(getattr(extension, "has_pin", False)),
        changed=None if changed_us is None else from_us(changed_us),
        changed_by=getattr(extension, "pin_by", ""),
        seen=getattr(extension, "user_seen", None),
        shut_out=getattr(extension, "user_active", None) is False,
    )


def find_pin(extension_id: int) -> PinLine | None:
    """Return one active extension as a line, None if there is no such."""
    row = _matching(PinFilter()).filter(pk=extension_id).first()
    return _pin_line(row) if row else None


def read_pins(text: str) -> ReadPins:
    """Read PINs from CSV with the columns extension, pin and, where there are several, site.

    Either every line can be taken or none is: `faults` then name the lines.
    """
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=_delimiter(text)))
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    heads = [cell.strip().casefold() for cell in rows[0]] if rows else []
    if not {"extension", "pin"} <= set(heads) or not set(heads) <= set(COLUMNS):
        return _nothing(
            "The first line must name the columns: extension,pin or extension,pin,site."
        )
    if len(rows) - 1 > MOST_AT_ONCE:
        return _nothing(f"{len(rows) - 1} lines, at most {MOST_AT_ONCE} at once: split the file.")
    pins: dict[int, str] = {}
    faults: list[str] = []
    known = _extensions()
    for line, row in enumerate(rows[1:], start=2):
        cells = dict(zip(heads, (cell.strip() for cell in row), strict=False))
        found = _read_line(cells, known)
        if isinstance(found, str):
            faults.append(f"Line {line}: {found}.")
        elif found[0] in pins:
            faults.append(f"Line {line}: extension {cells['extension'][:64]} came before.")
        else:
            pins[found[0]] = found[1]
    if faults:
        more = len(faults) - MOST_FAULTS
        return _nothing(*faults[:MOST_FAULTS], *([f"And {more} more lines."] * (more > 0)))
    if not pins:
        return _nothing("The file has no PINs.")
    return ReadPins(pins, ())


def _nothing(*faults: str) -> ReadPins:
    return ReadPins({}, (*faults, "No PIN was set."))


def _read_line(
    cells: Mapping[str, str], known: Mapping[str, list[tuple[int, str]]]
) -> tuple[int, str] | str:
    """Return the extension's id and its PIN, or what is wrong."""
    number, pin, site = (cells.get(key, "") for key in COLUMNS)
    found = [
        extension_id
        for extension_id, at in known.get(number, [])
        if not site or at.casefold() == site.casefold()
    ]
    if not found:
        return f'there is no active extension "{number[:64]}"' + (f' at "{site[:64]}"' * bool(site))
    if len(found) > 1:
        return f"several sites have an extension {number[:64]}; add a column site"
    fault = weakness(pin, number=number)
    return fault or (found[0], pin)


def _extensions() -> dict[str, list[tuple[int, str]]]:
    known: dict[str, list[tuple[int, str]]] = {}
    active = Extension.objects.filter(active=True)
    for extension_id, number, site in active.values_list("pk", "number", "site__name"):
        known.setdefault(number, []).append((extension_id, site))
    return known


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)
