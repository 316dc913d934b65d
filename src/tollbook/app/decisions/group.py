"""Decides a group of questions in one transaction: few statements for many calls.

What seldom changes is in the book, and a book that is out of date is not decided by: then every
question of the group is answered `OUT_OF_DATE`, and whoever asked reads the book anew. What
stands (money, budgets, calls at once) is read here, under the lock, for all at once; then the
questions are weighed one after another, each finding what those before it left.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from tollbook.app.decisions.callers import UnknownPlace, extension_of_device
from tollbook.app.decisions.decide import CurrentState, weigh
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
from tollbook.app.decisions.question import BudgetNow, Question, make_case
from tollbook.app.decisions.rulebook import Rulebook, RulebookKeeper
from tollbook.core.instants import to_us
from tollbook.core.ledger import KeyConflict
from tollbook.storage.billing.holds import (
    REVENUE,
    AccountState,
    Moves,
    NewHold,
    holds_by_key,
    lock_accounts,
    place_holds,
    read_accounts,
)
from tollbook.storage.db.bulk_engines import engine_of
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
from tollbook.storage.policies.budget_use import BudgetRow, UseKey, open_uses

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
    """What a switch asks or tells, on its way to the judge.

    *insists* that the book is read in the transaction. That is slow and keeps others waiting, so
    it is for what found the book out of date again and again.
    """

    matter: CallEvent
    insists: bool = False


EventOutcome = Answer | Settled | Exception


class GroupDecider:
    """Decides groups of questions for one process, and ends the calls that were allowed."""

    def __init__(self, keeper: RulebookKeeper, *, using: str) -> None:
        self._keeper = keeper
        self._using = using

    def __call__(self, group: Sequence[QueuedEvent]) -> Sequence[EventOutcome]:
        """Decide, hold, capture and store, in the transaction that is open."""
        using = self._using
        begin_decisions(using=using)
        book = self._book(group)
        if book is None:
            return [OutOfDate() for _ in group]
        matters = [posed.matter for posed in group]
        bench = DecisionGroup(book, matters, using=using)
        outcomes = [bench.decide(matter, case) for matter, case in bench.cases]
        bench.store()
        return outcomes

    def _book(self, group: Sequence[QueuedEvent]) -> Rulebook | None:
        book = self._keeper.book
        if book is not None and book.counts == change_counts(using=self._using):
            return book
        if any(posed.insists for posed in group):
            return self._keeper.load(to_us(group[0].matter.at))
        return None


class DecisionGroup:
    """One group before the judge: what was read for it, and what is to be written."""

    def __init__(self, book: Rulebook, matters: Sequence[CallEvent], *, using: str) -> None:
        self._book = book
        self._using = using
        self._stored = holds_by_key(
            {one.hold for one in matters if not isinstance(one, Request)}, using=using
        )
        cases = [self._case(one) for one in matters]
        new = known_telephones(_unknown_telephones(cases), using=using)
        self.cases = list(zip(matters, [_or_out_of_date(one, new) for one in cases], strict=True))
        self._known = known_answers(
            [one.key for one in matters if isinstance(one, Request)], using=using
        )
        cases = [case for _, case in self.cases]
        self._standing = read_standing(
            book, cases, more=self._more_accounts(matters), using=using, locked=True
        )
        self._given: dict[str, tuple[str, Answer]] = {}
        self._holds: list[NewHold] = []
        self._refusals: list[tuple[Request, Question, Answer]] = []
        self._endings = Endings(book, self._standing, using=using)

    def decide(self, matter: CallEvent, case: Question | Exception) -> EventOutcome:
        """Return what becomes of one matter; what it moves, the next one finds moved."""
        if isinstance(case, Exception):
            return case
        if isinstance(matter, Request):
            return self._answer(matter, case)
        hold = self._endings.current(self._stored[matter.hold])
        if isinstance(matter, Renewal):
            return self._endings.renew(hold, case, matter)
        if isinstance(matter, Settlement):
            return self._endings.settle(hold, case, matter)
        return self._endings.release(hold, matter)

    def store(self) -> None:
        """Write what was decided."""
        _store(self._holds, self._refusals, self._standing, using=self._using)
        self._endings.store()

    def _case(self, matter: CallEvent) -> Question | Exception:
        try:
            if isinstance(matter, Request):
                return make_case(self._book, matter)
            hold = self._stored.get(matter.hold)
            if hold is None:
                return UnknownHold(matter.hold)
            return make_case(self._book, request_of(self._book, hold))
        except UnknownPlace as fault:
            return fault

    def _more_accounts(self, matters: Sequence[CallEvent]) -> set[tuple[str, str, str]]:
        """Return the accounts that endings move: all are locked in one go, in one order."""
        more: set[tuple[str, str, str]] = set()
        for matter in matters:
            hold = None if isinstance(matter, Request) else self._stored.get(matter.hold)
            if hold is not None:
                more.add(hold.account)
                if isinstance(matter, Settlement):
                    more.add((*REVENUE, hold.account[2]))
        return more

    def _answer(self, request: Request, case: Question) -> EventOutcome:
        if case.emergency:
            return weigh(self._book, case, self._standing).answer
        content = request.content_hash
        earlier = self._given.get(request.key)
        if earlier is None and request.key in self._known:
            known = self._known[request.key]
            earlier = known.content_hash, Answer.read(known.answer)
        if earlier is not None:
            return earlier[1] if earlier[0] == content else KeyConflict(request.key)
        answer, hold = weigh(self._book, case, self._standing, content_hash=content)
        if hold is not None:
            self._holds.append(hold)
            self._standing.take(hold, case.side.holders)
        elif not answer.allowed:
            self._refusals.append((request, case, answer))
        else:
            return answer  # Nothing of a call inside the house is stored: it may be asked again.
        self._given[request.key] = content, answer
        return answer


def _unknown_telephones(cases: Sequence[Question | Exception]) -> set[tuple[int, str]]:
    """Return the callers and short numbers that the book does not know, by site."""
    return {
        pair
        for case in cases
        if not isinstance(case, Exception) and not case.emergency
        for pair in _not_known(case)
    }


def _not_known(case: Question) -> list[tuple[int, str]]:
    site_id = case.caller.site.id
    found = []
    if case.caller.phone is None:
        names = (case.request.caller, extension_of_device(case.request.device))
        found += [(site_id, name) for name in names if name]
    if not case.internal and 0 < len(case.goal.rest) <= LONGEST_EXTENSION:
        found.append((site_id, case.goal.rest))
    return found


def _or_out_of_date(case: Question | Exception, new: set[tuple[int, str]]) -> Question | Exception:
    """Return *case*, or that it was made without a telephone that there is by now."""
    if new and not isinstance(case, Exception) and new.intersection(_not_known(case)):
        return OutOfDate(uncounted=True)
    return case


def question(book: Rulebook, request: Request, *, using: str) -> Answer:
    """Return what would be decided, without holding or storing anything.

    Raises UnknownPlace, OutOfDate.
    """
    case = make_case(book, request)
    if not case.emergency and known_telephones(_not_known(case), using=using):
        raise OutOfDate(uncounted=True)
    standing = read_standing(book, [case], using=using, locked=False)
    return weigh(book, case, standing).answer._replace(hold=None)


def read_standing(
    book: Rulebook,
    cases: Sequence[Question | Exception],
    *,
    more: Collection[tuple[str, str, str]] = (),
    using: str,
    locked: bool,
) -> CurrentState:
    """Read what stands for *cases* and of *more* accounts; *locked* keeps it until the commit."""
    asked = [
        case
        for case in cases
        if not isinstance(case, Exception) and not case.emergency and not case.internal
    ]
    # Before the balances: whoever stores calls holds the batch lock when it locks balances.
    budgets = _budgets(asked, using=using, opens=locked)
    accounts: dict[tuple[str, str, str], AccountState] = {}
    if asked or more:
        holders = {*more, *(case.account for case in asked)}
        at_us = asked[0].at_us if asked else 0
        if locked:
            accounts = lock_accounts(holders, at_us=at_us, known=book.accounts, using=using)
        else:
            accounts = read_accounts(holders, using=using)
    counted = {
        (holder.kind, holder.id)
        for case in asked
        if case.side.counts_calls
        for holder in case.side.holders
        if holder.concurrent_limit is not None
    }
    return CurrentState(
        using=using,
        accounts=accounts,
        budgets=budgets,
        calls=calls_now(counted, using=using) if counted else {},
        closed=closed_extensions(using=using),
    )


def _budgets(
    cases: Sequence[Question], *, using: str, opens: bool
) -> dict[tuple[int, int], BudgetStand]:
    """Return what stands of the cases' budgets; a period's first question opens it."""
    wanted = {budget.key: budget for case in cases for budget in case.budgets}
    if not wanted:
        return {}
    found = budget_stands(wanted.keys(), using=using)
    missing = [wanted[key] for key in wanted.keys() - found.keys()]
    if missing and opens:
        engine_of(using).begin_batch()  # Nobody stores calls while those of the period are counted.
        open_uses(
            [_use_key(one) for one in missing],
            using=using,
        )
        found = budget_stands(wanted.keys(), using=using)
    return found


def _use_key(budget: BudgetNow) -> UseKey:
    entry = budget.entry
    row = BudgetRow(
        id=entry.id,
        kind=entry.kind,
        holder=entry.holder,
        every=entry.every.value,
        limit_micros=entry.limit_micros,
        limit_s=entry.limit_s,
        currency=entry.currency,
        zone=entry.zone,
        warn_at=entry.warn_at,
        active=True,
    )
    return UseKey(row, to_us(budget.period.begin), to_us(budget.period.end))


def _store(
    holds: Sequence[NewHold],
    refusals: Sequence[tuple[Request, Question, Answer]],
    standing: CurrentState,
    *,
    using: str,
) -> None:
    if holds:
        moves = Moves()
        place_holds(holds, standing.accounts, moves=moves, using=using)
        moves.write(using=using)
    if refusals:
        engine = engine_of(using)
        phones = [case.caller.phone for _, case, _ in refusals]
        engine.insert(
            "tollbook_refusal",
            {
                "id": engine.take_ids("tollbook_refusal", len(refusals)),
                "key": [request.key for request, _, _ in refusals],
                "content_hash": [request.content_hash for request, _, _ in refusals],
                "at_us": [case.at_us for _, case, _ in refusals],
                "extension_id": [phone.id if phone else None for phone in phones],
                "caller": [case.caller.number for _, case, _ in refusals],
                "number": [
                    (case.typed_digits or case.goal.destination.digits)[:64]
                    for _, case, _ in refusals
                ],
                "reason": [str(answer.reason) for _, _, answer in refusals],
                "answer": [answer.as_json() for _, _, answer in refusals],
            },
        )
