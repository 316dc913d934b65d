"""Reading a TOML table key by key, collecting faults instead of stopping at the first."""

from collections.abc import Iterator, Mapping
from typing import Any

from tollbook.formats.patterns import Pattern, PatternError


class Faults:
    """The faults found so far, each with its place."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.named_patterns: dict[str, str] = {}

    def add(self, place: str, words: str) -> None:
        """Note one fault."""
        self.found.append(f"{place}: {words}" if place else words)


class TomlTable:
    """One table of a definition; asks for keys by type and knows which were never asked for."""

    def __init__(self, content: Mapping[str, Any], place: str, faults: Faults) -> None:
        self.content = content
        self.place = place
        self.faults = faults
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def fault(self, words: str, key: str = "") -> None:
        """Note a fault of this table, or of one of its keys."""
        self.faults.add(self.at(key), words)

    def at(self, key: str) -> str:
        """Return the place of *key*."""
        return ".".join(part for part in (self.place, key) if part)

    def done(self) -> None:
        """Note every key that nobody asked for."""
        for key in self.content:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                self.fault(f"unknown key; known here: {known}", key)

    def get(self, key: str) -> Any:
        """Return the raw value of *key*, or None."""
        self._asked.add(key)
        return self.content.get(key)

    def text(self, key: str) -> str | None:
        """Return a text, or None if absent."""
        value = self.get(key)
        if value is None or isinstance(value, str):
            return value
        self.fault(f"{value!r} is not a text", key)
        return None

    def integer(self, key: str, *, default: int, at_least: int, at_most: int = 10**12) -> int:
        """Return a whole number within its bounds, or the default if absent."""
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(f"{value!r} is not a whole number", key)
        elif not at_least <= value <= at_most:
            self.fault(f"{value} is not between {at_least} and {at_most}", key)
        else:
            return value
        return default

    def boolean(self, key: str) -> bool:
        """Return true or false; false if absent."""
        value = self.get(key)
        if value is not None and not isinstance(value, bool):
            self.fault(f"{value!r} is neither true nor false", key)
        return value is True

    def choice(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        """Return one of the *allowed* words."""
        value = self.get(key)
        if value is None:
            return default
        if value not in allowed:
            self.fault(f"{value!r} is none of {', '.join(allowed)}", key)
            return default
        return str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; one text alone counts as a list; empty if absent."""
        value = self.get(key)
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        self.fault(f"{value!r} is not a list of texts", key)
        return ()

    def table(self, key: str) -> "TomlTable":
        """Return the table under *key*; an empty one if absent."""
        value = self.get(key)
        if value is not None and not isinstance(value, dict):
            self.fault("is not a table", key)
            value = None
        return TomlTable(value or {}, self.at(key), self.faults)

    def tables(self, key: str) -> Iterator["TomlTable"]:
        """Yield the tables of the array under *key*, numbered from 1 in places."""
        value = self.get(key)
        if value is None:
            return
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.fault("is not an array of tables", key)
            return
        for number, content in enumerate(value, 1):
            yield TomlTable(content, f"{self.at(key)}[{number}]", self.faults)

    def pattern(self, key: str) -> Pattern | None:
        """Return a compiled pattern, or None if absent or refused."""
        text = self.text(key)
        return None if text is None else self.compiled(text, key)

    def compiled(self, text: str, key: str) -> Pattern | None:
        """Return *text* compiled, or None after noting why not; @name is one of [patterns]."""
        if text.startswith("@"):
            named = self.faults.named_patterns.get(text[1:])
            if named is None:
                self.fault(f"there is no {text[1:]!r} in [patterns]", key)
                return None
            text = named
        try:
            return Pattern(text)
        except PatternError as fault:
            self.fault(str(fault), key)
            return None

    def patterns(self, key: str) -> dict[str, Pattern]:
        """Return a table of patterns by column name; empty if absent."""
        inner = self.table(key)
        compiled = {name: inner.pattern(name) for name in inner.content}
        return {name: pattern for name, pattern in compiled.items() if pattern is not None}
