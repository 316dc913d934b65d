"""Bills calls of the past whose payers had billing switched off then: only when somebody asks.

    found = would_bill(since=…, until=…)                 # writes nothing
    bill_past(door, since=…, until=…, by=Actor("anna", now))

By the rules of now: who would pay such a call today pays it. A call that somebody pays already is
left alone, so it is idempotent; budgets and fees have counted the calls when they came.

Source: docs/algorithms/ledger.md, "Records and money".
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.billing.bill import booking_instant
from tollbook.app.directory.holder_words import holder_words
from tollbook.app.directory.payers import payers_of
from tollbook.core.instants import to_us
from tollbook.core.ledger import AccountRef, CallToBill, charge_entry
from tollbook.core.money import from_micros
from tollbook.storage.billing.call_payers import payers_of as payers_noted
from tollbook.storage.billing.call_payers import set_payers
from tollbook.storage.billing.calls_to_bill import calls_to_bill
from tollbook.storage.billing.ledger import accounts_of, post_entries
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.installation import door
from tollbook.storage.db.sql import chunks
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.unbilled import unbilled_calls

_CALLS_A_STEP = 500
# An unrated call gets its payer too, who then pays a later price.
_BILLABLE = ("billing_off", "unrated")


@dataclass(frozen=True, slots=True)
class PastBill:
    """What one account pays, or would pay, for calls of the past."""

    payer: str
    calls: int
    amount: Decimal
    currency: str


BEGUN, DONE = "billing.past_begin", "billing.past"  # as the audit log calls them

SumsByAccount = dict[tuple[AccountRef, str], tuple[int, int]]


def would_bill(*, since: datetime, until: datetime) -> list[PastBill]:
    """Return what billing the calls that began in the period would charge to whom."""
    sums: SumsByAccount = {}
    for some in chunks(_ids(since, until), _CALLS_A_STEP):
        _add(sums, [(call, payer) for call, payer in _unpaid(some)])
    return shown_bills(sums)


def bill_past(*, since: datetime, until: datetime, by: Actor) -> list[PastBill]:
    """Bill them, some calls a transaction, and return what was charged to whom.

    A process that is killed leaves whole steps; asking again bills the rest. The billing can be
    taken back as one (`app.billing.undo_past`): it is called by the audit log's line of its
    beginning.
    """
    period = {"from": since.isoformat(), "to": until.isoformat()}
    with door().transaction():
        run = record_change(by, BEGUN, of=("billing", ""), after=period)
    sums: SumsByAccount = {}
    without_price: list[int] = []
    for done in door().bulk(_steps(_ids(since, until), run=run, at=by.at)):
        _add(sums, done)
        without_price += [call.id for call, _ in done if not call.amount_micros]
    shown = shown_bills(sums)
    with door().transaction():
        record_change(
            by,
            DONE,
            of=("billing", run),
            before=period,
            after={"bills": bill_objects(shown), "without_price": without_price},
        )
    return shown


def key_of(run: int, call_id: int | str) -> str:
    """Return the key of the charge of a call that a billing of the past has charged."""
    return f"past:{run}:{call_id}"


def bill_objects(bills: Sequence[PastBill]) -> list[dict[str, object]]:
    """Return bills as the audit log keeps them."""
    return [
        {
            "payer": one.payer,
            "calls": one.calls,
            "amount": str(one.amount),
            "currency": one.currency,
        }
        for one in bills
    ]


def _ids(since: datetime, until: datetime) -> list[int]:
    wanted = CallFilter(from_us=to_us(since), to_us=to_us(until))
    return sorted(call.id for reason in _BILLABLE for call in unbilled_calls(wanted, reason=reason))


def _steps(
    ids: Sequence[int], *, run: int, at: datetime
) -> Iterator[Callable[[], list[tuple[CallToBill, AccountRef]]]]:
    for some in chunks(ids, _CALLS_A_STEP):
        yield partial(_bill, some, run=run, at=at)


def _bill(
    call_ids: Sequence[int], *, run: int, at: datetime
) -> list[tuple[CallToBill, AccountRef]]:
    bulk_engine().begin_batch()
    unpaid = _unpaid(call_ids)
    holders = {call.id: payer.key(call.currency or call.site_currency) for call, payer in unpaid}
    entries = [
        charge_entry(
            call.price,
            key=key_of(run, call.id),
            at=booking_instant(call.begin_us, at),
            payer=payer,
            call_id=call.id,
        )
        for call, payer in unpaid
    ]
    post_entries([entry for entry in entries if entry is not None])
    accounts = accounts_of(set(holders.values()), at_us=to_us(at))
    set_payers(((call_id, accounts[one]) for call_id, one in holders.items()))
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


def _add(sums: SumsByAccount, done: Sequence[tuple[CallToBill, AccountRef]]) -> None:
    for call, payer in done:
        key = payer, call.currency or call.site_currency
        calls, micros = sums.get(key, (0, 0))
        sums[key] = calls + 1, micros + (call.amount_micros or 0)


def shown_bills(sums: SumsByAccount) -> list[PastBill]:
    """Return sums by payer and currency in words."""
    return [
        PastBill(holder_words(payer.kind, int(payer.name)), calls, from_micros(micros), currency)
        for (payer, currency), (calls, micros) in sorted(sums.items())
    ]
