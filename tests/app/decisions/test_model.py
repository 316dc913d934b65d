"""Decisions in any order against a plain model: what is there is never spent twice."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from support.databases import Database, door
from support.deciding import authorise, release, renew, settle
from support.effort import examples
from support.factories import change_extension, make_extension
from support.prepaid import CENT, NOW, asking, balance, open_prepaid, recharge
from tollbook.app.decisions.decider import Release, Renewal, Settlement, expire_due
from tollbook.core.ledger import HoldEnded
from tollbook.core.policies import Reason
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import Department, Site

NUMBERS = count(5000)
KEYS = count()
LATER = NOW + timedelta(days=2)


def cost(talk_s: int) -> int:
    """0.10 for the first minute, 0.02 for each begun 55 s behind it (RUL-01), in cents."""
    return 0 if talk_s <= 0 else 10 + 2 * -(-max(0, talk_s - 60) // 55)


def paid_s(cents: int) -> int:
    """The longest talk that the money pays, 0 if not even the first minute."""
    return 0 if cents < 10 else 60 + (cents - 10) // 2 * 55


@dataclass
class Call:
    """A call as the model has it: how far it may go, and what is set aside for it."""

    limit_s: int
    held: int


class Prepaid(RuleBasedStateMachine):
    """One telephone, its money, and any number of calls at once."""

    def __init__(self) -> None:
        super().__init__()
        self.number = str(next(NUMBERS))
        with door.transaction():
            make_extension(
                self.number, billing=True, department=Department.objects.get(name="Sales")
            )
            Site.objects.update(hold_s=None)
        self.balance = 0
        self.credit = 0
        self.hold_s: int | None = None
        self.calls: dict[str, Call] = {}
        self.pay_in(cents=50)

    @property
    def available(self) -> int:
        return self.balance + self.credit - sum(call.held for call in self.calls.values())

    @rule(cents=st.integers(1, 60))
    def pay_in(self, cents: int) -> None:
        recharge(self.number, cents, key=f"in:{next(KEYS)}")
        self.balance += cents

    @rule(cents=st.integers(0, 40))
    def give_credit(self, cents: int) -> None:
        with door.transaction():
            change_extension(self.number, credit_micros=cents * CENT)
        self.credit = cents

    @rule(hold_s=st.none() | st.integers(1, 200))
    def hold_shorter(self, hold_s: int | None) -> None:
        with door.transaction():
            Site.objects.update(hold_s=hold_s)
        self.hold_s = hold_s

    @rule(twice=st.booleans())
    def call(self, *, twice: bool) -> None:
        key = f"call:{next(KEYS)}"
        answer = authorise(asking(key, caller=self.number))
        limit_s = paid_s(self.available)
        if self.hold_s is not None:
            limit_s = min(limit_s, self.hold_s)
        if limit_s == 0:
            assert answer.reason is Reason.NO_MONEY
        else:
            assert (answer.allowed, answer.limit_s) == (True, limit_s)
            self.calls[key] = Call(limit_s, cost(limit_s))
        if twice:
            assert authorise(asking(key, caller=self.number)) == answer

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), talked_s=st.integers(1, 400))
    def go_on(self, data: st.DataObject, talked_s: int) -> None:
        key = data.draw(st.sampled_from(sorted(self.calls)))
        call = self.calls[key]
        answer = renew(Renewal(key, NOW, talked_s))
        limit_s = paid_s(self.available + call.held)
        if self.hold_s is not None:
            limit_s = min(limit_s, talked_s + self.hold_s)
        if limit_s > call.limit_s:
            self.calls[key] = Call(limit_s, cost(limit_s))
        assert answer.limit_s == self.calls[key].limit_s

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), share=st.integers(0, 100), over_s=st.sampled_from([0, 0, 0, 90]))
    def hang_up(self, data: st.DataObject, share: int, over_s: int) -> None:
        key = data.draw(st.sampled_from(sorted(self.calls)))
        talk_s = self.calls[key].limit_s * share // 100 + over_s
        settled = settle(Settlement(key, NOW, talk_s))
        assert settle(Settlement(key, NOW, talk_s)) == settled
        assert int((settled.charge or 0) * 100) == cost(talk_s)
        del self.calls[key]
        self.balance -= cost(talk_s)

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.calls)))
        release(Release(key, NOW))
        del self.calls[key]
        with pytest.raises(HoldEnded):
            renew(Renewal(key, NOW, 1))

    @precondition(lambda self: self.calls)
    @rule()
    def forget(self) -> None:
        expire_due(LATER)
        self.calls.clear()

    @invariant()
    def the_account_says_the_same(self) -> None:
        held = sum(call.held for call in self.calls.values())
        assert balance(self.number) == (self.balance * CENT, held * CENT)

    def teardown(self) -> None:
        expire_due(LATER)
        assert verify_balances() == []


def test_calls_in_any_order_never_spend_what_is_not_there(database: Database) -> None:
    open_prepaid(database)

    run_state_machine_as_test(
        Prepaid,
        settings=settings(
            max_examples=examples(12),
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
