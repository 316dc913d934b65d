"""Normalised call records: what a PBX said about a call, in one shape for every brand.

Source: the manual's page on formats, "What a record becomes". Nothing here is guessed: what
the record does not say is None.
"""

from dataclasses import dataclass
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
class Leg:
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
    legs: tuple[Leg, ...] = ()
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
class Reject:
    """Bytes that could not be read as a call; `reason` is a stable code, `raw` the bytes."""

    line: int
    offset: int
    end_offset: int
    raw: bytes
    reason: str
    message: str


Outcome: TypeAlias = Cdr | Part | Skip | Reject
