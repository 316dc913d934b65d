"""A table to be written: its columns, its rows as a stream, and what it says about itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from zoneinfo import ZoneInfo

Cell = str | int | Decimal | datetime | None


class Kind(Enum):
    """What a column holds, and so how each kind of file writes it; None is an empty cell."""

    TEXT = "text"  # str
    NUMBER = "number"  # int
    MONEY = "money"  # Decimal; the currency has a column of its own
    DURATION = "duration"  # int, milliseconds
    INSTANT = "instant"  # aware datetime, written in the table's zone

    @property
    def holds(self) -> type:
        """The type of a cell that is not empty."""
        return _HOLDS[self]


_HOLDS = {
    Kind.TEXT: str,
    Kind.NUMBER: int,
    Kind.MONEY: Decimal,
    Kind.DURATION: int,
    Kind.INSTANT: datetime,
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: a stable key for programs, a title for people."""

    key: str
    title: str
    kind: Kind = Kind.TEXT
    width_chars: int = 16

    def wrong(self, cell: Cell) -> TypeError:
        """Return the fault of a *cell* that this column cannot hold."""
        return TypeError(f"column {self.key}: {cell!r} is not a {self.kind.value}")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a heading.

    *rows* is read once, front to back, and never held; each row has one cell per column, in
    their order. *period* and *filters* are sentences for people. *zone* is the site's: every
    instant is written in it.
    """

    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Cell]]
    zone: ZoneInfo
    period: str = ""
    filters: tuple[str, ...] = ()
