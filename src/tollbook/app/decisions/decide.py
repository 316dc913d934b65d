"""Weighs a case against what stands: money, budgets, calls at once, alarms.

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
from tollbook.core.budgets import BudgetLimits, Left, Use, left, tightest
from tollbook.core.charging.compose import CounterKey
from tollbook.core.discounts import Volume
from tollbook.core.ledger import Funds
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
from tollbook.storage.billing.holds import AccountState, BudgetPart, NewHold, Reserved
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

    def take(self, hold: NewHold, holders: tuple[Holder, ...]) -> None:
        """Count a call that was allowed: it is one more, and what it holds is gone."""
        self.move(hold.account, hold.amount_micros, hold.reserved)
        if self.calls:
            for one in holders:
                if (one.kind, one.id) in self.calls:
                    self.calls[one.kind, one.id] += 1

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
    hold: NewHold | None = None


class HeldCounters:
    """A plan's counters as a decision sees them: free seconds that are held are used."""

    def __init__(
        self, work: PlanAtWork, site: SiteRef, standing: CurrentState, own: Reserved
    ) -> None:
        self._work = work
        self._site = site
        self._standing = standing
        self._own = dict(own.bundles)

    def volume(self, key: CounterKey) -> Volume:
        """Return the volume counted under *key*."""
        row = counter_row(self._work, self._site, VOLUME, key)
        tally = read_counters([row]).get(row)
        return Volume(tally.amount, tally.seconds) if tally else Volume()

    def bundle_used_s(self, key: CounterKey) -> int:
        """Return the seconds taken of a bundle under *key*, held ones included."""
        row = counter_row(self._work, self._site, BUNDLE, key)
        held = self._standing.bundles
        if row not in held:
            held[row] = held_seconds(row)
        tally = read_counters([row]).get(row)
        return (tally.seconds if tally else 0) + held[row] - self._own.get(row, 0)


def weigh(
    book: Rulebook,
    case: Question,
    standing: CurrentState,
    before: AlreadyHeld | None = None,
    *,
    content_hash: str = "",
) -> AnswerAndHold:
    """Decide on *case*; with *before* on a call that is under way, and how far it may go on."""
    own = before or _FRESH
    goal, side = case.goal, case.side
    if goal.emergency:
        step = DecisionStep("emergency", "emergency numbers always pass")
        return AnswerAndHold(_allowed(case, Allowed(None, 0, (step,)), hold=None))
    price = _price(book, case, standing, own) if side.asks_price else None
    steps = (goal.step, *side.steps)
    if price is not None and price.unrated:
        words = UNRATED_REASONS.get(price.unrated) or RATE_REASONS.get(price.unrated)
        steps = (*steps, DecisionStep("price", words or price.unrated))
    if case.refused is not None:
        return AnswerAndHold(_denied(Denied(case.refused, steps)))
    hold_s = side.caller.site.hold_s
    if hold_s is not None and own.limit_s is not None:
        hold_s += own.limit_s
    decision = decide(
        _asked(case, standing, own),
        NOTHING if price is None else price.pricing(),
        HoldSettings(hold_s),
        is_open=side.at_work.is_open(case.at_us // _SECOND_US),
        before=steps,
    )
    if isinstance(decision, Denied):
        return AnswerAndHold(_denied(decision))
    if goal.internal:
        return AnswerAndHold(_allowed(case, decision, hold=None))
    answer = _allowed(case, decision, hold=case.request.key)
    return AnswerAndHold(answer, _hold(case, decision, answer, price, content_hash))


def _price(
    book: Rulebook, case: Question, standing: CurrentState, own: AlreadyHeld
) -> CallPrice | None:
    """Return the price, if the decision will ask for it: pricing is most of its work."""
    billable = case.billable if case.refused is None else None
    if billable is None:
        return None
    caller = case.side.caller
    site = caller.site
    price = CallPrice(
        book.prices,
        billable,
        pbx_id=caller.pbx.id if caller.pbx else None,
        site_id=site.id,
        site=site.name,
        counters_for=lambda work: HeldCounters(
            work, SiteRef(site.id, site.name), standing, own.reserved
        ),
    )
    if not price.unrated and price.currency != case.side.account[2]:
        # What is asked in one currency cannot be taken from an account in another.
        price.unrated = "no_exchange_rate"
    price.pricing(site.hold_s if own.limit_s is None else None)
    return price


def _asked(case: Question, standing: CurrentState, own: AlreadyHeld) -> DecisionInput:
    side, goal, code = case.side, case.goal, case.code
    lock, limits, calls, budget = side.lock, side.limits, 0, NOTHING_LIMITED
    if not lock and side.extension_id in standing.closed:
        lock = "an alarm closed the extension and was not lifted"
    if side.counts_calls:
        limits, calls = _concurrency(side, standing)
    if case.budgets:
        budget = tightest(_left(one, case, standing, own) for one in case.budgets)
    _, balance_micros, held_micros = standing.accounts.get(side.account, _NO_ACCOUNT)
    credit_micros = side.payer.holder.credit_micros if side.payer else 0
    return DecisionInput(  # In the order of its fields: a name for each would cost as much again.
        goal.destination,
        case.typed_digits,
        goal.emergency,
        side.payer is not None,
        bool(lock),
        side.service,
        Funds(balance_micros, credit_micros, held_micros - own.held_micros),
        code.code if code else None,
        case.code_given,
        side.code_exempt,
        side.needs_authorisation,
        bool(goal.authorisation),
        limits,
        budget,
        calls - own.calls,
        side.known,
        side.words,
        lock,
    )


def _concurrency(side: CallerFacts, standing: CurrentState) -> tuple[Limits, int]:
    """Return the limits with the tightest of calls at once, and how many that counts now."""
    counted = [
        (holder.concurrent_limit, standing.calls.get((holder.kind, holder.id), 0))
        for holder in side.holders
        if holder.concurrent_limit is not None
    ]
    most, now = min(counted, key=lambda one: one[0] - one[1])
    return replace(side.limits, concurrent=most), now


def _left(budget: BudgetNow, case: Question, standing: CurrentState, own: AlreadyHeld) -> Left:
    """Return what a budget still allows; its money counts calls of its own currency."""
    entry = budget.entry
    stand = standing.budgets.get(budget.key, _UNOPENED)
    mine = [part for part in own.reserved.budgets if (part.budget_id, part.from_us) == budget.key]
    use = Use(
        stand.used_micros + stand.held_micros - sum(part.micros for part in mine),
        stand.used_s + stand.held_s - sum(part.seconds for part in mine),
    )
    found = left(BudgetLimits(entry.every, entry.limit_micros, entry.limit_s, ()), use)
    return found if entry.currency == case.account[2] else Left(None, found.seconds)


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


def _allowed(case: Question, decision: Allowed, *, hold: str | None) -> Answer:
    side = case.side
    return Answer(
        allowed=True,
        reason=None,
        number=case.goal.number,
        caller_id=side.caller_id,
        limit_s=decision.limit_s,
        hold=hold,
        account=side.payer.holder.words if side.payer else None,
        steps=decision.steps,
    )


def _hold(
    case: Question, decision: Allowed, answer: Answer, price: CallPrice | None, content_hash: str
) -> NewHold:
    request, side, limit_s = case.request, case.side, decision.limit_s
    lasts_s = LONGEST_S if limit_s is None else limit_s
    return NewHold(
        key=request.key,
        content_hash=content_hash,
        account=side.account,
        amount_micros=decision.hold_micros,
        placed_us=case.at_us,
        expires_us=case.at_us + (lasts_s + RINGING_S + GRACE_S) * _SECOND_US,
        switch_call_id=request.switch_call_id,
        pbx_id=side.caller.pbx.id if side.caller.pbx else None,
        extension_id=side.extension_id,
        account_code_id=case.code.id if case.code else None,
        caller=side.caller.number,
        number=case.goal.destination.digits[:64],
        limit_s=limit_s,
        answer=answer.as_json(),
        reserved=_reserved(case, decision, price),
    )


def covered_rows(price: CallPrice, site: SiteRef, talk_s: int) -> tuple[tuple[str, int], ...]:
    """Return the free seconds that a call of *talk_s* takes, by the key of their counter."""
    if price.work is None:
        return ()
    return tuple(
        (counter_row(price.work, site, BUNDLE, key), used_s)
        for key, used_s in price.covered(talk_s)
    )


def _reserved(case: Question, decision: Allowed, price: CallPrice | None) -> Reserved:
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
    site = SiteRef(case.caller.site.id, case.caller.site.name)
    bundles = covered_rows(price, site, seconds)
    return Reserved(budgets, bundles, asked.trunk, asked.source_ip)
