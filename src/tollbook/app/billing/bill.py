"""Records and money meet: what stored calls cost is paid once, in the transaction that stores them.

    bill_calls(call_ids, at=now)      # the ids of calls that were stored a moment ago

An outbound call with a price and a payer gets one entry, `charge:` and its id. A call that was
allowed beforehand has a hold: it is captured at the final charge to the last digit and the rest
is let go; one that was settled before its record came is corrected by the difference. A call
without a hold is charged after the fact, and an account that this takes below its credit is
told of. Budgets count in the same transaction, and codes with a fee get theirs.

Where nobody has billing, budgets, fees or holds, all this is one question a batch.

Source: docs/algorithms/ledger.md, "Records and money".
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import product

from tollbook.app.billing.fees import write_fees
from tollbook.app.billing.hold_matching import asking_times, match_holds
from tollbook.app.directory.holder_words import holder_words
from tollbook.app.directory.payers import payers_of
from tollbook.app.policies.alarms import NewAlarm, raise_alarms
from tollbook.app.policies.budget_counting import count_calls
from tollbook.core.instants import from_us, to_us
from tollbook.core.ledger import (
    REVENUE,
    AccountKey,
    AccountRef,
    AccountState,
    BudgetPart,
    CallToBill,
    Capture,
    Entry,
    Hold,
    charge_entry,
    correction_entry,
)
from tollbook.core.money import Money, format_amount, from_micros
from tollbook.storage.billing.call_payers import set_payers
from tollbook.storage.billing.calls_to_bill import (
    calls_to_bill,
    codes_by_id,
    credits_of,
    entry_amounts,
    mark_recorded,
    set_codes,
    switches,
)
from tollbook.storage.billing.holds import (
    capture_holds,
    holds_by_id,
    let_spent_go,
    lock_accounts,
    release_holds,
    waiting_holds,
)
from tollbook.storage.billing.ledger import SYSTEM, post_entries
from tollbook.storage.policies.budget_use import Used, budgets_of, lock_uses

LATE_RECORD = "the record of a call that was settled as estimated"


def bill_calls(call_ids: Sequence[int], *, at: datetime) -> None:
    """Bill the calls with these ids, ascending, in the transaction that has stored them.

    *at* is when their records came. Each call is billed once: by the transaction that stores it.
    """
    if not call_ids:
        return
    on = switches()
    if not any(on):
        return
    calls = calls_to_bill(call_ids)
    bill = _Bill(calls, at=at)
    if on.holds:
        bill.find_holds()
    if on.payers or bill.holds:
        bill.move_money()
    if on.budgets or bill.counted_already:
        bill.count()
    if on.fees:
        write_fees(bill.calls.values())


def booking_instant(begin_us: int, at: datetime) -> datetime:
    """Return the instant of a call's charge: when the call began, so that its month pays (AMB-07).

    A switch whose clock is ahead dates no charge into the future.
    """
    return min(from_us(begin_us), at)


class _Bill:
    """A batch of calls on its way into the ledger.

    `holds` are the calls' holds, by id; `counted_already` is what captures have moved in budgets,
    by budget and first instant of its period.
    """

    def __init__(self, calls: Sequence[CallToBill], *, at: datetime) -> None:
        self.calls = {call.id: call for call in calls}
        self.at = at
        self.holds: dict[int, int] = {}
        self.counted_already: defaultdict[tuple[int, int], Used] = defaultdict(_nothing_used)

    def find_holds(self) -> None:
        """Find which call has which hold, both by id, and take over codes that only it knows."""
        records = [call for call in self.calls.values() if call.is_outbound]
        if not records:
            return
        waiting = waiting_holds(
            switch_ids={one.pbx_call_id for one in records if one.pbx_call_id},
            ways={way for one in records for way in product(one.callers, one.numbers)},
            times=asking_times(records),
        )
        self.holds = match_holds(records, waiting.values())
        if self.holds:
            self._take_codes(waiting)

    def move_money(self) -> None:
        """Capture, correct, release or charge, each call by what it has."""
        stored = holds_by_id(self.holds.values())
        payers = self._payers(stored)
        locked = self._lock(stored, payers)
        self._lock_budgets(stored)
        # Read again under the lock: a hold may have ended concurrently.
        stored = holds_by_id(self.holds.values())
        hold_of = {
            call_id: stored[hold_id]
            for call_id, hold_id in self.holds.items()
            if stored[hold_id].call_id is None
        }
        owed = self._end_holds(hold_of, payers)
        entries = [
            *self._corrections(hold_of, payers),
            *(entry for call in owed if (entry := self._charge(call, payers[call.id])) is not None),
        ]
        post_entries(entries)
        self._note_payers(payers, locked)
        self._tell_of_debts(payers, locked)

    def count(self) -> None:
        """Count the calls in their holders' budgets."""
        count_calls(
            [call for call in self.calls.values() if call.charge_id is not None],
            at=self.at,
            already=self.counted_already,
            before_call=min(self.calls),
        )

    def _take_codes(self, stored: Mapping[int, Hold]) -> None:
        """Give calls whose record names no account code the one that was keyed before them."""
        wanted = {
            call_id: code_id
            for call_id, hold_id in self.holds.items()
            if (code_id := stored[hold_id].account_code_id) is not None
            and self.calls[call_id].account_code_id is None
        }
        codes = codes_by_id(set(wanted.values()))
        given = {call_id: codes[code_id] for call_id, code_id in wanted.items()}
        set_codes(given)
        for call_id, (code_id, code, owner_id) in given.items():
            self.calls[call_id] = self.calls[call_id]._replace(
                account_code_id=code_id, account_code=code, owner_id=owner_id
            )

    def _payers(self, stored: Mapping[int, Hold]) -> dict[int, AccountRef]:
        """Return who pays each priced call: whose money is held, else by the rules of now."""
        priced = [
            call for call in self.calls.values() if call.is_outbound and call.charge_id is not None
        ]
        by_rule = payers_of({(call.extension_id, call.account_code_id) for call in priced})
        found: dict[int, AccountRef] = {}
        for call in priced:
            hold_id = self.holds.get(call.id)
            hold = stored[hold_id] if hold_id else None
            payer = by_rule[call.extension_id, call.account_code_id]
            if hold is not None and (_is_paid(hold) or _is_settled(hold)):
                found[call.id] = AccountRef(*hold.account[:2])
            elif payer is not None:
                found[call.id] = payer.account
        return found

    def _lock(
        self, stored: Mapping[int, Hold], payers: Mapping[int, AccountRef]
    ) -> dict[AccountKey, AccountState]:
        """Lock all accounts that may be moved, in a fixed order; return what they hold before."""
        accounts: set[AccountKey] = {hold.account for hold in stored.values()}
        accounts |= {REVENUE.key(hold.account[2]) for hold in stored.values()}
        for call_id, account in payers.items():
            accounts.add(account.key(self.calls[call_id].owed_in))
            accounts.add(REVENUE.key(self.calls[call_id].owed_in))
        return lock_accounts(accounts, at_us=to_us(self.at))

    def _lock_budgets(self, stored: Mapping[int, Hold]) -> None:
        """Lock what is used of all budgets that this batch may move, in a fixed order as well."""
        holders = {holder for call in self.calls.values() for holder in call.holders}
        of_calls = budgets_of(holders)
        lock_uses(
            {budget.id for budgets in of_calls.values() for budget in budgets}
            | {part.budget_id for hold in stored.values() for part in hold.reserved.budgets}
        )

    def _end_holds(
        self, hold_of: Mapping[int, Hold], payers: Mapping[int, AccountRef]
    ) -> list[CallToBill]:
        """End the holds that are pending; return the calls that are still to be charged."""
        captures: list[Capture] = []
        done: set[int] = set()
        recorded: dict[int, int] = {}
        for call_id, hold in sorted(hold_of.items()):
            call = self.calls[call_id]
            if hold.state != "pending":
                recorded[hold.id] = call_id
            elif call.charge_id is None:
                release_holds([hold], at_us=to_us(self.at), talk_s=0, call_id=call_id)
            else:
                captures.append(self._capture(call, hold))
                if _is_paid(hold):
                    done.add(call_id)
        capture_holds(captures)
        for capture in captures:
            self._count_already(
                part._replace(micros=capture.used, seconds=capture.talk_s)
                for part in capture.hold.reserved.budgets
            )
        for hold in hold_of.values():
            if hold.state != "pending":
                self._count_already(hold.reserved.budgets)  # What it used, for it has ended.
        let_spent_go(
            [hold for hold in hold_of.values() if hold.id in recorded and hold.call_id is None]
        )
        mark_recorded(recorded)
        done.update(call_id for call_id, hold in hold_of.items() if _is_settled(hold))
        return [self.calls[call_id] for call_id in sorted(payers) if call_id not in done]

    def _capture(self, call: CallToBill, hold: Hold) -> Capture:
        return Capture(
            hold=hold,
            charge=call.price if _is_paid(hold) else None,
            at=booking_instant(call.begin_us, self.at),
            talk_s=call.talk_s,
            call_id=call.id,
            answered_us=call.answer_us,
            entry_key=f"charge:{call.id}",
            ended=self.at,
            used_micros=call.micros,
        )

    def _corrections(
        self, hold_of: Mapping[int, Hold], payers: Mapping[int, AccountRef]
    ) -> list[Entry]:
        """Return the differences to what was captured before the record came."""
        settled = {call_id: hold for call_id, hold in hold_of.items() if _is_settled(hold)}
        paid = entry_amounts(
            [hold.entry_id for hold in settled.values() if hold.entry_id is not None]
        )
        entries = []
        for call_id, hold in sorted(settled.items()):
            call = self.calls[call_id]
            micros, currency = paid.get(hold.entry_id or 0, (0, hold.account[2]))
            payer = payers.get(call_id) or AccountRef(*hold.account[:2])
            entry = correction_entry(
                Money(micros, currency) if micros else None,
                call.price,
                key=f"charge:{call_id}",
                at=booking_instant(call.begin_us, self.at),
                payer=payer,
                reason=LATE_RECORD,
                call_id=call_id,
            )
            if entry is not None:
                entries.append(entry)
        return entries

    def _count_already(self, parts: Iterable[BudgetPart]) -> None:
        """Note what the end of a hold has moved in budgets."""
        for part in parts:
            before = self.counted_already[part.budget_id, part.from_us]
            self.counted_already[part.budget_id, part.from_us] = Used(
                before.micros + part.micros, before.seconds + part.seconds
            )

    def _charge(self, call: CallToBill, payer: AccountRef) -> Entry | None:
        return charge_entry(
            call.price,
            key=f"charge:{call.id}",
            at=booking_instant(call.begin_us, self.at),
            payer=payer,
            call_id=call.id,
        )

    def _note_payers(
        self, payers: Mapping[int, AccountRef], locked: Mapping[AccountKey, AccountState]
    ) -> None:
        set_payers(
            (
                (call_id, locked[payer.key(self.calls[call_id].owed_in)].id)
                for call_id, payer in payers.items()
            )
        )

    def _tell_of_debts(
        self, payers: Mapping[int, AccountRef], before: Mapping[AccountKey, AccountState]
    ) -> None:
        """Raise an alarm for each account that this batch took below its credit."""
        after = lock_accounts(
            {account for account in before if account[0] != SYSTEM}, at_us=to_us(self.at)
        )
        indebted = {account for account, state in after.items() if state.balance_micros < 0}
        if not indebted:
            return
        credit_of = credits_of({(kind, int(name)) for kind, name, _ in indebted})
        first_call = {
            payer.key(self.calls[call_id].owed_in): call_id
            for call_id, payer in sorted(payers.items(), reverse=True)
        }
        alarms = []
        for account in sorted(indebted):
            kind, name, currency = account
            credit_micros = credit_of.get((kind, int(name)), 0)
            if (
                after[account].balance_micros < -credit_micros
                and before[account].balance_micros >= -credit_micros
                and account in first_call
            ):
                alarms.append(
                    _debt(
                        account,
                        call_id=first_call[account],
                        balance=_money(after[account].balance_micros, currency),
                        credit=_money(credit_micros, currency),
                        at=self.at,
                    )
                )
        raise_alarms(alarms)


def _nothing_used() -> Used:
    return Used(0, 0)


def _is_settled(hold: Hold) -> bool:
    """Whether the call was settled before its record came."""
    return hold.entry_id is not None


def _is_paid(hold: Hold) -> bool:
    """Whether the hold has an amount; unpaid calls have zero holds."""
    return hold.amount_micros > 0 and hold.account[0] != SYSTEM


def _debt(
    account: AccountKey, *, call_id: int, balance: str, credit: str, at: datetime
) -> NewAlarm:
    kind, name, currency = account
    return NewAlarm(
        key=f"below_zero:{kind}:{name}:{currency}:{call_id}",
        kind="below_zero",
        at=at,
        message=(
            f"{holder_words(kind, int(name))} owes more than its credit of {credit} allows: the "
            f"balance is {balance}. Calls were charged after the fact, because nobody asked "
            "before they were placed or they cost more than was held. Recharge the account, or "
            "let the switch ask first."
        ),
        details={"call": call_id, "currency": currency},
        holder=(kind, int(name)),
    )


def _money(micros: int, currency: str) -> str:
    return f"{format_amount(from_micros(micros))} {currency}"
