"""A raw record in pieces, so that a page can mark which part of it became which field."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tollbook.app.raw_records import read_record
from tollbook.storage.queries.call_detail import RawPlace

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
    pieces = pieces_of(raw.decode("latin-1"), ())
    return ShownRecord(place.line, pieces, [piece for piece in pieces if piece.field])


def pieces_of(text: str, spans: Sequence[Span]) -> list[Piece]:
    """Cut *text* at *spans*, each (start, end, field); of two that overlap the first is marked.

    >>> [piece.field for piece in pieces_of("101,9", [(0, 3, "caller"), (4, 5, "dialled")])]
    ['caller', '', 'dialled']
    """
    pieces, done = [], 0
    for start, end, name in sorted(spans):
        if start < done or end <= start:
            continue
        if start > done:
            pieces.append(Piece(text[done:start]))
        pieces.append(Piece(text[start:end], name))
        done = end
    if done < len(text):
        pieces.append(Piece(text[done:]))
    return pieces
