"""Call records turned on their side: one list a field, so that a thousand cost one pass.

Instants are microseconds since 1970, lengths milliseconds, texts "" where the record says
nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter
from typing import Any

from tollbook.core.calls import Cdr, Leg, Seconds
from tollbook.formats.blocks import Block
from tollbook.storage.instants import to_us

_TEXTS = (
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
_SHARED = (
    *("line", "offset", "length", "start_us", "answer_us", "end_us", "ring_ms", "talk_ms"),
    *("answered", "pulses"),
)
_take_texts = attrgetter(*_TEXTS)


@dataclass(slots=True)
class CdrColumns:
    """Calls as their PBX recorded them, in parallel lists.

    `line`, `offset` and `length` are those of the record that completed the call. `legs` and
    `lines` have an entry, by the call's index, only where a call was made of several records.
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
    legs: dict[int, tuple[Leg, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.offset)


def columns_of(calls: Sequence[Cdr]) -> CdrColumns:
    """Return *calls* as columns, in their order."""
    columns = CdrColumns()
    if not calls:
        return columns
    for name, column in zip(_TEXTS, zip(*map(_take_texts, calls), strict=True), strict=True):
        setattr(columns, name, ["" if text is None else str(text) for text in column])
    columns.start_us = [_us(call.start) for call in calls]
    columns.answer_us = [_us(call.answer) for call in calls]
    columns.end_us = [_us(call.end) for call in calls]
    columns.ring_ms = [_ms(call.ring_s) for call in calls]
    columns.talk_ms = [_ms(call.talk_s) for call in calls]
    columns.answered = [call.answered for call in calls]
    columns.pulses = [call.pulses for call in calls]
    columns.partial = [call.partial for call in calls]
    columns.offset = [call.last_offset for call in calls]
    columns.length = [call.end_offset - call.last_offset for call in calls]
    columns.line = [call.lines[-1] if call.lines else 0 for call in calls]
    columns.lines = {at: call.lines for at, call in enumerate(calls) if len(call.lines) > 1}
    columns.legs = {at: call.legs for at, call in enumerate(calls) if call.legs}
    return columns


def columns_of_block(block: Block) -> CdrColumns:
    """Return the calls of *block*, each of one record; the lists are the block's own."""
    columns = CdrColumns(partial=[False] * len(block))
    for name in (*_SHARED, *_TEXTS):
        setattr(columns, name, getattr(block, name))
    return columns


def _us(instant: Any) -> int | None:
    return None if instant is None else to_us(instant)


def _ms(seconds: Seconds | None) -> int | None:
    if seconds is None:
        return None
    if isinstance(seconds, Decimal):
        return int(seconds * 1000)
    return seconds * 1000
