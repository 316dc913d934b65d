"""One source's way from its raw log into the database.

The raw log is truth; how far it is stored is the source's position, which moves in the same
transaction as the calls. After any crash feeding begins again at the position: what was stored
already is recognised by its place in the log and passed over.

Each segment is parsed on its own: its last line and its open calls end with it.
"""

import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tollbook.app.intake.intake import Intake, open_intake
from tollbook.app.intake.raw_segments import seal_segment, segment_id_of, stored_place
from tollbook.app.intake.sources import WantedSource
from tollbook.collectors.raw_log import LogEnd, read_log, received_times, segment_path, segments
from tollbook.core.batch import Position
from tollbook.core.calls import Outcome
from tollbook.core.instants import from_us
from tollbook.formats import Definition, Parser

CHUNK_BYTES = 256 * 1024
_ANY_END = re.compile(rb"\r\n|\n|\r")


class Lane:
    """The reading end of one source's log; belongs to one thread."""

    def __init__(
        self, source: WantedSource, definition: Definition, folder: Path, *, data_dir: Path
    ) -> None:
        self.source = source
        self._definition = definition
        self._folder = folder
        self._data_dir = data_dir
        self._intake: Intake | None = None
        self._dirty = True
        self._parser: Parser | None = None

    @property
    def clean(self) -> LogEnd | None:
        """The place up to which everything is stored, or None while a record is open."""
        if self._parser is None or self._dirty or self._parser.safe_offset != self._fed:
            return None
        return LogEnd(self._sequence, self._fed)

    def advance(self, end: LogEnd, *, at: datetime) -> bool:
        """Feed what follows, a chunk at most; False once all up to *end* is stored.

        Before the first time, and after a fault of the database, call `open`.
        """
        parser = self._opened
        start = LogEnd(self._sequence, self._fed)
        data = read_log(self._folder, start, end=end, at_most=CHUNK_BYTES)
        if data:
            self._dirty = True
            received = self._received(self._fed) or at
            parser.received = received
            outcomes = parser.feed(data)
            self._fed += len(data)
            self._keep(outcomes, received)
            return True
        if self._sequence < end.sequence:
            self._dirty = True
            self._turn_page(at)
            return True
        return False

    def close_due(self, *, at: datetime) -> None:
        """Close the calls that only waited in case more records came."""
        self._dirty = True
        self._keep(self._opened.close_due(at), self._received(self._fed) or at)

    def open(self) -> None:
        """Begin at the stored position; forget what was read beyond it."""
        self._intake = open_intake(self.source.id)
        stored = stored_place(self.source.id)
        if stored is None:
            first = segments(self._folder)
            self._open_segment(first[0].sequence if first else 1, Position(0, 1))
        else:
            self._open_segment(stored.sequence, stored.position)
        self._dirty = False

    @property
    def _opened(self) -> Parser:
        if self._parser is None:
            raise RuntimeError(f"source {self.source.name}: its lane is not open")
        return self._parser

    def _open_segment(self, sequence: int, position: Position) -> None:
        self._sequence = sequence
        self._position = position
        self._fed = position.offset
        self._segment_id: int | None = None
        self._times: list[tuple[int, int]] = []
        self._parser = Parser(
            self._definition,
            zone=self.source.zone,
            source_name=self.source.name,
            start_offset=position.offset,
            start_line=position.line,
        )
        self._parser.restore(json.loads(position.carry))

    def _keep(self, outcomes: Sequence[Outcome], received: datetime) -> None:
        """Store *outcomes*; without any the position stays where it is."""
        if outcomes and self._intake is not None:
            position = self._position_now()
            self._intake.store(
                outcomes, segment_id=self._segment(received), at=received, position=position
            )
            self._position = position
        self._dirty = False

    def _turn_page(self, at: datetime) -> None:
        """At the end of a segment: end its last line and open calls, then seal it."""
        self._keep(self._opened.finish(), self._received(self._fed) or at)
        self._seal(at)
        carry = json.dumps(self._opened.carry())
        self._open_segment(self._sequence + 1, Position(0, 1, carry))

    def _position_now(self) -> Position:
        """Return the place before which everything is finished, with its line."""
        safe = self._opened.safe_offset
        line = self._position.line + self._lines_between(self._position.offset, safe)
        return Position(offset=safe, line=line, carry=json.dumps(self._opened.carry()))

    def _lines_between(self, begin: int, end: int) -> int:
        """Count the line ends from *begin* to *end*, both at the begin of a line."""
        ends = self._definition.framing.ends
        lines = 0
        with segment_path(self._folder, self._sequence).open("rb") as file:
            file.seek(begin)
            while begin < end:
                data = file.read(min(CHUNK_BYTES, end - begin))
                if ends == "any" and data.endswith(b"\r") and begin + len(data) < end:
                    data += file.read(1)  # its \n, or the next line's first byte
                if ends == "any":
                    lines += sum(1 for _ in _ANY_END.finditer(data))
                else:
                    lines += data.count(b"\x00" if ends == "nul" else b"\n")
                begin += len(data)
        return lines

    def _received(self, offset: int) -> datetime | None:
        """Return when the byte at *offset* was received, if that was noted."""
        if not self._times or self._times[-1][0] <= offset:
            self._times = list(received_times(segment_path(self._folder, self._sequence)))
        index = bisect_right(self._times, offset, key=lambda pair: pair[0])
        return from_us(self._times[index][1]) if index < len(self._times) else None

    def _segment(self, received: datetime) -> int:
        """Return the id of the segment's row, which is made with its first record."""
        if self._segment_id is None:
            path = segment_path(self._folder, self._sequence)
            self._segment_id = segment_id_of(
                self.source.id,
                self._sequence,
                path=str(path.relative_to(self._data_dir)),
                received=received,
            )
        return self._segment_id

    def _seal(self, at: datetime) -> None:
        """Note the size and hash of a segment that grows no more."""
        path = segment_path(self._folder, self._sequence)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        seal_segment(self.source.id, self._sequence, size=path.stat().st_size, sha256=sha256, at=at)
