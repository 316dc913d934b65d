"""Account codes: kept, restricted, with numbers of their own; switched off rather than deleted.

Source: EBC-10, EBC-20 to EBC-27, EBC-31, EBC-41; decisions AMB-01 to AMB-04.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.directory.account_code_form import CodeRefused, CodeText, OwnNumber, read_code
from tollbook.app.faults import FieldFault
from tollbook.core.money import format_amount, from_micros
from tollbook.storage.db.installation import door
from tollbook.storage.models import AccountCode, AccountCodeNumber, Call, Owner, Site


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """An account code as it is kept; `fee` is of the site's currency an hour, "" for none."""

    id: int
    code: str
    description: str
    owner_id: int | None
    owner: str
    restrict: bool
    minimum: int
    maximum: int
    blocked: str
    allowed: str
    active: bool
    fee: str
    fee_unit_s: int
    numbers: tuple[OwnNumber, ...]
    has_calls: bool


@dataclass(frozen=True, slots=True)
class CodeFilter:
    """Which codes are asked for: *q* is in code, description or owner; None asks nothing."""

    q: str = ""
    owner: int | None = None
    active: bool | None = None
    restrict: bool | None = None
    sort: str = "code"


SORTS = {
    "code": ("code",),
    "-code": ("-code",),
    "description": ("description", "code"),
    "-description": ("-description", "code"),
    "owner": ("owner__name", "code"),
    "-owner": ("-owner__name", "code"),
}


def codes_matching(wanted: CodeFilter) -> QuerySet[AccountCode]:
    """Return the rows of the codes that are asked for, sorted."""
    rows = AccountCode.objects.select_related("owner")
    if wanted.q:
        parts = Q(code__icontains=wanted.q) | Q(description__icontains=wanted.q)
        rows = rows.filter(parts | Q(owner__name__icontains=wanted.q))
    if wanted.owner is not None:
        rows = rows.filter(owner_id=wanted.owner)
    if wanted.active is not None:
        rows = rows.filter(active=wanted.active)
    if wanted.restrict is not None:
        rows = rows.filter(restrict=wanted.restrict)
    return rows.order_by(*SORTS.get(wanted.sort, SORTS["code"]))


def count_codes(wanted: CodeFilter) -> int:
    """Return how many codes are asked for."""
    return codes_matching(wanted).count()


def list_codes(
    wanted: CodeFilter, *, first: int = 0, count: int | None = None
) -> tuple[CodeInfo, ...]:
    """Return the codes that are asked for, sorted, *count* from the *first* on (0-based)."""
    end = None if count is None else first + count
    return code_infos(codes_matching(wanted)[first:end])


def code_infos(rows: Sequence[AccountCode] | QuerySet[AccountCode]) -> tuple[CodeInfo, ...]:
    """Return *rows* with their own numbers, in order."""
    kept = list(rows)
    ids = [row.pk for row in kept]
    numbers: dict[int, list[OwnNumber]] = {code_id: [] for code_id in ids}
    owned = AccountCodeNumber.objects.filter(code_id__in=ids).order_by("code_id", "position")
    for number in owned:
        numbers[number.code_id].append(OwnNumber(number.number, number.label))
    used = set(
        AccountCode.objects.filter(pk__in=ids)
        .filter(Exists(Call.objects.filter(account_code_ref=OuterRef("pk"))))
        .values_list("pk", flat=True)
    )
    return tuple(_info(row, tuple(numbers[row.pk]), has_calls=row.pk in used) for row in kept)


def find_code(code_id: int) -> CodeInfo | None:
    """Return one code, None if there is no such."""
    found = code_infos(AccountCode.objects.select_related("owner").filter(pk=code_id))
    return found[0] if found else None


def save_code(text: CodeText, *, by: Actor, code_id: int | None = None) -> int:
    """Keep a new code, or change the one with *code_id*; return its id. Raises CodeRefused."""
    values, numbers = read_code(text, length=fixed_length(), owners=active_owners(code_id))
    with door().transaction():
        return write_code(values, numbers, by=by, code_id=code_id)


def write_code(
    values: dict[str, object],
    numbers: Sequence[OwnNumber],
    *,
    by: Actor,
    code_id: int | None = None,
) -> int:
    """Write what `read_code` read, inside the transaction that is open. Raises CodeRefused."""
    same = AccountCode.objects.filter(code=values["code"]).exclude(pk=code_id or 0)
    if same.exists():
        raise CodeRefused([FieldFault("code", f"there is a code {values['code']} already")])
    row = AccountCode() if code_id is None else AccountCode.objects.get(pk=code_id)
    before = None if code_id is None else _kept(row)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    AccountCodeNumber.objects.filter(code=row).delete()
    AccountCodeNumber.objects.bulk_create(
        AccountCodeNumber(code=row, position=position, number=own.number, label=own.label)
        for position, own in enumerate(numbers, start=1)
    )
    record_change(
        by,
        "code.add" if before is None else "code.change",
        of=("account_code", row.pk),
        before=before,
        after=_kept(row),
    )
    return int(row.pk)


def delete_code(code_id: int, *, by: Actor) -> bool:
    """Delete a code that no call and nothing else names; False: there is no such.

    Raises CodeRefused for one that was used: its history prints right only while it exists
    (EBC-26), so it is switched off instead.
    """
    with door().transaction():
        row = AccountCode.objects.filter(pk=code_id).first()
        if row is None:
            return False
        if Call.objects.filter(account_code_ref=row).exists():
            message = "calls name this code, and their history needs it: switch it off instead"
            raise CodeRefused([FieldFault("code", message)])
        before = _kept(row)
        AccountCodeNumber.objects.filter(code=row).delete()
        row.delete()
        record_change(by, "code.delete", of=("account_code", code_id), before=before)
    return True


def fixed_length() -> int:
    """Return the length that every new code must have: the sites' own, 0 where they differ."""
    lengths = set(Site.objects.values_list("code_length", flat=True))
    return int(lengths.pop()) if len(lengths) == 1 else 0


def active_owners(code_id: int | None = None) -> dict[str, int]:
    """Return the owners that a code may have, by name: the active ones and its own (EBC-31)."""
    own = AccountCode.objects.filter(pk=code_id or 0).values("owner_id")
    rows = Owner.objects.filter(Q(active=True) | Q(pk__in=own))
    return {name: owner_id for owner_id, name in rows.values_list("pk", "name")}


def fee_text(micros: int | None) -> str:
    """Return a fee as it is written, "" for none."""
    return "" if micros is None else format_amount(from_micros(micros))


def _info(row: AccountCode, numbers: tuple[OwnNumber, ...], *, has_calls: bool) -> CodeInfo:
    return CodeInfo(
        id=row.pk,
        code=row.code,
        description=row.description,
        owner_id=row.owner_id,
        owner=row.owner.name if row.owner else "",
        restrict=row.restrict,
        minimum=row.minimum,
        maximum=row.maximum,
        blocked=row.blocked,
        allowed=row.allowed,
        active=row.active,
        fee=fee_text(row.fee_micros),
        fee_unit_s=row.fee_unit_s,
        numbers=numbers,
        has_calls=has_calls,
    )


def _kept(row: AccountCode) -> dict[str, object]:
    """Return what the audit log tells of a code."""
    numbers = AccountCodeNumber.objects.filter(code=row).order_by("position")
    return {
        "code": row.code,
        "description": row.description,
        "owner": row.owner.name if row.owner else "",
        "restrict": row.restrict,
        "minimum": row.minimum,
        "maximum": row.maximum,
        "blocked": row.blocked,
        "allowed": row.allowed,
        "active": row.active,
        "fee": fee_text(row.fee_micros),
        "fee_unit_s": row.fee_unit_s,
        "numbers": [f"{each.number} {each.label}".strip() for each in numbers],
    }
