"""Decides a group of questions in one transaction: few statements for many calls.

What seldom changes is in the rulebook. A stale one is not used: then every question of the group
is answered `OutOfDate`, and its caller reloads the rulebook and retries. The current state
(money, budgets, calls at once) is read here, under the lock, for the whole group; then the
questions are decided one after another, each finding what those before it left.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from tollbook.app.decisions.callers import UnknownPlace, extension_of_device
from tollbook.app.decisions.decide import CurrentState, decide_question
from tollbook.app.decisions.endings import (
    Endings,
    Release,
    Renewal,
    Settled,
    Settlement,
    UnknownHold,
    request_of,
)
from tollbook.app.decisions.messages import Answer, Request
from tollbook.app.decisions.question import BudgetNow, Question, make_question
from tollbook.app.decisions.rulebook import Rulebook, RulebookKeeper
from tollbook.core.instants import to_us
from tollbook.core.ledger import REVENUE, AccountState, Hold, KeyConflict
from tollbook.storage.billing.holds import (
    Moves,
    holds_by_key,
    lock_accounts,
    place_holds,
    read_accounts,
)
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.change_counters import change_counts
from tollbook.storage.decisions.current_state import (
    BudgetStand,
    begin_decisions,
    budget_stands,
    calls_now,
    closed_extensions,
    known_answers,
    known_telephones,
)
from tollbook.storage.policies.budget_use import UseKey, open_uses

LONGEST_EXTENSION = 8  # Digits; a longer number is taken for one outside without a look.
CallEvent = Request | Renewal | Settlement | Release


class OutOfDate(RuntimeError):
    """The book is older than the rules: read it again, then ask again.

    `uncounted`: what has changed is a new telephone, which the counters do not tell.
    """

    def __init__(self, *, uncounted: bool = False) -> None:
        super().__init__("the rules have changed")
        self.uncounted = uncounted


class QueuedEvent(NamedTuple):
    """What a switch asks or tells, waiting for its group.

    *insists*: the rulebook is loaded inside the transaction. That is slow and blocks others, so
    it is only for an event that met a stale rulebook several times.
    """

    event: CallEvent
    insists: bool = False


EventOutcome = Answer | Settled | Exception


class GroupDecider:
    """Decides groups of questions for one process, and ends the calls that were allowed."""

    def __init__(self, keeper: RulebookKeeper) -> None:
        self._keeper = keeper

    def __call__(self, group: Sequence[QueuedEvent]) -> Sequence[EventOutcome]:
        """Decide, hold, capture and store, in the transaction that is open."""
        begin_decisions()
        book = self._book(group)
        if book is None:
            return [OutOfDate() for _ in group]
        events = [queued.event for queued in group]
        decisions = DecisionGroup(book, events)
        outcomes = [decisions.decide(event, question) for event, question in decisions.questions]
        decisions.store()
        return outcomes

    def _book(self, group: Sequence[QueuedEvent]) -> Rulebook | None:
        book = self._keeper.book
        if book is not None and book.counts == change_counts():
            return book
        if any(queued.insists for queued in group):
            return self._keeper.load(to_us(group[0].event.at))
        return None


class DecisionGroup:
    """One group under way: what was read for it, and what is to be written."""

    def __init__(self, book: Rulebook, events: Sequence[CallEvent]) -> None:
        self._book = book
        self._stored = holds_by_key({one.hold for one in events if not isinstance(one, Request)})
        questions = [self._question(one) for one in events]
        new = known_telephones(_unknown_telephones(questions))
        self.questions = list(
            zip(events, [_or_out_of_date(one, new) for one in questions], strict=True)
        )
        self._known = known_answers([one.key for one in events if isinstance(one, Request)])
        questions = [question for _, question in self.questions]
        self._state = read_state(book, questions, more=self._more_accounts(events), locked=True)
        self._given: dict[str, tuple[str, Answer]] = {}
        self._holds: list[Hold] = []
        self._refusals: list[tuple[Request, Question, Answer]] = []
        self._endings = Endings(book, self._state)

    def decide(self, event: CallEvent, question: Question | Exception) -> EventOutcome:
        """Return what becomes of one event; what it moves, the next one finds moved."""
        if isinstance(question, Exception):
            return question
        if isinstance(event, Request):
            return self._answer(event, question)
        hold = self._endings.current(self._stored[event.hold])
        if isinstance(event, Renewal):
            return self._endings.renew(hold, question, event)
        if isinstance(event, Settlement):
            return self._endings.settle(hold, question, event)
        return self._endings.release(hold, question, event)

    def store(self) -> None:
        """Write what was decided."""
        _store(self._holds, self._refusals, self._state)
        self._endings.store()

    def _question(self, event: CallEvent) -> Question | Exception:
        try:
            if isinstance(event, Request):
                return make_question(self._book, event)
            hold = self._stored.get(event.hold)
            if hold is None:
                return UnknownHold(event.hold)
            return make_question(self._book, request_of(self._book, hold))
        except UnknownPlace as fault:
            return fault

    def _more_accounts(self, events: Sequence[CallEvent]) -> set[tuple[str, str, str]]:
        """Return the accounts that endings move: all are locked at once, ordered by account."""
        more: set[tuple[str, str, str]] = set()
        for event in events:
            hold = None if isinstance(event, Request) else self._stored.get(event.hold)
            if hold is not None:
                more.add(hold.account)
                if isinstance(event, Settlement):
                    more.add(REVENUE.key(hold.account[2]))
        return more

    def _answer(self, request: Request, question: Question) -> EventOutcome:
        if question.emergency:
            return decide_question(self._book, question, self._state).answer
        content = request.content_hash
        earlier = self._given.get(request.key)
        if earlier is None and request.key in self._known:
            known = self._known[request.key]
            earlier = known.content_hash, Answer.read(known.answer)
        if earlier is not None:
            return earlier[1] if earlier[0] == content else KeyConflict(request.key)
        answer, hold = decide_question(self._book, question, self._state, content_hash=content)
        if hold is not None:
            self._holds.append(hold)
            self._state.take(hold, question.caller_facts.holders)
        elif not answer.allowed:
            self._refusals.append((request, question, answer))
        else:
            return answer  # Internal calls are not stored; a retry is decided again.
        self._given[request.key] = content, answer
        return answer


def _unknown_telephones(questions: Sequence[Question | Exception]) -> set[tuple[int, str]]:
    """Return the callers and short numbers that the book does not know, by site."""
    return {
        pair
        for question in questions
        if not isinstance(question, Exception) and not question.emergency
        for pair in _not_known(question)
    }


def _not_known(question: Question) -> list[tuple[int, str]]:
    site_id = question.caller.site.id
    found = []
    if question.caller.phone is None:
        names = (question.request.caller, extension_of_device(question.request.device))
        found += [(site_id, name) for name in names if name]
    if not question.internal and 0 < len(question.number_facts.rest) <= LONGEST_EXTENSION:
        found.append((site_id, question.number_facts.rest))
    return found


def _or_out_of_date(
    question: Question | Exception, new: set[tuple[int, str]]
) -> Question | Exception:
    """Return *question*, or that it was made without a telephone that there is by now."""
    if new and not isinstance(question, Exception) and new.intersection(_not_known(question)):
        return OutOfDate(uncounted=True)
    return question


def answer_question(book: Rulebook, request: Request) -> Answer:
    """Return what would be decided, without holding or storing anything.

    Raises UnknownPlace, OutOfDate.
    """
    question = make_question(book, request)
    if not question.emergency and known_telephones(_not_known(question)):
        raise OutOfDate(uncounted=True)
    state = read_state(book, [question], locked=False)
    return decide_question(book, question, state).answer._replace(hold=None)


def read_state(
    book: Rulebook,
    questions: Sequence[Question | Exception],
    *,
    more: Collection[tuple[str, str, str]] = (),
    locked: bool,
) -> CurrentState:
    """Read the state for *questions* and *more* accounts; *locked* until the commit."""
    asked = [
        question
        for question in questions
        if not isinstance(question, Exception) and not question.emergency and not question.internal
    ]
    # Lock order: batch lock, then balances, as in imports.
    budgets = _budgets(asked, opens=locked)
    accounts: dict[tuple[str, str, str], AccountState] = {}
    if asked or more:
        holders = {*more, *(question.account for question in asked)}
        at_us = asked[0].at_us if asked else 0
        if locked:
            accounts = lock_accounts(holders, at_us=at_us, known=book.accounts)
        else:
            accounts = read_accounts(holders)
    counted = {
        (holder.kind, holder.id)
        for question in asked
        if question.caller_facts.counts_calls
        for holder in question.caller_facts.holders
        if holder.concurrent_limit is not None
    }
    return CurrentState(
        accounts=accounts,
        budgets=budgets,
        calls=calls_now(counted) if counted else {},
        closed=closed_extensions(),
    )


def _budgets(questions: Sequence[Question], *, opens: bool) -> dict[tuple[int, int], BudgetStand]:
    """Return how the questions' budgets stand; a period's first question opens it."""
    wanted = {budget.key: budget for question in questions for budget in question.budgets}
    if not wanted:
        return {}
    found = budget_stands(wanted.keys())
    missing = [wanted[key] for key in wanted.keys() - found.keys()]
    if missing and opens:
        bulk_engine().begin_batch()  # No call is stored while the period's are summed.
        open_uses([_use_key(one) for one in missing])
        found = budget_stands(wanted.keys())
    return found


def _use_key(budget: BudgetNow) -> UseKey:
    return UseKey(budget.entry, to_us(budget.period.begin), to_us(budget.period.end))


def _store(
    holds: Sequence[Hold],
    refusals: Sequence[tuple[Request, Question, Answer]],
    state: CurrentState,
) -> None:
    if holds:
        moves = Moves()
        place_holds(holds, state.accounts, moves=moves)
        moves.write()
    if refusals:
        engine = bulk_engine()
        phones = [question.caller.phone for _, question, _ in refusals]
        engine.insert(
            "tollbook_refusal",
            {
                "id": engine.take_ids("tollbook_refusal", len(refusals)),
                "key": [request.key for request, _, _ in refusals],
                "content_hash": [request.content_hash for request, _, _ in refusals],
                "at_us": [question.at_us for _, question, _ in refusals],
                "extension_id": [phone.id if phone else None for phone in phones],
                "caller": [question.caller.number for _, question, _ in refusals],
                "number": [
                    (question.typed_digits or question.number_facts.destination.digits)[:64]
                    for _, question, _ in refusals
                ],
                "reason": [str(answer.reason) for _, _, answer in refusals],
                "answer": [answer.as_json() for _, _, answer in refusals],
            },
        )
