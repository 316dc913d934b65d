"""Secrets that we choose for people: read from a screen once, typed by hand."""

import secrets
from typing import Final

# Without letters and digits that look alike.
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz"
SIGNS: Final = LETTERS + "23456789"
GROUPS: Final = 4
GROUP_SIGNS: Final = 5


def one_time_password() -> str:
    """Return 20 letters and digits in groups of five: 99 bits."""
    groups = (_some(SIGNS, GROUP_SIGNS) for _ in range(GROUPS))
    return "-".join(groups)


def random_letters(count: int) -> str:
    """Return *count* letters."""
    return _some(LETTERS, count)


def random_digits(count: int) -> str:
    """Return *count* digits."""
    return _some("0123456789", count)


def _some(signs: str, count: int) -> str:
    return "".join(secrets.choice(signs) for _ in range(count))
