"""A raw record in pieces, so that a page can mark which part of it became which field."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tollbook.app.quarantine.raw_records import read_record
from tollbook.app.reports.call_detail import RawPlace
from tollbook.formats import FormatNotBuiltError, UnknownFormatError, load_definition, marked_fields

Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters of a record, and the field that they became, "" for none."""

    text: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class ShownRecord:
    """One raw record as the page shows it; `fields` are the pieces that became something."""

    line: int
    pieces: Sequence[Piece]
    fields: Sequence[Piece]


def shown_record(place: RawPlace, *, data_dir: Path) -> ShownRecord | None:
    """Return the record in pieces; None if its bytes are gone."""
    bytes_of_it = read_record(place, data_dir=data_dir)
    if bytes_of_it is None:
        return None
    raw = bytes_of_it.rstrip(b"\r\n")
    pieces = pieces_of(raw, _spans(place.format, raw))
    return ShownRecord(place.line, pieces, [piece for piece in pieces if piece.field])


def pieces_of(raw: bytes, spans: Sequence[Span]) -> list[Piece]:
    """Cut *raw* at *spans*, each (start, end, field); of two that overlap the first is marked.

    >>> [(piece.text, piece.field) for piece in pieces_of(b"101,9", [(0, 3, "caller")])]
    [('101', 'caller'), (',9', '')]
    """
    pieces, done = [], 0
    encoding = encoding_of(raw)
    for start, end, name in sorted(spans):
        if start < done or end <= start:
            continue
        if start > done:
            pieces.append(Piece(raw[done:start].decode(encoding, "replace")))
        pieces.append(Piece(raw[start:end].decode(encoding, "replace"), name))
        done = end
    if done < len(raw):
        pieces.append(Piece(raw[done:].decode(encoding, "replace")))
    return pieces


def encoding_of(raw: bytes) -> str:
    """Return how a record's bytes are shown: as UTF-8 if they are that, else byte by byte."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _spans(format_name: str, raw: bytes) -> Sequence[Span]:
    try:
        return marked_fields(load_definition(format_name), raw)
    except (UnknownFormatError, FormatNotBuiltError):
        return ()  # Read by a definition that this program no longer has.
