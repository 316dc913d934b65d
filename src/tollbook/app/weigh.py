"""Weighs a case against what stands: money, budgets, calls at once, alarms.

`Standing` is what one transaction read; each call that is allowed moves it, so that the next of
the same group finds less. The decision itself is `core.policies.decide`'s.
"""

from dataclasses import dataclass, field, replace

from tollbook.app.asking import Answer
from tollbook.app.call_price import NOTHING, CallPrice
from tollbook.app.case import BudgetNow, Case
from tollbook.app.planned_charge import BUNDLE, VOLUME, Site, counter_row
from tollbook.app.plans import PlanAtWork
from tollbook.app.policy_book import Book
from tollbook.app.rate import UNRATED_REASONS
from tollbook.core.budgets import Budget as BudgetRules
from tollbook.core.budgets import Left, Use, left, tightest
from tollbook.core.charging.compose import CounterKey
from tollbook.core.discounts import Volume
from tollbook.core.ledger import Funds
from tollbook.core.policies import (
    Allowed,
    Asked,
    Denied,
    Limits,
    Reason,
    Settings,
    Step,
    decide,
)
from tollbook.core.policies.decision import NOTHING_LIMITED
from tollbook.core.rating import UNRATED_REASONS as RATE_REASONS
from tollbook.storage.counters import read_counters
from tollbook.storage.holds import AccountState, BudgetPart, NewHold, Reserved
from tollbook.storage.instants import to_us
from tollbook.storage.queries.standing import BudgetStand, held_seconds

LONGEST_S = 86_400  # How long a hold without a limit waits for its call to end.
RINGING_S = 300
GRACE_S = 600  # How long the switch may take to tell that a call has ended.
_SECOND_US = 1_000_000
_UNOPENED = BudgetStand(0, 0, 0, 0)
_NO_ACCOUNT = AccountState(0, 0, 0)


@dataclass(slots=True)
class Standing:
    """What a group of decisions finds, moved as they are made."""

    using: str
    accounts: dict[tuple[str, str, str], AccountState]
    budgets: dict[tuple[int, int], BudgetStand]
    calls: dict[tuple[str, int], int]
    closed: frozenset[int]
    bundles: dict[str, int] = field(default_factory=dict)

    def take(self, hold: NewHold, holders: tuple[tuple[str, int], ...]) -> None:
        """Count a call that was allowed: it is one more, and what it holds is gone."""
        self.move(hold.account, hold.amount_micros, hold.reserved)
        for holder in holders:
            if holder in self.calls:
                self.calls[holder] += 1

    def move(self, account: tuple[str, str, str], micros: int, reserved: Reserved) -> None:
        """Set aside *micros* of an account, and *reserved*, for what comes after."""
        if micros:
            row_id, balance_micros, held_micros = self.accounts.get(account, _NO_ACCOUNT)
            self.accounts[account] = AccountState(row_id, balance_micros, held_micros + micros)
        for part in reserved.budgets:
            stand = self.budgets.get((part.budget_id, part.from_us), _UNOPENED)
            self.budgets[part.budget_id, part.from_us] = stand._replace(
                held_micros=stand.held_micros + part.micros, held_s=stand.held_s + part.seconds
            )
        for key, seconds in reserved.bundles:
            self.bundles[key] = self.bundles.get(key, 0) + seconds


@dataclass(frozen=True, slots=True)
class Before:
    """What a call that is being renewed has set aside already: it may use that again.

    `calls` is 1 for such a call: it is counted among those at once. `limit_s` is how far it has
    talked, from where a hold of the site's length reaches on.
    """

    calls: int = 0
    limit_s: int | None = None
    held_micros: int = 0
    reserved: Reserved = field(default_factory=Reserved)


_FRESH = Before()
NOTHING_RESERVED = Reserved()


@dataclass(frozen=True, slots=True)
class Weighed:
    """The answer and, for a call that leaves the house and is allowed, what is to be held."""

    answer: Answer
    hold: NewHold | None = None


class HeldCounters:
    """A plan's counters as a decision sees them: free seconds that are held are used."""

    def __init__(self, work: PlanAtWork, site: Site, standing: Standing, own: Reserved) -> None:
        self._work = work
        self._site = site
        self._standing = standing
        self._own = dict(own.bundles)

    def volume(self, key: CounterKey) -> Volume:
        """Return the volume counted under *key*."""
        row = counter_row(self._work, self._site, VOLUME, key)
        tally = read_counters([row], using=self._standing.using).get(row)
        return Volume(tally.amount, tally.seconds) if tally else Volume()

    def bundle_used_s(self, key: CounterKey) -> int:
        """Return the seconds taken of a bundle under *key*, held ones included."""
        row = counter_row(self._work, self._site, BUNDLE, key)
        held = self._standing.bundles
        if row not in held:
            held[row] = held_seconds(row, using=self._standing.using)
        tally = read_counters([row], using=self._standing.using).get(row)
        return (tally.seconds if tally else 0) + held[row] - self._own.get(row, 0)


def weigh(
    book: Book,
    case: Case,
    standing: Standing,
    before: Before | None = None,
    *,
    content_hash: str = "",
) -> Weighed:
    """Decide on *case*; with *before* on a call that is under way, and how far it may go on."""
    own = before or _FRESH
    if case.emergency:
        step = Step("emergency", "emergency numbers always pass")
        return Weighed(_answer(case, Allowed(None, 0, (step,)), hold=None))
    price = _price(book, case, standing, own)
    steps = (case.goal.step, *case.side.steps) if not case.internal else (case.goal.step,)
    if price is not None and price.unrated:
        words = UNRATED_REASONS.get(price.unrated) or RATE_REASONS.get(price.unrated)
        steps = (*steps, Step("price", words or price.unrated))
    if case.refused is not None:
        return Weighed(_answer(case, Denied(case.refused, steps), hold=None))
    hold_s = case.caller.site.hold_s
    if hold_s is not None and own.limit_s is not None:
        hold_s += own.limit_s
    decision = decide(
        _asked(case, standing, own),
        NOTHING if price is None else price.pricing(),
        Settings(hold_s),
        is_open=case.side.at_work.is_open(to_us(case.request.at) // _SECOND_US),
        before=steps,
    )
    if isinstance(decision, Denied) or case.internal:
        return Weighed(_answer(case, decision, hold=None))
    answer = _answer(case, decision, hold=case.request.key)
    return Weighed(answer, _hold(case, decision, answer, price, content_hash))


def _price(book: Book, case: Case, standing: Standing, own: Before) -> CallPrice | None:
    """Return the price, if the decision will ask for it: pricing is most of its work."""
    asks = (
        case.payer is not None
        or case.limits.call_micros is not None
        or any(budget.entry.limit_micros is not None for budget in case.budgets)
    )
    billable = case.billable if asks and case.refused is None else None
    if billable is None:
        return None
    site = case.caller.site
    price = CallPrice(
        book.prices,
        billable,
        pbx_id=case.caller.pbx.id if case.caller.pbx else None,
        site_id=site.id,
        site=site.name,
        counters_for=lambda work: HeldCounters(
            work, Site(site.id, site.name), standing, own.reserved
        ),
    )
    if not price.unrated and price.currency != case.account[2]:
        # What is asked in one currency cannot be taken from an account in another.
        price.unrated = "no_exchange_rate"
    price.pricing(site.hold_s if own.limit_s is None else None)
    return price


def _asked(case: Case, standing: Standing, own: Before) -> Asked:
    phone = case.caller.phone
    closed = phone is not None and phone.id in standing.closed
    lock = "" if case.internal else case.side.lock
    if closed and not lock and not case.internal:
        lock = "an alarm closed the extension and was not lifted"
    limits, calls = _concurrency(case, standing) if case.side.counts_calls else (case.limits, 0)
    state = standing.accounts.get(case.account, _NO_ACCOUNT)
    return Asked(
        destination=case.goal.destination,
        typed_digits=case.typed_digits,
        emergency=False,
        billed=case.payer is not None,
        locked=bool(lock),
        lock=lock,
        service=case.side.inside if case.internal else case.side.at_work.service,
        funds=Funds(
            state.balance_micros,
            case.payer.holder.credit_micros if case.payer else 0,
            state.held_micros - own.held_micros,
        ),
        code=case.code.code if case.code else None,
        code_given=case.code_given,
        code_exempt=phone is not None and phone.code_exempt,
        needs_authorisation=case.side.needs_authorisation and not case.internal,
        has_authorisation=bool(case.goal.authorisation),
        limits=limits,
        budget=tightest(_left(budget, case, standing, own) for budget in case.budgets)
        if case.budgets
        else NOTHING_LIMITED,
        calls_now=calls - own.calls,
        known=phone is not None or case.internal,
        caller=case.side.words,
    )


def _concurrency(case: Case, standing: Standing) -> tuple[Limits, int]:
    """Return the limits with the tightest of calls at once, and how many that counts now."""
    counted = [
        (holder.concurrent_limit, standing.calls.get((holder.kind, holder.id), 0))
        for holder in case.holders
        if holder.concurrent_limit is not None
    ]
    if not counted:
        return case.limits, 0
    most, now = min(counted, key=lambda one: one[0] - one[1])
    return replace(case.limits, concurrent=most), now


def _left(budget: BudgetNow, case: Case, standing: Standing, own: Before) -> Left:
    """Return what a budget still allows; its money counts calls of its own currency."""
    entry = budget.entry
    stand = standing.budgets.get(budget.key, _UNOPENED)
    mine = [part for part in own.reserved.budgets if (part.budget_id, part.from_us) == budget.key]
    use = Use(
        stand.used_micros + stand.held_micros - sum(part.micros for part in mine),
        stand.used_s + stand.held_s - sum(part.seconds for part in mine),
    )
    found = left(BudgetRules(entry.every, entry.limit_micros, entry.limit_s, ()), use)
    return found if entry.currency == case.account[2] else Left(None, found.seconds)


def _answer(case: Case, decision: Allowed | Denied, *, hold: str | None) -> Answer:
    if isinstance(decision, Denied):
        reason: Reason | None = decision.reason
        return Answer(
            allowed=False,
            reason=reason,
            number="",
            caller_id="",
            limit_s=None,
            hold=None,
            account=None,
            steps=decision.steps,
        )
    phone = case.caller.phone
    return Answer(
        allowed=True,
        reason=None,
        number=case.goal.number,
        caller_id=(phone.caller_id if phone else "") or case.caller.site.caller_id,
        limit_s=decision.limit_s,
        hold=hold,
        account=case.payer.holder.words if case.payer else None,
        steps=decision.steps,
    )


def _hold(
    case: Case, decision: Allowed, answer: Answer, price: CallPrice | None, content_hash: str
) -> NewHold:
    request, caller = case.request, case.caller
    at_us = to_us(request.at)
    lasts_s = LONGEST_S if decision.limit_s is None else decision.limit_s
    return NewHold(
        key=request.key,
        content_hash=content_hash,
        account=case.account,
        amount_micros=decision.hold_micros,
        placed_us=at_us,
        expires_us=at_us + (lasts_s + RINGING_S + GRACE_S) * _SECOND_US,
        switch_call_id=request.switch_call_id,
        pbx_id=caller.pbx.id if caller.pbx else None,
        extension_id=caller.phone.id if caller.phone else None,
        account_code_id=case.code.id if case.code else None,
        caller=caller.number,
        number=case.goal.destination.digits[:64],
        limit_s=decision.limit_s,
        answer=answer.as_json(),
        reserved=_reserved(case, decision, price),
    )


def _reserved(case: Case, decision: Allowed, price: CallPrice | None) -> Reserved:
    asked = case.request
    if not case.budgets and (price is None or price.work is None) and not asked.trunk:
        return NOTHING_RESERVED if not asked.source_ip else Reserved(source_ip=asked.source_ip)
    seconds = decision.limit_s or 0
    budgets = tuple(
        BudgetPart(
            *budget.key,
            decision.cost_micros if budget.entry.currency == case.account[2] else 0,
            seconds,
        )
        for budget in case.budgets
    )
    if price is None or price.work is None or not seconds:
        return Reserved(budgets, (), asked.trunk, asked.source_ip)
    site = Site(case.caller.site.id, case.caller.site.name)
    bundles = tuple(
        (counter_row(price.work, site, BUNDLE, key), used_s)
        for key, used_s in price.covered(seconds)
    )
    return Reserved(budgets, bundles, asked.trunk, asked.source_ip)
