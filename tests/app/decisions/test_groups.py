"""Questions that are decided together get what each would have got alone, one after another."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.databases import Database, door
from support.effort import examples
from support.factories import change_extension, make_budget, make_extension
from support.prepaid import CENT, NOW, PARIS, asking, open_prepaid, recharge
from tollbook.app.decisions.endings import Release, Renewal, Settlement
from tollbook.app.decisions.group import CallEvent, GroupDecider, QueuedEvent
from tollbook.app.decisions.rulebook import RulebookKeeper
from tollbook.core.instants import to_us
from tollbook.storage.db.current import current_alias
from tollbook.storage.models import Balance, BudgetUse, Extension, LedgerHold, Site

questions = st.builds(
    asking,
    key=st.sampled_from([f"k{nth}" for nth in range(12)]),
    caller=st.sampled_from(["101", "101", "102", "103", "strange"]),
    dialled=st.sampled_from([PARIS, "0033987654321", "102", "112", "00999", ""]),
    account_code=st.sampled_from(["", "", "", "4711"]),
)


held = st.sampled_from(["held 0", "held 1", "held 2"])
endings = st.one_of(
    st.builds(Release, held, st.just(NOW)),
    st.builds(Settlement, held, st.just(NOW), st.sampled_from([0, 1, 30, 60, 61, 200])),
    st.builds(Renewal, held, st.just(NOW), st.sampled_from([0, 30, 60])),
)


@pytest.fixture
def keeper(database: Database) -> RulebookKeeper:
    """Give the book of a house where money, a budget and calls at once are short."""
    open_prepaid(database, cents=60)
    with door.transaction():
        Site.objects.update(hold_s=60)
        make_extension("103", billing=True)
        change_extension("101", concurrent_limit=4)
        make_budget(
            "extension",
            Extension.objects.get(number="102").pk,
            every="day",
            limit_s=150,
            created_us=to_us(NOW),
        )
    recharge("103", 25)
    keeper = RulebookKeeper()
    keeper.refresh(to_us(NOW))
    return keeper


def left_behind() -> list[Any]:
    """Return holds, balances and budgets; ids differ from try to try."""
    columns = [
        one.name
        for one in LedgerHold._meta.concrete_fields
        if one.name not in ("id", "account", "entry")
    ]
    return [
        list(LedgerHold.objects.order_by("id").values_list("account__name", *columns)),
        list(
            Balance.objects.order_by("account__kind", "account__name").values_list(
                "balance_micros", "held_micros"
            )
        ),
        list(BudgetUse.objects.order_by("budget").values_list("held_s", "used_s")),
    ]


def decided(keeper: RulebookKeeper, groups: list[list[CallEvent]]) -> tuple[list[str], list[Any]]:
    """Decide the groups one after another, and undo them."""
    judge = GroupDecider(keeper)
    outcomes: list[str] = []
    with door.transaction():
        for group in groups:
            outcomes += [repr(one) for one in judge([QueuedEvent(asked) for asked in group])]
        found = left_behind()
        transaction.set_rollback(
            True, using=current_alias()
        )  # The next try finds the house as it was.
    return outcomes, found


@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(asked=st.lists(questions, min_size=1, max_size=14))
def test_together_is_one_by_one(keeper: RulebookKeeper, asked: list[CallEvent]) -> None:
    assert decided(keeper, [asked]) == decided(keeper, [[one] for one in asked])


@settings(
    max_examples=examples(120),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(asked=st.lists(st.one_of(questions, endings), min_size=2, max_size=14))
def test_calls_that_end_meanwhile_count_for_those_behind_them(
    keeper: RulebookKeeper, asked: list[CallEvent]
) -> None:
    begun: list[CallEvent] = [
        asking("held 0"),
        asking("held 1", caller="102"),
        asking("held 2", caller="103"),
    ]

    together = decided(keeper, [begun, asked])

    assert together == decided(keeper, [begun, *([one] for one in asked)])


def test_a_telephone_that_may_have_one_call_may_call_again_at_once(database: Database) -> None:
    open_prepaid(database)
    with door.transaction():
        Site.objects.update(hold_s=60)
        change_extension("101", concurrent_limit=1)
    keeper = RulebookKeeper()
    keeper.refresh(to_us(NOW))

    for ending in (Release("a", NOW), Settlement("a", NOW, 10)):
        outcomes, _ = decided(keeper, [[asking("a")], [asking("b"), ending, asking("c")]])
        assert ["allowed=True" in one for one in outcomes] == [True, False, False, True]


def test_each_of_a_group_finds_what_those_before_it_left(keeper: RulebookKeeper) -> None:
    outcomes, (holds, balances, _) = decided(
        keeper, [[asking(f"k{nth}", caller="103") for nth in range(4)]]
    )

    # 0.25 pay a minute for 0.10 each; the third finds 0.05.
    assert ["allowed=True" in one for one in outcomes] == [True, True, False, False]
    assert len(holds) == 2
    assert (25 * CENT, 20 * CENT) in balances
