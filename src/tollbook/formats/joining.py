"""Records that belong together become one call with legs.

Source: docs/manual/formats.md, "[join]". Legs' talk adds up to the call's; a call of one
record has no legs.
"""

import itertools
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tollbook.core.calls import (
    Cdr,
    CdrLeg,
    Direction,
    Outcome,
    Part,
    QueueOutcome,
    QueueVisit,
    Seconds,
    Skip,
)
from tollbook.formats.definition import Join
from tollbook.formats.errors import Malformed
from tollbook.formats.truth import ReadRecord
from tollbook.formats.zones import SECOND_US, from_us, us_seconds

_PLUMBING = "half of a channel pair inside the switch; its call is in another record"


@dataclass(slots=True)
class _Open:
    readings: list[ReadRecord] = field(default_factory=list)
    generation: int = 0
    received_us: int | None = None  # when the last of them came, where that is known

    @property
    def last_us(self) -> int:
        return max(reading.written_us or 0 for reading in self.readings)


class Joiner:
    """Holds the records of calls that are not whole yet."""

    def __init__(self, join: Join | None, complete: Callable[[ReadRecord], None]) -> None:
        """*complete* fills in a record that was put together from several."""
        self._join = join
        self._complete = complete
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._generation = 0

    def add(self, reading: ReadRecord, *, received_us: int | None = None) -> list[Outcome]:
        """Take one record, which came at *received_us*; return the outcomes that it completes."""
        key = reading.values.get("join_key") if self._join else None
        if self._join is None or key is None:
            return [single(reading)]
        outcomes = self._close_before(reading.written_us, self._join)
        if self._join.mode == "until":
            return outcomes + self._add_until(str(key), reading, self._join, received_us)
        return outcomes + self._add_gathering(str(key), reading)

    def start_of(self, key: object, stamp: object) -> int | None:
        """Return the resolved start of the open call *key* if its record wrote the same stamp."""
        held = self._open.get(str(key)) if self._open and key is not None else None
        if held and held.readings[0].values.get("start") == stamp:
            return held.readings[0].start_us
        return None

    def close_due(self, now_us: int | None = None) -> list[Outcome]:
        """Close the calls that have waited long enough at *now_us*.

        Gathered calls are closed if they gained no record since the last time this was called. A
        call of which more was announced is closed when its window is over: by the clock, because
        no further record may ever come.
        """
        if self._join is None:
            return []
        if self._join.mode == "gather":
            over = [k for k, held in self._open.items() if held.generation < self._generation]
            self._generation += 1
        else:
            since_us = None if now_us is None else now_us - self._join.window_s * SECOND_US
            over = [
                key
                for key, held in self._open.items()
                if since_us is not None
                and held.received_us is not None
                and held.received_us < since_us
            ]
        return [outcome for key in over for outcome in self._close(self._open.pop(key))]

    def finish(self) -> list[Outcome]:
        """Close everything; a call of which more was announced comes out as partial."""
        outcomes: list[Outcome] = []
        for held in sorted(self._open.values(), key=lambda held: held.readings[0].offset):
            outcomes += self._close(held)
        self._open.clear()
        return outcomes

    def first_offset(self) -> int | None:
        """Return the offset of the first record held, or None."""
        offsets = [reading.offset for held in self._open.values() for reading in held.readings]
        return min(offsets, default=None)

    def _close(self, held: _Open) -> list[Outcome]:
        if self._join and self._join.mode == "gather":
            return _gathered(held.readings)
        return self._whole(held.readings, partial=True)

    def _whole(self, readings: Sequence[ReadRecord], *, partial: bool) -> list[Outcome]:
        if self._join and self._join.combine == "fill":
            return self._filled(readings, partial=partial)
        return whole(readings, partial=partial)

    def _filled(self, readings: Sequence[ReadRecord], *, partial: bool) -> list[Outcome]:
        """Return one record's call to which the others add what it does not say."""
        values = dict(readings[0].values)
        for each in readings[1:]:
            values = {**each.values, **values}
        first, last = readings[0], readings[-1]
        filled = ReadRecord(first.line, 1, first.offset, last.end_offset, values)
        try:
            self._complete(filled)
        except Malformed:
            filled, partial = first, True  # Contradictory: the first stands alone.
        call = replace(
            single(filled, partial=partial),
            lines=tuple(sorted(line for each in readings for line in _lines(each))),
            offset=min(each.offset for each in readings),
            last_offset=last.offset,
            end_offset=max(each.end_offset for each in readings),
        )
        parts = [Part(each.line, each.offset, each.end_offset) for each in readings[:-1]]
        return [*parts, call]

    def _close_before(self, now_us: int | None, join: Join) -> list[Outcome]:
        """Close what gained no record for its window before a record that was written *now_us*."""
        outcomes: list[Outcome] = []
        while now_us is not None and self._open:
            key, oldest = next(iter(self._open.items()))
            if oldest.last_us + join.window_s * SECOND_US >= now_us:
                break
            del self._open[key]
            outcomes += self._close(oldest)
        return outcomes

    def _add_until(
        self, key: str, reading: ReadRecord, join: Join, received_us: int | None
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        held = self._open.get(key)
        if held and abs((reading.written_us or held.last_us) - held.last_us) > (
            join.window_s * SECOND_US
        ):
            # A key seen again after so long is another call: switches reuse keys.
            outcomes += self._close(self._open.pop(key))
            held = None
        if reading.values.get("more_follows"):
            if held is None:
                outcomes += self._make_room()
                held = self._open[key] = _Open()
            held.readings.append(reading)
            held.received_us = received_us
            self._open.move_to_end(key)
            return outcomes
        if held is None:
            # An end without its beginning is half of a call.
            return [*outcomes, single(reading, partial=join.combine == "fill")]
        del self._open[key]
        return [*outcomes, *self._whole([*held.readings, reading], partial=False)]

    def _add_gathering(self, key: str, reading: ReadRecord) -> list[Outcome]:
        outcomes: list[Outcome] = []
        held = self._open.get(key)
        if held is None:
            outcomes += self._make_room()
            held = self._open[key] = _Open()
        held.readings.append(reading)
        held.generation = self._generation
        self._open.move_to_end(key)
        return outcomes

    def _make_room(self) -> list[Outcome]:
        if self._join and len(self._open) >= self._join.max_open:
            _, oldest = self._open.popitem(last=False)
            return self._close(oldest)
        return []


def _gathered(readings: list[ReadRecord]) -> list[Outcome]:
    """Return the call of a gathered group; plumbing is skipped where other records tell more."""
    telling = [reading for reading in readings if not reading.values.get("plumbing")]
    kept = telling or readings[:1]
    skips = [
        Skip(each.line, each.offset, each.end_offset, _PLUMBING)
        for each in readings
        if not any(each is one for one in kept)
    ]
    return [*skips, *whole(kept, partial=False)]


def whole(readings: Sequence[ReadRecord], *, partial: bool) -> list[Outcome]:
    """Return the parts and then the call that *readings*, in the order of their bytes, make."""
    if len(readings) == 1:
        return [single(readings[0], partial=partial)]
    parts = [Part(each.line, each.offset, each.end_offset) for each in readings[:-1]]
    return [*parts, _joined(readings, partial=partial)]


def single(reading: ReadRecord, *, partial: bool = False) -> Cdr:
    """Return the call of one record."""
    values = reading.values
    return Cdr(
        start=_instant(reading.start_us),
        answer=_instant(reading.answer_us),
        end=_instant(reading.end_us),
        ring_s=reading.ring_s,
        talk_s=reading.talk_s,
        answered=reading.answered,
        direction=_direction(values),
        caller=values.get("caller"),
        dialled=values.get("dialled"),
        callee=values.get("callee"),
        trunk=values.get("trunk"),
        account_code=values.get("account_code"),
        authorisation_code=values.get("authorisation_code"),
        pbx_call_id=values.get("pbx_call_id"),
        partial=partial,
        source_ip=values.get("source_ip"),
        pulses=values.get("pulses"),
        queue=_queue(values),
        lines=tuple(_lines(reading)),
        caller_name=values.get("caller_name"),
        callee_name=values.get("callee_name"),
        caller_device=values.get("caller_device"),
        callee_device=values.get("callee_device"),
        offset=reading.offset,
        last_offset=reading.offset,
        end_offset=reading.end_offset,
    )


def _joined(written: Sequence[ReadRecord], *, partial: bool) -> Cdr:
    _put_in_sequence(written)
    # Not in the order of writing: a consultation ends, and is written, before its call.
    readings = sorted(written, key=lambda each: (each.start_us or 0, each.offset))
    talked = [each for each in readings if each.answered]
    knows = [each for each in readings if each.answered is not None]
    talks = [each.talk_s for each in readings]
    answer_us = min((each.answer_us for each in talked if each.answer_us is not None), default=None)
    starts = [each.start_us for each in readings if each.start_us is not None]
    start_us = min(starts, default=None)
    ends = [each.end_us for each in readings if each.end_us is not None]
    # The callee is the last party that talked and has a number; a machine only if no person did.
    reached = [each for each in talked if each.values.get("callee")] or list(readings)
    people = [each for each in reached if each.values.get("role") != "voicemail"] or reached
    answered = True if talked else (False if knows else None)
    pulses = [each.values["pulses"] for each in readings if "pulses" in each.values]
    return Cdr(
        start=_instant(start_us),
        answer=_instant(answer_us),
        end=_instant(max(ends, default=None)),
        ring_s=_ring_s(readings, start_us, answer_us),
        talk_s=None if answered is None else _total(talks),
        answered=answered,
        direction=_direction(_first(readings, "direction")),
        caller=_said_first(readings, "caller"),
        dialled=_said_first(readings, "dialled"),
        callee=people[-1].values.get("callee") or _said_first(readings, "callee"),
        trunk=_said_first(readings, "trunk"),
        account_code=_said_last(readings, "account_code"),
        authorisation_code=_said_last(readings, "authorisation_code"),
        pbx_call_id=_said_first(readings, "pbx_call_id"),
        partial=partial,
        source_ip=_said_first(readings, "source_ip"),
        pulses=sum(pulses) if pulses else None,
        queue=next((queue for each in readings if (queue := _queue(each.values))), None),
        legs=tuple(_leg(each) for each in readings),
        lines=tuple(sorted(line for each in readings for line in _lines(each))),
        caller_name=_said_first(readings, "caller_name"),
        callee_name=people[-1].values.get("callee_name"),
        caller_device=_said_first(readings, "caller_device"),
        callee_device=people[-1].values.get("callee_device"),
        offset=min(each.offset for each in readings),
        last_offset=written[-1].offset,
        end_offset=max(each.end_offset for each in readings),
    )


def _put_in_sequence(readings: Sequence[ReadRecord]) -> None:
    """Move stretches that all carry the call's own start behind each other, as they happened."""
    first = readings[0]
    stamp = first.values.get("start")
    for before, each in itertools.pairwise(readings):
        if stamp is None or each.values.get("start") != stamp or "end" in each.values:
            continue
        if each.start_us is None or before.end_us is None:
            continue
        later_us = before.end_us - each.start_us
        each.start_us += later_us
        if each.answer_us is not None:
            each.answer_us += later_us
        if each.end_us is not None:
            each.end_us += later_us


def _ring_s(
    readings: Sequence[ReadRecord], start_us: int | None, answer_us: int | None
) -> Seconds | None:
    if answer_us is not None:
        return None if start_us is None else us_seconds(max(0, answer_us - start_us))
    rings = [each.ring_s for each in readings]
    return None if None in rings else _total(rings)


def _leg(reading: ReadRecord) -> CdrLeg:
    values = reading.values
    return CdrLeg(
        party=values.get("party") or values.get("callee"),
        role=values.get("role") or "callee",
        start=_instant(reading.start_us),
        answer=_instant(reading.answer_us),
        end=_instant(reading.end_us),
        talk_s=reading.talk_s,
    )


def _lines(reading: ReadRecord) -> range:
    return range(reading.line, reading.line + reading.line_count)


def _total(lengths_s: Sequence[Seconds | None]) -> Seconds:
    return sum((each for each in lengths_s if each is not None), 0)


def _instant(instant_us: int | None) -> Any:
    return None if instant_us is None else from_us(instant_us)


def _first(readings: Sequence[ReadRecord], name: str) -> dict[str, Any]:
    return next((each.values for each in readings if name in each.values), {})


def _said_first(readings: Sequence[ReadRecord], name: str) -> Any:
    return _first(readings, name).get(name)


def _said_last(readings: Sequence[ReadRecord], name: str) -> Any:
    return _first(readings[::-1], name).get(name)


def _direction(values: dict[str, Any]) -> Direction | None:
    said = values.get("direction")
    return None if said is None else Direction(said)


def _queue(values: dict[str, Any]) -> QueueVisit | None:
    number, outcome = values.get("queue_number"), values.get("queue_outcome")
    if number is None and outcome is None:
        return None
    return QueueVisit(
        number=number,
        wait_s=values.get("queue_wait_s"),
        agent=values.get("queue_agent"),
        outcome=None if outcome is None else QueueOutcome(outcome),
    )
