"""Budgets begin at local midnight, close when the limit is reached, and warn once a share."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.core.budgets import (
    BudgetLimits,
    Every,
    Left,
    Use,
    left,
    period_at,
    tightest,
    warnings,
)

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "Africa/Cairo"]


@pytest.mark.parametrize(
    ("instant", "every", "zone", "begin", "end"),
    [
        # The last second of a month in Berlin is 22:59:59 in UTC; a second later is the next month.
        (
            "2026-10-31T22:59:59",
            Every.MONTH,
            "Europe/Berlin",
            "2026-09-30T22:00",
            "2026-10-31T23:00",
        ),
        (
            "2026-10-31T23:00:00",
            Every.MONTH,
            "Europe/Berlin",
            "2026-10-31T23:00",
            "2026-11-30T23:00",
        ),
        # The night in which the clock goes back has 25 hours.
        ("2026-10-25T12:00:00", Every.DAY, "Europe/Berlin", "2026-10-24T22:00", "2026-10-25T23:00"),
        (
            "2026-11-22T12:00:00",
            Every.WEEK,
            "Europe/Berlin",
            "2026-11-15T23:00",
            "2026-11-22T23:00",
        ),
        # Beirut goes from 24:00 to 01:00: the day begins when the clock has jumped.
        ("2026-03-29T12:00:00", Every.DAY, "Asia/Beirut", "2026-03-28T22:00", "2026-03-29T21:00"),
    ],
)
def test_periods_begin_at_local_midnight(
    instant: str, every: Every, zone: str, begin: str, end: str
) -> None:
    period = period_at(
        datetime.fromisoformat(instant).replace(tzinfo=UTC), every=every, zone_name=zone
    )

    assert period.begin.isoformat()[:16] == begin
    assert period.end.isoformat()[:16] == end


@given(
    second=st.integers(0, 4_000_000_000),
    every=st.sampled_from(list(Every)),
    zone=st.sampled_from(ZONES),
)
def test_an_instant_lies_in_its_period_and_periods_meet(
    second: int, every: Every, zone: str
) -> None:
    instant = datetime.fromtimestamp(second, UTC)

    period = period_at(instant, every=every, zone_name=zone)
    following = period_at(period.end, every=every, zone_name=zone)

    assert period.begin <= instant < period.end
    assert following.begin == period.end
    assert period_at(period.end - timedelta(seconds=1), every=every, zone_name=zone) == period


@pytest.mark.parametrize(
    ("use", "expected", "used_up"),
    [
        (Use(9_999_999, 0), Left(1, 600), False),
        (Use(10_000_000, 0), Left(0, 600), True),  # reached is used up, not only passed
        (Use(12_000_000, 0), Left(0, 600), True),
        (Use(0, 600), Left(10_000_000, 0), True),
    ],
)
def test_a_budget_closes_when_the_limit_is_reached(
    use: Use, expected: Left, *, used_up: bool
) -> None:
    remaining = left(BudgetLimits(limit_micros=10_000_000, limit_s=600), use)

    assert (remaining, remaining.is_used_up) == (expected, used_up)


def test_a_raised_limit_opens_at_once() -> None:
    use = Use(10_000_000)

    assert left(BudgetLimits(limit_micros=10_000_000), use).is_used_up
    assert not left(BudgetLimits(limit_micros=10_000_001), use).is_used_up


@given(steps=st.lists(st.integers(0, 4_000_000), max_size=12))
def test_each_share_warns_once(steps: list[int]) -> None:
    budget = BudgetLimits(limit_micros=10_000_000, warn_at=(50, 80, 100))
    told: list[int] = []
    use = Use()
    for step in steps:
        told += warnings(budget, before=use, after=use + Use(step))
        use += Use(step)

    assert told == [share for share in (50, 80, 100) if use.micros * 100 >= share * 10_000_000]


def test_the_tightest_of_several_budgets_holds() -> None:
    both = [Left(5, None), Left(None, 60), Left(3, 90)]

    assert tightest(both) == Left(3, 60)
    assert tightest([]) == Left(None, None)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"limit_micros": -1},
        {"limit_s": -1},
        {"limit_s": 1, "warn_at": (80, 50)},
        {"limit_s": 1, "warn_at": (0,)},
        {"limit_s": 1, "warn_at": (101,)},
    ],
)
def test_a_budget_that_means_nothing_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"budget|shares"):
        BudgetLimits(**fields)  # type: ignore[arg-type]
