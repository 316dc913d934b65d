"""Which tariff prices which calls: an ordered list of assignments, the first that fits wins."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.pricing.pbx_rules import BY_CALLEE, BY_DIALLED, CHARGE
from tollbook.core.instants import from_us, to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import (
    AccountCode,
    Department,
    Extension,
    Pbx,
    Site,
    Tariff,
    TariffAssignment,
    Trunk,
)

# The default stands behind every other, however many there will be.
DEFAULT_POSITION = 1_000_000
_SCOPES = ("site", "pbx", "trunk", "extension", "department", "account_code")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which calls an assignment is for, by id; None and "" fit all. The time is half-open."""

    site: int | None = None
    pbx: int | None = None
    trunk: int | None = None
    extension: int | None = None
    department: int | None = None
    account_code: int | None = None
    source_ip: str = ""
    valid_from: datetime | None = None
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class AssignmentInfo:
    """An assignment in words, as a screen lists it; "" fits all."""

    id: int
    position: int
    kind: str
    tariff_id: int
    tariff: str
    site: str
    pbx: str
    trunk: str
    extension: str
    department: str
    account_code: str
    source_ip: str
    valid_from: datetime | None
    valid_to: datetime | None
    matches: str

    @property
    def is_default(self) -> bool:
        """Whether it fits every call."""
        places = self.site or self.pbx or self.trunk or self.extension or self.department
        return not (places or self.account_code or self.source_ip) and not (
            self.valid_from or self.valid_to
        )


class AssignmentRefused(ValueError):
    """An assignment that cannot hold; the message names finding and expectation."""


def assign_tariff(
    tariff_id: int,
    scope: Scope,
    *,
    by: Actor,
    kind: str = CHARGE,
    matches: str = BY_CALLEE,
    before: int | None = None,
) -> int:
    """Add an assignment and return its id.

    It stands before the assignment *before*, else behind all but the default. *matches* says
    which digits the prefixes are compared with. Raises AssignmentRefused.
    """
    if matches not in (BY_CALLEE, BY_DIALLED):
        raise AssignmentRefused(f'matches is "{matches}", expected {BY_CALLEE} or {BY_DIALLED}')
    _require_sense(scope)
    with door().transaction():
        if not Tariff.objects.filter(pk=tariff_id).exists():
            raise AssignmentRefused(f"there is no tariff {tariff_id}")
        row = TariffAssignment.objects.create(
            position=_make_place(before),
            kind=kind,
            tariff_id=tariff_id,
            matches=matches,
            source_ip=scope.source_ip,
            from_us=None if scope.valid_from is None else to_us(scope.valid_from),
            to_us=None if scope.valid_to is None else to_us(scope.valid_to),
            **{f"{name}_id": getattr(scope, name) for name in _SCOPES},
        )
        _record(row, "assignment.add", by=by)
    return int(row.pk)


def assign_default(tariff_id: int, *, by: Actor) -> None:
    """Let a tariff price every call that no other assignment claims; inside a transaction."""
    rows = TariffAssignment.objects.filter(position=DEFAULT_POSITION, kind=CHARGE)
    row = rows.first()
    if row is not None and row.tariff_id == tariff_id:
        return
    if row is None:
        row = TariffAssignment.objects.create(
            position=DEFAULT_POSITION, kind=CHARGE, tariff_id=tariff_id
        )
    else:
        rows.filter(pk=row.pk).update(tariff_id=tariff_id)
        row.refresh_from_db()
    _record(row, "assignment.default", by=by)


def unassign(assignment_id: int, *, by: Actor) -> bool:
    """Remove an assignment; stored charges stay as they are. False: there was none."""
    with door().transaction():
        row = TariffAssignment.objects.filter(pk=assignment_id).first()
        if row is None:
            return False
        _record(row, "assignment.remove", by=by)
        row.delete()
    return True


def extension_called(number: str, *, site_id: int | None) -> int:
    """Return the extension of that number; several sites may have one. Raises AssignmentRefused."""
    rows = Extension.objects.filter(number=number)
    found = list(rows.filter(site=site_id) if site_id is not None else rows)
    if not found:
        raise AssignmentRefused(f"there is no extension {number}")
    if len(found) > 1:
        raise AssignmentRefused(f"several sites have an extension {number}; choose the site too")
    return found[0].pk


def account_code_called(code: str) -> int:
    """Return the id of an account code. Raises AssignmentRefused."""
    row = AccountCode.objects.filter(code=code).first()
    if row is None:
        raise AssignmentRefused(f"there is no account code {code}")
    return row.pk


def nothing_assigned() -> bool:
    """Say whether no call at all could be priced."""
    return not TariffAssignment.objects.filter(kind=CHARGE).exists()


def list_assignments() -> tuple[AssignmentInfo, ...]:
    """Return all assignments in the order in which they are asked."""
    rows = TariffAssignment.objects.select_related("tariff", *_SCOPES)
    return tuple(_info(row) for row in rows.order_by("kind", "position", "id"))


def _require_sense(scope: Scope) -> None:
    """Raise AssignmentRefused for a scope that names what does not exist or can never fit."""
    for name, existing in (
        ("site", Site.objects.filter(pk=scope.site or 0)),
        ("pbx", Pbx.objects.filter(pk=scope.pbx or 0)),
        ("trunk", Trunk.objects.filter(pk=scope.trunk or 0)),
        ("extension", Extension.objects.filter(pk=scope.extension or 0)),
        ("department", Department.objects.filter(pk=scope.department or 0)),
        ("account_code", AccountCode.objects.filter(pk=scope.account_code or 0)),
    ):
        wanted = getattr(scope, name)
        if wanted is not None and not existing.exists():
            raise AssignmentRefused(f"there is no {name.replace('_', ' ')} {wanted}")
    if scope.valid_from and scope.valid_to and scope.valid_to <= scope.valid_from:
        raise AssignmentRefused("the time ends before it begins")


def _make_place(before: int | None) -> int:
    """Return a free position, moving those behind it by one."""
    charged = TariffAssignment.objects.exclude(position=DEFAULT_POSITION)
    next_to = charged.filter(pk=before).first() if before is not None else None
    if next_to is None:
        return (charged.aggregate(last=Max("position"))["last"] or 0) + 1
    place = int(next_to.position)
    for row in charged.filter(position__gte=place).order_by("-position"):
        TariffAssignment.objects.filter(pk=row.pk).update(position=row.position + 1)
    return place


def _record(row: TariffAssignment, action: str, *, by: Actor) -> None:
    record_change(
        by,
        action,
        of=("assignment", row.pk),
        after={
            "tariff": row.tariff.name,
            "kind": row.kind,
            "position": row.position,
            "matches": row.matches,
            **{name: getattr(row, f"{name}_id") for name in _SCOPES},
        },
    )


def _info(row: TariffAssignment) -> AssignmentInfo:
    return AssignmentInfo(
        id=row.pk,
        position=row.position,
        kind=row.kind,
        tariff_id=row.tariff_id,
        tariff=row.tariff.name,
        site=row.site.name if row.site else "",
        pbx=row.pbx.name if row.pbx else "",
        trunk=row.trunk.name if row.trunk else "",
        extension=row.extension.number if row.extension else "",
        department=row.department.name if row.department else "",
        account_code=row.account_code.code if row.account_code else "",
        source_ip=row.source_ip,
        valid_from=None if row.from_us is None else from_us(row.from_us),
        valid_to=None if row.to_us is None else from_us(row.to_us),
        matches=row.matches,
    )
