"""Account codes: what was keyed, and what a code may call.

Source: EBC-08, EBC-09, EBC-22 to EBC-25; decisions AMB-01, AMB-03, AMB-04, AMB-08.
"""

from dataclasses import dataclass
from typing import Literal

SEPARATOR = "**"
END = "#"
MAX_NUMBER_DIGITS = 64

CodeRefusal = Literal["too_short", "too_long", "prefix_blocked", "not_in_allowed"]


@dataclass(frozen=True, slots=True)
class Keyed:
    """A code and the number after it; an empty number asks for the code's own."""

    code: str
    number: str


@dataclass(frozen=True, slots=True)
class Restrictions:
    """What an account code may call; nothing of it counts unless *restrict* is set (EBC-22).

    *minimum* and *maximum* are lengths in digits, both allowed, 0 for none. *blocked* and
    *allowed* are prefixes; a non-empty *allowed* bars all that it does not hold.
    """

    restrict: bool = False
    minimum: int = 0
    maximum: int = 0
    blocked: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


def read_keys(keys: str, *, code_length: int) -> Keyed | None:
    """Return the code and number in *keys*, or None where they hold no code.

    `code**number#` always holds one; with a *code_length* above 0 so does `codenumber#`. The
    final `#` may be missing. A code of another length than the fixed one is no code: nothing is
    guessed (AMB-01).

    >>> read_keys("1234**8016424655#", code_length=0)
    Keyed(code='1234', number='8016424655')
    >>> read_keys("12348016424655#", code_length=4)
    Keyed(code='1234', number='8016424655')
    >>> read_keys("123**8016424655#", code_length=4) is None
    True
    """
    typed = keys.strip().removesuffix(END)
    if SEPARATOR in typed:
        code, _, number = typed.partition(SEPARATOR)
    elif code_length:
        code, number = typed[:code_length], typed[code_length:]
    else:
        code, number = typed, ""
    if not _is_digits(code) or (code_length and len(code) != code_length):
        return None
    if number and not _is_digits(number.removeprefix("+")):
        return None
    return Keyed(code, number) if len(number) <= MAX_NUMBER_DIGITS else None


def read_prefixes(text: str) -> tuple[str, ...]:
    """Return the prefixes in a comma-separated list; spaces around them do not count.

    Raises ValueError, naming the entry, for one that is not digits.

    >>> read_prefixes("801, 004,920988")
    ('801', '004', '920988')
    """
    entries = [entry.strip() for entry in text.split(",")]
    for entry in entries:
        if entry and not _is_digits(entry.removeprefix("+")):
            raise ValueError(
                f'"{entry[:32]}" is not a prefix: digits, parted by commas, are expected'
            )
    return tuple(entry.removeprefix("+") for entry in entries if entry)


def refusal(restrictions: Restrictions, number: str) -> CodeRefusal | None:
    """Return why *number*, as it was keyed after the code, may not be called; None if it may.

    A leading plus and blanks do not count. Of the two lists the longest entry that fits wins,
    and a tie is blocked.

    >>> bounds = Restrictions(restrict=True, minimum=4, maximum=6)
    >>> [refusal(bounds, digits) for digits in ("123", "1234", "123456", "1234567")]
    ['too_short', None, None, 'too_long']
    """
    if not restrictions.restrict:
        return None
    digits = number.replace(" ", "").removeprefix("+")
    if len(digits) < restrictions.minimum:
        return "too_short"
    if restrictions.maximum and len(digits) > restrictions.maximum:
        return "too_long"
    blocked = longest_match(restrictions.blocked, digits)
    allowed = longest_match(restrictions.allowed, digits)
    if blocked is not None and (allowed is None or len(blocked) >= len(allowed)):
        return "prefix_blocked"
    if restrictions.allowed and allowed is None:
        return "not_in_allowed"
    return None


def take_authorisation(digits: str, mask: str) -> tuple[str, str]:
    """Return the authorisation code at the beginning of *digits*, "" for none, and the rest.

    *mask* is digits and `#`, each `#` any digit (AMB-31); an empty one finds nothing. Digits that
    are all code are none: nothing would be left to dial.

    >>> take_authorisation("1234030123456", "1###"), take_authorisation("030123456", "1###")
    (('1234', '030123456'), ('', '030123456'))
    """
    length = len(mask)
    if not length or len(digits) <= length or not _is_digits(digits[:length]):
        return "", digits
    fits = all(wanted in ("#", digit) for wanted, digit in zip(mask, digits, strict=False))
    return (digits[:length], digits[length:]) if fits else ("", digits)


def longest_match(prefixes: tuple[str, ...], digits: str) -> str | None:
    """Return the longest of *prefixes* with which *digits* begin."""
    return max((prefix for prefix in prefixes if digits.startswith(prefix)), key=len, default=None)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
