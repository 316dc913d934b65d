"""Rows for people: a table that fits the terminal, or else the lines that programs read.

    print_table(("Name", Right("Calls")), rows, lines=lines)

Where standard output is no terminal, *lines* are printed and nothing else is computed or loaded.
"""

import sys
from collections.abc import Iterable, Sequence

from tollbook.commands.terminal import print_line, printable

Cell = str | tuple[str, ...]  # A tuple is several lines, the second and further ones dimmed.


class Right(str):
    """The heading of a column of numbers: at the right, and never broken."""

    __slots__ = ()


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, lines: Iterable[str]
) -> None:
    """Print *rows* as a table, or *lines* where nobody looks or the terminal is too narrow."""
    if sys.stdout.isatty():
        found = [[_lines_of(cell) for cell in row] for row in rows]
        if not found or _drawn(headings, found):
            return
    for line in lines:
        print_line(line)


def _lines_of(cell: Cell) -> list[str]:
    return [printable(line) for line in ((cell,) if isinstance(cell, str) else cell)]


def _drawn(headings: Sequence[str], rows: Sequence[Sequence[Sequence[str]]]) -> bool:
    """Draw the table; False if the terminal is too narrow for its numbers."""
    # It takes as long to load as a small command takes in all.
    from tollbook.commands.drawing import draw_table

    return draw_table(headings, [isinstance(heading, Right) for heading in headings], rows)
