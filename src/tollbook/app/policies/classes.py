"""Classes of service: kept, changed and taken away, with whom each of them serves.

Source: EBC-15, EBC-18, TAR-09, TAR-10; docs/manual/policies.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import keep_row, record_change
from tollbook.app.faults import FieldFault, FieldsRefused
from tollbook.app.policies.class_rules import (
    NamedWindow,
    hours_to_store,
    read_hours,
    read_rules,
    rules_to_store,
)
from tollbook.core.dialplan import CALL_TYPES
from tollbook.core.policies import BarringRule
from tollbook.storage.db.installation import door
from tollbook.storage.models import Department, Extension, ServiceClass, Site
from tollbook.storage.models.policies import WhenAway

LONGEST_NAME = 120
MOST_RULES, MOST_WINDOWS = 200, 50
MOST_AWAY_S = 86_400


class PolicyRefused(FieldsRefused):
    """A class of service, a budget or a guard that cannot be kept."""


@dataclass(frozen=True, slots=True)
class ClassText:
    """A class as somebody wrote it; `rules` and `hours` are those of `app.policies.class_rules`."""

    name: str
    rules: Sequence[Mapping[str, object]] = ()
    hours: Sequence[Mapping[str, object]] = ()
    bars_otherwise: bool = False
    code_required: bool = False
    code_required_types: tuple[str, ...] = ()
    authorisation_required: bool = False
    when_away: str = WhenAway.CLOSED
    away_limit_s: str = ""


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """A class as it is kept, and how many it serves by name."""

    id: int
    name: str
    rules: tuple[BarringRule, ...]
    hours: tuple[NamedWindow, ...]
    bars_otherwise: bool
    code_required: bool
    code_required_types: tuple[str, ...]
    authorisation_required: bool
    when_away: str
    away_limit_s: int | None
    extensions: int
    departments: int
    sites: tuple[str, ...]

    @property
    def is_used(self) -> bool:
        """Whether somebody has it."""
        return bool(self.extensions or self.departments or self.sites)


@dataclass(frozen=True, slots=True)
class ServedSite:
    """A site and the class for those who have none of their own; None: nothing is barred."""

    id: int
    name: str
    service_class_id: int | None


def list_classes() -> tuple[ClassInfo, ...]:
    """Return all classes by name."""
    return tuple(_info(row) for row in ServiceClass.objects.order_by("name"))


def class_names() -> list[tuple[int, str]]:
    """Return all classes as id and name, by name."""
    return list(ServiceClass.objects.order_by("name").values_list("pk", "name"))


def served_sites() -> list[ServedSite]:
    """Return all sites with the class that serves who has none of his own, by name."""
    rows = Site.objects.order_by("name").values_list("pk", "name", "service_class_id")
    return [ServedSite(*values) for values in rows]


def find_class(class_id: int) -> ClassInfo | None:
    """Return one class, None if there is no such."""
    row = ServiceClass.objects.filter(pk=class_id).first()
    return _info(row) if row else None


def save_class(text: ClassText, *, by: Actor, class_id: int | None = None) -> int:
    """Keep a new class, or change the one with *class_id*; return its id. Raises PolicyRefused."""
    values = _read(text)
    with door().transaction():
        if ServiceClass.objects.filter(name=values["name"]).exclude(pk=class_id or 0).exists():
            raise PolicyRefused([FieldFault("name", f"there is a class {values['name']} already")])
        row = ServiceClass() if class_id is None else ServiceClass.objects.get(pk=class_id)
        return keep_row(row, values, by, word="class", object_type="service_class", shown=_kept)


def delete_class(class_id: int, *, by: Actor) -> bool:
    """Delete a class that nobody has; False: there is no such. Raises PolicyRefused."""
    with door().transaction():
        row = ServiceClass.objects.filter(pk=class_id).first()
        if row is None:
            return False
        if _info(row).is_used:
            message = "extensions, departments or sites have this class: give them another first"
            raise PolicyRefused([FieldFault("name", message)])
        before = _kept(row)
        row.delete()
        record_change(by, "class.delete", of=("service_class", class_id), before=before)
    return True


def serve_site(site_id: int, class_id: int | None, *, by: Actor) -> None:
    """Let a class serve those of a site who have none of their own; None bars nothing."""
    with door().transaction():
        site = Site.objects.get(pk=site_id)
        before = site.service_class.name if site.service_class else ""
        site.service_class_id = class_id
        site.save(update_fields=["service_class"])
        after = ServiceClass.objects.get(pk=class_id).name if class_id else ""
        record_change(
            by,
            "site.class",
            of=("site", site_id),
            before={"service_class": before},
            after={"service_class": after},
        )


def _read(text: ClassText) -> dict[str, object]:
    faults: list[FieldFault] = []
    name = text.name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        faults.append(FieldFault("name", f"1 to {LONGEST_NAME} printable characters are expected"))
    rules: tuple[BarringRule, ...] = ()
    hours: tuple[NamedWindow, ...] = ()
    try:
        rules = read_rules(text.rules)
    except ValueError as wrong:
        faults.append(FieldFault("rules", str(wrong)))
    try:
        hours = read_hours(text.hours)
    except ValueError as wrong:
        faults.append(FieldFault("hours", str(wrong)))
    faults += _list_faults(rules, hours)
    unknown = [each for each in text.code_required_types if each not in CALL_TYPES]
    if unknown:
        faults.append(
            FieldFault("code_required_types", f'there is no call type "{unknown[0][:32]}"')
        )
    if text.when_away not in WhenAway.values:
        faults.append(FieldFault("when_away", "closed or open is expected"))
    away = text.away_limit_s.strip()
    if away and not (away.isascii() and away.isdigit() and 0 < int(away[:9]) <= MOST_AWAY_S):
        faults.append(FieldFault("away_limit_s", f"1 to {MOST_AWAY_S} seconds, or nothing"))
    if faults:
        raise PolicyRefused(faults)
    return {
        "name": name,
        "rules": rules_to_store(rules),
        "hours": hours_to_store(hours),
        "bars_otherwise": text.bars_otherwise,
        "code_required": text.code_required,
        "code_required_types": sorted(set(text.code_required_types)),
        "authorisation_required": text.authorisation_required,
        "when_away": text.when_away,
        "away_limit_s": int(away) if away else None,
    }


def _list_faults(rules: Sequence[BarringRule], hours: Sequence[NamedWindow]) -> list[FieldFault]:
    faults: list[FieldFault] = []
    named = {window.name for window in hours}
    for number, rule in enumerate(rules, start=1):
        if rule.hours and rule.hours not in named:
            message = f'rule {number}: there are no hours "{rule.hours[:32]}"; name them below'
            faults.append(FieldFault("rules", message))
    if len(rules) > MOST_RULES:
        faults.append(FieldFault("rules", f"{len(rules)} rules, at most {MOST_RULES} are kept"))
    if len(hours) > MOST_WINDOWS:
        faults.append(FieldFault("hours", f"{len(hours)} windows, at most {MOST_WINDOWS} are kept"))
    return faults


def _info(row: ServiceClass) -> ClassInfo:
    return ClassInfo(
        id=row.pk,
        name=row.name,
        rules=read_rules(row.rules),
        hours=read_hours(row.hours),
        bars_otherwise=row.bars_otherwise,
        code_required=row.code_required,
        code_required_types=tuple(row.code_required_types),
        authorisation_required=row.authorisation_required,
        when_away=row.when_away,
        away_limit_s=row.away_limit_s,
        extensions=Extension.objects.filter(service_class=row).count(),
        departments=Department.objects.filter(service_class=row).count(),
        sites=tuple(Site.objects.filter(service_class=row).values_list("name", flat=True)),
    )


def _kept(row: ServiceClass) -> dict[str, object]:
    return {
        "name": row.name,
        "rules": rules_to_store(read_rules(row.rules)),
        "hours": hours_to_store(read_hours(row.hours)),
        "bars_otherwise": row.bars_otherwise,
        "code_required": row.code_required,
        "code_required_types": row.code_required_types,
        "authorisation_required": row.authorisation_required,
        "when_away": row.when_away,
        "away_limit_s": row.away_limit_s,
    }
