"""Classes, budgets and guards as an administrator keeps them, and what guards find."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from support.databases import Database
from support.office import NOON, Call, Office, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.policies import alarm_list
from tollbook.app.policies.budgets import BudgetText, list_budgets, save_budget
from tollbook.app.policies.classes import (
    ClassText,
    PolicyRefused,
    delete_class,
    find_class,
    save_class,
    serve_site,
)
from tollbook.app.policies.fraud_guards import GuardText, save_guard
from tollbook.app.policies.watch_fraud import watch
from tollbook.storage.models import Alarm, AuditLog, Extension

NIGHT = [{"name": "night", "from": "20:00:00", "to": "07:00:00"}]


@pytest.fixture
def office(database: Database) -> Office:
    return open_office(database)


def keep_class(text: ClassText, class_id: int | None = None) -> int:
    return save_class(text, by=Actor("ann", NOON), class_id=class_id)


def keep_budget(text: BudgetText, budget_id: int | None = None) -> int:
    return save_budget(text, by=Actor("ann", NOON), budget_id=budget_id)


def keep_guard(text: GuardText) -> int:
    return save_guard(text, by=Actor("ann", NOON))


def telephone(number: str = "101") -> int:
    return Extension.objects.get(number=number).pk


def test_a_class_keeps_its_rules_and_hours(office: Office) -> None:
    rules = [{"bars": True, "countries": ["GB"], "hours": "night"}]

    info = find_class(keep_class(ClassText("No nights", rules=rules, hours=NIGHT)))

    assert info is not None
    assert (info.rules[0].countries, info.rules[0].hours) == (("GB",), "night")
    assert info.hours[0].name == "night"
    assert not info.is_used


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (ClassText(""), "name"),
        (ClassText("A", rules={}), "rules"),  # type: ignore[arg-type]
        (ClassText("A", rules=[{"bars": 1}]), "rules"),
        (ClassText("A", rules=[{"bars": True, "prefix": "1"}]), "rules"),
        (ClassText("A", rules=[{"bars": True, "hours": "night"}]), "rules"),
        (ClassText("A", hours=[{"name": "n", "from": "08:00", "to": "08:00"}]), "hours"),
        (ClassText("A", code_required_types=("lunar",)), "code_required_types"),
        (ClassText("A", away_limit_s="0"), "away_limit_s"),
        (ClassText("A", when_away="perhaps"), "when_away"),
    ],
)
def test_a_class_that_makes_no_sense_is_refused_at_its_field(
    office: Office, text: ClassText, field: str
) -> None:
    with pytest.raises(PolicyRefused) as refused:
        keep_class(text)

    assert [fault.field for fault in refused.value.faults] == [field]


def test_a_class_that_serves_somebody_is_not_deleted(office: Office) -> None:
    class_id = keep_class(ClassText("A"))
    serve_site(office.site_id, class_id, by=Actor("ann", NOON))

    with pytest.raises(PolicyRefused, match="give them another first"):
        delete_class(class_id, by=Actor("ann", NOON))
    serve_site(office.site_id, None, by=Actor("ann", NOON))
    assert delete_class(class_id, by=Actor("ann", NOON))
    assert AuditLog.objects.filter(action="site.class").count() == 2


def test_a_budget_that_is_made_in_mid_month_knows_what_was_spent_before(office: Office) -> None:
    # One call of a minute at 0.12 and the fee of 0.10.
    office.receive([Call(1, NOON - timedelta(days=3)), Call(2, NOON - timedelta(days=40))])
    keep_budget(BudgetText("extension", telephone(), money="1.00", minutes="10"))

    (info,) = list_budgets(at=NOON)

    assert (str(info.used), info.used_s, info.share) == ("0.22", 60, 22)
    assert info.holder == "Amir[101]"
    assert not info.is_closed
    # The month begins at midnight in Berlin, which is summer time still on the first.
    assert info.begin == datetime(2026, 9, 30, 22, tzinfo=UTC)


def test_a_budget_closes_at_its_limit_and_a_raised_limit_opens_at_once(office: Office) -> None:
    office.receive([Call(1, NOON - timedelta(hours=1))])
    text = BudgetText("extension", telephone(), money="0.22")
    budget_id = keep_budget(text)

    assert list_budgets(at=NOON)[0].is_closed
    keep_budget(replace(text, money="0.2201"), budget_id)
    assert not list_budgets(at=NOON)[0].is_closed
    keep_budget(replace(text, active=False), budget_id)
    assert not list_budgets(at=NOON)[0].is_closed


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, "money"),
        ({"money": "-1"}, "money"),
        ({"money": "1e3"}, "money"),
        ({"minutes": "1.5"}, "minutes"),
        ({"money": "1", "warn_at": "80, x"}, "warn_at"),
        ({"money": "1", "warn_at": "100, 80"}, "warn_at"),
        ({"money": "1", "warn_at": "0"}, "warn_at"),
        ({"money": "1", "every": "year"}, "every"),
        ({"money": "1", "holder_id": 999}, "holder"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused_at_its_field(
    office: Office, changes: dict[str, str], field: str
) -> None:
    text = replace(BudgetText("extension", telephone()), **changes)  # type: ignore[arg-type]

    with pytest.raises(PolicyRefused) as refused:
        keep_budget(text)

    assert refused.value.faults[0].field == field


def burst(count: int, *, first: int = 1, apart_s: int = 5) -> list[Call]:
    start = NOON - timedelta(minutes=10)
    return [Call(first + n, start + timedelta(seconds=n * apart_s)) for n in range(count)]


def test_too_many_calls_in_a_minute_alarm_once_and_close_until_it_is_lifted(
    office: Office,
) -> None:
    keep_guard(GuardText("Burst", "calls", "5", window_s="60", closes=True))
    office.receive(burst(5))
    assert watch(at=NOON) == 0

    office.receive(burst(4, first=100, apart_s=6))
    assert watch(at=NOON) == 1
    assert watch(at=NOON) == 0
    alarm = Alarm.objects.get()
    assert (alarm.extension.number if alarm.extension else "", alarm.closes) == ("101", True)
    assert "Amir[101], 6 calls within 60 s" in alarm.message
    assert alarm_list.count_unseen() == 1

    assert alarm_list.lift(alarm.pk, by=Actor("ann", NOON))
    assert not alarm_list.lift(alarm.pk, by=Actor("ann", NOON))
    assert alarm_list.count_unseen() == 0
    assert not alarm_list.alarms_matching(alarm_list.AlarmFilter(closing=True)).exists()


def test_money_spent_too_fast_alarms_and_what_lies_apart_does_not(office: Office) -> None:
    keep_guard(GuardText("Spend", "spend", "0.60", window_s="3600"))
    start = NOON - timedelta(hours=5)
    office.receive([Call(n, start + timedelta(minutes=31 * n)) for n in range(3)])
    assert watch(at=NOON) == 0

    office.receive([Call(9, start + timedelta(minutes=32))])
    assert watch(at=NOON) == 1
    assert "0.66 within 3600 s" in Alarm.objects.get().message


def test_a_new_dear_destination_at_night_alarms_and_by_day_it_does_not(office: Office) -> None:
    guard = GuardText("Night", "new", "0.10", hours=NIGHT)
    keep_guard(guard)
    night = datetime(2026, 10, 31, 1, 0, tzinfo=UTC)  # three o'clock in Berlin
    office.receive([Call(1, NOON - timedelta(minutes=5), dialled="00494020123456")])
    assert watch(at=NOON) == 0

    office.receive([Call(2, night, dialled="00494020123456")])
    # Germany was called at noon only, which is after this night.
    assert watch(at=NOON) == 1
    office.receive([Call(3, night + timedelta(hours=1), dialled="00493020123456")])
    assert watch(at=NOON) == 0  # Berlin costs 0.01 a minute: not dear.


def test_an_old_file_alarms_nobody(office: Office) -> None:
    keep_guard(GuardText("Burst", "calls", "2"))
    start = NOON - timedelta(days=30)
    office.receive([Call(n, start + timedelta(seconds=n)) for n in range(10)])

    assert watch(at=NOON) == 0


def test_a_guard_of_a_department_watches_each_member_for_himself(office: Office) -> None:
    sales = Extension.objects.get(number="101").department_id
    keep_guard(GuardText("Sales", "calls", "3", department_id=sales))
    calls = burst(4)
    office.receive([replace(call, extension="102") for call in calls])
    assert watch(at=NOON) == 0
    office.receive([replace(call, number=call.number + 50) for call in calls])
    assert watch(at=NOON) == 1


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (GuardText("", "calls", "5"), "name"),
        (GuardText("A", "moon", "5"), "kind"),
        (GuardText("A", "calls", "1.5"), "threshold"),
        (GuardText("A", "calls", "0"), "threshold"),
        (GuardText("A", "spend", "-1"), "threshold"),
        (GuardText("A", "spend", "NaN"), "threshold"),
        (GuardText("A", "calls", "5", window_s="0"), "window_s"),
        (GuardText("A", "calls", "5", site_id=1, extension_id=1), "place"),
        (GuardText("A", "calls", "5", extension_id=999), "place"),
        (GuardText("A", "new", "1", hours=[1]), "hours"),  # type: ignore[list-item]
    ],
)
def test_a_guard_that_makes_no_sense_is_refused_at_its_field(
    office: Office, text: GuardText, field: str
) -> None:
    with pytest.raises(PolicyRefused) as refused:
        keep_guard(text)

    assert refused.value.faults[0].field == field
