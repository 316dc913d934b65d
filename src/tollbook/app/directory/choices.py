"""What forms and filters offer to choose from: the names behind the ids.

Lists are by number or name; `Choice` says what an id is called and what explains that.
"""

from django.db.models import Q, QuerySet

from tollbook.app.access.roles import (
    Reach,
    visible_codes,
    visible_departments,
    visible_extensions,
    visible_owners,
)
from tollbook.storage.directory.filter_choices import (
    Choice,
    Choices,
    filter_choices,
    recent_codes,
)
from tollbook.storage.models import AccountCode, Department, Extension, Owner, Pbx, Trunk

__all__ = [
    "Choice",
    "Choices",
    "code_called",
    "code_within",
    "codes_found",
    "codes_within",
    "department_names",
    "departments_within",
    "distinct_department_names",
    "distinct_extension_labels",
    "extension_called",
    "extension_labels",
    "extensions_found",
    "extensions_within",
    "filter_choices",
    "owner_names",
    "owners_found",
    "pbx_names",
    "recent_codes",
    "trunk_labels",
]


def extension_labels() -> list[tuple[int, str]]:
    """Return all extensions as id and `Amir[101]`, by number."""
    rows = Extension.objects.order_by("number").values_list("pk", "name", "number")
    return [(row_id, _label(number, name)) for row_id, name, number in rows]


def distinct_extension_labels() -> list[tuple[str, str]]:
    """Return the numbers of extensions with `Amir[101]`, once where sites number alike."""
    rows = Extension.objects.order_by("number").values_list("number", "name").distinct()
    return [(number, _label(number, name)) for number, name in rows]


def department_names(site_id: int | None = None) -> list[tuple[int, str]]:
    """Return the departments of one site, or all, as id and name."""
    rows = Department.objects.order_by("name")
    if site_id is not None:
        rows = rows.filter(site_id=site_id)
    return list(rows.values_list("pk", "name"))


def distinct_department_names() -> list[str]:
    """Return the names of all departments, once where sites name alike."""
    return list(Department.objects.order_by("name").values_list("name", flat=True).distinct())


def owner_names(*, only_active: bool = False) -> list[tuple[int, str]]:
    """Return all owners, or the active ones, as id and name."""
    rows = Owner.objects.order_by("name")
    return list((rows.filter(active=True) if only_active else rows).values_list("pk", "name"))


def pbx_names() -> list[tuple[int, str]]:
    """Return all PBXs as id and name."""
    return list(Pbx.objects.order_by("name").values_list("pk", "name"))


def trunk_labels() -> list[tuple[int, str]]:
    """Return all trunks as id and name, with the PBX that they belong to."""
    rows = Trunk.objects.order_by("name").values_list("pk", "name", "pbx__name")
    return [(row_id, f"{name} ({pbx})") for row_id, name, pbx in rows]


def departments_within(reach: Reach, *, site_id: int) -> list[tuple[int, str]]:
    """Return the departments of a site within *reach*, as id and name."""
    rows = visible_departments(reach).filter(site_id=site_id).order_by("name")
    return list(rows.values_list("pk", "name"))


def extensions_within(reach: Reach, *, site_id: int | None = None) -> list[Choice]:
    """Return the extensions within *reach*, those of one site by number."""
    rows = visible_extensions(reach)
    return _extensions(rows if site_id is None else rows.filter(site_id=site_id).order_by("number"))


def extension_called(reach: Reach, number: str, *, site_id: int) -> int | None:
    """Return the id of a site's extension of that number, None for none within *reach*."""
    rows = visible_extensions(reach).filter(site_id=site_id, number=number)
    return rows.values_list("pk", flat=True).first()


def codes_within(
    reach: Reach, *, owner_id: int | None = None, at_most: int | None = None
) -> list[Choice]:
    """Return the account codes within *reach*, or the first of those of one owner."""
    rows = visible_codes(reach).order_by("code")
    return _codes((rows if owner_id is None else rows.filter(owner_id=owner_id))[:at_most])


def code_within(reach: Reach, code_id: int) -> Choice | None:
    """Return one account code; None for one that is not there or beyond *reach*."""
    return _first(visible_codes(reach).filter(pk=code_id))


def code_called(reach: Reach, code: str) -> Choice | None:
    """Return the account code written so; None for one that is not there or beyond *reach*."""
    return _first(visible_codes(reach).filter(code=code))


def extensions_found(reach: Reach, word: str, *, at_most: int) -> list[Choice]:
    """Return the first extensions whose number begins with *word* or whose name holds it."""
    fits = Q(number__startswith=word) | Q(name__icontains=word)
    return _extensions(visible_extensions(reach).filter(fits).order_by("number")[:at_most])


def codes_found(reach: Reach, word: str, *, at_most: int) -> list[Choice]:
    """Return the first account codes that begin with *word* or whose description holds it."""
    fits = Q(code__startswith=word) | Q(description__icontains=word)
    return _codes(visible_codes(reach).filter(fits).order_by("code")[:at_most])


def owners_found(reach: Reach, word: str, *, at_most: int) -> list[Choice]:
    """Return the first owners whose name holds *word*, each with its e-mail."""
    rows = visible_owners(reach).filter(name__icontains=word).order_by("name")[:at_most]
    return [Choice(*values) for values in rows.values_list("pk", "name", "email")]


def _extensions(rows: QuerySet[Extension]) -> list[Choice]:
    return [Choice(*values) for values in rows.values_list("pk", "number", "name")]


def _codes(rows: QuerySet[AccountCode]) -> list[Choice]:
    return [Choice(*values) for values in rows.values_list("pk", "code", "description")]


def _first(rows: QuerySet[AccountCode]) -> Choice | None:
    found = _codes(rows.order_by("pk")[:1])
    return found[0] if found else None


def _label(number: str, name: str) -> str:
    return f"{name}[{number}]" if name else number
