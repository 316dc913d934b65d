"""Days are local midnights, periods are half-open."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.app.reports.period import PeriodError, moment, period

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-10-01", "2026-09-30T22:00:00+00:00"),  # midnight in Berlin's summer
        ("2026-12-01", "2026-11-30T23:00:00+00:00"),
        ("2026-10-01T08:00", "2026-10-01T06:00:00+00:00"),
        ("2026-10-01T08:00:00Z", "2026-10-01T08:00:00+00:00"),
        ("2026-10-01T08:00:00.5-05:00", "2026-10-01T13:00:00.500000+00:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30:00+00:00"),  # shown twice: the first
    ],
)
def test_a_moment_is_read_on_the_site_s_clocks_unless_it_says_otherwise(
    said: str, meant: str
) -> None:
    assert moment(said, zone=BERLIN).isoformat() == meant


@pytest.mark.parametrize("said", ["", "yesterday", "2026-13-01", "2026-02-30", "0001-01-01", "1e9"])
def test_what_is_no_moment_is_refused_with_an_example(said: str) -> None:
    with pytest.raises(PeriodError, match="Write 2026-10-01"):
        moment(said, zone=BERLIN)


@given(st.text())
def test_any_text_is_a_moment_or_is_refused_in_a_sentence(said: str) -> None:
    try:
        meant = moment(said, zone=BERLIN)
    except PeriodError as fault:
        refusal = str(fault)
    else:
        refusal = ""
        assert meant.tzinfo is UTC
    assert len(refusal) < 200


def test_a_day_is_as_long_as_its_clocks_make_it() -> None:
    night = period("2026-10-25", "2026-10-26", zone=BERLIN)

    assert night.start is not None
    assert night.end is not None
    assert (night.end - night.start).total_seconds() == 25 * 3600
    assert night.words() == "from 2026-10-25 to before 2026-10-26 (Europe/Berlin)"


def test_an_open_side_holds_everything() -> None:
    assert period(None, None, zone=BERLIN).words() == ("from the first call to now (Europe/Berlin)")
    assert period("2026-10-01T08:00", None, zone=BERLIN).start == datetime(
        2026, 10, 1, 6, tzinfo=UTC
    )


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(PeriodError, match="before it begins"):
        period("2026-10-02", "2026-10-01", zone=BERLIN)
