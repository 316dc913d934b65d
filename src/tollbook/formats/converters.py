"""The closed list of converters: the text of a cell to a length, an instant, a number.

Each raises Malformed, with its own stable reason, for text that is present and not its shape.
Source: docs/manual/formats.md, "Fields"; shapes as seen in the vendors' manuals.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from tollbook.core.calls import Seconds
from tollbook.formats.errors import Malformed, quoted
from tollbook.formats.zones import EPOCH, Stamp

MAX_TEXT_CHARS = 255
_MAX_LENGTH_S = 366 * 86_400

_HMS = re.compile(r"(?:(\d{1,3})\.)?(\d{1,4}):([0-5]\d):([0-5]\d)(\.\d{1,9})?", re.ASCII)
_MS = re.compile(r"(\d{1,5}):([0-5]\d)", re.ASCII)
_HM_S = re.compile(r"(\d{1,4}):([0-5]\d)['.]([0-5]\d)", re.ASCII)
_M_S = re.compile(r"(\d{1,5})'([0-5]\d)", re.ASCII)
_SECONDS = re.compile(r"(\d{1,9})(\.\d{1,9})?", re.ASCII)
_INTEGER = re.compile(r"\d{1,12}", re.ASCII)
_EPOCH_DIGITS = re.compile(r"(\d{1,16})(?:\.(\d{1,6})\d*)?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Converter = Callable[[str], Any]


def read_text(text: str) -> str:
    """Return *text* if it may stand in a record: not too long, no control characters."""
    if len(text) > MAX_TEXT_CHARS:
        raise Malformed(
            "call.text_too_long",
            f"text {quoted(text)} of {len(text)} characters",
            f"at most {MAX_TEXT_CHARS} characters long",
        )
    if _CONTROL.search(text):
        raise Malformed(
            "call.text_malformed", f"text {quoted(text)}", "printable text without control codes"
        )
    return text


def read_name(text: str) -> str:
    """Return a display name: control codes become blanks, since a name charges nobody.

    >>> read_name("Anna\\tBell")
    'Anna Bell'
    """
    return _CONTROL.sub(" ", text)[:MAX_TEXT_CHARS].strip()


def _length(text: str, hours: str, minutes: str, seconds: str, fraction: str | None) -> Seconds:
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    if whole > _MAX_LENGTH_S:
        raise Malformed("call.duration_too_long", f"duration {quoted(text)}", "under a year")
    if fraction and int(fraction[1:]):
        return Decimal(whole) + Decimal("0" + fraction).normalize()
    return whole


def read_hms(text: str) -> Seconds:
    """Return h:mm:ss, or d.hh:mm:ss beyond a day, as seconds; a fraction is kept.

    >>> read_hms("00:01:25"), read_hms("1:00:00"), read_hms("00:00:26.5"), read_hms("1.00:00:07")
    (85, 3600, Decimal('26.5'), 86407)
    """
    if match := _HMS.fullmatch(text):
        hours = int(match[1] or 0) * 24 + int(match[2])
        return _length(text, str(hours), match[3], match[4], match[5])
    raise Malformed("call.duration_malformed", f"duration {quoted(text)}", "HH:MM:SS")


def read_ms(text: str) -> Seconds:
    """Return m:ss as seconds."""
    if match := _MS.fullmatch(text):
        return _length(text, "0", match[1], match[2], None)
    raise Malformed("call.duration_malformed", f"duration {quoted(text)}", "MM:SS")


def read_hms_quote(text: str) -> Seconds:
    """Return hh:mm'ss as seconds, as Panasonic prints it.

    >>> read_hms_quote("00:05'12")
    312
    """
    if match := _HM_S.fullmatch(text):
        return _length(text, match[1], match[2], match[3], None)
    raise Malformed("call.duration_malformed", f"duration {quoted(text)}", "HH:MM'SS")


def read_ms_quote(text: str) -> Seconds:
    """Return m'ss as seconds."""
    if match := _M_S.fullmatch(text):
        return _length(text, "0", match[1], match[2], None)
    raise Malformed("call.duration_malformed", f"duration {quoted(text)}", "M'SS")


def read_seconds(text: str) -> Seconds:
    """Return a count of seconds; a fraction is kept.

    >>> read_seconds("13"), read_seconds("4.004817"), read_seconds("4.000000")
    (13, Decimal('4.004817'), 4)
    """
    if match := _SECONDS.fullmatch(text):
        return _length(text, "0", "0", match[1], match[2])
    raise Malformed("call.duration_malformed", f"duration {quoted(text)}", "a count of seconds")


def read_integer(text: str) -> int:
    """Return a count without sign."""
    if _INTEGER.fullmatch(text):
        return int(text)
    raise Malformed("call.number_malformed", f"count {quoted(text)}", "a whole number")


def _epoch_reader(per_second: int) -> Converter:
    def read(text: str) -> Stamp | None:
        match = _EPOCH_DIGITS.fullmatch(text)
        if not match:
            raise Malformed("call.time_malformed", f"time {quoted(text)}", "a count since 1970")
        count = int(match[1])
        if count == 0:
            return None  # The switches that write epochs write 0 for "did not happen".
        moment_us = count * (1_000_000 // per_second)
        if match[2] and per_second == 1:
            moment_us += int(match[2].ljust(6, "0"))
        try:
            return Stamp(EPOCH + timedelta(microseconds=moment_us), text)
        except OverflowError:
            raise Malformed(
                "call.time_malformed", f"time {quoted(text)}", "before the year 10000"
            ) from None

    return read


CONVERTERS: dict[str, Converter] = {
    "text": read_text,
    "name": read_name,
    "integer": read_integer,
    "seconds": read_seconds,
    "hms": read_hms,
    "ms": read_ms,
    "hms_quote": read_hms_quote,
    "ms_quote": read_ms_quote,
    "epoch": _epoch_reader(1),
    "epoch_ms": _epoch_reader(1_000),
    "epoch_us": _epoch_reader(1_000_000),
}
LENGTHS = frozenset({"seconds", "hms", "ms", "hms_quote", "ms_quote"})
EPOCHS = frozenset({"epoch", "epoch_ms", "epoch_us"})

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_PIECES = {
    "%Y": r"(?P<Y>\d{4})",
    "%y": r"(?P<y>\d\d)",
    "%m": r"(?P<m>\d{1,2})",
    "%b": r"(?P<b>[A-Za-z]{3})",
    "%d": r"(?P<d>\d{1,2})",
    "%H": r"(?P<H>\d{1,2})",
    "%I": r"(?P<I>\d{1,2})",
    "%p": r"(?P<p>[AaPp])[Mm]?",
    "%M": r"(?P<M>\d\d)",
    "%S": r"(?P<S>\d\d)",
    "%f": r"(?P<f>\d{1,6})\d{0,3}",
    "%z": r"(?P<z>[Zz]|[+-]\d\d:?\d\d)",
    "%%": "%",
}
_PIECE = re.compile(r"%.")
_LEAP_YEAR = 2024


class FormatPatternError(ValueError):
    """A date pattern that cannot be read."""


def _compile(pattern: str) -> re.Pattern[str]:
    used: list[str] = []
    built = ""
    position = 0
    for match in _PIECE.finditer(pattern):
        code = match[0]
        if code not in _PIECES or code in used:
            raise FormatPatternError(
                f"{pattern!r} uses {code}; known, once each: {' '.join(sorted(_PIECES))}"
            )
        used.append(code)
        built += re.escape(pattern[position : match.start()]) + _PIECES[code]
        position = match.end()
    for need in ("%d", "%M"):
        if need not in used:
            raise FormatPatternError(f"{pattern!r} has no {need}")
    if not {"%m", "%b"} & set(used):
        raise FormatPatternError(f"{pattern!r} names no month")
    if not {"%H", "%I"} & set(used) or ("%I" in used) != ("%p" in used):
        raise FormatPatternError(f"{pattern!r} needs %H, or %I with %p")
    return re.compile(built + re.escape(pattern[position:]), re.ASCII)


def stamp_reader(patterns: Sequence[str]) -> Converter:
    """Return a reader of dates and times written in one of *patterns* (strftime's codes).

    Raises FormatPatternError for a pattern that cannot be read.

    >>> stamp_reader(["%Y/%m/%d %H:%M"])("2026/03/04 17:05").moment.isoformat()
    '2026-03-04T17:05:00'
    """
    compiled = [(_compile(each), "%S" in each, "%Y" in each or "%y" in each) for each in patterns]
    expected = " or ".join(patterns)

    def read(text: str) -> Stamp:
        for pattern, to_the_second, has_year in compiled:
            if match := pattern.fullmatch(text):
                try:
                    moment = _moment(match.groupdict(), has_year=has_year)
                    return Stamp(moment, text, to_the_second, has_year)
                except (ValueError, OverflowError):
                    break
        raise Malformed("call.time_malformed", f"time {quoted(text)}", f"a time written {expected}")

    return read


def _moment(parts: dict[str, str | None], *, has_year: bool) -> datetime:
    """Return the matched parts as a datetime; raises ValueError for a day that never was."""
    short = int(parts.get("y") or 0)
    year = int(parts.get("Y") or 0) or short + (1900 if short >= 70 else 2000)
    if not has_year:
        year = _LEAP_YEAR  # any that has all days
    month = _MONTHS.get((parts.get("b") or "").lower(), 0) or int(parts.get("m") or 0)
    hour = int(parts.get("H") or 0)
    if parts.get("I"):
        twelve = int(parts["I"] or 0)
        if not 1 <= twelve <= 12:
            raise ValueError("no such hour")
        hour = twelve % 12 + (12 if (parts["p"] or "").lower() == "p" else 0)
    offset = None
    if written := parts.get("z"):
        ahead = timedelta()
        if written not in "Zz":
            ahead = timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
        offset = timezone(-ahead if written[0] == "-" else ahead)
    return datetime(
        year,
        month,
        int(parts["d"] or 0),
        hour,
        int(parts["M"] or 0),
        int(parts.get("S") or 0),
        int((parts.get("f") or "0").ljust(6, "0")),
        offset,
    )
