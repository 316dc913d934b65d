"""What cannot be the same twice, and the one word that takes its place.

Each pattern is as narrow as it can be: a figure that is not named here is compared to the byte.
"""

import re
from typing import Final

# Names say what is hidden; group 1, where there is one, is kept.
PATTERNS: Final[dict[str, re.Pattern[str]]] = {
    "form token": re.compile(r'(name="csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}'),
    "header token": re.compile(r'("x-csrftoken": ?")[A-Za-z0-9]{64}'),
    "free disk in MB": re.compile(r'("disk_free_mb": )\d+'),
    "free disk in bytes": re.compile(r"(tollbook_disk_free_bytes )\d+"),
    "rate of work": re.compile(r"[\d,]+(?= (?:calls|records|lines)/s)"),
    "time taken": re.compile(r"(?<=written in )\d+\.\d+(?= s)"),
}


class Normaliser:
    """Hide where and on which ports the installation of this capture lies."""

    def __init__(self) -> None:
        self._literals: dict[str, str] = {}

    def hide(self, text: str, word: str) -> None:
        """Let *word* stand for every *text* from now on."""
        self._literals[text] = word

    def normal(self, text: str) -> str:
        """Return *text* as it is compared."""
        for literal, word in self._literals.items():
            text = text.replace(literal, word)
        for name, pattern in PATTERNS.items():
            text = pattern.sub(lambda found, name=name: _kept(found) + f"<{name}>", text)
        return text


def _kept(found: "re.Match[str]") -> str:
    return found.group(1) if found.re.groups else ""
