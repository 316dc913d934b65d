"""Decides a question by the current state: money, budgets, calls at once, alarms.

`CurrentState` is what one transaction read; each call that is allowed moves it, so that the next of
the same group finds less. The decision itself is `core.policies.decide`'s.
"""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tollbook.app.decisions.messages import Answer
from tollbook.app.decisions.question import BudgetNow, CallerFacts, Question
from tollbook.app.decisions.rulebook import Rulebook
from tollbook.app.directory.payers import Holder
from tollbook.app.pricing.call_price import NOTHING, CallPrice
from tollbook.app.pricing.plan_charge import BUNDLE, VOLUME, SiteRef, counter_row
from tollbook.app.pricing.plans import PlanAtWork
from tollbook.app.pricing.rater import UNRATED_REASONS
from tollbook.core.budgets import BudgetLimits, Every, Left, Use, left, tightest
from tollbook.core.charging.compose import CounterKey
from tollbook.core.discounts import Volume
from tollbook.core.ledger import AccountState, BudgetPart, Capture, Funds, Hold, Reserved
from tollbook.core.policies import (
    Allowed,
    DecisionInput,
    DecisionStep,
    Denied,
    HoldSettings,
    Limits,
    decide,
)
from tollbook.core.policies.decision import NOTHING_LIMITED
from tollbook.core.rating import UNRATED_REASONS as RATE_REASONS
from tollbook.storage.decisions.current_state import BudgetStand, held_seconds
from tollbook.storage.pricing.plan_counters import read_counters

LONGEST_S = 86_400  # How long a hold without a limit waits for its call to end.
RINGING_S = 300
GRACE_S = 600  # How long the switch may take to tell that a call has ended.
_SECOND_US = 1_000_000
_UNOPENED = BudgetStand(0, 0, 0, 0)
_NO_ACCOUNT = AccountState(0, 0, 0)


@dataclass(slots=True)
class CurrentState:
    """What a group of decisions finds, moved as they are made."""

    accounts: dict[tuple[str, str, str], AccountState]
    budgets: dict[tuple[int, int], BudgetStand]
    calls: dict[tuple[str, int], int]
    closed: frozenset[int]
    bundles: dict[str, int] = field(default_factory=dict)

    def take(self, hold: Hold, holders: tuple[Holder, ...]) -> None:
        """Count a call that was allowed: it is one more, and what it holds is gone."""
        self.move(hold.account, hold.amount_micros, hold.reserved)
        self._count(holders, 1)

    def give_back(self, hold: Hold, holders: tuple[Holder, ...]) -> None:
        """Count a call that has ended: it is one less, and what it held is free."""
        self.move(hold.account, -hold.amount_micros, hold.reserved.negated())
        self._count(holders, -1)

    def use(self, capture: Capture) -> None:
        """Count a call's charge and talk as used in its budgets, and the free seconds it spent."""
        for part in capture.hold.reserved.budgets:
            stand = self.budgets.get((part.budget_id, part.from_us), _UNOPENED)
            self.budgets[part.budget_id, part.from_us] = stand._replace(
                used_micros=stand.used_micros + capture.used, used_s=stand.used_s + capture.talk_s
            )
        for key, seconds in capture.spent:
            self.bundles[key] = self.bundles.get(key, 0) + seconds

    def move(self, account: tuple[str, str, str], micros: int, reserved: Reserved) -> None:
        """Set aside *micros* of an account, and *reserved*, for what comes after."""
        if micros:
            row_id, balance_micros, held_micros = self.accounts.get(account, _NO_ACCOUNT)
            self.accounts[account] = AccountState(row_id, balance_micros, held_micros + micros)
        if reserved is NOTHING_RESERVED:
            return
        for part in reserved.budgets:
            stand = self.budgets.get((part.budget_id, part.from_us), _UNOPENED)
            self.budgets[part.budget_id, part.from_us] = stand._replace(
                held_micros=stand.held_micros + part.micros, held_s=stand.held_s + part.seconds
            )
        for key, seconds in reserved.bundles:
            self.bundles[key] = self.bundles.get(key, 0) + seconds

    def _count(self, holders: tuple[Holder, ...], more: int) -> None:
        if self.calls:
            for one in holders:
                if (one.kind, one.id) in self.calls:
                    self.calls[one.kind, one.id] += more


@dataclass(frozen=True, slots=True)
class AlreadyHeld:
    """What a call that is being renewed has set aside already: it may use that again.

    `calls` is 1 for such a call: it is counted among those at once. `limit_s` is how far it has
    talked, from where a hold of the site's length reaches on.
    """

    calls: int = 0
    limit_s: int | None = None
    held_micros: int = 0
    reserved: Reserved = field(default_factory=Reserved)


_FRESH = AlreadyHeld()
NOTHING_RESERVED = Reserved()


class AnswerAndHold(NamedTuple):
    """The answer and, for a call that leaves the house and is allowed, what is to be held."""

    answer: Answer
    hold: Hold | None = None


class HeldCounters:
    """A plan's counters as a decision sees them: free seconds that are held are used."""

    def __init__(self, work: PlanAtWork, site: SiteRef, state: CurrentState, own: Reserved) -> None:
        self._work = work
        self._site = site
        self._state = state
        self._own = dict(own.bundles)

    def volume(self, key: CounterKey) -> Volume:
        """Return the volume counted under *key*."""
        row = counter_row(self._work, self._site, VOLUME, key)
        tally = read_counters([row]).get(row)
        return Volume(tally.amount, tally.seconds) if tally else Volume()

    def bundle_used_s(self, key: CounterKey) -> int:
        """Return the seconds taken of a bundle under *key*, held ones included."""
        row = counter_row(self._work, self._site, BUNDLE, key)
        held = self._state.bundles
        if row not in held:
            held[row] = held_seconds(row)
        tally = read_counters([row]).get(row)
        return (tally.seconds if tally else 0) + held[row] - self._own.get(row, 0)


def decide_question(
    book: Rulebook,
    question: Question,
    state: CurrentState,
    held: AlreadyHeld | None = None,
    *,
    content_hash: str = "",
) -> AnswerAndHold:
    """Decide; with what a call under way has *held* already, how far it may go on."""
    own = held or _FRESH
    number_facts, caller_facts = question.number_facts, question.caller_facts
    if number_facts.emergency:
        step = DecisionStep("emergency", "emergency numbers always pass")
        return AnswerAndHold(_allowed(question, Allowed(None, 0, (step,)), hold=None))
    price = _price(book, question, state, own) if caller_facts.asks_price else None
    steps = (number_facts.step, *caller_facts.steps)
    if price is not None and price.unrated:
        words = UNRATED_REASONS.get(price.unrated) or RATE_REASONS.get(price.unrated)
        steps = (*steps, DecisionStep("price", words or price.unrated))
    if question.refused is not None:
        return AnswerAndHold(_denied(Denied(question.refused, steps)))
    hold_s = caller_facts.caller.site.hold_s
    if hold_s is not None and own.limit_s is not None:
        hold_s += own.limit_s
    decision = decide(
        _asked(question, state, own),
        NOTHING if price is None else price.pricing(),
        HoldSettings(hold_s),
        is_open=caller_facts.at_work.is_open(question.at_us // _SECOND_US),
        before=steps,
    )
    if isinstance(decision, Denied):
        return AnswerAndHold(_denied(decision))
    if number_facts.internal:
        return AnswerAndHold(_allowed(question, decision, hold=None))
    answer = _allowed(question, decision, hold=question.request.key)
    return AnswerAndHold(answer, _hold(question, decision, answer, price, content_hash))


def _price(
    book: Rulebook, question: Question, state: CurrentState, own: AlreadyHeld
) -> CallPrice | None:
    """Return the price, if the decision will ask for it: pricing is most of its work."""
    billable = question.billable if question.refused is None else None
    if billable is None:
        return None
    caller = question.caller_facts.caller
    site = caller.site
    price = CallPrice(
        book.prices,
        billable,
        pbx_id=caller.pbx.id if caller.pbx else None,
        site_id=site.id,
        site=site.name,
        counters_for=lambda work: HeldCounters(
            work, SiteRef(site.id, site.name), state, own.reserved
        ),
    )
    if not price.unrated and price.currency != question.caller_facts.account[2]:
        # What is asked in one currency cannot be taken from an account in another.
        price.unrated = "no_exchange_rate"
    price.pricing(site.hold_s if own.limit_s is None else None)
    return price


def _asked(question: Question, state: CurrentState, own: AlreadyHeld) -> DecisionInput:
    caller_facts, number_facts, code = question.caller_facts, question.number_facts, question.code
    lock, limits, calls, budget = caller_facts.lock, caller_facts.limits, 0, NOTHING_LIMITED
    if not lock and caller_facts.extension_id in state.closed:
        lock = "an alarm closed the extension and was not lifted"
    if caller_facts.counts_calls:
        limits, calls = _concurrency(caller_facts, state)
    if question.budgets:
        budget = tightest(_left(one, question, state, own) for one in question.budgets)
    _, balance_micros, held_micros = state.accounts.get(caller_facts.account, _NO_ACCOUNT)
    credit_micros = caller_facts.payer.credit_micros if caller_facts.payer else 0
    return DecisionInput(  # Positional: keyword arguments double the cost.
        number_facts.destination,
        question.typed_digits,
        number_facts.emergency,
        caller_facts.payer is not None,
        bool(lock),
        caller_facts.service,
        Funds(balance_micros, credit_micros, held_micros - own.held_micros),
        code.code if code else None,
        question.code_given,
        caller_facts.code_exempt,
        caller_facts.needs_authorisation,
        bool(number_facts.authorisation),
        limits,
        budget,
        calls - own.calls,
        caller_facts.known,
        caller_facts.words,
        lock,
    )


def _concurrency(caller_facts: CallerFacts, state: CurrentState) -> tuple[Limits, int]:
    """Return the limits with the tightest of calls at once, and how many that counts now."""
    counted = [
        (holder.concurrent_limit, state.calls.get((holder.kind, holder.id), 0))
        for holder in caller_facts.holders
        if holder.concurrent_limit is not None
    ]
    most, now = min(counted, key=lambda one: one[0] - one[1])
    return replace(caller_facts.limits, concurrent=most), now


def _left(budget: BudgetNow, question: Question, state: CurrentState, own: AlreadyHeld) -> Left:
    """Return what a budget still allows; its money counts calls of its own currency."""
    entry = budget.entry
    stand = state.budgets.get(budget.key, _UNOPENED)
    mine = [part for part in own.reserved.budgets if (part.budget_id, part.from_us) == budget.key]
    use = Use(
        stand.used_micros + stand.held_micros - sum(part.micros for part in mine),
        stand.used_s + stand.held_s - sum(part.seconds for part in mine),
    )
    found = left(BudgetLimits(Every(entry.every), entry.limit_micros, entry.limit_s, ()), use)
    return found if entry.currency == question.account[2] else Left(None, found.seconds)


def _denied(decision: Denied) -> Answer:
    return Answer(
        allowed=False,
        reason=decision.reason,
        number="",
        caller_id="",
        limit_s=None,
        hold=None,
        account=None,
        steps=decision.steps,
    )


def _allowed(question: Question, decision: Allowed, *, hold: str | None) -> Answer:
    caller_facts = question.caller_facts
    return Answer(
        allowed=True,
        reason=None,
        number=question.number_facts.number,
        caller_id=caller_facts.caller_id,
        limit_s=decision.limit_s,
        hold=hold,
        account=caller_facts.payer.words if caller_facts.payer else None,
        steps=decision.steps,
    )


def _hold(
    question: Question,
    decision: Allowed,
    answer: Answer,
    price: CallPrice | None,
    content_hash: str,
) -> Hold:
    request, caller_facts, limit_s = question.request, question.caller_facts, decision.limit_s
    lasts_s = LONGEST_S if limit_s is None else limit_s
    return Hold(
        key=request.key,
        content_hash=content_hash,
        account=caller_facts.account,
        amount_micros=decision.hold_micros,
        placed_us=question.at_us,
        expires_us=question.at_us + (lasts_s + RINGING_S + GRACE_S) * _SECOND_US,
        switch_call_id=request.switch_call_id,
        pbx_id=caller_facts.caller.pbx.id if caller_facts.caller.pbx else None,
        extension_id=caller_facts.extension_id,
        account_code_id=question.code.id if question.code else None,
        caller=caller_facts.caller.number,
        number=question.number_facts.destination.digits[:64],
        limit_s=limit_s,
        answer=answer.as_json(),
        reserved=_reserved(question, decision, price),
    )


def covered_rows(price: CallPrice, site: SiteRef, talk_s: int) -> tuple[tuple[str, int], ...]:
    """Return the free seconds that a call of *talk_s* takes, by the key of their counter."""
    if price.work is None:
        return ()
    return tuple(
        (counter_row(price.work, site, BUNDLE, key), used_s)
        for key, used_s in price.covered(talk_s)
    )


def _reserved(question: Question, decision: Allowed, price: CallPrice | None) -> Reserved:
    asked = question.request
    if not question.budgets and (price is None or price.work is None) and not asked.trunk:
        return NOTHING_RESERVED if not asked.source_ip else Reserved(source_ip=asked.source_ip)
    seconds = decision.limit_s or 0
    budgets = tuple(
        BudgetPart(
            *budget.key,
            decision.cost_micros if budget.entry.currency == question.account[2] else 0,
            seconds,
        )
        for budget in question.budgets
    )
    if price is None or price.work is None or not seconds:
        return Reserved(budgets, (), asked.trunk, asked.source_ip)
    site = SiteRef(question.caller.site.id, question.caller.site.name)
    bundles = covered_rows(price, site, seconds)
    return Reserved(budgets, bundles, asked.trunk, asked.source_ip)
