"""Call records turned on their side: one list a field."""

from collections.abc import Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any

from tollbook.core.calls import CDR_TEXTS, Cdr, CdrColumns, Seconds
from tollbook.core.instants import to_us

_take_texts = attrgetter(*CDR_TEXTS)


def columns_of(calls: Sequence[Cdr]) -> CdrColumns:
    """Return *calls* as columns, in their order."""
    columns = CdrColumns()
    if not calls:
        return columns
    for name, column in zip(CDR_TEXTS, zip(*map(_take_texts, calls), strict=True), strict=True):
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


def _us(instant: Any) -> int | None:
    return None if instant is None else to_us(instant)


def _ms(seconds: Seconds | None) -> int | None:
    if seconds is None:
        return None
    if isinstance(seconds, Decimal):
        return int(seconds * 1000)
    return seconds * 1000
