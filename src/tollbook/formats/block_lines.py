"""The lines of a block and the places of their cells, found for all of them at once.

A line that is plain in every respect gets the places of its cells; any other is left to the
Parser. Plain is a line of printable text that is no longer than allowed, whose quotations are
whole cells, with quotes inside doubled.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import re2

from tollbook.formats.definition import Definition
from tollbook.formats.numbering import Numbers, Words
from tollbook.formats.parser import skipped

Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

LONGEST_CELL = 256  # bytes; a record with a longer one is left to the Parser
_LF, _CR = 10, 13
# Patterns that depend on the ends of the whole text: \A, \z, and flags switched off, as (?-m).
_KNOWS_ONE_TEXT = re.compile(r"\\[Az]|\(\?\w*-")
_WORD = 8


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows with equally many cells: where each begins and ends, a column after another."""

    rows: Numbers
    begin: Numbers  # columns x rows
    end: Numbers

    def some(self, rows: Bools) -> "Cells":
        """Return some of the rows."""
        if rows.all():
            return self
        return Cells(self.rows[rows], self.begin[:, rows], self.end[:, rows])

    def padded(self, columns: int) -> "Cells":
        """Return the rows with so many columns; those that they leave out are empty."""
        missing = columns - len(self.begin)
        if missing <= 0:
            return self
        nowhere = np.zeros((missing, len(self.rows)), np.int64)
        return Cells(self.rows, np.vstack((self.begin, nowhere)), np.vstack((self.end, nowhere)))


class Lines:
    """The lines of a block; row n is the n-th of them, offsets are those of the raw log."""

    def __init__(self, data: bytes, *, offset: int, line: int) -> None:
        self.data = data
        self.first_line = line
        self.ended = data.endswith(b"\n")
        # Eight bytes may be read from any byte on, the last one included.
        self._padded = data + bytes(LONGEST_CELL)
        self.bytes: Bytes = np.frombuffer(self._padded, np.uint8)[: len(data)]
        ends = np.flatnonzero(self.bytes == _LF)
        if not self.ended:
            ends = np.append(ends, len(data))
        self.end: Numbers = ends
        self.begin: Numbers = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))
        self.offset = offset
        self.is_ascii = data.isascii()
        self._places: dict[str, Numbers] = {}

    def __len__(self) -> int:
        return len(self.end)

    def whole(self, row: int) -> bytes:
        """Return the line with its end."""
        return self.data[self.begin[row] : self.end[row] + 1]

    def text(self, row: int) -> str:
        """Return the line without its end; raises UnicodeDecodeError."""
        return self.data[self.begin[row] : self.end[row]].decode().removesuffix("\r")

    def any_begins(self, begin: Numbers, text: str) -> bool:
        """Say whether the block has *text* at one of these places."""
        word = text.encode()[:_WORD]
        there = next(self.words(begin, begin + len(word))) == int.from_bytes(word, "little")
        places = begin[there].tolist()
        return any(self.data.startswith(text.encode(), place) for place in places)

    def places_of(self, mark: str) -> Numbers:
        """Return where a mark of one byte stands."""
        if mark not in self._places:
            self._places[mark] = np.flatnonzero(self.bytes == ord(mark))
        return self._places[mark]

    def words(self, begin: Numbers, end: Numbers) -> Iterator[Words]:
        """Yield the first eight bytes from *begin* to *end*, then the next, up to the longest.

        Bytes behind the end are zero, and none of a plain line is.
        """
        view: Words = np.ndarray(
            (len(self._padded) - _WORD + 1,), "<u8", buffer=self._padded, strides=(1,)
        )
        left = end - begin
        for at in range(0, max(int(left.max(initial=0)), 1), _WORD):
            yield view[begin + at] & _KEPT[left]
            left = np.maximum(left - _WORD, 0)


# Which bytes of a word to keep when so many are left.
_KEPT = np.array([(1 << 8 * min(left, _WORD)) - 1 for left in range(LONGEST_CELL + 1)], np.uint64)


def plain_cells(definition: Definition, lines: Lines) -> list[Cells] | None:
    """Return the cells of the plain lines, by how many they are.

    None if the layouts do not agree on how cells are written.
    """
    dialects = {(layout.delimiter, layout.quote) for layout in definition.layouts}
    if len(dialects) != 1:
        return None
    delimiter, quote = (mark.encode() for mark in dialects.pop())
    if len(delimiter) != 1 or len(quote) != 1:
        return None
    end = lines.end.copy()
    end -= (lines.bytes[end - 1] == _CR) & (end > lines.begin)
    plain = _are_plain(definition, lines, end)
    return _cells(lines, end, plain, delimiter[0], quote[0])


def _are_plain(definition: Definition, lines: Lines, end: Numbers) -> Bools:
    """Say which lines have nothing that only the Parser can read."""
    length = lines.end - lines.begin
    plain: Bools = (end > lines.begin) & (length <= definition.framing.max_line_bytes)
    if not lines.ended:
        plain[-1] = False  # It may be half a record.
    _take_out_controls(plain, lines, end)
    if not lines.is_ascii and not _is_text(lines.data):
        _take_out(plain, lines, np.flatnonzero(lines.bytes > 127))
    strip = "".join(c for c in definition.framing.strip if c >= " " and c != "\x7f")
    if strip and any(mark.encode() in lines.data for mark in strip):
        for row in np.flatnonzero(plain).tolist():
            text = lines.text(row)
            plain[row] = text == text.strip(strip)
    data = lines.data
    if definition.skips and (end < lines.end).any():  # So that a pattern's $ matches before CRLF.
        data = data.replace(b"\r\n", b"\n")
    if any(_may_match_a_line(rule.pattern.text, data) for rule in definition.skips):
        for row in np.flatnonzero(plain).tolist():
            plain[row] = not skipped(definition, lines.text(row))
    return plain


def _take_out_controls(plain: Bools, lines: Lines, end: Numbers) -> None:
    """Mark lines with control characters other than those that end them as not plain."""
    odd = (lines.bytes < 32) | (lines.bytes == 127)
    expected = np.count_nonzero(end < lines.end) + len(lines) - (not lines.ended)
    if np.count_nonzero(odd) != expected:
        odd[lines.end[: len(lines) if lines.ended else -1]] = False
        odd[end[end < lines.end]] = False
        _take_out(plain, lines, np.flatnonzero(odd))


def _take_out(plain: Bools, lines: Lines, places: Numbers) -> None:
    """Mark the lines in which these bytes stand as not plain."""
    plain[np.searchsorted(lines.end, places)] = False


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(maxsize=256)
def _whole_block(pattern: str) -> object:
    return re2.compile(f"(?m){pattern}".encode())


def _may_match_a_line(pattern: str, data: bytes) -> bool:
    """Say whether a line of *data* may match *pattern*; one pass over the whole block."""
    if _KNOWS_ONE_TEXT.search(pattern):
        return True  # The block cannot tell for its lines.
    return _whole_block(pattern).search(data) is not None  # type: ignore[attr-defined]  # re2 has no types


@dataclass(frozen=True, slots=True)
class _Marks:
    """Where quotes, delimiters and line ends stand; `cuts` are those that end a cell."""

    at: Numbers
    is_quote: Bools
    cuts: Numbers


def _cells(lines: Lines, end: Numbers, plain: Bools, delimiter: int, quote: int) -> list[Cells]:
    """Return the places of the cells, for the rows whose quotations are in order."""
    marks = _closed_marks(lines, plain, delimiter, quote)
    _take_out(plain, lines, _bare_quotes(marks))
    ends = marks.at[marks.cuts]
    # Between two cuts there are quotes, and what stands in them, or nothing.
    quoted = np.diff(marks.cuts, prepend=-1) > 1
    last = np.searchsorted(ends, lines.end)  # the cut that ends each line
    counts = np.diff(last, prepend=-1)
    found = []
    for count in np.unique(counts[plain]).tolist():
        rows = np.flatnonzero(plain & (counts == count))
        at = last[rows] + np.arange(1 - count, 1)[:, np.newaxis]
        cell_end = ends[at]
        begin = np.vstack((lines.begin[rows], cell_end[:-1] + 1))
        cell_end[-1] = end[rows]
        in_quotes = quoted[at]
        opened = lines.bytes[begin] == quote
        closes = (lines.bytes[cell_end - 1] == quote) & (cell_end - begin > 1)
        in_order = (in_quotes == (opened & closes)).all(axis=0)
        begin += in_quotes
        cell_end -= in_quotes
        found.append(Cells(rows, begin, cell_end).some(in_order))
    return found


def _closed_marks(lines: Lines, plain: Bools, delimiter: int, quote: int) -> _Marks:
    """Return the marks of the block, but only the end of a line that closes no quotation."""
    text = lines.bytes
    at = np.flatnonzero((text == quote) | (text == delimiter) | (text == _LF))
    is_quote: Bools = text[at] == quote
    if not lines.ended:
        at, is_quote = np.append(at, len(text)), np.append(is_quote, False)
    line_ends = np.searchsorted(at, lines.end)
    open_at_end = _inside(is_quote)[line_ends]
    closed = open_at_end == np.concatenate(([False], open_at_end[:-1]))
    if not closed.all():
        plain &= closed
        kept = np.repeat(closed, np.diff(line_ends, prepend=-1))
        kept[line_ends] = True
        at, is_quote = at[kept], is_quote[kept]
    return _Marks(at, is_quote, np.flatnonzero(~(is_quote | _inside(is_quote))))


def _inside(is_quote: Bools) -> Bools:
    """Say of each mark whether an odd number of quotes stands up to it."""
    return np.bitwise_xor.accumulate(is_quote.view(np.uint8)).view(np.bool_)


def _bare_quotes(marks: _Marks) -> Numbers:
    """Return the quotes inside quoted cells that are not doubled.

    Every second quote ends something: a cell, behind which stands a cut, or the first half of a
    doubled quote.
    """
    among = np.flatnonzero(marks.is_quote)
    at = marks.at[among]
    first, second = slice(1, len(at) - 1, 2), slice(2, None, 2)
    bare = (among[second] - among[first] == 1) & (at[second] - at[first] != 1)
    found: Numbers = at[first][bare]
    return found
