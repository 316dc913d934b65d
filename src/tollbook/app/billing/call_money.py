"""What a call did to money: who paid it, from which hold, which fee it owes, which corrections."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tollbook.app.billing.correct_code import changes_of
from tollbook.app.directory.holder_words import holder_words
from tollbook.core.instants import from_us
from tollbook.core.money import from_micros
from tollbook.storage.billing.call_payers import payers_of
from tollbook.storage.billing.calls_to_bill import fees_in_force
from tollbook.storage.models import CodeChange, LedgerHold


@dataclass(frozen=True, slots=True)
class FeeShown:
    """The fee in force: begun units of so many seconds at so much an hour."""

    units: int
    unit_s: int
    hourly: Decimal
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class HoldShown:
    """What was set aside before the call; `key` is what the switch knows it by."""

    key: str
    held: Decimal
    currency: str
    state: str
    was_estimated: bool


@dataclass(frozen=True, slots=True)
class CorrectionShown:
    """A correction of the account code; the newest one can be taken back."""

    id: int
    at: datetime
    by: str
    reason: str
    before: str
    after: str
    can_be_undone: bool


@dataclass(frozen=True, slots=True)
class CallMoney:
    """All of it; `payer` is "" for a call that nobody pays, and `why_not` says why."""

    payer: str
    why_not: str
    payer_kind: str
    payer_id: int
    fee: FeeShown | None
    hold: HoldShown | None
    corrections: tuple[CorrectionShown, ...]


def call_money(call_id: int, *, why_not: str) -> CallMoney:
    """Return what the call did to money; *why_not* says why it has no price, "" if it has one."""
    payer = payers_of([call_id]).get(call_id)
    return CallMoney(
        payer="" if payer is None else holder_words(payer.kind, int(payer.name)),
        why_not=why_not or "billing is off for whoever could pay",
        payer_kind="" if payer is None else payer.kind,
        payer_id=0 if payer is None else int(payer.name),
        fee=_fee(call_id),
        hold=_hold(call_id),
        corrections=_corrections(call_id),
    )


def _fee(call_id: int) -> FeeShown | None:
    row = fees_in_force([call_id]).get(call_id)
    if row is None or not row.units:
        return None
    return FeeShown(
        row.units,
        row.unit_s,
        from_micros(row.hourly_micros),
        from_micros(row.amount_micros),
        row.currency,
    )


def _hold(call_id: int) -> HoldShown | None:
    # Few holds are of the last calls, and this is asked for one call: see `hold_of_switch_call`.
    row = LedgerHold.objects.select_related("account").filter(call=call_id).first()
    if row is None:
        return None
    return HoldShown(
        key=row.key,
        held=from_micros(row.amount_micros),
        currency=row.account.currency,
        state=row.state,
        was_estimated=row.estimated,
    )


def _corrections(call_id: int) -> tuple[CorrectionShown, ...]:
    rows = changes_of(call_id)
    return tuple(_correction(row, is_newest=place == 0) for place, row in enumerate(rows))


def _correction(row: CodeChange, *, is_newest: bool) -> CorrectionShown:
    return CorrectionShown(
        id=row.pk,
        at=from_us(row.at_us),
        by=row.by,
        reason=row.reason,
        before=row.before.code if row.before else "",
        after=row.after.code if row.after else "",
        can_be_undone=is_newest and row.undoes_id is None,
    )
