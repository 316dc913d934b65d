"""Which time windows are open at an instant, read on a zone's wall clocks.

Instants are whole seconds since 1970 in UTC ("epoch seconds"); a window's edges are whole
seconds, so the fraction of an instant never matters to it. Every instant is converted to local
time on its own: nothing is added to a wall clock, and a daylight-saving night needs no rule.

Source: docs/algorithms/rating.md, "Bands".
"""

import re
import zoneinfo
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

# A price must not depend on the machine: the installed tzdata package is the only source of zones.
zoneinfo.reset_tzpath(())

DAY_S = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

# Zone transitions are looked up in chunks of 365 days, sampled every day.
_CHUNK_S = 365 * DAY_S
_SAMPLE_S = DAY_S
_DAYS_KEPT = 50_000

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)
_CLOCK = re.compile(r"(\d\d):(\d\d)(?::(\d\d))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Holidays:
    """A country's public holidays (and its subdivision's), and additional dates."""

    country: str | None = None
    subdivision: str | None = None
    dates: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """A daily stretch of wall-clock time, from *from_s* until before *to_s* (seconds of the day).

    It wraps midnight where from_s >= to_s. *days* (ISO weekdays, 1 is Monday), *months*,
    *month_days* and *holidays* ask about the day on which it opens; empty and None ask nothing.
    """

    from_s: int = 0
    to_s: int = DAY_S
    days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    holidays: bool | None = None

    def opens_on(self, day: date, *, is_holiday: bool) -> bool:
        """Say whether the window opens on the local date *day*."""
        return (
            (not self.days or day.isoweekday() in self.days)
            and (not self.months or day.month in self.months)
            and (not self.month_days or day.day in self.month_days)
            and (self.holidays is None or self.holidays == is_holiday)
        )


class Every(StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """From *begin* until before *end*, two instants in UTC."""

    begin: datetime
    end: datetime


class Calendar:
    """The windows of one zone: which are open at an instant, and until when at least.

    A set of windows is a bit mask, bit i for the i-th window given.
    """

    def __init__(self, zone: str, holidays: Holidays | None, windows: Sequence[Window]) -> None:
        self.zone = zone
        self.windows = tuple(windows)
        self._is_holiday = holiday_test(holidays)
        self._asks_holidays = any(window.holidays is not None for window in windows)
        self._opening: dict[int, int] = {}
        edges = {0} | {edge % DAY_S for window in windows for edge in (window.from_s, window.to_s)}
        self.edges_s = tuple(sorted(edges))
        self.opened_today = tuple(self._mask_at(edge_s, today=True) for edge_s in self.edges_s)
        self.opened_yesterday = tuple(self._mask_at(edge_s, today=False) for edge_s in self.edges_s)

    def open_at(self, epoch_s: int) -> int:
        """Return the windows open at *epoch_s*."""
        if not self.windows:
            return 0
        starts, offsets = _transitions(self.zone, epoch_s // _CHUNK_S)
        local_s = epoch_s + offsets[bisect_right(starts, epoch_s) - 1]
        day, second = divmod(local_s, DAY_S)
        return self._open_on(day, bisect_right(self.edges_s, second) - 1)

    def open_until(self, epoch_s: int) -> tuple[int, int | None]:
        """Return the windows open at *epoch_s* and the next instant at which that may change.

        The instant is the next edge of any window or the next zone transition; None: never.
        """
        if not self.windows:
            return 0, None
        chunk = epoch_s // _CHUNK_S
        starts, offsets = _transitions(self.zone, chunk)
        at = bisect_right(starts, epoch_s)
        day, second = divmod(epoch_s + offsets[at - 1], DAY_S)
        edge = bisect_right(self.edges_s, second)
        edge_s = self.edges_s[edge] if edge < len(self.edges_s) else DAY_S
        transition_s = starts[at] if at < len(starts) else (chunk + 1) * _CHUNK_S
        return self._open_on(day, edge - 1), min(epoch_s + edge_s - second, transition_s)

    def opening_on(self, day: int) -> int:
        """Return the windows that open on the local *day*, counted in days since 1970-01-01."""
        opening = self._opening.get(day)
        if opening is None:
            if len(self._opening) > _DAYS_KEPT:
                self._opening.clear()
            opening = self._opening[day] = self._opens(date.fromordinal(day + _EPOCH_ORDINAL))
        return opening

    def _open_on(self, day: int, interval: int) -> int:
        opened = self.opening_on(day) & self.opened_today[interval]
        wrapped = self.opened_yesterday[interval]
        return opened | (self.opening_on(day - 1) & wrapped) if wrapped else opened

    def _opens(self, day: date) -> int:
        is_holiday = self._asks_holidays and self._is_holiday(day)
        opening = 0
        for bit, window in enumerate(self.windows):
            if window.opens_on(day, is_holiday=is_holiday):
                opening |= 1 << bit
        return opening

    def _mask_at(self, second: int, *, today: bool) -> int:
        mask = 0
        for bit, window in enumerate(self.windows):
            wraps = window.from_s >= window.to_s
            if today:
                is_open = window.from_s <= second and (wraps or second < window.to_s)
            else:
                is_open = wraps and second < window.to_s
            mask |= is_open << bit
        return mask


def epoch_seconds(instant: datetime) -> tuple[int, int]:
    """Return *instant* in whole seconds since 1970 in UTC, rounded down, and the microseconds."""
    since = instant - EPOCH
    return since.days * DAY_S + since.seconds, since.microseconds


def epoch_us(instant: datetime) -> int:
    """Return *instant* in microseconds since 1970 in UTC."""
    seconds, micros = epoch_seconds(instant)
    return seconds * 1_000_000 + micros


def parse_instant(text: str) -> datetime:
    """Return the instant that *text* writes in ISO 8601 with its offset from UTC.

    Raises ValueError where it is malformed or names no offset.

    >>> parse_instant("2026-03-29T01:30:00+01:00").isoformat()
    '2026-03-29T01:30:00+01:00'
    """
    written = _INSTANT.fullmatch(text)
    if not written:
        raise ValueError(f'"{text[:40]}" is not an instant such as "2026-01-01T00:00:00Z"')
    if not written[3]:
        raise ValueError(f'"{text}" names no offset from UTC, as "Z" or "+01:00" would')
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError as fault:
        raise ValueError(f'"{text}" is no instant: {fault}') from None


def format_instant(instant: datetime) -> str:
    """Return *instant* in ISO 8601 with its offset, "Z" for UTC.

    >>> format_instant(EPOCH)
    '1970-01-01T00:00:00Z'
    """
    return instant.isoformat().replace("+00:00", "Z")


def parse_clock(text: str) -> int:
    """Return the second of the day that *text* writes as HH:MM:SS; 24:00:00 is 86 400.

    >>> [parse_clock(text) for text in ("00:00:00", "08:30", "24:00:00")]
    [0, 30600, 86400]
    """
    written = _CLOCK.fullmatch(text)
    if not written:
        raise ValueError(f'"{text[:40]}" is not a time of day such as "08:00:00"')
    hours, minutes, seconds = (int(part or 0) for part in written.groups())
    second = hours * 3_600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or second > DAY_S:
        raise ValueError(f'"{text}" is no time of day: from 00:00:00 to 24:00:00')
    return second


def format_clock(second: int) -> str:
    """Return the second of the day as HH:MM:SS.

    >>> format_clock(30_600)
    '08:30:00'
    """
    return f"{second // 3_600:02}:{second // 60 % 60:02}:{second % 60:02}"


def period_at(instant: datetime, *, every: Every, zone_name: str) -> Period:
    """Return the period that holds *instant*: weeks begin on Monday, months on the first.

    The edges are local midnights, so a period is an hour longer or shorter where the clock
    changes in it. Where midnight does not exist that night, the period begins with the day.

    >>> summer = datetime(2026, 3, 29, 12, tzinfo=UTC)
    >>> day = period_at(summer, every=Every.DAY, zone_name="Europe/Berlin")
    >>> str(day.end - day.begin)
    '23:00:00'
    """
    local = instant.astimezone(zone(zone_name)).date()
    first, following = _days(local, every)
    return Period(_midnight(first, zone_name), _midnight(following, zone_name))


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Return the names of all time zones of the tzdata package."""
    return frozenset(zoneinfo.available_timezones())


@lru_cache(maxsize=256)
def zone(name: str) -> zoneinfo.ZoneInfo:
    """Return the time zone *name* as the tzdata package has it; KeyError if it has none."""
    if name not in zone_names():
        raise KeyError(name)
    return zoneinfo.ZoneInfo.no_cache(name)


def holiday_test(holidays: Holidays | None) -> Callable[[date], bool]:
    """Return a function that says whether a date is one of *holidays*.

    Raises ValueError for a country or subdivision that the `holidays` library does not know.
    """
    if holidays is None:
        return lambda _day: False
    own = frozenset(holidays.dates)
    country, subdivision = holidays.country, holidays.subdivision
    if country is None:
        return own.__contains__
    _country(country, subdivision)
    return lambda day: day in own or day in _public_holidays(country, subdivision, day.year)


@lru_cache(maxsize=4096)
def _public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """Return the public holidays of one year.

    One year at a time, as a frozen set: the library's own object loads years lazily, so it is not
    thread-safe, and what it holds depends on the order of queries.
    """
    public = _country(country, subdivision)
    public.get(date(year, 1, 1))  # A look-up of one day loads its year.
    return frozenset(public)


def _country(country: str, subdivision: str | None) -> Mapping[date, str]:
    # Loading the library takes 0.1 s, and most tariffs name no country.
    from holidays import country_holidays

    try:
        return country_holidays(country, subdiv=subdivision)
    except NotImplementedError as unknown:
        raise ValueError(str(unknown)) from None


@lru_cache(maxsize=4096)
def _transitions(zone_name: str, chunk: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the offsets from UTC that a zone has in one chunk of 365 days.

    The first tuple holds the epoch seconds from which each offset of the second holds, in
    order; its first is the chunk's beginning. Offsets are in seconds. Sampling by the day
    finds every transition: the nearest two of any zone in tzdata are a week apart.
    """
    place = zone(zone_name)
    begin_s, end_s = chunk * _CHUNK_S, (chunk + 1) * _CHUNK_S
    starts, offsets = [begin_s], [_offset_s(place, begin_s)]
    for sample_s in range(begin_s + _SAMPLE_S, end_s + 1, _SAMPLE_S):
        offset_s = _offset_s(place, sample_s)
        if offset_s == offsets[-1]:
            continue
        before_s, after_s = sample_s - _SAMPLE_S, sample_s
        while after_s - before_s > 1:
            middle_s = (before_s + after_s) // 2
            if _offset_s(place, middle_s) == offsets[-1]:
                before_s = middle_s
            else:
                after_s = middle_s
        if after_s < end_s:
            starts.append(after_s)
            offsets.append(offset_s)
    return tuple(starts), tuple(offsets)


def _offset_s(place: zoneinfo.ZoneInfo, epoch_s: int) -> int:
    offset = (EPOCH + timedelta(seconds=epoch_s)).astimezone(place).utcoffset()
    if offset is None:
        raise ValueError(f"{place} has no offset at {epoch_s} s")
    return offset.days * DAY_S + offset.seconds


def _days(day: date, every: Every) -> tuple[date, date]:
    if every is Every.DAY:
        return day, day + timedelta(days=1)
    if every is Every.WEEK:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


def _midnight(day: date, zone_name: str) -> datetime:
    """Return the first instant of the local *day*.

    A midnight that the clock skips is read with the offset before the change and so falls on the
    instant of the change; one that comes twice is the first.
    """
    return datetime.combine(day, time(), tzinfo=zone(zone_name)).astimezone(UTC)
