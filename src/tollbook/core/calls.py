"""Normalised call records: what a PBX said about a call, in one shape for every brand.

Source: the manual's page on formats, "What a record becomes". Nothing here is guessed: what
the record does not say is None.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

# Whole seconds stay int; a switch that writes fractions gives Decimal. Never float.
Seconds: TypeAlias = int | Decimal


class Direction(StrEnum):
    """Which way a call went, seen from the PBX."""

    IN = "in"
    OUT = "out"
    INTERNAL = "internal"
    TRANSIT = "transit"


DIRECTIONS = ("", *Direction)
"""The directions by the numbers that tables keep; "" where the record does not tell."""

DIRECTION_CODES = {direction: code for code, direction in enumerate(DIRECTIONS)}


class QueueOutcome(StrEnum):
    """How a caller left a queue."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    OVERFLOW = "overflow"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueVisit:
    """A caller's time in a queue."""

    number: str | None = None
    wait_s: Seconds | None = None
    agent: str | None = None
    outcome: QueueOutcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CdrLeg:
    """One stretch of a call with one party; instants are UTC."""

    party: str | None = None
    role: str | None = None
    start: datetime | None = None
    answer: datetime | None = None
    end: datetime | None = None
    talk_s: Seconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdr:
    """One call as its PBX recorded it; instants are UTC.

    `answered` False means `answer` None and `talk_s` 0; where the record does not tell, all
    three are None. `legs` is empty for a call of one leg; otherwise their `talk_s` add up to
    the call's. `lines` are the 1-based lines that made the call, ascending; `offset` is the
    first byte of the first of them, `last_offset` that of the last of its records (the others
    come as parts), `end_offset` the byte behind it.
    `caller_device` and `callee_device` are the switch's own names of the ports used
    ("PJSIP/carrier", "T9001"), for a dial plan that knows which of them are trunks.
    """

    start: datetime | None = None
    answer: datetime | None = None
    end: datetime | None = None
    ring_s: Seconds | None = None
    talk_s: Seconds | None = None
    answered: bool | None = None
    direction: Direction | None = None
    caller: str | None = None
    dialled: str | None = None
    callee: str | None = None
    trunk: str | None = None
    account_code: str | None = None
    authorisation_code: str | None = None
    pbx_call_id: str | None = None
    partial: bool = False
    source_ip: str | None = None
    pulses: int | None = None
    queue: QueueVisit | None = None
    legs: tuple[CdrLeg, ...] = ()
    lines: tuple[int, ...] = ()
    caller_name: str | None = None
    callee_name: str | None = None
    caller_device: str | None = None
    callee_device: str | None = None
    offset: int = 0
    last_offset: int = 0
    end_offset: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A record that went into a call of several; that call comes as its own outcome."""

    line: int
    offset: int
    end_offset: int


@dataclass(frozen=True, slots=True)
class Skip:
    """Bytes that are no call by design: headings, rulers, blank lines, plumbing."""

    line: int
    offset: int
    end_offset: int
    why: str


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """Bytes that could not be read as a call; `reason` is a stable code, `raw` the bytes."""

    line: int
    offset: int
    end_offset: int
    raw: bytes
    reason: str
    message: str


Outcome: TypeAlias = Cdr | Part | Skip | RejectedRecord


# The texts of a `Cdr`; columns of the same names hold them for many.
CDR_TEXTS = (
    "direction",
    "caller",
    "caller_name",
    "caller_device",
    "dialled",
    "callee",
    "callee_name",
    "callee_device",
    "trunk",
    "account_code",
    "authorisation_code",
    "pbx_call_id",
    "source_ip",
)


@dataclass(slots=True)
class CdrColumns:
    """Calls as their PBX recorded them, in parallel lists: so that a thousand cost one pass.

    Instants are microseconds since 1970, lengths milliseconds, texts "" where the record says
    nothing. `line`, `offset` and `length` are those of the record that completed the call. `legs`
    and `lines` have an entry, by the call's index, only where it was made of several records.
    """

    line: list[int] = field(default_factory=list)
    offset: list[int] = field(default_factory=list)
    length: list[int] = field(default_factory=list)
    start_us: list[int | None] = field(default_factory=list)
    answer_us: list[int | None] = field(default_factory=list)
    end_us: list[int | None] = field(default_factory=list)
    ring_ms: list[int | None] = field(default_factory=list)
    talk_ms: list[int | None] = field(default_factory=list)
    answered: list[bool | None] = field(default_factory=list)
    direction: list[str] = field(default_factory=list)
    caller: list[str] = field(default_factory=list)
    caller_name: list[str] = field(default_factory=list)
    caller_device: list[str] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)
    callee: list[str] = field(default_factory=list)
    callee_name: list[str] = field(default_factory=list)
    callee_device: list[str] = field(default_factory=list)
    trunk: list[str] = field(default_factory=list)
    account_code: list[str] = field(default_factory=list)
    authorisation_code: list[str] = field(default_factory=list)
    pbx_call_id: list[str] = field(default_factory=list)
    source_ip: list[str] = field(default_factory=list)
    pulses: list[int | None] = field(default_factory=list)
    partial: list[bool] = field(default_factory=list)
    lines: dict[int, tuple[int, ...]] = field(default_factory=dict)
    legs: dict[int, tuple[CdrLeg, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.offset)
