"""The lines of a block, with their places, and which of them may be read as CSV together."""

import csv
from dataclasses import dataclass
from itertools import accumulate

import re2

from tollbook.formats.definition import Definition
from tollbook.formats.parser import skipped


@dataclass(slots=True)
class Lines:
    """Lines of a block; *cells* has a list for each line that can be read as CSV, else None."""

    data: bytes
    raw: list[bytes]
    offset: list[int]
    end_offset: list[int]
    first_line: int
    ended: bool
    cells: list[list[str] | None]

    def whole(self, row: int) -> bytes:
        """Return the line with its end."""
        is_last = row == len(self.raw) - 1
        return self.raw[row] if is_last and not self.ended else self.raw[row] + b"\n"


def split_lines(definition: Definition, data: bytes, *, offset: int, line: int) -> Lines | None:
    """Return the lines of *data* with their cells, None if the layouts do not agree on CSV."""
    dialects = {(layout.delimiter, layout.quote) for layout in definition.layouts}
    if len(dialects) != 1:
        return None
    delimiter, quote = dialects.pop()
    raw = data.split(b"\n")
    ended = not raw[-1]
    if ended:
        raw.pop()
    ends = list(accumulate(map(len, raw), lambda total, size: total + size + 1, initial=offset))
    if not ended:
        ends[-1] -= 1
    plain = _plain_texts(definition, data, raw)
    if not ended:
        plain[-1] = None  # Half a record, perhaps: the Parser knows what is said of it.
    cells = _cells(plain, delimiter, quote)
    return Lines(data, raw, ends[:-1], ends[1:], line, ended, cells)


def _plain_texts(definition: Definition, data: bytes, raw: list[bytes]) -> list[str | None]:
    """Return the text of each line that has no oddity, None for the others."""
    texts: list[str | None]
    try:
        texts = list(data.decode("utf-8").split("\n")[: len(raw)])
    except UnicodeDecodeError:
        texts = [each.decode("ascii") if each.isascii() else None for each in raw]
    if b"\r" in data:
        texts = [None if t is None else t.removesuffix("\r") for t in texts]
        texts = [None if t is None or "\r" in t else t for t in texts]
    if _has_control(data):
        texts = [None if t is None or not _printable(t) else t for t in texts]
    longest = definition.framing.max_line_bytes
    if max(map(len, raw), default=0) > longest:
        texts = [t if len(each) <= longest else None for t, each in zip(texts, raw, strict=True)]
    strip = "".join(c for c in definition.framing.strip if c not in _CONTROL_TEXT)
    if data.isascii():
        strip = "".join(filter(str.isascii, strip))
    if any(c.encode() in data for c in strip):
        texts = [None if t is None or t != t.strip(strip) else t for t in texts]
    if any(_found_anywhere(rule.pattern.text, data) for rule in definition.skips):
        texts = [None if t is None or skipped(definition, t) else t for t in texts]
    return [t or None for t in texts]


def _has_control(data: bytes) -> bool:
    return len(data.translate(None, _CONTROLS)) != len(data)


_CONTROLS = bytes(set(range(32)) - {10, 13}) + b"\x7f"


_CONTROL_TEXT = _CONTROLS.decode()


def _printable(text: str) -> bool:
    return all(c >= " " and c != "\x7f" for c in text)


_line_patterns: dict[str, object] = {}


def _found_anywhere(pattern: str, data: bytes) -> bool:
    """Say whether a line of *data* may match *pattern*; one pass over the whole block."""
    compiled = _line_patterns.get(pattern)
    if compiled is None:
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        compiled = _line_patterns[pattern] = re2.compile(f"(?m){pattern}".encode(), options)
    return compiled.search(data) is not None  # type: ignore[attr-defined]  # re2 has no types


def _cells(texts: list[str | None], delimiter: str, quote: str) -> list[list[str] | None]:
    """Return the cells of each plain line, as if each were read alone."""
    plain = [t for t in texts if t is not None]
    try:
        rows = list(csv.reader(plain, delimiter=delimiter, quotechar=quote))
    except csv.Error:
        rows = []
    # A quotation that is not closed runs on into the next line: then the counts differ.
    closed = len(rows) == len(plain) and (not plain or plain[-1].count(quote) % 2 == 0)
    if closed:
        if len(plain) == len(texts):
            return list(rows)
        following = iter(rows)
        return [None if t is None else next(following) for t in texts]
    return [None if t is None else _alone(t, delimiter, quote) for t in texts]


def _alone(text: str, delimiter: str, quote: str) -> list[str] | None:
    if text.count(quote) % 2:
        return None
    try:
        return next(csv.reader([text], delimiter=delimiter, quotechar=quote), None)
    except csv.Error:
        return None
