"""What rich draws on a terminal: the only module that knows it, loaded when something is drawn."""

import sys
from collections.abc import Sequence

from rich.box import SIMPLE
from rich.cells import cell_len
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.status import Status
from rich.table import Table
from rich.text import Text

_NARROWEST = 10  # A column of words that would become narrower than this is no help any more.
_GAP = 3
_BAR = 24


def draw_table(
    headings: Sequence[str], numbers: Sequence[bool], rows: Sequence[Sequence[Sequence[str]]]
) -> bool:
    """Draw *rows*, a cell a sequence of lines, on standard output; *numbers* marks their columns.

    Returns False, with nothing drawn, if the terminal is too narrow for the numbers.
    """
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    needed = _GAP * (len(headings) - 1)
    for at, (heading, is_number) in enumerate(zip(headings, numbers, strict=True)):
        widest = max(cell_len(line) for row in rows for line in (heading, *row[at]))
        needed += widest if is_number else min(widest, _NARROWEST)
    if needed > console.width:
        return False
    is_tall = any(len(cell) > 1 for row in rows for cell in row)
    table = Table(box=SIMPLE, show_edge=False, pad_edge=False, leading=int(is_tall))
    for heading, is_number in zip(headings, numbers, strict=True):
        table.add_column(
            Text(heading),
            justify="right" if is_number else "left",
            no_wrap=is_number,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(_cell(*lines) for lines in row))
    console.print(table)
    return True


def _cell(first: str, *more: str) -> Text:
    """Return the lines as one cell; as text, never as markup."""
    text = Text(first)
    for line in more:
        text.append(f"\n{line}", style="dim")
    return text


def new_bar() -> Progress:
    """Return a bar on standard error for tasks with a field `rate`; wiped away at the end."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(_BAR, complete_style="green", finished_style="green"),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=Console(file=sys.stderr, highlight=False),
        # Drawn by whoever works: a thread of its own would be forked with the workers of an import.
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def new_status(words: str) -> Status:
    """Return *words* behind a mark that turns, on standard error; wiped away at the end."""
    return Console(file=sys.stderr, highlight=False, markup=False).status(words)
