"""Periods by name, as people ask for them, in the days of the site's zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tollbook.core.instants import to_us

NAMED = (
    ("", "Any time"),
    ("today", "Today"),
    ("yesterday", "Yesterday"),
    ("7days", "Last 7 days"),
    ("month", "This month"),
    ("last-month", "Last month"),
    ("year", "This year"),
)
WORDS = dict(NAMED)


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days from `first` until before `after`, in one zone."""

    first: date
    after: date

    def bounds_us(self, zone: ZoneInfo) -> tuple[int, int]:
        """Return the instants of both midnights, half-open, in microseconds."""
        return to_us(midnight(self.first, zone)), to_us(midnight(self.after, zone))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which *day* begins in *zone*."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def named_days(name: str, *, today: date) -> Days | None:
    """Return the days that *name* means on *today*; None for a name that bounds nothing.

    >>> named_days("last-month", today=date(2026, 3, 31))
    Days(first=datetime.date(2026, 2, 1), after=datetime.date(2026, 3, 1))
    """
    tomorrow = today + timedelta(days=1)
    month = today.replace(day=1)
    periods = {
        "today": Days(today, tomorrow),
        "yesterday": Days(today - timedelta(days=1), today),
        "7days": Days(today - timedelta(days=6), tomorrow),
        "month": Days(month, next_month(month)),
        "last-month": Days((month - timedelta(days=1)).replace(day=1), month),
        "year": Days(date(today.year, 1, 1), date(today.year + 1, 1, 1)),
    }
    return periods.get(name)


def next_month(first: date) -> date:
    """Return the first day of the month after that of *first*.

    >>> next_month(date(2026, 12, 1))
    datetime.date(2027, 1, 1)
    """
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)
