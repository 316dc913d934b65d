"""Budgets: kept and switched off, and how much of each is used now.

A budget binds from the instant that it is kept, and knows what its period's calls came to before.
A raised limit restores at once (AMB-30). Source: TAR-02 to TAR-05; docs/algorithms/budgets.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import keep_row
from tollbook.app.directory.holders import MODELS, HolderKind
from tollbook.app.faults import FieldFault
from tollbook.app.policies.budget_counting import Periods, budget_of
from tollbook.app.policies.classes import PolicyRefused
from tollbook.core.budgets import BudgetLimits, Every, Use, left
from tollbook.core.instants import to_us
from tollbook.core.money import from_micros, parse_amount, to_micros
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.installation import door
from tollbook.storage.models import Budget, BudgetUse, Department, Extension, Site
from tollbook.storage.policies.budget_use import BudgetRow, UseKey, open_uses, uses_of

MOST_MICROS = 10**15
MOST_MINUTES = 1_000_000
USUAL_SHARES = "80, 100"
StoredBudget: TypeAlias = BudgetRow


@dataclass(frozen=True, slots=True)
class BudgetText:
    """A budget as somebody wrote it: money in whole units, talk in minutes, shares by comma."""

    kind: HolderKind
    holder_id: int
    every: str = "month"
    money: str = ""
    minutes: str = ""
    warn_at: str = USUAL_SHARES
    active: bool = True


@dataclass(frozen=True, slots=True)
class BudgetInfo:
    """A budget with what is used of it in the period that holds now.

    `share` is the greater of the used shares in percent, rounded down; `is_closed` says that
    calls are refused until the period ends.
    """

    id: int
    kind: HolderKind
    holder: str
    every: str
    limit: Decimal | None
    limit_s: int | None
    currency: str
    zone: str
    warn_at: tuple[int, ...]
    active: bool
    begin: datetime
    end: datetime
    used: Decimal
    used_s: int
    held: Decimal
    share: int
    is_closed: bool


@dataclass(frozen=True, slots=True)
class BudgetStanding:
    """A holder's budget and what of it is used in its newest period."""

    every: str
    currency: str
    limit_micros: int | None
    limit_s: int | None
    used_micros: int
    used_s: int


def list_budgets(*, at: datetime) -> tuple[BudgetInfo, ...]:
    """Return all budgets, those nearest to their limit first, with their use at *at*."""
    infos = [_info(row, at) for row in _with_uses(list(Budget.objects.all()), at)]
    return tuple(sorted(infos, key=lambda info: (not info.active, -info.share, info.holder)))


def find_budget(budget_id: int) -> StoredBudget | None:
    """Return what is set about one budget, None if there is no such."""
    row = Budget.objects.filter(pk=budget_id).first()
    return None if row is None else budget_row(row)


def budgets_of(kind: HolderKind, holder_id: int) -> list[BudgetStanding]:
    """Return the active budgets of one holder, the oldest first."""
    found = []
    for row in Budget.objects.filter(kind=kind, holder=holder_id, active=True).order_by("id"):
        use = BudgetUse.objects.filter(budget=row).order_by("-from_us").first()
        limits = (row.limit_micros, row.limit_s)
        used = (use.used_micros, use.used_s) if use else (0, 0)
        found.append(BudgetStanding(row.every, row.currency, *limits, *used))
    return found


def save_budget(text: BudgetText, *, by: Actor, budget_id: int | None = None) -> int:
    """Keep a new budget, or change the one with *budget_id*; return its id. Raises PolicyRefused.

    Whose a budget is and its period stay: they are what its history means.
    """
    values = _read(text)
    with door().transaction():
        if budget_id is None:
            row = Budget(created_us=to_us(by.at), **_whose(text))
        else:
            row = Budget.objects.get(pk=budget_id)
        return keep_row(row, values, by, word="budget", object_type="budget", shown=_kept)


def _whose(text: BudgetText) -> dict[str, object]:
    """Return the columns that say whose a new budget is. Raises PolicyRefused."""
    if text.every not in {each.value for each in Every}:
        raise PolicyRefused([FieldFault("every", "day, week or month is expected")])
    if text.kind not in MODELS:
        raise PolicyRefused(
            [FieldFault("holder", "an extension, a department or an owner is expected")]
        )
    holder = MODELS[text.kind].objects.filter(pk=text.holder_id).first()
    if holder is None:
        raise PolicyRefused([FieldFault("holder", f"there is no such {text.kind}")])
    if isinstance(holder, (Extension, Department)):
        site = holder.site
    else:
        site = Site.objects.earliest("id")
    return {
        "kind": text.kind,
        "holder": text.holder_id,
        "every": text.every,
        "currency": site.currency,
        "zone": site.zone,
    }


def _read(text: BudgetText) -> dict[str, object]:
    faults: list[FieldFault] = []
    micros = _money_micros(text.money.strip(), faults)
    seconds = _talk_s(text.minutes.strip(), faults)
    shares = [part.strip().removesuffix("%") for part in text.warn_at.split(",") if part.strip()]
    if not all(share.isascii() and share.isdigit() and len(share) <= 3 for share in shares):
        faults.append(
            FieldFault("warn_at", "whole percents parted by commas are expected: 50, 80, 100")
        )
    if not faults and micros is None and seconds is None:
        faults.append(FieldFault("money", "a budget limits money, talk, or both"))
    if not faults:
        try:
            BudgetLimits(limit_micros=micros, limit_s=seconds, warn_at=tuple(map(int, shares)))
        except ValueError as wrong:
            faults.append(FieldFault("warn_at", str(wrong)))
    if faults:
        raise PolicyRefused(faults)
    return {
        "limit_micros": micros,
        "limit_s": seconds,
        "warn_at": [int(share) for share in shares],
        "active": text.active,
    }


def _money_micros(text: str, faults: list[FieldFault]) -> int | None:
    if not text:
        return None
    try:
        micros = to_micros(parse_amount(text))
    except ValueError as wrong:
        faults.append(FieldFault("money", str(wrong)))
        return None
    if not 0 <= micros <= MOST_MICROS:
        faults.append(FieldFault("money", "0 to a thousand million is expected"))
    return micros


def _talk_s(text: str, faults: list[FieldFault]) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and int(text[:9]) <= MOST_MINUTES:
        return 60 * int(text)
    faults.append(FieldFault("minutes", f"whole minutes from 0 to {MOST_MINUTES:,} are expected"))
    return None


def _with_uses(rows: Sequence[Budget], at: datetime) -> list[tuple[Budget, UseKey, Use, int]]:
    """Return each budget with its period, what is used of it, and what is held in millionths."""
    periods = Periods()
    at_us = to_us(at)
    keys = {row.pk: periods.key(budget_row(row), at_us) for row in rows}
    wanted = list(keys.values())
    uses = {use.budget_id: use for use in uses_of(wanted)}
    if len(uses) < len(wanted):  # A read creates only the rows that are missing.
        with door().transaction():
            bulk_engine().begin_batch()  # Batch lock: no call is stored while they are summed.
            open_uses(wanted)
        uses = {use.budget_id: use for use in uses_of(wanted)}
    found = []
    for row in rows:
        use = uses[row.pk]
        used = Use(use.used_micros + use.held_micros, use.used_s + use.held_s)
        found.append((row, keys[row.pk], used, use.held_micros))
    return found


def budget_row(row: Budget) -> BudgetRow:
    """Return a budget as storage counts by it."""
    columns = {name: getattr(row, name) for name in BudgetRow._fields}
    return BudgetRow(**{**columns, "warn_at": tuple(row.warn_at)})


def _info(found: tuple[Budget, UseKey, Use, int], at: datetime) -> BudgetInfo:
    row, key, use, held_micros = found
    rules = budget_of(budget_row(row))
    limits = ((use.micros, row.limit_micros), (use.seconds, row.limit_s))
    shares = [100 * used // limit if limit else 100 for used, limit in limits if limit is not None]
    zone = at.tzinfo
    return BudgetInfo(
        id=row.pk,
        kind=row.kind,  # type: ignore[arg-type]  # the database checks it
        holder=holder_words(row.kind, row.holder),
        every=row.every,
        limit=None if row.limit_micros is None else from_micros(row.limit_micros),
        limit_s=row.limit_s,
        currency=row.currency,
        zone=row.zone,
        warn_at=tuple(row.warn_at),
        active=row.active,
        begin=datetime.fromtimestamp(key.from_us / 1_000_000, zone),
        end=datetime.fromtimestamp(key.to_us / 1_000_000, zone),
        used=from_micros(use.micros),
        used_s=use.seconds,
        held=from_micros(held_micros),
        share=max(shares),
        is_closed=row.active and left(rules, use).is_used_up,
    )


def holder_words(kind: str, holder_id: int) -> str:
    """Return whom a budget binds, as `Anna [101]` or a name."""
    row = MODELS[kind].objects.filter(pk=holder_id).first()  # type: ignore[index]  # checked
    if isinstance(row, Extension):
        return f"{row.name}[{row.number}]" if row.name else row.number
    return row.name if row else f"{kind} {holder_id}"


def _kept(row: Budget) -> dict[str, object]:
    return {
        "kind": row.kind,
        "holder": holder_words(row.kind, row.holder),
        "every": row.every,
        "limit_micros": row.limit_micros,
        "limit_s": row.limit_s,
        "currency": row.currency,
        "warn_at": row.warn_at,
        "active": row.active,
    }
