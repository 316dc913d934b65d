"""A progress bar for people; silent where no person watches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WIDTH = 30


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """Give a function that draws how much of how much is done; None if nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    drawn = ""

    def draw(done: int, total: int) -> None:
        nonlocal drawn
        share = done / total if total else 1
        filled = int(WIDTH * share)
        bar = f"\r{label} [{'#' * filled}{'.' * (WIDTH - filled)}] {int(100 * share):3d} %"
        if bar != drawn:
            drawn = bar
            sys.stderr.write(bar)
            sys.stderr.flush()

    try:
        yield draw
    finally:
        if drawn:
            sys.stderr.write("\r" + " " * len(drawn) + "\r")
            sys.stderr.flush()
