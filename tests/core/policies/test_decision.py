"""The decision: every refusal says why, and what is allowed can be paid."""

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.core.budgets import Left
from tollbook.core.ledger import Funds
from tollbook.core.policies import (
    Allowed,
    BarringRule,
    ClassOfService,
    Code,
    DecisionInput,
    Denied,
    Destination,
    HoldSettings,
    Limits,
    Pricing,
    Reason,
    Restrictions,
    decide,
    is_barred,
)

LONDON = Destination("442079460000", "GB", "international")
OPEN = ClassOfService("open")
CENT = 10_000

ASKED = DecisionInput(
    destination=LONDON,
    typed_digits="00442079460000",
    emergency=False,
    billed=True,
    locked=False,
    service=OPEN,
    funds=Funds(100 * CENT),
)


def zycoo(talk_s: int) -> int:
    """0.10 for the first minute, then 0.02 for each begun 55 s (RUL-01), in millionths."""
    if talk_s == 0:
        return 0
    return 10 * CENT + 2 * CENT * -(-max(0, talk_s - 60) // 55)


def counted(cost: Callable[[int], int]) -> Pricing:
    """Price by counting the seconds up: slow, and plainly right."""

    def longest(credit_micros: int, at_most_s: int | None) -> int | None:
        if at_most_s is None and cost(10**6) <= credit_micros:
            return None
        for talk_s in count(1):
            if cost(talk_s) > credit_micros or (at_most_s is not None and talk_s > at_most_s):
                return talk_s - 1
        return None

    return Pricing(unrated=False, longest_talk=longest, cost=cost)


def ask(asked: DecisionInput, settings: HoldSettings | None = None) -> Allowed | Denied:
    return decide(
        asked, counted(zycoo), settings or HoldSettings(), is_open=lambda name: name == "night"
    )


@pytest.mark.parametrize(
    ("cents", "expected_s"),
    [(9, None), (10, 60), (13, 115), (14, 170), (18, 280)],  # RUL-06
)
def test_the_limit_is_what_the_money_pays(cents: int, expected_s: int | None) -> None:
    answer = ask(ASKED._replace(funds=Funds(cents * CENT)))

    if expected_s is None:
        assert isinstance(answer, Denied)
        assert answer.reason is Reason.NO_MONEY
    else:
        assert isinstance(answer, Allowed)
        assert (answer.limit_s, answer.hold_micros) == (expected_s, zycoo(expected_s))


def test_emergency_numbers_pass_before_any_question() -> None:
    nothing_fits = ASKED._replace(
        emergency=True, locked=True, funds=Funds(-1), budget=Left(0, 0), code_given=True
    )

    assert ask(nothing_fits) == Allowed(None, 0, ask(nothing_fits).steps)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"locked": True}, Reason.LOCKED),
        ({"code_given": True}, Reason.UNKNOWN_CODE),
        ({"code": Code("12", active=False)}, Reason.INACTIVE_CODE),
        ({"service": ClassOfService("law", code_required=True)}, Reason.CODE_REQUIRED),
        (
            {"service": ClassOfService("law", code_required_types=("international",))},
            Reason.CODE_REQUIRED,
        ),
        ({"code": Code("12", True, Restrictions(True, minimum=15))}, Reason.TOO_SHORT),
        ({"code": Code("12", True, Restrictions(True, maximum=13))}, Reason.TOO_LONG),
        ({"code": Code("12", True, Restrictions(True, blocked=("0044",)))}, Reason.PREFIX_BLOCKED),
        ({"code": Code("12", True, Restrictions(True, allowed=("0049",)))}, Reason.NOT_IN_ALLOWED),
        ({"needs_authorisation": True}, Reason.AUTHORISATION_MISSING),
        (
            {"service": ClassOfService("C", (BarringRule(bars=True, countries=("GB",)),))},
            Reason.DESTINATION_BARRED,
        ),
        ({"limits": Limits(concurrent=2), "calls_now": 2}, Reason.TOO_MANY_CALLS),
        ({"budget": Left(0, None)}, Reason.BUDGET_USED),
        ({"budget": Left(5 * CENT, None)}, Reason.BUDGET_USED),
        ({"limits": Limits(floor_micros=101 * CENT)}, Reason.BALANCE_FLOOR),
        ({"funds": Funds(0)}, Reason.NO_MONEY),
        ({"funds": Funds(50 * CENT, held_micros=45 * CENT)}, Reason.NO_MONEY),
    ],
)
def test_a_refusal_says_why(change: dict[str, object], reason: Reason) -> None:
    answer = ask(ASKED._replace(**change))  # type: ignore[arg-type]

    assert isinstance(answer, Denied)
    assert answer.reason is reason
    assert answer.steps


def test_a_call_that_no_rate_claims_is_refused_while_money_matters() -> None:
    pricing = counted(zycoo)._replace(unrated=True)

    denied = decide(ASKED, pricing, HoldSettings(), is_open=lambda _: False)
    unbilled = decide(
        ASKED._replace(billed=False), pricing, HoldSettings(), is_open=lambda _: False
    )

    assert isinstance(denied, Denied)
    assert denied.reason is Reason.UNRATED
    assert isinstance(unbilled, Allowed)


@pytest.mark.parametrize(
    ("change", "limit_s"),
    [
        ({"limits": Limits(call_s=90)}, 90),
        ({"limits": Limits(call_micros=14 * CENT)}, 170),
        ({"budget": Left(13 * CENT, 3600)}, 115),
        ({"budget": Left(None, 40)}, 40),
        ({"limits": Limits(floor_micros=100 * CENT, call_s=30)}, 30),  # equal to the floor passes
        ({"billed": False, "funds": Funds(0), "limits": Limits(call_s=30)}, 30),
        ({"billed": False, "funds": Funds(0)}, None),
    ],
)
def test_the_least_of_all_limits_holds(change: dict[str, object], limit_s: int | None) -> None:
    answer = ask(ASKED._replace(**change))  # type: ignore[arg-type]

    assert isinstance(answer, Allowed)
    assert answer.limit_s == limit_s


def test_a_shorter_hold_leaves_money_for_other_calls() -> None:
    answer = ask(ASKED, HoldSettings(hold_s=60))

    assert isinstance(answer, Allowed)
    assert (answer.limit_s, answer.hold_micros) == (60, 10 * CENT)


@given(
    balance=st.integers(-50, 300),
    credit=st.integers(0, 100),
    held=st.integers(0, 200),
    call_cost=st.none() | st.integers(0, 100),
    call_s=st.none() | st.integers(1, 2000),
    budget=st.none() | st.integers(0, 100),
    hold_s=st.none() | st.integers(1, 300),
)
def test_what_is_allowed_is_held_and_what_is_held_is_there(
    balance: int,
    credit: int,
    held: int,
    call_cost: int | None,
    call_s: int | None,
    budget: int | None,
    hold_s: int | None,
) -> None:
    funds = Funds(balance * CENT, credit * CENT, held * CENT)
    asked = ASKED._replace(
        funds=funds,
        limits=Limits(None if call_cost is None else call_cost * CENT, call_s),
        budget=Left(None if budget is None else budget * CENT, None),
    )

    answer = ask(asked, HoldSettings(hold_s))

    if isinstance(answer, Allowed):
        assert 0 < answer.hold_micros <= funds.available_micros
        assert answer.limit_s is not None
        assert zycoo(answer.limit_s) <= answer.hold_micros


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((BarringRule(bars=True, prefixes=("44",)),), True),
        (
            (BarringRule(bars=True, prefixes=("44",)), BarringRule(bars=False, prefixes=("4420",))),
            False,
        ),
        (
            (BarringRule(bars=True, prefixes=("44",)), BarringRule(bars=False, prefixes=("44",))),
            True,
        ),  # a tie
        ((BarringRule(bars=True), BarringRule(bars=False, countries=("GB",))), False),
        ((BarringRule(bars=True, call_types=("international",), hours="night"),), True),
        ((BarringRule(bars=True, call_types=("international",), hours="day"),), False),
        ((BarringRule(bars=True, countries=("FR",)),), False),
    ],
)
def test_the_most_specific_rule_decides(rules: tuple[BarringRule, ...], *, expected: bool) -> None:
    barred = is_barred(ClassOfService("C", rules), LONDON, is_open=lambda name: name == "night")

    assert barred is expected
