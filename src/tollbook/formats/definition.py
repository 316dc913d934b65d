"""A format definition as values: what a TOML file says, checked and compiled.

Source: docs/manual/formats.md describes every key; `tollbook.formats.reading` builds these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tollbook.formats.converters import Converter
from tollbook.formats.patterns import Pattern

# What a record can say, by the kind of value it takes.
STAMP_TARGETS = ("start", "answer", "end")
LENGTH_TARGETS = ("duration_s", "talk_s", "ring_s", "hold_s", "park_s", "queue_wait_s")
FLAG_TARGETS = ("answered", "more_follows", "plumbing")
NAME_TARGETS = ("caller_name", "callee_name")
COUNT_TARGETS = ("pulses",)
CHOICE_TARGETS = {
    "direction": ("in", "out", "internal", "transit"),
    "queue_outcome": ("answered", "abandoned", "overflow"),
}
TEXT_TARGETS = (
    "caller",
    "dialled",
    "callee",
    "trunk",
    "account_code",
    "authorisation_code",
    "pbx_call_id",
    "source_ip",
    "caller_device",
    "callee_device",
    "queue_number",
    "queue_agent",
    "party",
    "role",
    "join_key",
    "utc_offset",
)
TARGETS = (
    *STAMP_TARGETS,
    *LENGTH_TARGETS,
    *FLAG_TARGETS,
    *NAME_TARGETS,
    *COUNT_TARGETS,
    *CHOICE_TARGETS,
    *TEXT_TARGETS,
)

REJECT, NOTHING = "reject", "nothing"


@dataclass(frozen=True, slots=True)
class Framing:
    """How bytes become records."""

    # line: one line each; block: lines up to a blank one; json: objects that have the key item
    records: str = "line"
    item: str = ""
    ends: str = "lf"  # lf: \n or \r\n; any: also a lone \r or NUL
    max_line_bytes: int = 65_536
    strip: str = "\x00\x02\x03\x0c\x1a\ufeff"
    prefix: Pattern | None = None


@dataclass(frozen=True, slots=True)
class SkipRule:
    """Lines that are no call: *why* says what they are."""

    pattern: Pattern
    why: str


@dataclass(frozen=True, slots=True)
class CarryRule:
    """Headings whose year holds for the records behind them (group `year`)."""

    pattern: Pattern
    why: str


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One way to get a value from a record's cells.

    *cells* are indices; several are joined by a blank. *conditions* must all hold, else the
    next rule is asked; so it is when the text is empty, a null value, or unlike *pattern*.
    """

    cells: tuple[int, ...] = ()
    conditions: tuple[tuple[int, Pattern], ...] = ()
    constant: Any = None
    before_last: str = ""  # only what stands before the last of it, if it is there
    pattern: Pattern | None = None
    strip: tuple[str, ...] = ()
    nulls: frozenset[str] = frozenset()
    fold_case: bool = False
    choices: Mapping[str, Any] | None = None
    otherwise: str = REJECT
    converter: Converter | None = None
    converter_patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """One record layout of a family: how to cut it into cells, and what the cells mean."""

    name: str
    kind: str  # csv | columns | regex | keys | json
    columns: tuple[str, ...]
    at_least: int
    at_most: int
    conditions: tuple[tuple[tuple[int, Pattern], ...], ...]  # alternatives; none fits anything
    fields: Mapping[str, tuple[FieldRule, ...]]
    delimiter: str = ","
    quote: str = '"'
    header: Pattern | None = None  # csv: a line of names that say where the columns stand
    elastic: tuple[int, int] | None = None  # cells that take what is too much, first to last
    spans: tuple[tuple[int, int], ...] = ()  # columns: 0-based half-open
    pattern: Pattern | None = None  # regex
    groups: tuple[int, ...] = ()  # regex: the group of each column
    separator: str = ":"  # keys: between a key and its value
    between: str = "\n"  # keys: between two of them


@dataclass(frozen=True, slots=True)
class Join:
    """Which records make one call together.

    until: records of one key, the last one says so (more_follows false). One that does not come
    within *window_s* is not waited for.
    gather: records of one key, written within *window_s* of each other.
    *combine* legs: each record is a leg; fill: each adds what the ones before did not say.
    """

    mode: str
    combine: str = "legs"
    window_s: int = 900
    max_open: int = 10_000


@dataclass(frozen=True, slots=True)
class TestCase:
    """Lines and the outcomes that they must give; the definition's own proof."""

    name: str
    text: str
    zone: str | None
    expect: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole format definition. Pickles as its own text (`formats.reading`)."""

    name: str
    title: str
    version: int
    about: str
    framing: Framing
    skips: tuple[SkipRule, ...]
    carries: tuple[CarryRule, ...]
    layouts: tuple[Layout, ...]
    join: Join | None
    zone: str | None
    tests: tuple[TestCase, ...]
    toml_text: str = field(repr=False, default="")
