"""Cells as text: durations, money, and hostile texts made harmless.

What a caller says is hostile: a spreadsheet runs a cell that begins with `=`, an XML reader
stops at a NUL. Source of the list: OWASP, "CSV Injection".
"""

import re
from decimal import Decimal

MAX_CELL_CHARS = 32_767  # what a spreadsheet's cell can hold

# A sign that begins a formula, at the start of the cell or behind a semicolon: where lists are
# separated by semicolons, a spreadsheet splits our cell there and runs what follows.
_FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")
_GUARD = re.compile(r"(^|;)'(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")

_SIGNS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")

_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_PICTURES |= dict.fromkeys((*range(0x80, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF), 0xFFFD)


def printable(text: str) -> str:
    """Return *text* with control characters as visible symbols, cut to what a cell can hold.

    >>> printable("Al\\x00ice\\r\\n")
    'Al␀ice␍␊'
    """
    if len(text) > MAX_CELL_CHARS:
        text = text[: MAX_CELL_CHARS - 1] + "…"
    return text if text.isprintable() else text.translate(_PICTURES)


def guarded(text: str) -> str:
    """Return *text* so that no spreadsheet takes it for a formula: an apostrophe before the sign.

    >>> [guarded(text) for text in ("=1+1", "+49 30 1", "Anna-Maria", "x;=1+1")]
    ["'=1+1", "'+49 30 1", 'Anna-Maria', "x;'=1+1"]
    """
    # Nearly every cell is a plain word or number: those need no regular expression.
    if text.isalnum():
        return text if len(text) <= MAX_CELL_CHARS else printable(text)
    if text.isprintable() and ";" not in text and text.lstrip()[:1] not in _SIGNS:
        return printable(text)
    return printable(_FORMULA.sub(r"\1'", text))


def unguarded(text: str) -> str:
    """Return what *text* was before `guarded`: a list that we wrote reads as it was.

    >>> [unguarded(text) for text in ("'=1+1", "'+49 30 1", "x;'=1+1", "'tis")]
    ['=1+1', '+49 30 1', 'x;=1+1', "'tis"]
    """
    return _GUARD.sub(r"\1", text)


def clock(duration_ms: int) -> str:
    """Return a duration as `hh:mm:ss`, a begun second counted whole; hours may pass 99.

    >>> [clock(ms) for ms in (0, 1, 238_000, 100 * 3_600_000)]
    ['00:00:00', '00:00:01', '00:03:58', '100:00:00']
    """
    seconds = -(-duration_ms // 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def amount(money: Decimal) -> str:
    """Return *money* exactly, with four decimals or more, without exponent.

    >>> [amount(Decimal(text)) for text in ("0.325", "12", "-0.000001", "1E+3")]
    ['0.3250', '12.0000', '-0.000001', '1000.0000']
    """
    text = format(money, "f")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<4}"
