"""Bytes to frames: one frame a record, whatever the size of the pieces that arrive.

Every byte belongs to exactly one frame, line ends included. A line that never ends is bounded:
its first bytes are kept, the rest is counted and discarded.
"""

import re
from typing import NamedTuple

from tollbook.formats.definition import Framing

RAW_KEPT_BYTES = 1024
_ANY_END = re.compile(rb"\r\n|\n|\r")


class Frame(NamedTuple):
    """One record as it stood in the bytes; *raw* is without its line end.

    *too_long* is the length of a line of which only the first bytes were kept, else 0;
    *ended* is False for what is left at the end of the input without a line end; *why* says
    what a frame is that is no record by design.
    """

    line: int
    line_count: int
    offset: int
    end_offset: int
    raw: bytes
    too_long: int
    ended: bool
    why: str = ""


class Framer:
    """Cuts a stream into frames; holds the last, unfinished line until more arrives."""

    def __init__(self, framing: Framing, *, offset: int, line: int) -> None:
        self._ends = framing.ends
        self._max_bytes = framing.max_line_bytes
        self._offset = offset
        self._line = line
        self._tail = b""
        self._head = b""  # the kept beginning of a line that is too long
        self._let_go = 0
        self._skip_lf = False
        self._orphan_bytes = 0  # a \n whose \r had ended its line already
        self._blocks = _BlockFramer(self._max_bytes) if framing.records == "block" else None

    @property
    def offset(self) -> int:
        """Everything before it has left as frames."""
        if self._blocks and self._blocks.lines:
            return self._blocks.lines[0].offset
        return self._offset

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that *data* completes."""
        if self._skip_lf and data:
            self._skip_lf = False
            if data[:1] == b"\n":
                # A line end was cut between its two bytes; the second belongs to the next frame.
                self._orphan_bytes = 1
                data = data[1:]
        pieces = self._split(self._tail + data if self._tail else data)
        self._tail = pieces.pop()[0]
        frames = [self._frame(piece, end_bytes, ended=True) for piece, end_bytes in pieces]
        if len(self._tail) > self._max_bytes:
            self._let_go_of_tail()
        return self._grouped(frames)

    def end_at_return(self) -> list[Frame]:
        """Return the frame of a line whose \\r has come while its \\n may still be on the way."""
        if self._ends == "any" and self._tail.endswith(b"\r"):
            frame = self._frame(self._tail[:-1], 1, ended=True)
            self._tail = b""
            self._skip_lf = True
            return self._grouped([frame])
        return []

    def finish(self) -> list[Frame]:
        """Return what is left: the end of the input ends its last line too."""
        frames = []
        if self._tail or self._let_go or self._orphan_bytes:
            piece = self._tail
            bare = piece[:-1] if self._ends == "any" and piece.endswith(b"\r") else piece
            self._tail = b""
            frames.append(self._frame(bare, len(piece) - len(bare), ended=len(bare) < len(piece)))
        frames = self._grouped(frames)
        if self._blocks:
            frames += self._blocks.finish()
        return frames

    def _split(self, data: bytes) -> list[tuple[bytes, int]]:
        """Return pieces with the length of their line end; the last one is unfinished."""
        if self._ends != "any":
            mark = b"\x00" if self._ends == "nul" else b"\n"
            return [(piece, 1) for piece in data.split(mark)]
        pieces = []
        begin = 0
        for match in _ANY_END.finditer(data):
            if match.end() == len(data) and match[0] == b"\r":
                break  # A \n may follow: wait for it.
            pieces.append((data[begin : match.start()], match.end() - match.start()))
            begin = match.end()
        pieces.append((data[begin:], 0))
        return pieces

    def _let_go_of_tail(self) -> None:
        keep = self._tail[-1:] if self._ends == "any" and self._tail.endswith(b"\r") else b""
        gone = self._tail[: len(self._tail) - len(keep)]
        self._head = (self._head + gone)[:RAW_KEPT_BYTES]
        self._let_go += len(gone)
        self._tail = keep

    def _frame(self, piece: bytes, end_bytes: int, *, ended: bool) -> Frame:
        size = self._orphan_bytes + self._let_go + len(piece) + (end_bytes if ended else 0)
        if self._ends == "lf" and piece.endswith(b"\r") and not self._blocks:
            piece = piece[:-1]
        elif self._ends == "nul":
            piece = piece.strip(b"\r\n")
        length = self._let_go + len(piece)
        too_long = length if length > self._max_bytes else 0
        raw = (self._head + piece)[:RAW_KEPT_BYTES] if too_long else self._head + piece
        end = self._offset + size
        frame = Frame(self._line, 1, self._offset, end, raw, too_long, ended)
        self._head, self._let_go, self._orphan_bytes = b"", 0, 0
        self._offset = end
        self._line += 1
        return frame

    def _grouped(self, frames: list[Frame]) -> list[Frame]:
        return self._blocks.feed(frames) if self._blocks else frames


class _BlockFramer:
    """Groups lines up to a blank one into one frame; the blank line belongs to it."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.lines: list[Frame] = []
        self._held_bytes = 0

    def feed(self, frames: list[Frame]) -> list[Frame]:
        blocks = []
        for frame in frames:
            blank = not frame.raw.strip() and not frame.too_long
            if blank and not self.lines:
                blocks.append(frame)
                continue
            self.lines.append(frame)
            self._held_bytes += len(frame.raw)
            if blank or self._held_bytes > self._max_bytes:
                blocks += self.finish()
        return blocks

    def finish(self) -> list[Frame]:
        if not self.lines:
            return []
        first, last = self.lines[0], self.lines[-1]
        raw = b"\n".join(frame.raw for frame in self.lines).rstrip(b"\r\n")
        length = last.end_offset - first.offset
        too_long = (
            length if len(raw) > self._max_bytes or any(f.too_long for f in self.lines) else 0
        )
        block = Frame(
            first.line,
            sum(bool(frame.raw.strip()) for frame in self.lines),
            first.offset,
            last.end_offset,
            raw[:RAW_KEPT_BYTES] if too_long else raw,
            too_long,
            last.ended,
        )
        self.lines, self._held_bytes = [], 0
        return [block]
