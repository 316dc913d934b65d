"""Text for a terminal: what a stranger wrote must not steer it.

Names of callers and PBXs come from outside. Where a person looks, a character that moves the
cursor, changes colours or turns the direction of writing is shown as its escape.
"""

import sys
import unicodedata

# Marks that reorder what stands beside them; the letters of right-to-left scripts are no such mark.
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Controls, halves of pairs, and separators of lines that are no line ends of ours.
_UNSHOWN = frozenset(("Cc", "Cs", "Zl", "Zp"))


def printable(text: str, *, keeps: str = "") -> str:
    r"""Return *text* with escapes for what would steer a terminal; *keeps* stays as it is.

    >>> printable("\x1b[31mBo\tB.\n", keeps="\n")
    '\\x1b[31mBo\\tB.\n'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(one) if _steers(one) and one not in keeps else one for one in text)


def print_line(words: str) -> None:
    """Print *words* on standard output; on a terminal without what would steer it."""
    print(printable(words, keeps="\n\t") if sys.stdout.isatty() else words)


def _steers(one: str) -> bool:
    return unicodedata.category(one) in _UNSHOWN or one in _TURNS


def _escaped(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")
