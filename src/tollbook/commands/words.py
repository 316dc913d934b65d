"""What a verb says on standard error, and its exit status.

Nothing heavy is imported here: the command line needs the numbers before it knows the verb.
"""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tollbook.commands.terminal import printable

if TYPE_CHECKING:
    from tollbook.core.tariff import Fault

# 1: finished, but something was rejected, unrated, refused or in error.
DONE, INCOMPLETE, WRONG_USE, NOT_BUILT = 0, 1, 2, 3


def note(words: str) -> None:
    """Print *words*; on a terminal without what would steer it."""
    shown = printable(words, keeps="\n\t") if sys.stderr.isatty() else words
    print(shown, file=sys.stderr, flush=True)


def tell(verb: str, words: str, status: int = DONE) -> int:
    """Print *words* under the name of *verb* and return *status*."""
    note(f"tollbook {verb}: {words}")
    return status


def refuse(verb: str, words: str) -> int:
    """Print why *verb* does not do what was asked, and return the status of wrong use."""
    return tell(verb, words, WRONG_USE)


def tell_faults(name: str, faults: "Iterable[Fault]") -> None:
    """Print each fault of the file *name* with its place and, of a warning, its grade."""
    for fault in faults:
        grade = "warning: " if fault.severity == "warning" else ""
        note(f"{name}: {fault.place or 'the document'}: {grade}{fault.message}")
