"""Records read again from the raw log, by the formats and zones as they are now.

Most records tell all by themselves, and only their own bytes are read. Where a record depends on
those before it (a heading names its columns, its call has several records, an hour comes twice)
its segment is read from the beginning.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tollbook.app.intake.source_options import OptionError, zone_of
from tollbook.core.calls import Cdr, Outcome, Part
from tollbook.core.instants import from_us
from tollbook.formats import (
    Definition,
    DefinitionError,
    FormatNotBuiltError,
    Parser,
    UnknownFormatError,
    ZoneError,
    load_definition,
)
from tollbook.formats.zones import find_zone
from tollbook.storage.models import ImportFile, RawSegment, SourcePosition
from tollbook.storage.models.places import Transport

CHUNK_BYTES = 256 * 1024
# What is read of a segment for records that depend on others: some ten seconds of work.
LONGEST_CONTEXT_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """A record that is wanted again: `id` is that of its row, the rest says where it lies."""

    id: int
    source_id: int
    segment_id: int
    offset: int
    length: int
    line: int
    received_us: int

    @property
    def end(self) -> int:
        """The byte behind it."""
        return self.offset + self.length

    def holds(self, offset: int) -> bool:
        """Whether the byte at *offset* of the segment is one of this record's."""
        return self.offset <= offset < self.end


class ReparseFault(NamedTuple):
    """Why a record cannot be read; `reason` is a stable code."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Reparsed:
    """What records that belong together are now read as.

    `records` are among those wanted, in the order of the log, at least one. `outcomes` holds
    every outcome of theirs; before a call of several records come all its parts, wanted or not.
    With a `fault` there is no outcome.
    """

    records: tuple[Stored, ...]
    outcomes: tuple[Outcome, ...] = ()
    fault: ReparseFault | None = None


def read_again(
    records: Sequence[Stored], *, data_dir: Path, zone: str | None = None
) -> list[Reparsed]:
    """Read *records* again and return what they say now; each of them is in one reading.

    *zone* is that of stamps that name none; without one it is the source's own as it is now, or
    for an imported file the one by which it was imported.
    """
    by_segment: dict[int, list[Stored]] = {}
    for record in sorted(records, key=lambda one: (one.segment_id, one.offset)):
        by_segment.setdefault(record.segment_id, []).append(record)
    readings = []
    for segment_id, wanted in by_segment.items():
        try:
            text = _text_of(segment_id, data_dir=data_dir, zone=zone)
            with text.path.open("rb") as file:
                readings += _SegmentReader(text, file).read(wanted)
        except (DefinitionError, FormatNotBuiltError, UnknownFormatError) as fault:
            readings += _unread(wanted, "reread.format_missing", str(fault))
        except (ZoneError, OptionError) as fault:
            readings += _unread(wanted, "reread.zone_missing", str(fault))
        except OSError as fault:
            readings += _unread(wanted, *_raw_missing(str(fault.strerror)))
    return readings


@dataclass(frozen=True, slots=True)
class _Text:
    """A segment and how it is to be read.

    Beyond `size` nothing was parsed yet. `ended` says that open calls end with it; `live` that
    the instant of receipt is known for each record, and may decide its year and hour.
    """

    path: Path
    size: int
    ended: bool
    live: bool
    definition: Definition
    zone: str
    name: str


def _text_of(segment_id: int, *, data_dir: Path, zone: str | None) -> _Text:
    segment = RawSegment.objects.select_related("source__pbx__site").get(pk=segment_id)
    source = segment.source
    definition = load_definition(source.format)
    live = source.transport != Transport.IMPORT
    site_zone = source.pbx.site.zone
    if live:
        chosen = zone or zone_of(source.options) or site_zone
    else:
        first = ImportFile.objects.filter(pbx=source.pbx_id, sha256=segment.sha256)
        known = first.order_by("imported_us").values_list("zone", flat=True).first()
        chosen = zone or known or definition.zone or site_zone
    find_zone(chosen)
    path = data_dir / segment.path
    position = SourcePosition.objects.filter(source=source.pk, segment=segment_id).first()
    return _Text(
        path=path,
        size=path.stat().st_size if position is None else position.offset,
        ended=position is None,
        live=live,
        definition=definition,
        zone=chosen,
        name=source.name,
    )


class _SegmentReader:
    """Reads records of one segment: alone where that is enough, else in their context."""

    def __init__(self, text: _Text, file: BinaryIO) -> None:
        self._text = text
        self._file = file
        definition = text.definition
        self._needs_headings = bool(definition.carries) or any(
            layout.header is not None for layout in definition.layouts
        )

    def read(self, wanted: Sequence[Stored]) -> list[Reparsed]:
        """Return the readings of *wanted*, which are in the order of the log."""
        readings: list[Reparsed] = []
        dependent: list[Stored] = []
        for record in wanted:
            outcomes = None if self._needs_headings else self._alone(record)
            if outcomes is None:
                dependent.append(record)
            elif outcomes:
                readings.append(Reparsed((record,), tuple(outcomes)))
            else:
                readings += _unread([record], *_raw_missing("it is shorter than it was"))
        if not dependent:
            return readings
        if self._text.size > LONGEST_CONTEXT_BYTES:
            return readings + _unread(
                dependent,
                "reread.too_far",
                "this record can only be read together with those before it, and they are more "
                f"than {LONGEST_CONTEXT_BYTES // 2**20} MB. Nothing was changed. Cut its part of "
                "the file out, with the heading if there is one, and import that.",
            )
        return readings + _gathered(dependent, self._in_context(dependent))

    def _alone(self, record: Stored) -> list[Outcome] | None:
        """Return what the record's own bytes say, None if they depend on other records."""
        parser = self._parser(record.offset, record.line, record)
        outcomes = self._fed(parser, record.offset, record.end) + parser.finish()
        return None if parser.needs_order else outcomes

    def _in_context(self, wanted: Sequence[Stored]) -> list[Outcome]:
        """Return what the whole segment says."""
        parser = self._parser(0, 1, wanted[0])
        outcomes, at = [], 0
        for record in wanted:
            parser.received = self._received(record)
            outcomes += self._fed(parser, at, record.end)
            at = record.end
        outcomes += self._fed(parser, at, self._text.size)
        if self._text.ended:
            return outcomes + parser.finish()
        # Called twice: a gathered call closes on the second call without new records.
        return outcomes + parser.close_due() + parser.close_due()

    def _parser(self, offset: int, line: int, record: Stored) -> Parser:
        return Parser(
            self._text.definition,
            zone=self._text.zone,
            received=self._received(record),
            source_name=self._text.name,
            start_offset=offset,
            start_line=line,
        )

    def _received(self, record: Stored) -> datetime | None:
        return from_us(record.received_us) if self._text.live else None

    def _fed(self, parser: Parser, begin: int, end: int) -> list[Outcome]:
        """Feed the bytes from *begin* to *end* and return what they bring."""
        outcomes: list[Outcome] = []
        self._file.seek(begin)
        while begin < end and (data := self._file.read(min(CHUNK_BYTES, end - begin))):
            outcomes += parser.feed(data)
            begin += len(data)
        return outcomes


def _gathered(wanted: Sequence[Stored], outcomes: Sequence[Outcome]) -> list[Reparsed]:
    """Return which of *outcomes* are those of each wanted record, and of its call."""
    offsets = [record.offset for record in wanted]
    parts: dict[int, Part] = {}  # By line, until the call that they are parts of comes.
    group_of: dict[int, _RecordGroup] = {}  # By the place in *wanted*.
    for outcome in outcomes:
        if isinstance(outcome, Part):
            parts[outcome.line] = outcome
            continue
        group = _RecordGroup(set(), [outcome])
        if isinstance(outcome, Cdr):
            group.outcomes[:0] = [parts.pop(line) for line in outcome.lines if line in parts]
        for one in group.outcomes:
            place = bisect_right(offsets, offset_of(one)) - 1
            if place >= 0 and wanted[place].holds(offset_of(one)):
                group.places.add(place)
        # A record that is now read as several brings their calls together.
        for place in sorted(group.places & group_of.keys()):
            before = group_of[place]
            if before is not group:
                group.outcomes[:0] = before.outcomes
                group.places.update(before.places)
                for each in before.places:
                    group_of[each] = group
        group_of.update(dict.fromkeys(group.places, group))
    groups = {id(group): group for group in group_of.values()}
    left = [record for place, record in enumerate(wanted) if place not in group_of]
    return [
        *(
            Reparsed(tuple(wanted[place] for place in sorted(group.places)), tuple(group.outcomes))
            for group in groups.values()
        ),
        *_unread(
            left,
            "reread.unfinished",
            "more records of the same call are still to come. Nothing was changed. Try again "
            "once they are here.",
        ),
    ]


class _RecordGroup(NamedTuple):
    """Places of wanted records that belong together, and all their outcomes."""

    places: set[int]
    outcomes: list[Outcome]


def offset_of(outcome: Outcome) -> int:
    """Return where the record begins that brought *outcome*."""
    return outcome.last_offset if isinstance(outcome, Cdr) else outcome.offset


def _raw_missing(finding: str) -> ReparseFault:
    return ReparseFault(
        "reread.raw_missing",
        f"the raw log of this record cannot be read ({finding}). Nothing was changed. Restore "
        "the raw log of the data folder, then try again.",
    )


def _unread(records: Sequence[Stored], reason: str, message: str) -> list[Reparsed]:
    return [Reparsed((record,), fault=ReparseFault(reason, message)) for record in records]
