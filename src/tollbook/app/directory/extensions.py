"""Changes what is set about extensions, owners and departments: one, or many at once.

Only what is named changes (ZYC-22); `plan_changes` says beforehand what that would be. A change of
the payment type starts Total Recharges anew (AMB-21): a new counting, while ledger, balance and
credit stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import Change, record_changes
from tollbook.app.directory.holder_fields import (
    FIELDS,
    FieldValue,
    HolderField,
    Holding,
    fields_of,
    value_words,
)
from tollbook.app.directory.holders import MODELS, HolderKind, HolderRow
from tollbook.core.instants import to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import Department

_FIELD_OF = {field.column: field for field in FIELDS}
_COUNTED_SINCE = "recharged_since_us"


@dataclass(frozen=True, slots=True)
class HolderChange:
    """What would become of one field of one holder, in words."""

    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Planned:
    """What a change would do to one holder; without effects it has these values already."""

    label: str
    effects: tuple[HolderChange, ...]
    counts_anew: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """How many holders were changed, and how many of them count their recharges anew."""

    changed: int
    unchanged: int
    counting_anew: int


def plan_changes(
    kind: HolderKind, ids: Sequence[int], changes: Mapping[str, FieldValue]
) -> list[Planned]:
    """Return what *changes* (by column) would do to each holder, by number or name."""
    words: dict[tuple[str, object], str] = {}

    def said(field: HolderField, value: object) -> str:
        key = (field.name, value)
        if key not in words:
            words[key] = value_words(field, value)
        return words[key]

    planned = []
    for row in _rows(kind, ids):
        differing = _differing(row, changes)
        planned.append(
            Planned(
                _label(row),
                tuple(
                    HolderChange(
                        _FIELD_OF[column].title,
                        said(_FIELD_OF[column], before),
                        said(_FIELD_OF[column], after),
                    )
                    for column, (before, after) in differing.items()
                ),
                counts_anew="payment_type" in differing,
            )
        )
    return sorted(planned, key=lambda one: one.label)


def change_holders(
    kind: HolderKind, ids: Sequence[int], changes: Mapping[str, FieldValue], by: Actor
) -> Changed:
    """Set the columns of *changes* for all of *ids* in one transaction, and audit each."""
    notes: list[Change] = []
    counting_anew = 0
    with door().transaction():
        rows = _rows(kind, ids, lock=True)
        for row in rows:
            differing = _differing(row, changes)
            if not differing:
                continue
            if "payment_type" in differing:
                differing[_COUNTED_SINCE] = (row.recharged_since_us, to_us(by.at))
                counting_anew += 1
            for column, (_, after) in differing.items():
                setattr(row, column, after)
            row.save(update_fields=sorted(differing))
            notes.append(
                Change(
                    object_id=str(row.pk),
                    before={column: before for column, (before, _) in differing.items()},
                    after={column: after for column, (_, after) in differing.items()},
                )
            )
        record_changes(notes, by, f"{kind}.change", object_type=kind)
    return Changed(len(notes), len(rows) - len(notes), counting_anew)


def count_recharges_anew(kind: HolderKind, ids: Sequence[int], by: Actor) -> int:
    """Start Total Recharges anew for *ids* and return for how many; the ledger stays as it is."""
    notes = []
    with door().transaction():
        for row in _rows(kind, ids, lock=True):
            before_us, row.recharged_since_us = row.recharged_since_us, to_us(by.at)
            row.save(update_fields=[_COUNTED_SINCE])
            notes.append(
                Change(
                    object_id=str(row.pk),
                    before={_COUNTED_SINCE: before_us},
                    after={_COUNTED_SINCE: row.recharged_since_us},
                )
            )
        record_changes(notes, by, f"{kind}.count_recharges_anew", object_type=kind)
    return len(notes)


def what_is_set(kind: HolderKind, holder_id: int) -> list[tuple[HolderField, FieldValue]]:
    """Return the fields of a holder that is there with their values, in the order of the form."""
    row = MODELS[kind].objects.get(pk=holder_id)
    return [(field, getattr(row, field.column)) for field in fields_of(kind)]


def payer_words(row: HolderRow) -> str:
    """Say who pays for an extension's outgoing calls; "" for owners and departments."""
    if row.kind != "extension":
        return ""
    department = Department.objects.filter(pk=row.department_id or 0).first()
    return who_pays(
        billing=row.billing,
        department=row.department,
        department_billing=department is not None and department.billing,
    )


def who_pays(*, billing: bool, department: str, department_billing: bool) -> str:
    """Say who pays for an extension's outgoing calls.

    >>> who_pays(billing=False, department="Sales", department_billing=True)
    'the department Sales, because billing is off for the extension itself'
    """
    if billing:
        return "the extension itself"
    if department and department_billing:
        return f"the department {department}, because billing is off for the extension itself"
    return "nobody: billing is off"


def _rows(kind: HolderKind, ids: Sequence[int], *, lock: bool = False) -> list[Holding]:
    found = MODELS[kind].objects.filter(pk__in=list(ids)).order_by("pk")
    return cast("list[Holding]", list(found.select_for_update() if lock else found))


def _differing(row: Holding, changes: Mapping[str, FieldValue]) -> dict[str, tuple[object, object]]:
    """Return (before, after) of the columns that *changes* set to another value."""
    return {
        column: (getattr(row, column), value)
        for column, value in changes.items()
        if getattr(row, column) != value
    }


def _label(row: Holding) -> str:
    number = getattr(row, "number", "")
    return f"{row.name}[{number}]" if number and row.name else number or row.name
