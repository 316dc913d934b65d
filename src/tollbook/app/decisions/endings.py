"""What becomes of a call that was allowed: it goes on, it is paid, or it never was.

A renewal sets more aside for a call that lasts; a settlement captures exactly what the call cost
and lets the rest go; a release lets everything go. All of them name the hold that the answer gave,
and repeating one changes nothing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tollbook.app.decisions.decide import (
    GRACE_S,
    RINGING_S,
    AlreadyHeld,
    CurrentState,
    HeldCounters,
    covered_rows,
    decide_question,
)
from tollbook.app.decisions.messages import Answer, Request
from tollbook.app.decisions.question import Question
from tollbook.app.decisions.rulebook import Rulebook
from tollbook.app.policies.alarms import NewAlarm, raise_alarms
from tollbook.app.pricing.call_price import CallPrice
from tollbook.app.pricing.plan_charge import SiteRef
from tollbook.core.instants import from_us, to_us
from tollbook.core.ledger import Capture, Hold, HoldEnded, KeyConflict
from tollbook.core.money import Money, from_micros
from tollbook.core.policies import DecisionStep
from tollbook.storage.billing.holds import (
    Moves,
    capture_holds,
    charge_late,
    charged_of,
    extend_hold,
    release_holds,
)

_SECOND_US = 1_000_000
LONGEST_TALK_S = 31 * 86_400


class UnknownHold(LookupError):
    """There is no hold of this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f'there is no hold "{key[:160]}". Nothing was changed.')


@dataclass(frozen=True, slots=True)
class Renewal:
    """A call lasts: set money aside for talk beyond *talked_s* seconds."""

    hold: str
    at: datetime
    talked_s: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """A call has ended after *talk_s* seconds of talk, 0 if nobody answered."""

    hold: str
    at: datetime
    talk_s: int
    answered: datetime | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A call did not come about: nothing was used."""

    hold: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """How a hold ended: what was charged for how long, None where nobody pays (or nothing).

    `excess` is by how much the charge exceeds what was held.
    """

    hold: str
    state: str
    talk_s: int | None
    charge: Decimal | None
    currency: str
    excess: Decimal = Decimal(0)


class Endings:
    """The endings of one group, written together."""

    def __init__(self, book: Rulebook, state: CurrentState) -> None:
        self._book = book
        self._state = state
        self._moves = Moves()
        self._captures: list[Capture] = []
        self._late: list[Capture] = []
        self._releases: dict[str, tuple[Hold, datetime]] = {}
        self._changed: dict[str, Hold] = {}

    def current(self, hold: Hold) -> Hold:
        """Return the hold as the events before this one of the group leave it."""
        return self._changed.get(hold.key, hold)

    def renew(self, hold: Hold, question: Question, event: Renewal) -> Answer | Exception:
        """Return the answer with a limit beyond what was talked, or the limit as it is."""
        if hold.state != "pending":
            return HoldEnded(hold.key, hold.state)
        given = Answer.read(hold.answer)
        if hold.limit_s is None:
            return given
        own = AlreadyHeld(1, event.talked_s, hold.amount_micros, hold.reserved)
        decided = decide_question(self._book, question, self._state, own)
        new = decided.hold
        if new is None or new.limit_s is None or new.limit_s <= hold.limit_s:
            why = decided.answer.reason.value if decided.answer.reason else "the limit is reached"
            step = DecisionStep("renew", f"the limit stays: {why}", hold.limit_s)
            return given._replace(limit_s=hold.limit_s, steps=(*decided.answer.steps, step))
        self._extend(hold, new, event)
        return decided.answer

    def settle(self, hold: Hold, question: Question, event: Settlement) -> Settled | Exception:
        """Capture what the call cost, the same price that the decision asked."""
        if hold.state in ("captured", "released") or hold.entry_id is not None:
            return self._again(hold, event)
        if not 0 <= event.talk_s <= LONGEST_TALK_S:
            return ValueError(f"a call of {event.talk_s} s cannot be settled")
        if event.talk_s == 0 and hold.state == "pending":
            return self.release(hold, question, Release(hold.key, event.at))
        cost, spent = self._cost(hold, question, event)
        pays = Answer.read(hold.answer).account is not None
        capture = Capture(
            hold=hold,
            charge=cost if pays else None,
            at=event.answered or from_us(hold.placed_us),
            ended=event.at,
            talk_s=event.talk_s,
            answered_us=to_us(event.answered) if event.answered else None,
            used_micros=cost.micros if cost else 0,
            spent=spent,
        )
        charged = capture.charge.micros if capture.charge else 0
        if hold.state == "expired":
            self._late.append(capture)
        else:
            self._captures.append(capture)
            self._state.give_back(hold, question.caller_facts.holders)
        self._state.use(capture)
        self._spend(hold, charged)
        self._changed[hold.key] = hold._replace(
            state="captured", talk_s=event.talk_s, captured_micros=charged
        )
        excess = max(0, charged - hold.amount_micros) if hold.state == "pending" else charged
        return Settled(
            hold.key,
            "captured",
            event.talk_s,
            from_micros(charged) if capture.charge else None,
            hold.account[2],
            from_micros(excess),
        )

    def release(self, hold: Hold, question: Question, event: Release) -> Settled | Exception:
        """Let the hold go, whole."""
        if hold.state == "captured" or hold.entry_id is not None:
            return HoldEnded(hold.key, hold.state)
        if hold.state == "pending":
            self._releases[hold.key] = hold, event.at
            self._state.give_back(hold, question.caller_facts.holders)
            self._changed[hold.key] = hold._replace(state="released", talk_s=0)
        state = "expired" if hold.state == "expired" else "released"
        return Settled(hold.key, state, 0, None, hold.account[2])

    def store(self) -> None:
        """Write everything, captures and releases a group at a time."""
        self._moves.write()
        capture_holds(self._captures)
        charge_late(self._late)
        _alarm(self._captures)
        for at in {at for _, at in self._releases.values()}:
            holds = [hold for hold, when in self._releases.values() if when == at]
            release_holds(holds, at_us=to_us(at), talk_s=0)

    def _extend(self, hold: Hold, new: Hold, event: Renewal) -> None:
        amount = max(new.amount_micros, hold.amount_micros)
        expires_us = to_us(event.at) + (
            ((new.limit_s or 0) - event.talked_s + RINGING_S + GRACE_S) * _SECOND_US
        )
        longer = hold._replace(
            amount_micros=amount,
            reserved=new.reserved,
            limit_s=new.limit_s,
            expires_us=max(expires_us, hold.expires_us),
            answer=new.answer,
        )
        extend_hold(
            hold,
            by_micros=amount - hold.amount_micros,
            reserved=new.reserved,
            limit_s=new.limit_s,
            expires_us=longer.expires_us,
            answer=new.answer,
            moves=self._moves,
        )
        self._state.move(hold.account, amount - hold.amount_micros, hold.reserved.negated())
        self._state.move(hold.account, 0, new.reserved)
        self._changed[hold.key] = longer

    def _spend(self, hold: Hold, micros: int) -> None:
        state = self._state.accounts[hold.account]
        self._state.accounts[hold.account] = state._replace(
            balance_micros=state.balance_micros - micros
        )

    def _cost(
        self, hold: Hold, question: Question, event: Settlement
    ) -> tuple[Money | None, tuple[tuple[str, int], ...]]:
        """Return what the call costs in the account's currency, None where it has no price, and
        the free seconds that it spent, by the key of their counter."""
        billable = question.billable
        if billable is None:
            return None, ()
        site = question.caller.site
        talk_us = to_us(event.answered) if event.answered else hold.placed_us
        price = CallPrice(
            self._book.prices,
            billable._replace(talk_us=talk_us, talk_ms=event.talk_s * 1000),
            pbx_id=hold.pbx_id,
            site_id=site.id,
            site=site.name,
            counters_for=lambda work: HeldCounters(
                work, SiteRef(site.id, site.name), self._state, hold.reserved
            ),
        )
        cost = None if price.unrated else price.final(event.talk_s)
        if cost is None or price.currency != hold.account[2]:
            return None, ()
        return Money(cost, price.currency), covered_rows(
            price, SiteRef(site.id, site.name), event.talk_s
        )

    def _again(self, hold: Hold, event: Settlement) -> Settled | Exception:
        """Return the first answer to a settlement that is repeated."""
        if hold.talk_s != event.talk_s:
            return KeyConflict(f"hold:{hold.key}")
        if hold.state == "released":
            return Settled(hold.key, "released", 0, None, hold.account[2])
        pays = Answer.read(hold.answer).account is not None
        charged = (
            charged_of(hold.entry_id, hold.account_id)
            if hold.entry_id is not None
            else hold.captured_micros
        )
        return Settled(
            hold.key,
            "captured",
            hold.talk_s,
            from_micros(charged) if pays else None,
            hold.account[2],
            from_micros(max(0, charged - hold.amount_micros)),
        )


def request_of(book: Rulebook, hold: Hold) -> Request:
    """Return the question that a hold answered, as far as its price depends on it."""
    directory = book.directory
    switch = directory.pbxs.get(hold.pbx_id) if hold.pbx_id is not None else None
    code = directory.code_by_id.get(hold.account_code_id or 0)
    number = Answer.read(hold.answer).number
    return Request(
        key=hold.key,
        at=from_us(hold.placed_us),
        caller=hold.caller,
        dialled=number.removeprefix(switch.dial_prefix) if switch else number,
        account_code=code.code.code if code else "",
        pbx=switch.name if switch else "",
        switch_call_id=hold.switch_call_id,
        trunk=hold.reserved.trunk,
        source_ip=hold.reserved.source_ip,
    )


def _alarm(captures: Sequence[Capture]) -> None:
    """Report charges above what was held: a limit was not kept, or the price rose meanwhile."""
    raise_alarms(
        [
            NewAlarm(
                key=f"above-hold:{one.hold.id}",
                kind="above_hold",
                at=one.ended or one.at,
                message=(
                    f"A call of {one.hold.caller} to {one.hold.number} cost "
                    f"{from_micros(one.excess_micros)} {one.hold.account[2]} more than was held. "
                    "It was charged whole. See whether the switch keeps the limits it is given."
                ),
                details={"hold": one.hold.key, "excess_micros": one.excess_micros},
                holder=(one.hold.account[0], int(one.hold.account[1]))
                if one.hold.account[0] != "system"
                else None,
            )
            for one in captures
            if one.excess_micros
        ]
    )
