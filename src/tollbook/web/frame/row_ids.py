"""Ids of rows in addresses: what no row can have is nothing that is there, never a fault.

Importing it makes `<row:call_id>` known to Django's paths. Databases count rows in 64 bits; a
longer number would reach a query as a value that the database cannot take.
"""

from collections.abc import Iterable
from typing import Final

from django.urls import register_converter

MOST_DIGITS: Final = 18  # Every number of as many digits fits 64 bits.


class RowIdConverter:
    """A part of a path that is the id of a row."""

    regex = f"[0-9]{{1,{MOST_DIGITS}}}"

    def to_python(self, value: str) -> int:
        """Return the id."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Return the part of the path."""
        return str(value)


def row_id(text: str) -> int | None:
    """Return *text* as the id of a row, None if no row can have it.

    >>> [row_id(text) for text in ("17", "", "-1", "99999999999999999999")]
    [17, None, None, None]
    """
    is_one = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if is_one else None


def row_ids(texts: Iterable[str]) -> list[int]:
    """Return those of *texts* that are the id of a row, in their order."""
    return [found for text in texts if (found := row_id(text)) is not None]


register_converter(RowIdConverter, "row")
