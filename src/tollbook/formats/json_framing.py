"""Bytes of JSON to frames: one frame for each object that holds a call, wherever it is nested.

A call is recognised by a key that its objects have (`item` of [framing]). Brackets, commas and
other keys around the calls belong to the next frame, or to a last one that is skipped.
"""

import json
import re
from typing import NamedTuple

from tollbook.formats.definition import Framing
from tollbook.formats.framing import RAW_KEPT_BYTES, Frame

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}"]', re.DOTALL)
_WRAPPING = re.compile(
    rb'(?:"(?:[^"\\]|\\.)*"|[-+0-9.eE]|true|false|null|[\s,:\[\]{}]|\xef\xbb\xbf)*', re.DOTALL
)
_AROUND = "JSON around the records"
_OUTER = -1  # An object that began before the last frame: calls came out of it.


class _JsonSpan(NamedTuple):
    begin: int
    end: int


class JsonFramer:
    """Finds the objects of calls in a stream; holds what is not closed yet."""

    def __init__(self, framing: Framing, *, offset: int, line: int) -> None:
        self._key = framing.item
        self._quoted_key = json.dumps(framing.item).encode()
        self._max_bytes = framing.max_line_bytes
        self._offset = offset
        self._line = line
        self._held = b""
        self._seen = 0  # of what is held
        self._open: list[int] = []

    @property
    def offset(self) -> int:
        """Everything before it has left as frames."""
        return self._offset

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that *data* completes."""
        self._held += data
        frames = []
        while True:
            if found := self._next():
                frames.append(self._frame(found))
            elif len(self._held) > self._max_bytes:
                # No call ends within the bound: what is held is discarded.
                frames.append(self._let_go())
            else:
                return frames

    def end_at_return(self) -> list[Frame]:
        """Return nothing: a line end ends no record here."""
        return []

    def finish(self) -> list[Frame]:
        """Return what is left: the end of the wrapping, or of a broken text."""
        if not self._held:
            return []
        whole = not self._open and _WRAPPING.fullmatch(self._held)
        why = "blank line" if not self._held.strip() else _AROUND if whole else ""
        return [self._take(0, len(self._held), why=why, ended=bool(whole))]

    def _next(self) -> _JsonSpan | None:
        """Return the next object of a call that ends within the bound."""
        while match := _TOKEN.search(self._held, self._seen, self._max_bytes):
            token = match[0]
            if token == b'"':
                # A string that has not ended, or has not come whole: look again with more.
                self._seen = match.start()
                return None
            self._seen = match.end()
            if token == b"{":
                self._open.append(match.start())
            elif token == b"}" and self._open:
                begin = self._open.pop()
                if begin != _OUTER and self._is_call(self._held[begin : match.end()]):
                    return _JsonSpan(begin, match.end())
        return None

    def _is_call(self, text: bytes) -> bool:
        if self._quoted_key not in text:
            return False
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            return False
        return isinstance(content, dict) and self._key in content

    def _frame(self, found: _JsonSpan) -> Frame:
        return self._take(found.begin, found.end, why="", ended=True)

    def _let_go(self) -> Frame:
        self._open = []
        return self._take(0, self._max_bytes, why="", ended=True, too_long=self._max_bytes + 1)

    def _take(self, begin: int, end: int, *, why: str, ended: bool, too_long: int = 0) -> Frame:
        """Return a frame of the bytes held up to *end*; its raw text begins at *begin*."""
        taken, raw = self._held[:end], self._held[begin:end]
        if too_long:
            raw = raw[:RAW_KEPT_BYTES]
        line = self._line + taken[:begin].count(b"\n")
        frame = Frame(
            line=line,
            line_count=raw.strip().count(b"\n") + 1,
            offset=self._offset,
            end_offset=self._offset + end,
            raw=raw,
            too_long=too_long,
            ended=ended,
            why=why,
        )
        self._held = self._held[end:]
        self._offset += end
        self._line += taken.count(b"\n")
        self._seen = 0
        self._open = [_OUTER] * len(self._open)
        return frame
