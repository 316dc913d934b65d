"""Each rule through the whole use case: budgets, classes, codes, limits, and the clock."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from support.databases import Database, door
from support.deciding import authorise, settle
from support.factories import (
    add_code_number,
    change_extension,
    lift_alarm,
    make_alarm,
    make_budget,
    make_class,
    make_code,
    make_owner,
)
from support.prepaid import CENT, NOW, PARIS, asking, balance, open_prepaid, recharge
from tollbook.app.decisions.decider import Settlement, ask
from tollbook.app.decisions.messages import Answer
from tollbook.core.policies import Reason
from tollbook.storage.models import (
    Budget,
    BudgetUse,
    Department,
    Extension,
    Pbx,
    Site,
)


def budget(kind: str = "extension", **given: object) -> Budget:
    holder = {
        "extension": Extension.objects.get(number="101").pk,
        "department": Department.objects.get().pk,
    }[kind]
    with door.transaction():
        return make_budget(kind, holder, **given)


def service_class(**given: object) -> None:
    """Let extension 101 have a class of service of its own."""
    with door.transaction():
        make_class("C", of="101", **given)


def change(number: str = "101", **given: object) -> None:
    with door.transaction():
        change_extension(number, **given)


def test_a_budget_counts_what_is_used_and_what_is_held(database: Database) -> None:
    open_prepaid(database, cents=1_000)
    budget(limit_micros=30 * CENT)
    with door.transaction():
        Site.objects.update(hold_s=115)

    assert authorise(asking("a")).limit_s == 115  # 0.12 are held
    assert authorise(asking("b")).limit_s == 115
    use = BudgetUse.objects.get()
    assert (use.used_micros, use.held_micros, use.held_s) == (0, 24 * CENT, 230)
    refused = authorise(asking("c"))
    assert refused.reason is Reason.BUDGET_USED  # 0.06 do not pay the first minute

    settle(Settlement("a", NOW, 60))
    use.refresh_from_db()
    assert (use.used_micros, use.used_s, use.held_micros) == (10 * CENT, 60, 12 * CENT)
    assert balance() == ((1_000 - 10) * CENT, 12 * CENT)


def test_a_department_s_budget_is_used_by_all_of_its_members(database: Database) -> None:
    open_prepaid(database, cents=1_000)
    with door.transaction():
        change_extension("102", department=Department.objects.get(), billing=True)
    recharge("102", 1_000)
    budget("department", limit_s=100)

    assert authorise(asking("a")).limit_s == 100
    assert authorise(asking("b", caller="102")).reason is Reason.BUDGET_USED
    settle(Settlement("a", NOW, 30))
    assert authorise(asking("c", caller="102")).limit_s == 70


def test_a_budget_binds_a_telephone_that_is_not_billed_too(database: Database) -> None:
    open_prepaid(database)
    change(billing=False)
    budget(limit_micros=20 * CENT)

    answer = authorise(asking())

    assert (answer.limit_s, answer.account) == (335, None)
    assert BudgetUse.objects.get().held_micros == 20 * CENT
    settle(Settlement("k1", NOW, 60))
    assert BudgetUse.objects.get().used_micros == 10 * CENT
    assert balance() == (100 * CENT, 0)


BEFORE_MIDNIGHT = datetime(2026, 10, 31, 22, 59, 30, tzinfo=UTC)  # 23:59:30 in Berlin


def test_a_call_over_the_month_s_end_belongs_to_the_month_it_started_in(
    database: Database,
) -> None:
    """AMB-07: a call that was under way at midnight is charged to the month of its start."""
    open_prepaid(database, cents=1_000)
    budget(limit_s=100)
    authorise(asking("october", at=BEFORE_MIDNIGHT))
    after = BEFORE_MIDNIGHT + timedelta(minutes=1)

    fresh = authorise(asking("november", at=after))
    settle(Settlement("october", after, 80))

    assert fresh.limit_s == 100
    uses = list(BudgetUse.objects.order_by("from_us").values_list("used_s", "held_s"))
    assert uses == [(80, 0), (0, 100)]


@pytest.mark.parametrize("hour", [21, 22, 23])
def test_a_day_of_twenty_five_hours_has_one_budget(database: Database, hour: int) -> None:
    """The clock goes back on 25 October 2026: the repeated hour opens nothing."""
    open_prepaid(database, cents=1_000)
    budget(every="day", limit_s=60)
    first = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)  # 00:30 in Berlin on the 25th
    authorise(asking("first", at=first))

    again = authorise(asking("again", at=datetime(2026, 10, 25, hour, 30, tzinfo=UTC)))

    assert again.allowed == (hour == 23)  # At 23:00 UTC the 26th begins.


def test_a_clock_that_steps_back_lifts_no_budget(database: Database) -> None:
    open_prepaid(database, cents=1_000)
    budget(limit_s=100)
    authorise(asking("a"))
    settle(Settlement("a", NOW, 100))

    back = authorise(asking("b", at=NOW - timedelta(hours=1)))
    assert back.reason is Reason.BUDGET_USED
    forth = authorise(asking("c", at=NOW + timedelta(hours=1)))
    assert forth.reason is Reason.BUDGET_USED


def test_a_class_bars_by_country_and_hours(database: Database) -> None:
    open_prepaid(database)
    service_class(
        rules=[{"bars": True, "countries": ["FR"], "hours": "office"}],
        hours=[{"name": "office", "from": "08:00:00", "to": "18:00:00"}],
    )

    assert ask(asking()).reason is Reason.DESTINATION_BARRED
    evening = NOW + timedelta(hours=9)
    assert ask(asking(at=evening)).allowed
    assert ask(asking(dialled="102")).allowed
    assert ask(asking(dialled="112")).allowed


def test_the_department_s_class_serves_members_that_have_none(database: Database) -> None:
    open_prepaid(database)
    with door.transaction():
        row = make_class("closed", bars_otherwise=True)
        Department.objects.update(service_class=row)

    assert ask(asking()).reason is Reason.DESTINATION_BARRED
    assert ask(asking(caller="102")).allowed


def test_a_class_asks_for_a_code_and_some_need_none(database: Database) -> None:
    open_prepaid(database)
    service_class(code_required_types=["international"])
    with door.transaction():
        make_code("4711")

    assert ask(asking()).reason is Reason.CODE_REQUIRED
    assert ask(asking(account_code="4711")).allowed
    change(code_exempt=True)
    assert ask(asking()).allowed


def test_an_authorisation_code_inside_the_number_is_taken_off(database: Database) -> None:
    """AMB-31: the mask of the PBX, taken off before rating."""
    open_prepaid(database)
    service_class(authorisation_required=True)
    with door.transaction():
        Pbx.objects.update(authorisation_mask="7###")

    assert ask(asking()).reason is Reason.AUTHORISATION_MISSING
    answer = ask(asking(dialled="7123" + PARIS))
    assert (answer.allowed, answer.number) == (True, "8888" + PARIS)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ({"active": False}, Reason.INACTIVE_CODE),
        ({"restrict": True, "minimum": 14}, Reason.TOO_SHORT),
        ({"restrict": True, "maximum": 12}, Reason.TOO_LONG),
        ({"restrict": True, "blocked": "0049, 0033"}, Reason.PREFIX_BLOCKED),
        ({"restrict": True, "allowed": "0049"}, Reason.NOT_IN_ALLOWED),
        ({"restrict": False, "allowed": "0049"}, None),
        ({"restrict": True, "minimum": 13, "maximum": 13}, None),
    ],
)
def test_a_code_restricts(
    database: Database, code: dict[str, object], reason: Reason | None
) -> None:
    open_prepaid(database)
    with door.transaction():
        make_code("4711", **code)

    assert ask(asking(account_code="4711")).reason is reason
    assert ask(asking(account_code="4712")).reason is Reason.UNKNOWN_CODE


def test_the_owner_of_the_code_pays_if_his_billing_is_on(database: Database) -> None:
    open_prepaid(database)
    with door.transaction():
        owner = make_owner("Legal", billing=True, credit_micros=14 * CENT)
        make_code("4711", owner=owner)

    answer = authorise(asking(account_code="4711"))

    assert (answer.account, answer.limit_s) == ("owner Legal", 170)
    assert balance() == (100 * CENT, 0)
    # A stranger may call with it (EBC-13), once the owner has something left.
    assert authorise(asking("b", caller="9", account_code="4711")).reason is Reason.NO_MONEY


def test_a_code_with_several_numbers_dials_none_by_itself(database: Database) -> None:
    open_prepaid(database)
    with door.transaction():
        code = make_code("4711", numbers=[PARIS])

    assert ask(asking(dialled="", typed="4711#")).number == "8888" + PARIS
    with door.transaction():
        add_code_number(code, "0033999")
    assert ask(asking(dialled="", typed="4711#")).reason is Reason.TOO_SHORT


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"call_limit_s": 42}, 42),
        ({"call_limit_micros": 13 * CENT}, 115),
        ({"floor_micros": 100 * CENT}, 2535),  # equal to the floor passes
        ({"floor_micros": 101 * CENT}, Reason.BALANCE_FLOOR),
        ({"locked": True}, Reason.LOCKED),
        ({"active": False}, Reason.LOCKED),
    ],
)
def test_a_telephone_s_own_limits(
    database: Database, given: dict[str, object], expected: int | Reason
) -> None:
    open_prepaid(database)
    change(**given)

    answer = ask(asking())

    assert expected == (answer.limit_s if answer.allowed else answer.reason)


def test_calls_at_once_are_counted_by_their_holds(database: Database) -> None:
    open_prepaid(database, cents=1_000)
    change(concurrent_limit=2)
    with door.transaction():
        Site.objects.update(hold_s=60)

    assert authorise(asking("a")).allowed
    assert authorise(asking("b")).allowed
    assert authorise(asking("c")).reason is Reason.TOO_MANY_CALLS
    settle(Settlement("a", NOW, 10))
    assert authorise(asking("d")).allowed


def test_an_alarm_that_closes_keeps_closed_until_it_is_lifted(database: Database) -> None:
    open_prepaid(database)
    with door.transaction():
        alarm = make_alarm("101", closes=True)

    assert ask(asking()).reason is Reason.LOCKED
    with door.transaction():
        lift_alarm(alarm)
    assert ask(asking()).allowed


def test_a_number_without_a_rate_is_refused_while_money_matters(database: Database) -> None:
    open_prepaid(database)

    answer = ask(asking(dialled="0044201234567"))

    assert answer.reason is Reason.UNRATED
    assert "no rate has a prefix of this number" in [step.outcome for step in answer.steps]
    assert ask(asking(caller="102", dialled="0044201234567")).allowed


def test_an_answer_reads_back_as_it_was_written(database: Database) -> None:
    open_prepaid(database)
    change(name='Zoë "die Chefin" \\ عامر\n')

    for answer in (ask(asking()), ask(asking(dialled="x;y"))):
        assert Answer.read(answer.as_json()) == answer
        assert json.loads(answer.as_json())["allowed"] == answer.allowed
