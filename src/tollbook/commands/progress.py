"""How far a long work is, how fast it goes and how long it will take; silent where nobody looks."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

Unit = Literal["calls", "MB"]
_DRAWN_EVERY_S = 0.1


@contextmanager
def progress_bar(label: str, unit: Unit) -> Iterator[Callable[[int, int], None] | None]:
    """Give a function that draws how much of how much is done; None if nobody would see it.

    It is told calls, or bytes where *unit* is MB. What is drawn is wiped away at the end.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from tollbook.commands.drawing import new_bar

    bar = new_bar()
    task = bar.add_task(label, total=None, rate="")
    again_at_s = 0.0

    def draw(done: int, total: int) -> None:
        nonlocal again_at_s
        speed = bar.tasks[0].speed
        rate = "" if speed is None else rate_words(speed, unit)
        bar.update(task, completed=done, total=total, rate=rate)
        if time.monotonic() >= again_at_s or done >= total:
            again_at_s = time.monotonic() + _DRAWN_EVERY_S
            bar.refresh()

    with bar:
        yield draw


@contextmanager
def busy(words: str) -> Iterator[Callable[[str], None]]:
    """Show *words* while something lasts whose end cannot be told; give what changes them."""
    if not sys.stderr.isatty():
        yield lambda _words: None
        return
    from tollbook.commands.drawing import new_status

    with new_status(words) as status:
        yield status.update


def rate_words(per_s: float, unit: Unit) -> str:
    """Return a speed, in bytes a second where *unit* is MB, as people say it.

    >>> rate_words(12_345.6, "calls"), rate_words(12_345_678, "MB")
    ('12,346 calls/s', '12.3 MB/s')
    """
    return f"{per_s / 1e6:,.1f} MB/s" if unit == "MB" else f"{per_s:,.0f} calls/s"
