"""Holds in any order never let an account spend more than it has, and each ends once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from support.effort import examples
from tollbook.core.ledger import (
    Funds,
    Hold,
    HoldEnded,
    HoldState,
    Shortfall,
    capture,
    expire,
    extend,
    place,
    release,
)

START = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
AMOUNT = st.integers(0, 10_000_000)


def test_a_hold_counts_when_it_is_made() -> None:
    placed = place(Funds(5, credit_micros=2), 7, key="a", expires_at=START)

    assert not isinstance(placed, Shortfall)
    assert placed[1].available_micros == 0
    assert place(placed[1], 1, key="b", expires_at=START) == Shortfall(1, 0)


def test_what_is_not_captured_comes_back() -> None:
    placed = place(Funds(10), 8, key="a", expires_at=START)
    assert not isinstance(placed, Shortfall)

    hold, funds = capture(*placed, 3)

    assert (hold.state, hold.captured_micros) == (HoldState.CAPTURED, 3)
    assert funds == Funds(7)


def test_an_overdrawn_account_may_still_hold_nothing() -> None:
    placed = place(Funds(-5), 0, key="free", expires_at=START)

    assert not isinstance(placed, Shortfall)
    assert place(Funds(-5), 1, key="x", expires_at=START) == Shortfall(1, -5)


@pytest.mark.parametrize("state", [HoldState.CAPTURED, HoldState.RELEASED, HoldState.EXPIRED])
def test_a_hold_ends_once(state: HoldState) -> None:
    ended = Hold("a", 5, START, state)

    for again in (
        lambda: capture(ended, Funds(9), 1),
        lambda: release(ended, Funds(9)),
        lambda: expire(ended, Funds(9), at=START),
        lambda: extend(ended, Funds(9), 1, expires_at=START),
    ):
        with pytest.raises(HoldEnded, match="already"):
            again()


@pytest.mark.parametrize("amount", [-1, 6])
def test_only_what_was_held_can_be_captured(amount: int) -> None:
    with pytest.raises(ValueError, match="cannot be captured"):
        capture(Hold("a", 5, START), Funds(9, held_micros=5), amount)


def test_a_hold_does_not_expire_before_its_time() -> None:
    with pytest.raises(ValueError, match="lasts until"):
        expire(Hold("a", 5, START), Funds(9, held_micros=5), at=START - timedelta(seconds=1))


class Account(RuleBasedStateMachine):
    """One account, many calls at once, money coming in between."""

    pending = Bundle("pending")

    def __init__(self) -> None:
        super().__init__()
        self.funds = Funds(0, credit_micros=1_000_000)
        self.open: dict[str, Hold] = {}
        self.paid_in = 0
        self.spent = 0
        self.made = 0

    @rule(amount=AMOUNT)
    def recharge(self, amount: int) -> None:
        self.funds = Funds(
            self.funds.balance_micros + amount, self.funds.credit_micros, self.funds.held_micros
        )
        self.paid_in += amount

    @rule(target=pending, amount=AMOUNT)
    def hold(self, amount: int) -> str:
        self.made += 1
        key = f"call-{self.made}"
        placed = place(self.funds, amount, key=key, expires_at=START + HOUR)
        if not isinstance(placed, Shortfall):
            self.open[key], self.funds = placed
        else:
            assert amount > self.funds.available_micros
        return key

    @rule(key=pending, by=AMOUNT)
    def extend(self, key: str, by: int) -> None:
        if key in self.open:
            grown = extend(self.open[key], self.funds, by, expires_at=START + 2 * HOUR)
            if not isinstance(grown, Shortfall):
                self.open[key], self.funds = grown

    @rule(key=consumes(pending), share=st.integers(0, 100))
    def capture(self, key: str, share: int) -> None:
        if hold := self.open.pop(key, None):
            ended, self.funds = capture(hold, self.funds, hold.amount_micros * share // 100)
            self.spent += ended.captured_micros

    @rule(key=consumes(pending))
    def release(self, key: str) -> None:
        if hold := self.open.pop(key, None):
            _, self.funds = release(hold, self.funds)

    @rule(key=consumes(pending))
    def expire(self, key: str) -> None:
        if hold := self.open.pop(key, None):
            _, self.funds = expire(hold, self.funds, at=START + 3 * HOUR)

    @invariant()
    def the_books_agree(self) -> None:
        assert self.funds.balance_micros == self.paid_in - self.spent
        assert self.funds.held_micros == sum(hold.amount_micros for hold in self.open.values())

    @invariant()
    def the_credit_limit_stands(self) -> None:
        assert self.funds.available_micros >= 0
        assert self.funds.balance_micros >= -self.funds.credit_micros


TestAccount = Account.TestCase
TestAccount.settings = settings(max_examples=examples(60), stateful_step_count=40, deadline=None)
