"""Reading a document's tables key by key: every fault is collected with its place.

A key that nobody asked for is a fault too, so a typing error never goes unnoticed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from numbers import Number
from typing import Literal, TypeVar

from tollbook.core.calendar import DAY_S, parse_clock, parse_instant
from tollbook.core.money import parse_amount

Severity = Literal["error", "warning"]
T = TypeVar("T")

# Thirty years of talk: a greater number is a typing error, and would overflow dates.
LONGEST_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding: *place* as `rate[3].slots[1].price`, a stable *code*, *message* for people."""

    place: str
    code: str
    message: str
    severity: Severity = "error"


class FaultList:
    """The findings of one document, in the order of reading."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def error(self, place: str, code: str, message: str) -> None:
        """Add a fault for which the whole document is refused."""
        self.faults.append(Fault(place, f"tariff.{code}", message))

    def warning(self, place: str, code: str, message: str) -> None:
        """Add a doubt that refuses nothing."""
        self.faults.append(Fault(place, f"tariff.{code}", message, "warning"))

    def name_context(self, first: int, words: str) -> None:
        """Add *words* to the messages from number *first* on, so that a reader finds the row."""
        self.faults[first:] = [
            replace(fault, message=f"{fault.message} ({words})") for fault in self.faults[first:]
        ]

    def __len__(self) -> int:
        return len(self.faults)

    @property
    def has_errors(self) -> bool:
        """Whether the document must be refused."""
        return any(fault.severity == "error" for fault in self.faults)


class Fields:
    """One table of a document. Readers return a harmless value after a fault."""

    __slots__ = ("_asked", "_faults", "_place", "_table")

    def __init__(self, table: Mapping[str, object], place: str, faults: FaultList) -> None:
        self._table = table
        self._place = place
        self._faults = faults
        self._asked: set[str] = set()

    @property
    def findings(self) -> int:
        """How many findings the whole document has so far."""
        return len(self._faults)

    def place(self, key: str = "") -> str:
        """Return the place of *key*, or of the table itself."""
        if not key:
            return self._place
        return f"{self._place}.{key}" if self._place else key

    def error(self, key: str, code: str, message: str) -> None:
        """Add a fault at *key*."""
        self._faults.error(self.place(key), code, message)

    def warning(self, key: str, code: str, message: str) -> None:
        """Add a doubt at *key*."""
        self._faults.warning(self.place(key), code, message)

    def is_set(self, key: str) -> bool:
        """Say whether *key* is given and not false."""
        return self.has(key) and self._table[key] is not False

    def has(self, key: str) -> bool:
        """Say whether *key* is given; JSON's null is not."""
        return self._table.get(key) is not None

    def as_written(self, key: str) -> str:
        """Return what stands under *key* as text in which true, 1 and 1.0 differ."""
        return repr(self._table.get(key))

    def knows(self, keys: Sequence[str]) -> None:
        """Count *keys* as known although nothing asks for them here."""
        self._asked.update(keys)

    def refuse_unknown(self) -> None:
        """Add a fault for each key that was not asked for. Call it last."""
        for key in self._table:
            if key not in self._asked:
                near = get_close_matches(str(key), self._asked, n=1)
                hint = f'; did you mean "{near[0]}"?' if near else "; remove it"
                self.error(str(key)[:60], "unknown_key", f"is not a key known here{hint}")

    def text(self, key: str, default: str | None = "") -> str:
        """Return a text; a default of None makes it required."""
        value = self._take(key, must=default is None)
        if value is None:
            return default or ""
        if not isinstance(value, str):
            self._wrong(key, value, 'a text in quotes, as "49"')
            return ""
        return value

    def choice(self, key: str, choices: Sequence[T], default: T | None) -> T:
        """Return one of *choices*, which are texts; a default of None makes it required."""
        value = self._take(key, must=default is None)
        if value is None:
            return choices[0] if default is None else default
        for choice in choices:
            if value == choice:
                return choice
        named = ", ".join(f'"{choice}"' for choice in choices)
        self.error(key, "choice", f"is {_shown(value)}; expected one of {named}")
        return choices[0]

    def flag(self, key: str, *, default: bool | None) -> bool | None:
        """Return true or false, or *default* if absent."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self._wrong(key, value, "true or false, without quotes")
            return default
        return value

    def whole(self, key: str, default: int | None, low: int = 0, high: int = LONGEST_S) -> int:
        """Return a whole number from *low* to *high*; a default of None makes it required."""
        value = self._take(key, must=default is None)
        if value is None:
            return low if default is None else default
        if not isinstance(value, int) or isinstance(value, bool):
            self._wrong(key, value, "a whole number, without quotes and point")
            return low
        if not low <= value <= high:
            self.error(key, "range", f"is {_shown(value)}; expected from {low} to {high}")
            return low
        return value

    def amount(self, key: str, default: Decimal | None) -> Decimal:
        """Return an amount of money, zero or more; a default of None makes it required."""
        value = self._take(key, must=default is None)
        if value is None:
            return default or Decimal(0)
        if not isinstance(value, str):
            number = isinstance(value, Number) and not isinstance(value, bool)
            wanted = "money is written as a string in quotes" if number else "expected money"
            self.error(key, "type", f'is {_shown(value)}; {wanted}, as "0.12"')
            return Decimal(0)
        try:
            amount = parse_amount(value)
        except ValueError as fault:
            self.error(key, "amount", f"{fault}")
            return Decimal(0)
        if amount.is_signed():
            self.error(key, "negative", f'is "{value}"; expected zero or more')
            return Decimal(0)
        return amount

    def instant(self, key: str) -> datetime | None:
        """Return an instant with its offset, or None if absent."""
        value = self._take(key)
        if value is None:
            return None
        if isinstance(value, datetime):
            if value.tzinfo is not None:
                return value
            self.error(key, "instant", f'is {value}, without offset; add "Z" or "+01:00"')
            return None
        return self._parsed(key, value, parse_instant, 'an instant, as "2026-01-01T00:00:00Z"')

    def clock(self, key: str, default_s: int | None) -> int:
        """Return a time of day in seconds; a default of None makes it required."""
        value = self._take(key, must=default_s is None)
        if value is None:
            return default_s or 0
        if isinstance(value, time):
            if value.microsecond or value.tzinfo:
                self.error(key, "clock", f"is {value}; expected whole seconds")
            return value.hour * 3_600 + value.minute * 60 + value.second
        return self._parsed(key, value, parse_clock, 'a time of day, as "08:00:00"') or 0

    def window_edges(self, *, inclusive: bool = False) -> tuple[int, int]:
        """Return `from` and the exclusive `to` in seconds of the day; the whole day if absent."""
        before = len(self._faults.faults)
        must = None if inclusive else DAY_S
        from_s, to_s = self.clock("from", None if inclusive else 0), self.clock("to", must)
        if len(self._faults.faults) > before:
            return 0, DAY_S
        if from_s == to_s:
            self.error("to", "window", "is the same as from, so the window's length is unclear")
        if from_s == DAY_S:
            self.error("from", "range", "is 24:00:00; a window opens from 00:00:00 to 23:59:59")
        return from_s, min(to_s + 1, DAY_S) if inclusive else to_s

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty if absent."""
        return self._list(key, str, 'a text in quotes, as "101"')

    def wholes(self, key: str, low: int, high: int) -> tuple[int, ...]:
        """Return a list of whole numbers from *low* to *high*, empty if absent."""
        found = self._list(key, int, "a whole number")
        for at, value in enumerate(found):
            if not low <= value <= high:
                self.error(f"{key}[{at}]", "range", f"is {value}; expected from {low} to {high}")
        return found

    def dates(self, key: str) -> tuple[date, ...]:
        """Return a list of dates, empty if absent."""
        found = []
        for at, value in enumerate(self._items(key)):
            if isinstance(value, date) and not isinstance(value, datetime):
                found.append(value)
                continue
            day = self._parsed(f"{key}[{at}]", value, date.fromisoformat, 'a date, as "2026-12-24"')
            if day is not None:
                found.append(day)
        return tuple(found)

    def day(self, key: str) -> date:
        """Return a date, which must be given."""
        value = self._take(key, must=True)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if value is None:
            return date.min
        return self._parsed(key, value, date.fromisoformat, 'a date, as "2026-12-24"') or date.min

    def table(self, key: str) -> "Fields | None":
        """Return the table under *key*, or None if absent."""
        value = self._take(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self._wrong(key, value, "a table of keys and values")
            return None
        return Fields(value, self.place(key), self._faults)

    def tables(self, key: str) -> list["Fields"]:
        """Return the tables of the list under *key*, empty if absent."""
        return list(self.each_table(key))

    def each_table(self, key: str) -> Iterator["Fields"]:
        """Yield the tables of the list under *key* one by one."""
        for at, value in enumerate(self._items(key)):
            if isinstance(value, Mapping):
                yield Fields(value, f"{self.place(key)}[{at}]", self._faults)
            else:
                self._wrong(f"{key}[{at}]", value, "a table of keys and values")

    def _take(self, key: str, *, must: bool = False) -> object:
        self._asked.add(key)
        value = self._table.get(key)
        if value is None and must:
            self.error(key, "missing", "is missing; it has no default")
        return value

    def _items(self, key: str) -> Sequence[object]:
        value = self._take(key)
        if value is None:
            return ()
        if not isinstance(value, list | tuple):
            self._wrong(key, value, "a list in square brackets")
            return ()
        return value

    def _list(self, key: str, kind: type[T], wanted: str) -> tuple[T, ...]:
        found = []
        for at, value in enumerate(self._items(key)):
            if isinstance(value, kind) and not isinstance(value, bool):
                found.append(value)
            else:
                self._wrong(f"{key}[{at}]", value, wanted)
        return tuple(found)

    def _parsed(self, key: str, value: object, parse: Callable[[str], T], wanted: str) -> T | None:
        if not isinstance(value, str):
            self._wrong(key, value, wanted)
            return None
        try:
            return parse(value)
        except ValueError as fault:
            self.error(key, "malformed", f"{fault}; expected {wanted}")
            return None

    def _wrong(self, key: str, value: object, wanted: str) -> None:
        self.error(key, "type", f"is {_shown(value)}; expected {wanted}")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value[:40]}"'
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, int) and abs(value) > 10**30:
        return "a number of more than 30 digits"
    return str(value)[:60]
