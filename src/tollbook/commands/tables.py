"""Rows for people: a table that fits the terminal, or else the lines that programs read.

    print_table(("Name", Right("Calls")), rows, lines=lines)

Where standard output is no terminal, *lines* are printed and nothing else is computed or loaded.
"""

import sys
from collections.abc import Iterable, Sequence

from tollbook.commands.terminal import print_line, printable

Cell = str | tuple[str, ...]  # A tuple is several lines, the second and further ones dimmed.
_NARROWEST = 10  # A column of words that would become narrower than this is no help any more.
_GAP = 3


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
    # Loaded only where somebody looks: it takes as long as the rest of a small command.
    from rich.box import SIMPLE  # noqa: PLC0415
    from rich.cells import cell_len  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    needed = _GAP * (len(headings) - 1)
    for at, heading in enumerate(headings):
        widest = max(cell_len(line) for row in rows for line in (heading, *row[at]))
        needed += widest if isinstance(heading, Right) else min(widest, _NARROWEST)
    if needed > console.width:
        return False
    is_tall = any(len(cell) > 1 for row in rows for cell in row)
    table = Table(box=SIMPLE, show_edge=False, pad_edge=False, leading=int(is_tall))
    for heading in headings:
        is_number = isinstance(heading, Right)
        table.add_column(
            Text(heading),
            justify="right" if is_number else "left",
            no_wrap=is_number,
            overflow="fold",
        )
    for row in rows:
        cells = []
        for first, *more in row:
            text = Text(first)
            for line in more:
                text.append(f"\n{line}", style="dim")
            cells.append(text)
        table.add_row(*cells)
    console.print(table)
    return True
