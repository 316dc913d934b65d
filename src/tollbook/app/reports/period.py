"""Periods as people give them: days and instants in a site's zone, half-open."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from tollbook.core.instants import from_us as instant_of
from tollbook.core.instants import to_us as microseconds

__all__ = ["PeriodError", "TimeRange", "instant_of", "microseconds", "moment", "period"]


class PeriodError(ValueError):
    """A moment or period that cannot be read; the message names what was given and expected.

    `side` is "start" or "end" of a period, whichever is to be mended.
    """

    def __init__(self, message: str, *, side: str = "start") -> None:
        super().__init__(message)
        self.side = side


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Instants from `start` on and before `end`, both in UTC; None leaves that side open."""

    start: datetime | None
    end: datetime | None
    zone: ZoneInfo

    def words(self) -> str:
        """Return the period as people read it, in its zone."""
        start = f"from {_local(self.start, self.zone)}" if self.start else "from the first call"
        end = f"to before {_local(self.end, self.zone)}" if self.end else "to now"
        return f"{start} {end} ({self.zone.key})"


def period(start: str | None, end: str | None, *, zone: ZoneInfo) -> TimeRange:
    """Return the period between two texts, each a moment or nothing.

    Raises PeriodError for a text that is no moment and for a period that ends before it begins.
    """
    begins = moment(start, zone=zone) if start else None
    ends = moment(end, zone=zone, side="end") if end else None
    if begins and ends and ends < begins:
        raise PeriodError(
            f"the period ends ({end}) before it begins ({start}). Nothing was read; "
            "give the later one as its end.",
            side="end",
        )
    return TimeRange(begins, ends, zone)


def moment(text: str, *, zone: ZoneInfo, side: str = "start") -> datetime:
    """Return the instant that *text* means, in UTC.

    A day such as 2026-10-01 is its midnight in *zone*; a time without an offset is one in *zone*
    too, and the first where the clocks show it twice. Raises PeriodError for anything else.
    """
    try:
        if len(text) == len("2026-10-01"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        said = datetime.fromisoformat(text)
        return (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise PeriodError(
            f'"{text[:40]}" is not a day or an instant. Write 2026-10-01, 2026-10-01T08:00 '
            f"(both in {zone.key}) or 2026-10-01T08:00:00Z.",
            side=side,
        ) from fault


def _local(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    at_midnight = (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return local.date().isoformat() if at_midnight else local.replace(tzinfo=None).isoformat(" ")
