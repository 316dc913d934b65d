"""Owners: who answers for account codes, and where their reports go.

Source: EBC-30 to EBC-33; decision AMB-05: an owner is the reports' "department".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import keep_row, record_change
from tollbook.app.faults import FieldFault, FieldsRefused
from tollbook.storage.db.installation import door
from tollbook.storage.models import AccountCode, ApiToken, Call, Owner, UserRole

LONGEST_NAME = 120
MOST_ADDRESSES = 10


class OwnerRefused(FieldsRefused):
    """An owner that cannot be kept, or not be deleted."""


@dataclass(frozen=True, slots=True)
class OwnerInfo:
    """An owner and how many codes it answers for; `email` may hold several, by comma."""

    id: int
    name: str
    email: str
    active: bool
    codes: int


@dataclass(frozen=True, slots=True)
class OwnerFilter:
    """Which owners are asked for: *q* is in name or e-mail; None asks nothing."""

    q: str = ""
    active: bool | None = None
    sort: str = "name"


SORTS: dict[str, tuple[str | OrderBy, ...]] = {
    "name": ("name",),
    "-name": ("-name",),
    "codes": (F("codes").asc(), "name"),
    "-codes": (F("codes").desc(), "name"),
}


def count_owners(wanted: OwnerFilter) -> int:
    """Return how many owners are asked for."""
    return _matching(wanted).count()


def list_owners(
    wanted: OwnerFilter, *, first: int = 0, count: int | None = None
) -> tuple[OwnerInfo, ...]:
    """Return the owners that are asked for, sorted, *count* from the *first* on (0-based)."""
    end = None if count is None else first + count
    return _infos(_matching(wanted)[first:end])


def _matching(wanted: OwnerFilter) -> QuerySet[Any]:
    """Return the rows of the owners that are asked for, sorted, each with its `codes` counted."""
    rows: QuerySet[Any] = Owner.objects.annotate(codes=_codes_count())
    if wanted.q:
        rows = rows.filter(Q(name__icontains=wanted.q) | Q(email__icontains=wanted.q))
    if wanted.active is not None:
        rows = rows.filter(active=wanted.active)
    return rows.order_by(*SORTS.get(wanted.sort, SORTS["name"]))


def _infos(rows: QuerySet[Any]) -> tuple[OwnerInfo, ...]:
    """Return *rows*, which `_matching` gave."""
    values = rows.values_list("pk", "name", "email", "active", "codes")
    return tuple(OwnerInfo(*value) for value in values)


def find_owner(owner_id: int) -> OwnerInfo | None:
    """Return one owner, None if there is no such."""
    found = _infos(Owner.objects.annotate(codes=_codes_count()).filter(pk=owner_id))
    return found[0] if found else None


def save_owner(
    *,
    name: str,
    email: str,
    active: bool,
    by: Actor,
    owner_id: int | None = None,
) -> int:
    """Keep a new owner, or change the one with *owner_id*; return its id. Raises OwnerRefused."""
    name = name.strip()
    addresses = [part.strip() for part in email.replace(";", ",").split(",") if part.strip()]
    faults = [*_name_faults(name), *_email_faults(addresses)]
    if faults:
        raise OwnerRefused(faults)
    with door().transaction():
        if Owner.objects.filter(name=name).exclude(pk=owner_id or 0).exists():
            raise OwnerRefused([FieldFault("name", f'there is an owner "{name}" already')])
        row = Owner() if owner_id is None else Owner.objects.get(pk=owner_id)
        values = {"name": name, "email": ", ".join(addresses), "active": active}
        return keep_row(row, values, by, word="owner", object_type="owner", shown=_kept)


def delete_owner(owner_id: int, *, by: Actor) -> bool:
    """Delete an owner that no code and no call names; False: there is no such.

    Raises OwnerRefused for one that was used: it is switched off instead.
    """
    with door().transaction():
        row = Owner.objects.filter(pk=owner_id).first()
        if row is None:
            return False
        if (
            AccountCode.objects.filter(owner=row).exists()
            or Call.objects.filter(owner=row).exists()
            or UserRole.objects.filter(owner=row).exists()
            or ApiToken.objects.filter(owner=row).exists()
        ):
            message = (
                "codes, calls, users or tokens name this owner, and their history needs it: "
                "switch it off"
            )
            raise OwnerRefused([FieldFault("name", message)])
        before = _kept(row)
        row.delete()
        record_change(by, "owner.delete", of=("owner", owner_id), before=before)
    return True


def _codes_count() -> Coalesce:
    """Count an owner's codes by a subquery: links have no way back."""
    own = AccountCode.objects.filter(owner=OuterRef("pk")).order_by().values("owner")
    return Coalesce(Subquery(own.annotate(count=Count("pk")).values("count")), Value(0))


def _name_faults(name: str) -> list[FieldFault]:
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        return [FieldFault("name", f"1 to {LONGEST_NAME} printable characters are expected")]
    return []


def _email_faults(addresses: Sequence[str]) -> list[FieldFault]:
    if len(addresses) > MOST_ADDRESSES:
        return [
            FieldFault("email", f"{len(addresses)} addresses, at most {MOST_ADDRESSES} are kept")
        ]
    faults: list[FieldFault] = []
    for each in addresses:
        try:
            validate_email(each)
        except ValidationError:
            faults.append(FieldFault("email", f'"{each[:80]}" is no e-mail address'))
    return faults


def _kept(row: Owner) -> dict[str, object]:
    return {"name": row.name, "email": row.email, "active": row.active}
