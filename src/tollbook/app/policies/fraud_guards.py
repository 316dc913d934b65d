"""Guards against fraud: what is watched, from which number on, and whether it closes.

Source: docs/manual/policies.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import keep_row
from tollbook.app.faults import FieldFault
from tollbook.app.policies.class_rules import Objects, hours_to_store, read_hours
from tollbook.app.policies.classes import PolicyRefused
from tollbook.core.money import format_amount, from_micros, parse_amount, to_micros
from tollbook.storage.db.installation import door
from tollbook.storage.models import Department, Extension, FraudGuard, Site
from tollbook.storage.models.policies import GuardKind

LONGEST_NAME = 120
MOST_COUNT = 1_000_000
MOST_MICROS = 10**15
MOST_WINDOW_S = 7 * 86_400
KIND_WORDS = {
    GuardKind.CALLS: "Many calls",
    GuardKind.SPEND: "Much money",
    GuardKind.NEW_DESTINATION: "New dear destination",
}


@dataclass(frozen=True, slots=True)
class GuardText:
    """A guard as somebody wrote it; it watches one extension, one department, or a whole site.

    `threshold` is calls, money, or money a minute, as its kind says; `hours` are objects of
    `app.policies.class_rules`, and count for a new destination only.
    """

    name: str
    kind: str
    threshold: str
    window_s: str = "60"
    site_id: int | None = None
    department_id: int | None = None
    extension_id: int | None = None
    hours: Sequence[Mapping[str, object]] = ()
    closes: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class GuardInfo:
    """A guard as it is kept: `threshold` as it is written, `watched` in words, `hours` JSON."""

    id: int
    name: str
    kind: str
    kind_words: str
    threshold: str
    window_s: int
    site_id: int | None
    department_id: int | None
    extension_id: int | None
    watched: str
    hours: str
    closes: bool
    active: bool


def list_guards() -> tuple[GuardInfo, ...]:
    """Return all guards by name."""
    return tuple(_info(row) for row in _with_places().order_by("name"))


def find_guard(guard_id: int) -> GuardInfo | None:
    """Return one guard, None if there is no such."""
    row = _with_places().filter(pk=guard_id).first()
    return _info(row) if row else None


def save_guard(text: GuardText, *, by: Actor, guard_id: int | None = None) -> int:
    """Keep a new guard, or change the one with *guard_id*; return its id. Raises PolicyRefused."""
    values = _read(text)
    with door().transaction():
        if FraudGuard.objects.filter(name=values["name"]).exclude(pk=guard_id or 0).exists():
            raise PolicyRefused([FieldFault("name", f"there is a guard {values['name']} already")])
        row = FraudGuard() if guard_id is None else FraudGuard.objects.get(pk=guard_id)
        return keep_row(row, values, by, word="guard", object_type="fraud_guard", shown=_kept)


def _with_places() -> QuerySet[FraudGuard]:
    return FraudGuard.objects.select_related("site", "department", "extension")


def _info(row: FraudGuard) -> GuardInfo:
    return GuardInfo(
        id=row.pk,
        name=row.name,
        kind=row.kind,
        kind_words=KIND_WORDS[GuardKind(row.kind)],
        threshold=threshold_text(row),
        window_s=row.window_s,
        site_id=row.site_id,
        department_id=row.department_id,
        extension_id=row.extension_id,
        watched=_watched(row),
        hours=row.hours,
        closes=row.closes,
        active=row.active,
    )


def _watched(row: FraudGuard) -> str:
    if row.extension:
        return f"{row.extension.name}[{row.extension.number}]"
    place = row.department or row.site
    return place.name if place else "every extension"


def threshold_text(row: FraudGuard) -> str:
    """Return a guard's threshold as it is written: a count, or an amount."""
    if row.kind == GuardKind.CALLS:
        return str(row.threshold)
    return format_amount(from_micros(row.threshold))


def _read(text: GuardText) -> dict[str, object]:
    faults: list[FieldFault] = []
    name = text.name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        faults.append(FieldFault("name", f"1 to {LONGEST_NAME} printable characters are expected"))
    if text.kind not in GuardKind.values:
        faults.append(FieldFault("kind", f"{', '.join(GuardKind.values)} is expected"))
    window = text.window_s.strip()
    if not (window.isascii() and window.isdigit() and 0 < int(window[:9]) <= MOST_WINDOW_S):
        faults.append(FieldFault("window_s", f"1 to {MOST_WINDOW_S} seconds are expected"))
    threshold = _threshold(text, faults)
    hours: Objects = []
    try:
        hours = hours_to_store(read_hours(text.hours))
    except ValueError as wrong:
        faults.append(FieldFault("hours", str(wrong)))
    faults += _place_faults(text)
    if faults:
        raise PolicyRefused(faults)
    return {
        "name": name,
        "kind": text.kind,
        "threshold": threshold,
        "window_s": int(window),
        "site_id": text.site_id,
        "department_id": text.department_id,
        "extension_id": text.extension_id,
        "hours": hours,
        "closes": text.closes,
        "active": text.active,
    }


def _threshold(text: GuardText, faults: list[FieldFault]) -> int:
    """Return the threshold in calls or in millionths; a fault for what is neither."""
    try:
        amount = parse_amount(text.threshold.strip())
        counts = text.kind == GuardKind.CALLS
        threshold = int(amount) if counts else to_micros(amount)
    except ValueError as wrong:
        faults.append(FieldFault("threshold", str(wrong)))
        return 0
    if counts and not (amount == threshold and 0 < threshold <= MOST_COUNT):
        faults.append(
            FieldFault("threshold", f"a whole number from 1 to {MOST_COUNT:,} is expected")
        )
    if not 0 <= threshold <= MOST_MICROS:
        faults.append(FieldFault("threshold", "an amount from 0 to a thousand million is expected"))
    return threshold


def _place_faults(text: GuardText) -> list[FieldFault]:
    given = [each for each in (text.site_id, text.department_id, text.extension_id) if each]
    if len(given) > 1:
        return [
            FieldFault("place", "one extension, one department or one site is expected, or none")
        ]
    for model, row_id in (
        (Site, text.site_id),
        (Department, text.department_id),
        (Extension, text.extension_id),
    ):
        if row_id and not model.objects.filter(pk=row_id).exists():
            return [FieldFault("place", f"there is no such {model.__name__.lower()}")]
    return []


def _kept(row: FraudGuard) -> dict[str, object]:
    return {
        "name": row.name,
        "kind": row.kind,
        "threshold": threshold_text(row),
        "window_s": row.window_s,
        "site": row.site_id,
        "department": row.department_id,
        "extension": row.extension_id,
        "closes": row.closes,
        "active": row.active,
    }
