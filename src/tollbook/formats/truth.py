"""What a record says, made whole: instants resolved, lengths and answers brought to agree.

Source: docs/manual/formats.md, "What is true when a record contradicts itself". Only sums and
differences of what the record states are added; nothing is assumed.
"""

import itertools
from dataclasses import dataclass
from datetime import tzinfo

from tollbook.core.calls import Seconds
from tollbook.formats.errors import Malformed, ZoneError
from tollbook.formats.fields import Values
from tollbook.formats.zones import (
    FIRST_YEAR,
    LAST_YEAR,
    TOLERANCE_US,
    Spans,
    Stamp,
    StampContext,
    find_zone,
    is_of_our_time,
    resolve,
    seconds_us,
    us_seconds,
    with_year,
    written_us,
)


@dataclass(slots=True)
class ReadRecord:
    """One record understood; instants in microseconds since 1970."""

    line: int
    line_count: int
    offset: int
    end_offset: int
    values: Values
    start_us: int | None = None
    answer_us: int | None = None
    end_us: int | None = None
    ring_s: Seconds | None = None
    talk_s: Seconds | None = None
    answered: bool | None = None
    written_us: int | None = None
    doubtful: bool = False  # A stamp had two readings: the order of the records chose.


def complete(
    reading: ReadRecord,
    zone: tzinfo | None,
    order: StampContext,
    *,
    known_start_us: int | None = None,
) -> None:
    """Fill the instants and lengths of *reading* from its values.

    *known_start_us* is the start already resolved for another record of the same call.
    Raises Malformed if the record's times cannot be, ZoneError if a local stamp has no zone.
    """
    values = reading.values
    stamps: tuple[Stamp | None, ...] = (
        values.get("start"),
        values.get("answer"),
        values.get("end"),
    )
    talk_s: Seconds | None = values.get("talk_s")
    answered = _answered(values, talk_s, stamps[1])
    if answered is False:
        stamps = (stamps[0], None, stamps[2])
        talk_s = 0
    spans = Spans(
        whole_us=seconds_us(_whole_s(values)),
        talk_us=seconds_us(talk_s) if answered and not _pauses_s(values) else None,
        ring_us=seconds_us(values.get("ring_s")),
    )
    stamps = (
        stamps[0] and with_year(stamps[0], order),
        stamps[1] and with_year(stamps[1], order),
        stamps[2] and with_year(stamps[2], order),
    )
    asked = stamps if known_start_us is None else (None, *stamps[1:])
    (start, answer, end), reading.doubtful = resolve(
        asked, _zone(values, zone, stamps), spans=spans, order=order
    )
    if known_start_us is not None:
        start = known_start_us
    reading.written_us = written_us((start, answer, end), spans)
    reading.answered = answered
    _derive(reading, start, answer, end, talk_s)
    _check_order(reading)


def _answered(values: Values, talk_s: Seconds | None, answer: Stamp | None) -> bool | None:
    """Say whether the call was answered: as stated, else as its talk or its answer time shows."""
    stated: bool | None = values.get("answered")
    if stated is not None:
        return stated
    if answer is not None or (talk_s is not None and talk_s > 0):
        return True
    return None if talk_s is None else False


def _pauses_s(values: Values) -> Seconds:
    hold_s: Seconds = values.get("hold_s") or 0
    park_s: Seconds = values.get("park_s") or 0
    return hold_s + park_s


def _whole_s(values: Values) -> Seconds | None:
    """Return the length from start to end, if the record states it or all its pieces."""
    whole: Seconds | None = values.get("duration_s")
    ring: Seconds | None = values.get("ring_s")
    talk: Seconds | None = 0 if values.get("answered") is False else values.get("talk_s")
    if whole is None and ring is not None and talk is not None:
        whole = ring + talk + _pauses_s(values)
    return whole


def _zone(values: Values, zone: tzinfo | None, stamps: tuple[Stamp | None, ...]) -> tzinfo:
    if own := values.get("utc_offset"):
        try:
            return find_zone(own)
        except ZoneError:
            raise Malformed("call.zone_malformed", f'offset "{own}"', "like +02:00") from None
    if zone is not None:
        return zone
    if any(stamp is not None and stamp.moment.tzinfo is None for stamp in stamps):
        raise ZoneError(
            "The records carry local times, and neither they nor the definition name a zone. "
            "Nothing more was read. Name the zone of the PBX: --zone Europe/Berlin."
        )
    return find_zone("UTC")


def _derive(
    reading: ReadRecord,
    start: int | None,
    answer: int | None,
    end: int | None,
    talk_s: Seconds | None,
) -> None:
    """Add the instants and lengths that follow from those stated."""
    values = reading.values
    ring_s: Seconds | None = values.get("ring_s")
    ring, whole = seconds_us(ring_s), seconds_us(_whole_s(values))
    paused = seconds_us(_pauses_s(values)) or 0
    if end is None and start is not None and whole is not None:
        end = start + whole
    if start is None and end is not None and whole is not None:
        start = end - whole
    if reading.answered:
        if answer is None and start is not None and ring is not None:
            answer = start + ring
        talk = seconds_us(talk_s)
        if answer is None and end is not None and talk is not None:
            answer = end - talk - paused
        if start is None and answer is not None and ring is not None:
            start = answer - ring
        if answer is not None and talk is None and end is not None and _is_exact(values):
            talk_s = us_seconds(max(0, end - answer - paused))
        elif answer is not None and talk is not None and end is None:
            end = answer + talk + paused
        if ring_s is None and start is not None and answer is not None and _is_exact(values):
            ring_s = us_seconds(max(0, answer - start))
    reading.start_us, reading.answer_us, reading.end_us = start, answer, end
    reading.ring_s, reading.talk_s = ring_s, talk_s if reading.answered is not None else None


def _is_exact(values: Values) -> bool:
    """Say whether the stamps tell seconds: minutes say nothing about a ring."""
    stamps = (values.get("start"), values.get("answer"), values.get("end"))
    return all(stamp is None or stamp.to_the_second for stamp in stamps)


def _check_order(reading: ReadRecord) -> None:
    """Refuse a record that ends before it begins: its times cannot both be meant.

    Years that no telephone call can have are those of a switch whose clock is lost; refused too.
    """
    moments = [
        each for each in (reading.start_us, reading.answer_us, reading.end_us) if each is not None
    ]
    if not all(is_of_our_time(each) for each in moments):
        raise Malformed(
            "call.time_out_of_range",
            "a record with a time far from ours",
            f"of the years {FIRST_YEAR} to {LAST_YEAR}",
        )
    for earlier, later in itertools.pairwise(moments):
        if later + TOLERANCE_US < earlier:
            raise Malformed(
                "call.times_out_of_order",
                "a record whose times run backwards (start, answer, end)",
                "a call that could have happened",
            )
