"""Regular expressions of definitions: matched in time linear in the text.

RE2 compiles every pattern, so nothing that it refuses (back-references, look-around) is let in.
Matching goes to Python's own engine where it is linear too and some fifteen times quicker:
an anchored pattern with at most one unbounded repetition has nothing to backtrack into.
"""

import re
from typing import Any

import re2

_MAX_CHARS = 1_000
_FIXED_COUNT = re.compile(r"\{\d+\}")


class PatternError(ValueError):
    """A pattern that RE2 refuses."""


class Pattern:
    """One compiled pattern; picks the engine once."""

    __slots__ = ("_compiled", "groups", "names", "text")

    def __init__(self, text: str) -> None:
        if len(text) > _MAX_CHARS:
            raise PatternError(f"the pattern has {len(text)} characters; {_MAX_CHARS} are allowed")
        options = re2.Options()
        options.log_errors = False
        options.max_mem = 1 << 20
        try:
            careful = re2.compile(text, options)
        except re2.error as fault:
            words = fault.args[0]
            said = words.decode() if isinstance(words, bytes) else str(words)
            raise PatternError(f"RE2 refuses the pattern {text!r}: {said}") from None
        self.text = text
        self.names: dict[str, int] = dict(careful.groupindex)
        self.groups: int = careful.groups
        self._compiled: Any = (
            re.compile(_whole_text_end(text), re.ASCII) if is_quick(text) else careful
        )

    def search(self, text: str) -> Any:
        """Return the first match in *text* (group(i), span(i)), or None."""
        return self._compiled.search(text)

    def matches(self, text: str) -> bool:
        """Say whether the pattern is found in *text*."""
        return self._compiled.search(text) is not None


def is_quick(text: str) -> bool:
    r"""Say whether Python's engine is safe for the pattern and reads it as RE2 does.

    >>> is_quick(r"^\d{4}-\d\d"), is_quick(r"^(a+)+$"), is_quick(r"\d+")
    (True, False, False)
    """
    if not text.startswith("^") or not text.isascii():
        return False
    plain = _FIXED_COUNT.sub("", text.replace(r"\.", "x").replace(r"\*", "x").replace(r"\+", "x"))
    if any(
        mark in plain for mark in ("(?", r"\s", r"\S", r"\b", r"\p", "[[", "|", "{", ")+", ")*")
    ):
        return False
    return sum(plain.count(mark) for mark in "*+?") <= 1


def _whole_text_end(text: str) -> str:
    # RE2's $ is the end of the text; Python's also matches before a last newline.
    if text.endswith("$") and not text.endswith(r"\$"):
        return text[:-1] + r"\Z"
    return text
