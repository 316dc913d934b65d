"""The parser: a stream of bytes in, outcomes out. Every byte ends in one of them.

It may be fed pieces of any size. What is not whole yet, half a line or a call of which more
records follow, stays inside until it is, or until `finish`.
"""

from collections.abc import Mapping
from datetime import datetime

from tollbook.core.calls import Outcome, RejectedRecord, Skip
from tollbook.formats.cells import Cutter
from tollbook.formats.definition import Definition
from tollbook.formats.errors import Malformed, quoted, reject_message
from tollbook.formats.fields import read_values
from tollbook.formats.framing import RAW_KEPT_BYTES, Frame, Framer
from tollbook.formats.joining import Joiner
from tollbook.formats.json_framing import JsonFramer
from tollbook.formats.truth import ReadRecord, complete
from tollbook.formats.zones import SECOND_US, StampContext, find_zone, to_us

LAST_US = "last_us"
YEAR = "year"
HEADING = "heading"
MUCH_OLDER_US = 2 * 3600 * SECOND_US


class Parser:
    """Reads one source's records in their order.

    *zone* is for local stamps (else the definition's); *received* is when the bytes came in,
    for the years and repeated hours that only it can decide. *start_offset* and *start_line*
    say where in the source the first byte fed stands.
    """

    def __init__(
        self,
        definition: Definition,
        *,
        zone: str | None,
        received: datetime | None = None,
        source_name: str = "-",
        start_offset: int = 0,
        start_line: int = 1,
    ) -> None:
        name = zone or definition.zone
        self._zone = find_zone(name) if name else None
        self._definition = definition
        self._source_name = source_name
        framer = JsonFramer if definition.framing.records == "json" else Framer
        self._framer: Framer | JsonFramer = framer(
            definition.framing, offset=start_offset, line=start_line
        )
        self._cutter = Cutter(definition.name, definition.layouts)
        self._joiner = Joiner(definition.join, self._complete_again)
        self._last_us: int | None = None
        self._year: int | None = None
        self.received = received
        # Whether what came out so far depended on the records before it.
        self.needs_order = False

    @property
    def safe_offset(self) -> int:
        """Everything before it is finished: after a crash, feeding may begin again there."""
        held = self._joiner.first_offset()
        return self._framer.offset if held is None else min(held, self._framer.offset)

    def carry(self) -> dict[str, str]:
        """Return what later records depend on, to be given to `restore` after a restart."""
        heading = self._cutter.heading or None
        held = {LAST_US: self._last_us, YEAR: self._year, HEADING: heading}
        return {name: str(value) for name, value in held.items() if value is not None}

    def restore(self, carry: Mapping[str, str]) -> None:
        """Continue with what `carry` returned before."""
        self._last_us = int(carry[LAST_US]) if LAST_US in carry else None
        self._year = int(carry[YEAR]) if YEAR in carry else None
        self._cutter.take_heading(carry.get(HEADING, ""))

    def feed(self, data: bytes) -> list[Outcome]:
        """Return the outcomes that *data* brings; an unfinished last line stays inside.

        Raises ZoneError for local stamps of which nobody names the zone.
        """
        outcomes: list[Outcome] = []
        for frame in self._framer.feed(data):
            outcomes += self._read(frame)
        return outcomes

    def close_due(self, at: datetime | None = None) -> list[Outcome]:
        """Return calls that only waited in case more came; call it every few quiet seconds.

        *at* is this instant: a call of which more was announced waits no longer than its window.
        """
        outcomes: list[Outcome] = []
        for frame in self._framer.end_at_return():
            outcomes += self._read(frame)
        return outcomes + self._joiner.close_due(None if at is None else to_us(at))

    def finish(self) -> list[Outcome]:
        """Return what is left at the end of the input: the last line, and open calls."""
        outcomes: list[Outcome] = []
        for frame in self._framer.finish():
            outcomes += self._read(frame)
        return outcomes + self._joiner.finish()

    def _read(self, frame: Frame) -> list[Outcome]:
        if frame.too_long:
            return [self._too_long(frame)]
        text = clean(self._definition, frame.raw)
        reading = ReadRecord(frame.line, frame.line_count, frame.offset, frame.end_offset, {})
        try:
            why = frame.why or self._carried(text) or skipped(self._definition, text)
            if why:
                return [Skip(frame.line, frame.offset, frame.end_offset, why)]
            layout, cells = self._cutter.cut(text, ended=frame.ended)
            reading.values = read_values(layout, cells)
            self._complete(reading)
        except Malformed as found:
            return [self._reject(frame, found)]
        self._note_order(reading)
        if reading.doubtful or (self._definition.join and "join_key" in reading.values):
            self.needs_order = True
        received_us = None if self.received is None else to_us(self.received)
        return self._joiner.add(reading, received_us=received_us)

    def _complete(self, reading: ReadRecord) -> None:
        values = reading.values
        known = self._joiner.start_of(values.get("join_key"), values.get("start"))
        complete(reading, self._zone, self._order(), known_start_us=known)

    def _complete_again(self, reading: ReadRecord) -> None:
        complete(reading, self._zone, self._order())

    def _order(self) -> StampContext:
        received_us = None if self.received is None else to_us(self.received)
        return StampContext(self._last_us, received_us, self._year)

    def _carried(self, text: str) -> str | None:
        """Return why *text* is a heading, after noting what it says; None if it is none."""
        if self._cutter.take_heading(text):
            return "column headings"
        for rule in self._definition.carries:
            if match := rule.pattern.search(text):
                year = int(match.group(rule.pattern.names["year"]))
                self._year = year if year > 99 else _full_year(year)
                return rule.why
        return None

    def _note_order(self, reading: ReadRecord) -> None:
        written, last = reading.written_us, self._last_us
        if written is not None and (
            last is None or written > last or is_much_older(written, than_us=last)
        ):
            self._last_us = written

    def _place(self, frame: Frame) -> str:
        return f"{self._source_name}:{frame.line}"

    def _reject(self, frame: Frame, found: Malformed) -> RejectedRecord:
        message = reject_message(self._place(frame), found.finding, found.expectation)
        return RejectedRecord(
            frame.line, frame.offset, frame.end_offset, frame.raw, found.reason, message
        )

    def _too_long(self, frame: Frame) -> RejectedRecord:
        limit = self._definition.framing.max_line_bytes
        found = Malformed(
            "call.line_too_long",
            f"a line of {frame.too_long} bytes (the first {RAW_KEPT_BYTES} are kept), beginning "
            + quoted(frame.raw[:40].decode("latin-1")),
            f"at most {limit} bytes long",
        )
        return self._reject(frame, found)


def _full_year(two_digits: int) -> int:
    """Return the year of two digits: 70 to 99 are of the last century."""
    return two_digits + (1900 if two_digits >= 70 else 2000)


def is_much_older(written_us: int, *, than_us: int) -> bool:
    """Say whether a record is so much older than the last that the last was wrong, or that
    another file follows. One that is a little older says nothing.
    """
    return than_us - written_us > MUCH_OLDER_US


def clean(definition: Definition, raw: bytes) -> str:
    """Return the text of a frame without what belongs to the line and not to the record."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    framing = definition.framing
    text = text.strip(framing.strip)
    if framing.prefix is not None and (match := framing.prefix.search(text)):
        # A pattern with a group may look beyond what it takes away.
        begin, end = match.span(1 if framing.prefix.groups else 0)
        if begin == 0:
            text = text[end:]
    return text


def skipped(definition: Definition, text: str) -> str | None:
    """Return why *text* is no record at all, or None if it should be one."""
    if not text.strip():
        return "blank line"
    for rule in definition.skips:
        if rule.pattern.matches(text):
            return rule.why
    return None
