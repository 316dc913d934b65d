"""Local stamps to instants: which of two readings is meant when a clock hour repeats.

Source: docs/manual/formats.md, "Time". Instants are integer microseconds since 1970 in UTC.
"""

import itertools
import re
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal

from tollbook.core.calls import Seconds
from tollbook.formats.errors import Malformed, ZoneError, quoted

# A record's time must not depend on the machine: tzdata is the only source of zones.
zoneinfo.reset_tzpath(())

SECOND_US = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_NAIVE = datetime(1970, 1, 1)  # noqa: DTZ001 - the origin of local wall-clock arithmetic
_MICROSECOND = timedelta(microseconds=1)
# Other years come from a switch whose clock is lost; some are beyond what a date can hold.
FIRST_YEAR, LAST_YEAR = 1900, 2199
_OFFSET = re.compile(r"(?:UTC)?([+-])(\d\d):?(\d\d)", re.ASCII)

# Stamps of one record may disagree by this much: switches round each of them on its own.
TOLERANCE_US = 2 * SECOND_US
# Records may be written this much out of order before the order shows anything.
_DISORDER_US = 60 * SECOND_US
# What was received this long after it was written still shows which hour was meant.
_ARRIVAL_US = 3600 * SECOND_US
_DAY_US = 86_400 * SECOND_US


def find_zone(name: str) -> tzinfo:
    """Return the zone called *name*: an IANA name, or a fixed offset such as +02:00.

    Raises ZoneError if there is none.
    """
    if match := _OFFSET.fullmatch(name):
        ahead = timedelta(hours=int(match[2]), minutes=int(match[3]))
        if ahead < timedelta(days=1):
            return timezone(-ahead if match[1] == "-" else ahead)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ZoneError(
            f"{quoted(name)} is not a time zone. Nothing was read. "
            "Name one of the tz database, as Europe/Berlin, or an offset, as +02:00."
        ) from None


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment as a record writes it: naive and local, or aware with the record's own offset."""

    moment: datetime
    text: str
    to_the_second: bool = True
    has_year: bool = True


def to_us(moment: datetime) -> int:
    """Return an aware *moment* as microseconds since 1970."""
    return (moment - EPOCH) // _MICROSECOND


def from_us(instant_us: int) -> datetime:
    """Return microseconds since 1970 as an aware UTC datetime."""
    return EPOCH + timedelta(microseconds=instant_us)


_FIRST_US = to_us(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC))
_END_US = to_us(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC))


def is_of_our_time(instant_us: int) -> bool:
    """Say whether an instant can be a call's; lost clocks show year 1, or 9999."""
    return _FIRST_US <= instant_us < _END_US


def candidates_us(stamp: Stamp, zone: tzinfo) -> tuple[int, ...]:
    """Return the instants that *stamp* may mean, earliest first; none if it never was."""
    moment = stamp.moment
    if moment.tzinfo is not None:
        return (to_us(moment),)
    first_offset = moment.replace(tzinfo=zone, fold=0).utcoffset() or timedelta()
    second_offset = moment.replace(tzinfo=zone, fold=1).utcoffset() or timedelta()
    wall_us = (moment - _EPOCH_NAIVE) // _MICROSECOND
    first_us = wall_us - first_offset // _MICROSECOND
    if first_offset == second_offset:
        return (first_us,)
    if first_offset < second_offset:
        return ()
    return (first_us, wall_us - second_offset // _MICROSECOND)


@dataclass(frozen=True, slots=True)
class StampContext:
    """What is known about when a record was written: after *last_us*, before *received_us*.

    *year* is the one that a page heading before it named.
    """

    last_us: int | None = None
    received_us: int | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Spans:
    """Lengths that the record states, which its instants must agree with."""

    whole_us: int | None = None
    talk_us: int | None = None
    ring_us: int | None = None


def with_year(stamp: Stamp, order: StampContext) -> Stamp:
    """Return *stamp* with the year that its switch leaves out.

    The heading's year; else the latest that lets the record be written before it was received
    (a day is granted for clocks); else the one nearest to the record before. Raises Malformed
    if nothing tells the year, or the day was in none of them.
    """
    if stamp.has_year:
        return stamp
    near_us = order.last_us if order.received_us is None else order.received_us
    if order.year is not None:
        years = [order.year]
    elif near_us is not None:
        now = from_us(near_us).year
        years = [now + 1, now, now - 1]
    else:
        raise Malformed(
            "call.year_unknown",
            f"time {quoted(stamp.text)} has no year, no heading names one, and it",
            "received at a known time (--received)",
        )
    found = [moment for year in years if (moment := _in_year(stamp.moment, year))]
    if order.year is None and order.received_us is not None:
        latest = from_us(order.received_us + _DAY_US).replace(tzinfo=None)
        found = [moment for moment in found if moment <= latest]
    elif order.year is None and near_us is not None:
        near = from_us(near_us).replace(tzinfo=None)
        found.sort(key=lambda moment: abs(moment - near))
    if not found:
        raise Malformed(
            "call.time_malformed", f"time {quoted(stamp.text)}", "a day of the year it is read in"
        )
    return Stamp(found[0], stamp.text, stamp.to_the_second)


def _in_year(moment: datetime, year: int) -> datetime | None:
    try:
        return moment.replace(year=year)
    except ValueError:
        return None


def resolve(
    stamps: Sequence[Stamp | None], zone: tzinfo, *, spans: Spans, order: StampContext
) -> tuple[list[int | None], bool]:
    """Return the instants of start, answer and end, and whether there was a choice.

    An instant is None where there is no stamp.

    In a repeated hour the first reading is taken unless the record's own lengths, the order
    of the records or the time of receipt shows the second. Raises Malformed for a time that
    never was.
    """
    readings: list[tuple[int | None, ...]] = []
    choices = 1
    for stamp in stamps:
        options: tuple[int | None, ...] = (None,)
        if stamp is not None:
            options = candidates_us(stamp, zone)
            if not options:
                raise Malformed(
                    "call.time_nonexistent",
                    f"time {quoted(stamp.text)} was skipped when the clocks of {zone} went "
                    "forward; it",
                    "a time that ever was",
                )
        readings.append(options)
        choices *= len(options)
    if choices == 1:
        return [options[0] for options in readings], False
    combinations = list(itertools.product(*readings))
    fitting = [each for each in combinations if _agrees(each, spans)] or combinations
    return list(_choose(fitting, order, spans)), True


def _agrees(instants: tuple[int | None, ...], spans: Spans) -> bool:
    """Say whether start, answer and end stand in order and as far apart as the lengths say."""
    start, answer, end = instants
    known = [each for each in (start, answer, end) if each is not None]
    if any(later + TOLERANCE_US < earlier for earlier, later in itertools.pairwise(known)):
        return False
    stated = (
        (start, end, spans.whole_us),
        (answer, end, spans.talk_us),
        (start, answer, spans.ring_us),
    )
    return all(
        begun is None
        or ended is None
        or length is None
        or abs(ended - begun - length) <= TOLERANCE_US
        for begun, ended, length in stated
    )


def written_us(instants: Sequence[int | None], spans: Spans) -> int | None:
    """Return the earliest moment at which a record with these *instants* can have been written."""
    start, answer, end = instants
    if end is not None:
        return end
    if answer is not None:
        return answer + (spans.talk_us or 0)
    if start is not None:
        lengths = (spans.ring_us or 0) + (spans.talk_us or 0)
        return start + (lengths if spans.whole_us is None else spans.whole_us)
    return None


def _choose(
    options: Sequence[tuple[int | None, ...]], order: StampContext, spans: Spans
) -> tuple[int | None, ...]:
    # Of two readings that end at one moment the shorter is meant: nothing rings for an hour.
    briefest = sorted(options, key=lambda option: option[0] or 0, reverse=True)
    timed = [(written_us(option, spans) or 0, option) for option in briefest]
    timed.sort(key=lambda each: each[0])
    if order.received_us is not None:
        for written, option in sorted(timed, key=lambda each: each[0], reverse=True):
            waited_us = order.received_us - written
            if -_DISORDER_US <= waited_us <= _ARRIVAL_US:
                return option
    earliest = timed[0]
    if order.last_us is not None and earliest[0] + _DISORDER_US < order.last_us:
        for written, option in timed[1:]:
            if order.last_us <= written + _ARRIVAL_US:
                return option
    return earliest[1]


def seconds_us(length_s: Seconds | None) -> int | None:
    """Return a length in seconds as microseconds."""
    return None if length_s is None else int(length_s * SECOND_US)


def us_seconds(length_us: int) -> Seconds:
    """Return microseconds as seconds: int if whole, else an exact Decimal.

    >>> us_seconds(3_000_000), us_seconds(4_004_817)
    (3, Decimal('4.004817'))
    """
    whole, rest = divmod(length_us, SECOND_US)
    return (Decimal(length_us) / SECOND_US).normalize() if rest else whole
