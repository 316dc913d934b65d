"""Bills calls of the past whose payers had billing switched off then: only when somebody asks.

    found = would_bill(since=…, until=…)                 # writes nothing
    bill_past(door, since=…, until=…, at=now, by=By("anna"))

By the rules of now: who would pay such a call today pays it. A call that somebody pays already is
left alone, so asking twice bills once; budgets and fees have counted the calls when they came.

Source: docs/algorithms/ledger.md, "Records and money".
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from tollbook.app.audit import record_change
from tollbook.app.bill import booking_instant
from tollbook.app.correct_code import By
from tollbook.app.holder_words import holder_words
from tollbook.app.payers import payers_of
from tollbook.core.ledger import AccountRef, charge_entry
from tollbook.core.money import Money, from_micros
from tollbook.storage.billing import CallToBill, calls_to_bill
from tollbook.storage.call_payers import payers_of as payers_noted
from tollbook.storage.call_payers import set_payers
from tollbook.storage.door import Door
from tollbook.storage.engine import engine_of
from tollbook.storage.instants import to_us
from tollbook.storage.ledger import Filed, accounts_of, post_entries
from tollbook.storage.queries.call_filter import CallFilter
from tollbook.storage.queries.sql import chunks
from tollbook.storage.queries.unbilled import unbilled_calls

_CALLS_A_STEP = 500
_BILLABLE = ("billing_off", "unrated")  # Whoever pays now pays later prices too.


@dataclass(frozen=True, slots=True)
class PastBill:
    """What one account pays, or would pay, for calls of the past."""

    payer: str
    calls: int
    amount: Decimal
    currency: str


Sums = dict[tuple[AccountRef, str], tuple[int, int]]


def would_bill(*, since: datetime, until: datetime) -> list[PastBill]:
    """Return what billing the calls that began in the period would charge to whom."""
    sums: Sums = {}
    for some in chunks(_ids(since, until), _CALLS_A_STEP):
        _add(sums, [(call, payer) for call, payer in _unpaid(some)])
    return _shown(sums)


def bill_past(
    door: Door, *, since: datetime, until: datetime, at: datetime, by: By
) -> list[PastBill]:
    """Bill them, some calls a transaction, and return what was charged to whom.

    A process that is killed leaves whole steps; asking again bills the rest.
    """
    sums: Sums = {}
    for done in door.bulk(_steps(door, _ids(since, until), at=at)):
        _add(sums, done)
    shown = _shown(sums)
    with door.transaction():
        record_change(
            actor=by.actor,
            action="billing.past",
            object_type="billing",
            object_id="",
            at=at,
            address=by.address,
            before={"from": since.isoformat(), "to": until.isoformat()},
            after=[
                {
                    "payer": one.payer,
                    "calls": one.calls,
                    "amount": str(one.amount),
                    "currency": one.currency,
                }
                for one in shown
            ],
        )
    return shown


def _ids(since: datetime, until: datetime) -> list[int]:
    wanted = CallFilter(from_us=to_us(since), to_us=to_us(until))
    return sorted(call.id for reason in _BILLABLE for call in unbilled_calls(wanted, reason=reason))


def _steps(
    door: Door, ids: Sequence[int], *, at: datetime
) -> Iterator[Callable[[], list[tuple[CallToBill, AccountRef]]]]:
    for some in chunks(ids, _CALLS_A_STEP):
        yield partial(_bill, some, at=at, using=door.using)


def _bill(
    call_ids: Sequence[int], *, at: datetime, using: str
) -> list[tuple[CallToBill, AccountRef]]:
    engine_of(using).begin_batch()
    unpaid = _unpaid(call_ids)
    holders = {
        call.id: (payer.kind, payer.name, call.currency or call.site_currency)
        for call, payer in unpaid
    }
    entries = [
        (call.id, entry)
        for call, payer in unpaid
        if call.amount_micros is not None
        and (
            entry := charge_entry(
                Money(call.amount_micros, call.currency),
                key=f"charge:{call.id}",
                at=booking_instant(call.begin_us, at),
                payer=payer,
            )
        )
        is not None
    ]
    post_entries([Filed(entry, call_id=call_id) for call_id, entry in entries], using=using)
    accounts = accounts_of(set(holders.values()), at_us=to_us(at), using=using)
    set_payers(((call_id, accounts[one]) for call_id, one in holders.items()), using=using)
    return unpaid


def _unpaid(call_ids: Sequence[int]) -> list[tuple[CallToBill, AccountRef]]:
    """Return the calls that nobody pays and that somebody would pay today, with him."""
    paid = payers_noted(call_ids)
    calls = [call for call in calls_to_bill(call_ids) if call.id not in paid and call.is_outbound]
    payers = payers_of({(call.extension_id, call.account_code_id) for call in calls})
    return [
        (call, payer.account)
        for call in calls
        if call.charge_id is not None
        and (payer := payers[call.extension_id, call.account_code_id]) is not None
    ]


def _add(sums: Sums, done: Sequence[tuple[CallToBill, AccountRef]]) -> None:
    for call, payer in done:
        key = payer, call.currency or call.site_currency
        calls, micros = sums.get(key, (0, 0))
        sums[key] = calls + 1, micros + (call.amount_micros or 0)


def _shown(sums: Sums) -> list[PastBill]:
    return [
        PastBill(holder_words(payer.kind, int(payer.name)), calls, from_micros(micros), currency)
        for (payer, currency), (calls, micros) in sorted(sums.items())
    ]
