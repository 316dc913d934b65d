"""The sample office keeps office hours, repeats itself for a seed, and has one bad night."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tollbook.demo.diary import OfficeCall, past_calls
from tollbook.demo.office import ZONE, Office, make_office

UNTIL = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def office() -> Office:
    return make_office(1)


@pytest.fixture(scope="module")
def calls(office: Office) -> list[OfficeCall]:
    return past_calls(office, until=UNTIL, count=6_000)


def test_forty_people_in_six_departments_behind_two_switches(office: Office) -> None:
    assert len({person.extension for person in office.people}) == 40
    assert len({person.department for person in office.people}) == 6
    assert Counter(person.pbx for person in office.people) == {"Main house": 26, "Annex": 14}
    assert len({code.code for code in office.account_codes}) == 25
    assert len(office.trunks) == 3


def test_names_try_the_screens(office: Office) -> None:
    people = [person.name for person in office.people]

    assert max(map(len, people)) > 60
    assert any("\u0600" <= letter <= "\u06ff" for name in people for letter in name)


def test_the_same_seed_is_the_same_office_and_another_is_not(
    office: Office, calls: list[OfficeCall]
) -> None:
    assert make_office(1) == office
    assert past_calls(make_office(1), until=UNTIL, count=6_000) == calls
    assert make_office(2).people != office.people


def test_nearly_all_calls_asked_for_are_there_and_none_is_of_the_future(
    calls: list[OfficeCall],
) -> None:
    assert 5_990 <= len(calls) <= 6_000
    assert all(call.end <= UNTIL for call in calls)
    assert calls == sorted(calls, key=lambda call: call.begin)


def test_lunch_is_quieter_than_the_morning_and_sundays_are_nearly_silent(
    calls: list[OfficeCall],
) -> None:
    local = [call.begin.astimezone(ZoneInfo(ZONE)) for call in calls]
    hours = Counter(begin.hour for begin in local)
    weekdays = Counter(begin.isoweekday() for begin in local)

    assert hours[12] < hours[10] / 1.5
    assert weekdays[7] < weekdays[3] / 10


def test_german_unity_day_is_kept(calls: list[OfficeCall]) -> None:
    days = Counter(call.begin.astimezone(ZoneInfo(ZONE)).date().isoformat() for call in calls)
    sundays_at_most = 12

    assert days["2026-10-03"] <= sundays_at_most


def test_one_night_one_extension_calls_the_world_in_bursts(calls: list[OfficeCall]) -> None:
    night = [call for call in calls if call.begin.astimezone(ZoneInfo(ZONE)).hour in {3, 4}]

    assert len(night) == 24  # 0.4 % of 6,000
    assert len({call.person.extension for call in night}) == 1
    assert len({call.begin.date() for call in night}) == 1
    at_once = max(sum(other.begin <= call.begin < other.end for other in night) for call in night)
    assert at_once >= 5


def test_by_day_nobody_holds_two_calls_at_once(calls: list[OfficeCall]) -> None:
    made: dict[str, list[OfficeCall]] = defaultdict(list)
    for call in calls:
        if call.begin.astimezone(ZoneInfo(ZONE)).hour > 5:
            made[call.person.extension].append(call)
    overlaps = sum(
        later.begin < earlier.end for theirs in made.values() for earlier, later in pairwise(theirs)
    )

    assert overlaps == 0


def test_there_is_something_of_everything(calls: list[OfficeCall]) -> None:
    kinds = Counter(call.kind for call in calls)

    assert min(kinds.values()) > 1_000
    assert any(call.talk_s > 3_600 for call in calls)
    assert any(call.busy for call in calls)
    assert sum(not call.answered for call in calls) > 500
    assert sum(call.account_code is not None for call in calls) > 500
    assert any(call.number.startswith(("870", "881")) for call in calls)
