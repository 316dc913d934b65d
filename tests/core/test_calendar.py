"""Windows are read on wall clocks, through every change of them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.effort import examples
from tollbook.core.calendar import (
    Calendar,
    Holidays,
    Window,
    epoch_seconds,
    format_clock,
    format_instant,
    holiday_test,
    parse_clock,
    parse_instant,
    zone,
    zone_names,
)

HOUR_S = 3_600
FIRST, LAST = datetime(1950, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
instants = st.timedeltas(timedelta(0), LAST - FIRST).map(lambda since: FIRST + since)


def epoch(text: str) -> int:
    return epoch_seconds(parse_instant(text))[0]


@pytest.mark.parametrize(
    ("instant", "is_open"),
    [
        ("2026-03-28T01:59:59+01:00", False),
        ("2026-03-28T02:00:00+01:00", True),
        ("2026-03-28T02:59:59+01:00", True),
        ("2026-03-28T03:00:00+01:00", False),
        ("2026-03-29T00:59:59Z", False),  # 01:59:59, and the next second is 03:00:00
        ("2026-03-29T01:00:00Z", False),
        ("2026-10-25T00:00:00Z", True),  # 02:00:00 for the first time
        ("2026-10-25T01:59:59Z", True),  # 02:59:59 for the second time
        ("2026-10-25T02:00:00Z", False),
    ],
)
def test_the_small_hours_of_nights_with_a_clock_change(instant: str, *, is_open: bool) -> None:
    calendar = Calendar("Europe/Berlin", None, [Window(2 * HOUR_S, 3 * HOUR_S)])

    assert calendar.open_at(epoch(instant)) == is_open


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opens() -> None:
    new_year = Window(22 * HOUR_S, 6 * HOUR_S, months=(12,), month_days=(31,))
    calendar = Calendar("UTC", None, [new_year])

    assert calendar.open_at(epoch("2026-12-31T22:00:00Z"))
    assert calendar.open_at(epoch("2027-01-01T05:59:59Z"))
    assert not calendar.open_at(epoch("2026-12-31T05:00:00Z"))
    assert not calendar.open_at(epoch("2027-01-01T22:00:00Z"))


def test_holidays_are_a_countrys_a_subdivisions_and_ones_own() -> None:
    test = holiday_test(Holidays("DE", "BY", (date(2026, 12, 24),)))

    assert test(date(2026, 1, 6))  # Epiphany, in Bavaria
    assert test(date(2026, 12, 24))
    assert not test(date(2026, 12, 23))
    assert not holiday_test(Holidays("DE", "BE"))(date(2026, 1, 6))


@pytest.mark.parametrize("place", [("XX", None), ("DE", "ZZ"), ("de", None)])
def test_unknown_countries_and_subdivisions_are_refused(place: tuple[str, str | None]) -> None:
    with pytest.raises(ValueError, match=r"not available|does not have"):
        holiday_test(Holidays(*place))


@given(st.sampled_from(sorted(zone_names())), instants)
@settings(max_examples=examples(300), deadline=None)
def test_every_zone_is_read_as_the_time_zone_database_has_it(name: str, instant: datetime) -> None:
    local = instant.astimezone(zone(name))
    second = local.hour * HOUR_S + local.minute * 60 + local.second
    calendar = Calendar(name, None, [Window(second, (second + 1) % 86_400, (local.isoweekday(),))])

    assert calendar.open_at(epoch_seconds(instant)[0])


@given(
    st.sampled_from(("Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca")),
    instants,
    st.lists(st.tuples(st.integers(0, 86_399), st.integers(1, 86_400)), max_size=4),
)
@settings(max_examples=examples(200), deadline=None)
def test_nothing_changes_before_the_instant_that_is_promised(
    name: str, instant: datetime, edges: list[tuple[int, int]]
) -> None:
    calendar = Calendar(name, None, [Window(*pair) for pair in edges])
    epoch_s, _ = epoch_seconds(instant)
    windows_open, until_s = calendar.open_until(epoch_s)

    assert windows_open == calendar.open_at(epoch_s)
    if until_s is None:
        assert not edges
        return
    assert epoch_s < until_s <= epoch_s + 90_001
    for probe_s in {epoch_s, (epoch_s + until_s) // 2, until_s - 1}:
        assert calendar.open_at(probe_s) == windows_open


@given(instants)
def test_epoch_seconds_round_down(instant: datetime) -> None:
    seconds, micros = epoch_seconds(instant)

    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micros) == (
        instant
    )
    assert 0 <= micros < 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01",
        "2026-01-01T10:00:00",
        "20260101T100000Z",
        "2026-W01-1T10:00:00Z",
        "2026-02-30T10:00:00Z",
        "2026-01-01T24:00:01Z",
        "2026-01-01T10:00:60Z",
        "today",
        "",
    ],
)
def test_an_instant_has_date_time_and_offset(text: str) -> None:
    with pytest.raises(ValueError, match=r"instant|offset"):
        parse_instant(text)


@given(instants, st.sampled_from(("UTC", "Asia/Kolkata", "America/St_Johns")))
def test_an_instant_is_read_as_it_is_written(instant: datetime, name: str) -> None:
    assert parse_instant(format_instant(instant.astimezone(ZoneInfo(name)))) == instant


@pytest.mark.parametrize("text", ["8:00", "24:00:01", "12:60:00", "12:00:60", "-1:00:00", "noon"])
def test_a_time_of_day_lies_between_midnights(text: str) -> None:
    with pytest.raises(ValueError, match="time of day"):
        parse_clock(text)


@given(st.integers(0, 86_400))
def test_a_time_of_day_is_read_as_it_is_written(second: int) -> None:
    assert parse_clock(format_clock(second)) == second


def test_unknown_zones_are_refused() -> None:
    for name in ("Europe/Berlim", "../../etc/passwd", "", "Europe"):
        with pytest.raises(KeyError):
            zone(name)
