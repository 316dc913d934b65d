"""Balances at the end of each day, and what an account says of a period.

    take_snapshots(door, at=now)                        # a job of `tollbook work`, once a night
    statement(account, begin=…, end=…)                  # opening + postings = closing

A snapshot spares adding up an account's whole past. It is taken after local midnight of the first
site, for the day that has ended; a night that was slept through is made up for at once, by one
snapshot for yesterday. It never decides anything: postings do, and `doctor` compares.

Source: docs/algorithms/ledger.md, "Statements".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import DEFAULT_DB_ALIAS

from tollbook.core.ledger import AccountRef
from tollbook.core.money import from_micros
from tollbook.storage.door import Door
from tollbook.storage.engine import engine_of
from tollbook.storage.instants import from_us, to_us
from tollbook.storage.models import Site
from tollbook.storage.queries.statements import (
    account_id_of,
    balance_before,
    insert_snapshots,
    newest_snapshot_day,
    postings_between,
)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement of an account: when, why, how much, and what it leaves.

    A charge is dated when its call began, so that its month pays it (AMB-07).
    """

    entry_id: int
    at: datetime
    kind: str
    reason: str
    call_id: int | None
    callee: str
    amount: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """An account from *begin* until before *end*: opening and all lines make the closing."""

    account: AccountRef
    currency: str
    begin: datetime
    end: datetime
    opening: Decimal
    lines: Sequence[StatementLine]
    closing: Decimal


def take_snapshots(door: Door, *, at: datetime) -> int:
    """Write yesterday's balances unless they are written; return how many accounts have moved."""
    site = Site.objects.order_by("id").first()
    if site is None:
        return 0
    yesterday = at.astimezone(ZoneInfo(site.zone)).date() - timedelta(days=1)
    newest = newest_snapshot_day(using=door.using)
    if newest is not None and newest >= yesterday:
        return 0
    with door.transaction():
        engine_of(door.using).begin_batch()
        return insert_snapshots(yesterday, taken_us=to_us(at), using=door.using)


def statement(
    account: AccountRef,
    *,
    currency: str,
    begin: datetime,
    end: datetime,
    using: str = DEFAULT_DB_ALIAS,
) -> Statement:
    """Return what an account held at *begin*, each movement dated in the period, and the rest."""
    account_id = account_id_of(account.kind, account.name, currency, using=using)
    opening = balance = 0
    lines: list[StatementLine] = []
    if account_id is not None:
        opening = balance = balance_before(account_id, to_us(begin), using=using)
        for row in postings_between(account_id, to_us(begin), to_us(end), using=using):
            balance += row.amount_micros
            lines.append(
                StatementLine(
                    entry_id=row.entry_id,
                    at=from_us(row.at_us),
                    kind=row.kind,
                    reason=row.reason,
                    call_id=row.call_id,
                    callee=row.callee,
                    amount=from_micros(row.amount_micros),
                    after=from_micros(balance),
                )
            )
    return Statement(
        account, currency, begin, end, from_micros(opening), lines, from_micros(balance)
    )
