"""Regular expressions of definitions: matched in time linear in the text.

RE2 compiles every pattern, so nothing that it refuses (back-references, look-around) is let in.
Matching goes to Python's own engine where that is linear too and some fifteen times quicker: an
anchored pattern with one unbounded repetition at most has nothing to backtrack into.
"""

import re
from typing import Any

import re2

_MAX_CHARS = 1_000
_REMEMBERED = 2_000
_REMEMBERED_CHARS = 40
_MOST_WAYS = 64

_ESCAPE = re.compile(r"\\[^sSbBpPAzQE1-9]")
_CLASS = re.compile(r"\[\^?[^\[\]]+\]")
_COUNT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_LITERAL = re.compile(r"\^\(?([A-Za-z0-9_/ :,-]+)")
_OPTIONAL_GROUP = re.compile(r"\)[*?{]")


class PatternError(ValueError):
    """A pattern that RE2 refuses."""


class Pattern:
    """One compiled pattern; it picks its engine once.

    *literal* is a text that every match contains, or "": a quick way to rule a match out.
    *width* is how many of a text's first characters decide about it; 0 if that is not fixed.
    """

    __slots__ = ("_compiled", "_known", "groups", "literal", "names", "text", "width")

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
        self.literal = _literal(text)
        self.width = _width(text)
        self._known: dict[str, bool] | None = None if is_quick(text) else {}
        self._compiled: Any = _quick(text) if is_quick(text) else careful

    def search(self, text: str) -> Any:
        """Return the first match in *text* (group(i), span(i)), or None."""
        return self._compiled.search(text)

    def matches(self, text: str) -> bool:
        """Say whether the pattern is found in *text*."""
        known = self._known
        if known is None or len(text) > _REMEMBERED_CHARS:
            return self._compiled.search(text) is not None
        found = known.get(text)
        if found is None:
            if len(known) >= _REMEMBERED:
                known.clear()
            found = known[text] = self._compiled.search(text) is not None
        return found


def is_quick(text: str) -> bool:
    r"""Say whether Python's engine is linear on the pattern and reads it as RE2 does.

    >>> is_quick(r"^\d{4}-\d\d"), is_quick(r"^(?:SIP|IAX2)/(\d{2,6})-[0-9a-f]+$")
    (True, True)
    >>> is_quick(r"^(a+)+$"), is_quick(r"\d+"), is_quick(r"^a.*b.*$"), is_quick("^a|b")
    (False, False, False, False)
    """
    plain = text.removeprefix("(?i)")
    if not plain.startswith("^") or not text.isascii():
        return False
    # What a class or an escape stands for does not matter here, only how often it repeats.
    plain = _CLASS.sub("x", _ESCAPE.sub("x", plain)).replace("(?:", "(")
    if any(mark in plain for mark in ("\\", "[", "(?", ")*", ")+", "){", "(*")):
        return False
    ways, unbounded = 1, plain.count("*") + plain.count("+")
    for least, most in _COUNT.findall(plain):
        ways *= int(most) - int(least) + 1 if most else 1
    unbounded += len(re.findall(r"\{\d+,\}", plain))
    lazy = plain.replace("*?", "*").replace("+?", "+").replace("}?", "}")
    ways *= 2 ** lazy.count("?")
    return unbounded <= 1 and ways <= _MOST_WAYS and not _splits_at_top(plain)


def _splits_at_top(plain: str) -> bool:
    depth = 0
    for mark in plain:
        depth += (mark == "(") - (mark == ")")
        if mark == "|" and depth == 0:
            return True
    return False


def _quick(text: str) -> re.Pattern[str]:
    # RE2's $ is the end of the text; Python's also matches before a last newline.
    flags = re.ASCII
    if text.startswith("(?i)"):
        text = text.removeprefix("(?i)")
        flags |= re.IGNORECASE
    ends = text.endswith("$") and not text.endswith(r"\$")
    return re.compile(text[:-1] + r"\Z" if ends else text, flags)


def _literal(text: str) -> str:
    match = _LITERAL.match(text)
    if match is None or _splits_at_top(text):
        return ""
    found = match[1]
    behind = text[match.end() : match.end() + 1]
    if text[1:2] == "(" and ("|" in text or _OPTIONAL_GROUP.search(text)):
        return ""  # It may be the beginning of one alternative of several, or not be there.
    return found[:-1] if behind and behind in "*?+{" else found


def _width(text: str) -> int:
    if not is_quick(text) or text.startswith("(?i)"):
        return 0
    plain = _CLASS.sub("x", _ESCAPE.sub("x", text[1:]))
    plain = re.sub(r"x\{(\d+)\}", lambda match: "x" * int(match[1]), plain)
    return 0 if any(mark in plain for mark in "*+?|(){}$") else len(plain)
