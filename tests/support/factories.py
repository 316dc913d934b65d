"""Rows that tests begin with, made in one place: a column that is added is filled in here.

    make_extension("103", billing=True)
    make_code("4711", owner=make_owner("Smith"))
    change_extension("101", locked=True)

Each makes one row, gives the columns that a test has no opinion on a value, and takes the others
by their names. What a screen or a command can make is better made by its use case; these are for
what has none, and for where a test is about something else. Nothing here opens a transaction:
several in a row belong in the caller's own.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User

from tollbook.storage.models import (
    Account,
    AccountCode,
    AccountCodeNumber,
    Alarm,
    BalanceSnapshot,
    Budget,
    BudgetUse,
    Charge,
    Department,
    Extension,
    LedgerPosting,
    Owner,
    Pbx,
    RatingRun,
    RawSegment,
    Reject,
    ServiceClass,
    Site,
    Source,
    Tariff,
    TariffAssignment,
    TariffVersion,
    Trunk,
    UserRole,
)


def make_site(name: str = "Branch", **columns: Any) -> Site:
    """Make another site; in UTC and euros unless told otherwise."""
    return Site.objects.create(
        name=name, **{"zone": "UTC", "currency": "EUR", "created_us": 0, **columns}
    )


def make_pbx(name: str, *, site: Site) -> Pbx:
    """Make a PBX at a site that need not be the first."""
    return Pbx.objects.create(name=name, site=site)


def make_trunk(name: str, **columns: Any) -> Trunk:
    """Make a trunk of the only PBX, or of `pbx`."""
    return Trunk.objects.create(name=name, **_of_a_pbx(columns))


def make_department(name: str, **columns: Any) -> Department:
    """Make a department of the only site, or of `site`."""
    return Department.objects.create(name=name, **_at_a_site(columns))


def make_extension(number: str, **columns: Any) -> Extension:
    """Make an extension at the only site, or at `site`."""
    return Extension.objects.create(number=number, **_at_a_site(columns))


def make_extensions(numbers: Iterable[object], **columns: Any) -> None:
    """Make many extensions at the only site, or at `site`."""
    columns = _at_a_site(columns)
    Extension.objects.bulk_create(Extension(number=str(number), **columns) for number in numbers)


def change_extension(number: str = "101", **columns: Any) -> None:
    """Give the extensions of a number other settings."""
    Extension.objects.filter(number=number).update(**columns)


def make_owner(name: str, **columns: Any) -> Owner:
    """Make an owner of account codes."""
    return Owner.objects.create(name=name, **columns)


def make_code(code: str, *, numbers: Iterable[str] = (), **columns: Any) -> AccountCode:
    """Make an account code, its `owner` if any, and the numbers that it dials, in order."""
    made = AccountCode.objects.create(code=code, **columns)
    for position, number in enumerate(numbers, start=1):
        AccountCodeNumber.objects.create(code=made, position=position, number=number)
    return made


def make_codes(codes: dict[str, str]) -> None:
    """Make many account codes from their descriptions."""
    AccountCode.objects.bulk_create(
        AccountCode(code=code, description=description) for code, description in codes.items()
    )


def add_code_number(code: AccountCode, number: str) -> None:
    """Let a code dial one number more."""
    position = AccountCodeNumber.objects.filter(code=code).count() + 1
    AccountCodeNumber.objects.create(code=code, position=position, number=number)


def change_code(code: str, **columns: Any) -> None:
    """Give an account code other settings."""
    AccountCode.objects.filter(code=code).update(**columns)


def make_class(name: str, *, of: str | None = None, **columns: Any) -> ServiceClass:
    """Make a class of service and give it to the extension of number *of*."""
    made = ServiceClass.objects.create(name=name, **columns)
    if of is not None:
        change_extension(of, service_class=made)
    return made


def make_budget(kind: str, holder: int, **limits: Any) -> Budget:
    """Make a budget of a month, in euros and Berlin's time, of an extension, owner, department."""
    usual = {"every": "month", "currency": "EUR", "zone": "Europe/Berlin", "created_us": 0}
    return Budget.objects.create(kind=kind, holder=holder, **{**usual, **limits})


def begin_budget(budget: Budget, *, from_us: int) -> BudgetUse:
    """Begin a period of a budget, as whoever asks first in it does."""
    return BudgetUse.objects.create(budget=budget, from_us=from_us)


def make_alarm(number: str, **columns: Any) -> Alarm:
    """Raise an alarm of an extension."""
    usual = {"key": "x", "kind": "guard", "at_us": 0, "message": "many calls"}
    extension = Extension.objects.get(number=number)
    return Alarm.objects.create(extension=extension, **{**usual, **columns})


def lift_alarm(alarm: Alarm) -> None:
    """Lift an alarm."""
    Alarm.objects.filter(pk=alarm.pk).update(lifted_us=1)


def make_account(kind: str, name: str) -> Account:
    """Make an account of the ledger that nothing was posted to."""
    return Account.objects.create(kind=kind, name=name, currency="EUR", created_us=0)


def make_snapshot(posting: LedgerPosting, **columns: Any) -> BalanceSnapshot:
    """Keep the balance behind a posting as a day's snapshot."""
    usual = {"last_posting": posting.pk, "balance_micros": posting.after_micros, "taken_us": 0}
    return BalanceSnapshot.objects.create(account=posting.account, **{**usual, **columns})


def make_source(name: str, **columns: Any) -> Source:
    """Make a source of the only PBX, or of `pbx`; it listens for Asterisk's lines."""
    usual = {"transport": "tcp-listen", "format": "asterisk-csv", "created_us": 0}
    return Source.objects.create(name=name, **{**usual, **_of_a_pbx(columns)})


def make_segment(source: Source, **columns: Any) -> RawSegment:
    """Make a segment of a source's raw log that no file lies behind."""
    usual = {"sequence": 1, "path": "raw/x/1.seg", "first_received_us": 0}
    return RawSegment.objects.create(source=source, **{**usual, **columns})


def make_reject(source: Source, line: int, raw: bytes) -> Reject:
    """Put a line that is no record into quarantine."""
    return Reject.objects.create(
        source=source,
        received_us=0,
        line=line,
        offset=0,
        raw=raw,
        reason="call.layout_unknown",
        message=f"{source.name}:{line}: is not a record of {source.format}.",
    )


def make_run(**columns: Any) -> RatingRun:
    """Begin a run of rating."""
    return RatingRun.objects.create(**{"started_us": 0, **columns})


def make_charge(run: RatingRun, call_id: int, **columns: Any) -> Charge:
    """Write a charge of a call by hand."""
    return Charge.objects.create(run=run.pk, call_id=call_id, **{"billed_s": 1, **columns})


def make_tariff(name: str, *documents: str, begins_us: Iterable[int]) -> list[TariffVersion]:
    """Make a tariff whose versions are *documents*, each with its first instant; return them."""
    tariff = Tariff.objects.create(name=name, currency="EUR", zone="Europe/Berlin")
    texts = zip(documents, begins_us, strict=True)
    return [
        TariffVersion.objects.create(
            tariff=tariff,
            number=number,
            document=document,
            sha256=str(number),
            valid_from_us=valid_from_us,
            created_us=0,
        )
        for number, (document, valid_from_us) in enumerate(texts, start=1)
    ]


def charge_everything_by(name: str) -> None:
    """Let one tariff price every call, and take all other assignments away."""
    TariffAssignment.objects.all().delete()
    tariff = Tariff.objects.get(name=name)
    TariffAssignment.objects.create(tariff=tariff, kind="charge", position=1)


def make_user(
    name: str,
    *,
    password: str | None = None,
    administrator: bool = False,
    role: str | None = None,
    owner: Owner | None = None,
    extension: Extension | None = None,
    **columns: Any,
) -> User:
    """Make a user, an administrator or with a role, who sees all or one owner or extension."""
    make = User.objects.create_superuser if administrator else User.objects.create_user
    user = make(username=name, password=password, **columns)
    if role is not None:
        give_role(user, role, owner=owner, extension=extension)
    return user


def give_role(
    user: User, role: str, *, owner: Owner | None = None, extension: Extension | None = None
) -> None:
    """Give a user that has none a role."""
    UserRole.objects.create(user=user, role=role, owner=owner, extension=extension, created_us=0)


def _at_a_site(columns: dict[str, Any]) -> dict[str, Any]:
    """Return *columns* with the site, which is the only one unless they name it."""
    if columns.keys() & {"site", "site_id"}:
        return columns
    return {"site": Site.objects.get(), **columns}


def _of_a_pbx(columns: dict[str, Any]) -> dict[str, Any]:
    """Return *columns* with the PBX, which is the only one unless they name it."""
    if columns.keys() & {"pbx", "pbx_id"}:
        return columns
    return {"pbx": Pbx.objects.get(), **columns}
