"""The cells of a deck as text, written and read: no text is lost, none is run as a formula.

A text that a spreadsheet could take for something else (it begins with a sign, has blanks around
it, holds control characters) is written as a JSON string, which begins with a quotation mark.
What is written here reads back equal; cells of other people's decks are read leniently.

Source: docs/manual/decks.md, "Cells".
"""

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from tollbook.core.calendar import DAY_S, parse_clock, parse_instant
from tollbook.core.money import parse_amount

DateOrder = Literal["iso", "dmy", "mdy"]
DecimalSign = Literal[".", ","]

_SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
_GUARDED = re.compile(rf"'(?=\s*[{re.escape(_SIGNS)}])")
_STARTS_ODDLY = re.compile(rf"(?:^|;)\s*[{re.escape(_SIGNS)}]|^['\"\[]")
_CURRENCY_SIGNS = "$€£¥¤ \u00a0"
_WHOLE = re.compile(r"[0-9]{1,10}(?:\.0+)?", re.ASCII)
_SPLIT = re.compile(r"\s*[,;]\s*")
_DAY = re.compile(r"(\d{1,4})[-./](\d{1,2})[-./](\d{1,4})(?:[T ](\d\d:\d\d(?::\d\d)?))?", re.ASCII)
_PREFIX = re.compile(r"[0-9*#A-D +\-./()]{1,64}", re.ASCII)
_FLOAT = re.compile(r"[0-9]+\.0+", re.ASCII)
_BILLING = re.compile(r"(\d{1,9})(?:\s*[/+]\s*(\d{1,9}))?", re.ASCII)
_YES = frozenset({"1", "true", "yes", "y", "on", "active", "enabled", "x"})
_NO = frozenset({"0", "false", "no", "n", "off", "inactive", "disabled"})


def text_cell(text: str) -> str:
    """Return the cell that holds *text*.

    >>> [text_cell(text) for text in ("Germany", "=1+1", " x", "")]
    ['Germany', '"=1+1"', '" x"', '']
    """
    plain = text.isprintable() and text == text.strip() and not _STARTS_ODDLY.search(text)
    return text if plain else _quoted(text)


def must_cell(text: str) -> str:
    """Return the cell of a text that may be absent or empty, which differ.

    >>> must_cell("")
    '""'
    """
    return text_cell(text) or '""'


def prefix_cell(prefix: str) -> str:
    """Return the cell of a prefix; one that is not made of digits is quoted.

    >>> [prefix_cell(prefix) for prefix in ("4930", "+49", "sip", "")]
    ['4930', '"+49"', '"sip"', '""']
    """
    return text_cell(prefix) if _is_prefix(prefix) else _quoted(prefix)


def read_prefix(cell: str) -> str:
    """Return the prefix in *cell*: digits, * and #, decoration; quoted it may be any text.

    Raises ValueError, so that a line of totals below the rates is not taken for a rate.
    """
    text = read_text(cell)
    if _is_prefix(text) or (text != cell.strip() and cell.strip()[:1] == '"'):
        return text
    raise ValueError(f'is "{cell[:40]}"; expected digits, as 4930')


def list_cell(texts: Sequence[str]) -> str:
    """Return the cell that holds a list of texts; an empty list is an empty cell.

    >>> list_cell(["101", "102"]), list_cell(["a, b"])
    ('101, 102', '["a, b"]')
    """
    if all(text and text == text_cell(text) and not _SPLIT.search(text) for text in texts):
        return ", ".join(texts)
    return _quoted(list(texts))


def read_text(cell: str) -> str:
    """Return the text that *cell* holds; an apostrophe before a sign is not part of it.

    >>> [read_text(cell) for cell in (' Germany ', '"=1+1"', "'+49", '"no JSON')]
    ['Germany', '=1+1', '+49', '"no JSON']
    """
    cell = cell.strip()
    if cell[:1] == '"' and cell[-1:] == '"':
        value = _json(cell)
        return value if isinstance(value, str) else cell
    return _GUARDED.sub("", cell, count=1) if cell[:1] == "'" else cell


def read_list(cell: str) -> tuple[str, ...]:
    """Return the texts that *cell* holds, separated by commas or semicolons."""
    cell = cell.strip()
    if cell[:1] == "[":
        value = _json(cell)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
    return tuple(read_text(part) for part in _SPLIT.split(cell) if part)


def read_amount(cell: str, *, decimal: DecimalSign) -> Decimal:
    """Return the amount in *cell*, a currency sign around it ignored. Raises ValueError.

    >>> read_amount("€ 0,012", decimal=",")
    Decimal('0.012')
    """
    text = read_text(cell).strip(_CURRENCY_SIGNS)
    other = "," if decimal == "." else "."
    if other in text:
        raise ValueError(
            f'is "{cell[:40]}", but decimals are set off by "{decimal}" in this deck; '
            "choose the other sign, or write no thousands"
        )
    try:
        amount = parse_amount(text.replace(",", "."))
    except ValueError as fault:
        raise ValueError(f"{fault}") from None
    if amount.is_signed():
        raise ValueError(f'is "{cell[:40]}"; expected zero or more')
    return amount


def read_whole(cell: str, *, low: int, high: int) -> int:
    """Return the whole number in *cell*. Raises ValueError outside *low* to *high*."""
    text = cell.strip()
    if not _WHOLE.fullmatch(text):
        raise ValueError(f'is "{cell[:40]}"; expected a whole number')
    number = int(text.partition(".")[0])
    if not low <= number <= high:
        raise ValueError(f"is {number}; expected from {low} to {high}")
    return number


def read_flag(cell: str) -> bool:
    """Return yes or no. Raises ValueError."""
    text = cell.strip().casefold()
    if text in _YES or text in _NO:
        return text in _YES
    raise ValueError(f'is "{cell[:40]}"; expected yes or no')


def read_billing(cell: str) -> tuple[int, int]:
    """Return the first and the following increments that "60/60", "30/6" or "60" write, in s."""
    match = _BILLING.fullmatch(cell.strip())
    if match is None or int(match[1]) < 1 or int(match[2] or 1) < 1:
        raise ValueError(f'is "{cell[:40]}"; expected increments in seconds, as 60/60, 30/6 or 60')
    return int(match[1]), int(match[2] or match[1])


def read_edge(cell: str) -> int:
    """Return a time of day in seconds. Raises ValueError."""
    second = parse_clock(cell.strip())
    if second >= DAY_S:
        raise ValueError(f'is "{cell[:40]}"; expected a time of day up to 23:59:59')
    return second


def read_instant(cell: str, *, order: DateOrder, zone: ZoneInfo) -> datetime:
    """Return the instant in *cell*, in UTC: with an offset, or a day (and time) in *zone*.

    In a repeated hour (clocks go back) it is the first of two. Raises ValueError.

    >>> read_instant("1/2/2026", order="dmy", zone=ZoneInfo("UTC")).isoformat()
    '2026-02-01T00:00:00+00:00'
    """
    text = cell.strip()
    match = _DAY.fullmatch(text)
    if match is None:
        return parse_instant(text).astimezone(UTC)
    first, second, third, clock = match.groups()
    year_first = len(first) == 4
    if year_first == (len(third) == 4) or (order != "iso" and year_first and "-" not in text):
        raise ValueError(_no_day(cell, order))
    if year_first:
        year, month, day = first, second, third
    elif order == "iso":
        raise ValueError(_no_day(cell, order))
    else:
        year, month, day = (third, second, first) if order == "dmy" else (third, first, second)
    try:
        return datetime.combine(
            date(int(year), int(month), int(day)),
            time.fromisoformat(clock or "00:00"),
            tzinfo=zone,
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(_no_day(cell, order)) from None


def lenient(read: Callable[[str], object]) -> Callable[[str], object]:
    """Return *read* with its ValueError as a value, so that faults are memoised like values."""

    def reading(cell: str) -> object:
        try:
            return read(cell)
        except ValueError as fault:
            return CellFault(str(fault))

    return reading


class CellFault:
    """What is wrong with a cell; stands in place of its value."""

    __slots__ = ("message",)

    def __init__(self, message: str) -> None:
        self.message = message


def _is_prefix(text: str) -> bool:
    # Spreadsheets write the number 49 as 49.0; with the point dropped it would be the prefix 490.
    return _PREFIX.fullmatch(text) is not None and not _FLOAT.fullmatch(text)


def _no_day(cell: str, order: DateOrder) -> str:
    expected = {"iso": "2026-02-01", "dmy": "1.2.2026", "mdy": "2/1/2026"}[order]
    return f'is "{cell[:40]}"; expected a day as {expected}, or an instant with its offset'


def _quoted(value: object) -> str:
    # Where cells are separated by semicolons, a sign behind one would begin a formula.
    return json.dumps(value).replace(";", "\\u003b")


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
