"""An account code assigned or corrected after the call: the call, its money, its fee, its budgets.

    effects = would_correct([7, 8], "4711")              # writes nothing
    made = correct_codes(door, [7, 8], "4711", by=Actor("anna", now), reason="forgotten")
    undo_correction(door, made[0].change_id, by=Actor("anna", now))

The owner of the new code pays, if his billing is on, instead of whoever has paid: one entry from
the old account to the new, or from and to our revenue where nobody paid before or pays now. Where
he does not, an extension or a department that has paid still does, and what another owner has
paid falls to them by the rules of now. The price stays what it is; a re-rating asks tariffs that
are assigned by account code again. A call that has the code already is left alone, so it is
idempotent.

Source: EBC-11; docs/algorithms/ledger.md, "A corrected account code".
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.billing.fees import write_fees
from tollbook.app.directory.holder_words import holder_words
from tollbook.app.directory.payers import OWNER
from tollbook.app.directory.payers import payers_of as payers_by_rule
from tollbook.app.policies.budget_counting import Counted, count_calls
from tollbook.core.instants import to_us
from tollbook.core.ledger import REVENUE, AccountRef, CallToBill, Entry, EntryKind, Posting
from tollbook.core.money import Money, from_micros
from tollbook.storage.billing.call_payers import drop_payers, payers_of, set_payers
from tollbook.storage.billing.calls_to_bill import calls_to_bill, set_codes
from tollbook.storage.billing.ledger import accounts_of, post_entries
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.installation import door
from tollbook.storage.models import AccountCode, AuditLog, CodeChange, RatingRun
from tollbook.storage.models.charges import RunState

MOST_CALLS = 500  # Of one correction: one transaction.
MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class CorrectionEffect:
    """What correcting one call does: its code and its payer before and after, and what moves.

    `amount` is None where no money moves; payers are words, "" for nobody.
    """

    call_id: int
    code_before: str
    code_after: str
    payer_before: str
    payer_after: str
    amount: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class Made:
    """One call's correction, as it is stored."""

    call_id: int
    change_id: int
    entry_id: int | None


class NotCorrected(ValueError):
    """Why nothing was changed; `field` names what to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class _Correction:
    """A call whose code changes: who pays it now, who pays it then."""

    call: CallToBill
    after: CallToBill
    old: AccountRef | None
    new: AccountRef | None

    @property
    def price(self) -> Money | None:
        """What moves, None where nothing does."""
        call = self.call
        if self.old == self.new or not call.amount_micros:
            return None
        return Money(call.amount_micros, call.currency)


def would_correct(call_ids: Sequence[int], code: str) -> list[CorrectionEffect]:
    """Return what giving these calls the account *code* ("" for none) does, by call.

    Calls that have it already are left out. Raises NotCorrected.
    """
    return [
        CorrectionEffect(
            call_id=case.call.id,
            code_before=case.call.account_code,
            code_after=case.after.account_code,
            payer_before=_words(case.old),
            payer_after=_words(case.new),
            amount=None if case.price is None else from_micros(case.price.micros),
            currency=case.call.currency,
        )
        for case in _cases(call_ids, _found(code))
    ]


def correct_codes(call_ids: Sequence[int], code: str, *, by: Actor, reason: str = "") -> list[Made]:
    """Give these calls the account *code* ("" for none), all or none. Raises NotCorrected."""
    with door().transaction():
        # Batch lock: no call is stored or rated again concurrently.
        bulk_engine().begin_batch()
        return _correct(_cases(call_ids, _found(code)), by=by, reason=reason)


def undo_correction(change_id: int, *, by: Actor) -> Made:
    """Take a correction back: the call has its old code again, its old payer pays.

    A correction is taken back once, and only while it is the call's latest. Raises NotCorrected.
    """
    with door().transaction():
        bulk_engine().begin_batch()
        change = CodeChange.objects.select_related("before").filter(pk=change_id).first()
        if change is None:
            raise NotCorrected("change", f"there is no correction {change_id}.")
        latest = CodeChange.objects.filter(call=change.call_id).order_by("-id").first()
        if latest is None or latest.pk != change.pk:
            raise NotCorrected(
                "change",
                f"correction {change_id} is not the latest of call {change.call_id}. Nothing was "
                "changed. Give the call the code that it should have.",
            )
        # Written as the switch had it: a code that nobody has made is no row.
        text = _text_before(change)
        made = _correct(
            _cases([change.call_id], (change.before, text)),
            by=by,
            reason=f"correction {change_id} taken back",
            undoes=change.pk,
        )
        if not made:
            raise NotCorrected("change", f"call {change.call_id} has its old code already.")
        return made[0]


def changes_of(call_id: int) -> list[CodeChange]:
    """Return a call's corrections, the newest first."""
    rows = CodeChange.objects.select_related("before", "after")
    return list(rows.filter(call=call_id).order_by("-id"))


def _found(code: str) -> tuple[AccountCode | None, str]:
    """Return the account code of that text, with the text; raises NotCorrected."""
    wanted = code.strip()
    if not wanted:
        return None, ""
    row = AccountCode.objects.filter(code=wanted).first()
    if row is None:
        raise NotCorrected(
            "account_code",
            f'there is no account code "{wanted[:64]}". Nothing was changed. Add it first.',
        )
    return row, row.code


def _cases(call_ids: Sequence[int], code: tuple[AccountCode | None, str]) -> list[_Correction]:
    """Return the calls that change, with who pays them before and after."""
    wanted = sorted(set(call_ids))
    if len(wanted) > MOST_CALLS:
        raise NotCorrected(
            "calls", f"{len(wanted)} calls at once, at most {MOST_CALLS}. Narrow the filter."
        )
    if RatingRun.objects.filter(state=RunState.RUNNING).exists():
        raise NotCorrected(
            "calls", "calls are being re-rated now. Nothing was changed. Try again afterwards."
        )
    row, text = code
    calls = calls_to_bill(wanted)
    if len(calls) < len(wanted):
        missing = min(set(wanted) - {call.id for call in calls})
        raise NotCorrected("calls", f"there is no call {missing}. Nothing was changed.")
    new_id = row.pk if row else None
    owner_id = row.owner_id if row else None
    changing = [
        call for call in calls if (call.account_code_id, call.account_code) != (new_id, text)
    ]
    paid = payers_of([call.id for call in changing])
    by_rule = payers_by_rule({(call.extension_id, new_id) for call in changing})
    cases = []
    for call in changing:
        payer = by_rule[call.extension_id, new_id]
        is_priced = call.is_outbound and call.charge_id is not None
        old = paid.get(call.id)
        cases.append(
            _Correction(
                call=call,
                after=call._replace(account_code_id=new_id, account_code=text, owner_id=owner_id),
                old=old,
                new=_new_payer(old, payer.account if payer else None) if is_priced else None,
            )
        )
    return cases


def _new_payer(old: AccountRef | None, by_rule: AccountRef | None) -> AccountRef | None:
    """Return who pays once the code is another; billing that was switched meanwhile moves nothing.

    That somebody's billing is on now is no reason to charge him for a call of before.
    """
    if by_rule is not None and by_rule.kind == OWNER:
        return by_rule
    return by_rule if old is not None and old.kind == OWNER else old


def _correct(
    cases: Sequence[_Correction],
    *,
    by: Actor,
    reason: str,
    undoes: int | None = None,
) -> list[Made]:
    set_codes(
        {
            case.call.id: (
                case.after.account_code_id,
                case.after.account_code,
                case.after.owner_id,
            )
            for case in cases
        }
    )
    changes = [
        CodeChange.objects.create(
            call_id=case.call.id,
            at_us=to_us(by.at),
            by=by.name,
            reason=reason[:MAX_REASON],
            before_id=case.call.account_code_id,
            after_id=case.after.account_code_id,
            entry_id=_post(case, at=by.at, reason=reason),
            undoes_id=undoes,
        )
        for case in cases
    ]
    _move_payers(cases, at=by.at)
    _count(cases, at=by.at)
    write_fees([case.after for case in cases])
    for case, change in zip(cases, changes, strict=True):
        record_change(
            by,
            "call.account_code",
            of=("code_change", change.pk),
            before={"call": case.call.id, "account_code": case.call.account_code},
            after={
                "call": case.call.id,
                "account_code": case.after.account_code,
                "reason": reason[:MAX_REASON],
                "entry": change.entry_id,
            },
        )
    return [
        Made(case.call.id, change.pk, change.entry_id)
        for case, change in zip(cases, changes, strict=True)
    ]


def _post(case: _Correction, *, at: datetime, reason: str) -> int | None:
    """Move the call's charge from its old payer to its new one; return the entry's id."""
    price = case.price
    if price is None:
        return None
    done_before = CodeChange.objects.filter(call=case.call.id).count()
    codes = f"account code {case.call.account_code or 'none'} → {case.after.account_code or 'none'}"
    entry = Entry(
        key=f"code:{case.call.id}:{done_before + 1}",
        kind=EntryKind.ADJUSTMENT,
        at=at,
        postings=(
            Posting(case.old or REVENUE, price),  # What it paid is given back,
            Posting(case.new or REVENUE, -price),  # and whoever pays now pays it.
        ),
        reason=f"{codes}: {reason}" if reason else codes,
        call_id=case.call.id,
    )
    return post_entries([entry])[0].entry_id


def _move_payers(cases: Sequence[_Correction], *, at: datetime) -> None:
    moved = [case for case in cases if case.old != case.new]
    holders = {
        case.call.id: case.new.key(case.call.currency or case.call.site_currency)
        for case in moved
        if case.new is not None
    }
    accounts = accounts_of(set(holders.values()), at_us=to_us(at))
    set_payers((call_id, accounts[holder]) for call_id, holder in holders.items())
    drop_payers(case.call.id for case in moved if case.new is None)


def _count(cases: Sequence[_Correction], *, at: datetime) -> None:
    """Take the calls out of the old owner's budgets and count them in the new one's."""
    counted = []
    for case in cases:
        call = case.call
        if call.charge_id is None or call.owner_id == case.after.owner_id:
            continue
        counted += [
            Counted(
                call.begin_us, sign * call.micros, call.currency, sign * call.talk_s, owner_id=owner
            )
            for sign, owner in ((-1, call.owner_id), (1, case.after.owner_id))
        ]
    count_calls(counted, at=at, opens=False)


def _text_before(change: CodeChange) -> str:
    if change.before is not None:
        return change.before.code
    line = AuditLog.objects.filter(object_type="code_change", object_id=str(change.pk)).first()
    return "" if line is None else str(json.loads(line.before)["account_code"])


def _words(account: AccountRef | None) -> str:
    return "" if account is None else holder_words(account.kind, int(account.name))
