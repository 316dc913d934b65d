"""The raw log in the database: its segments, and up to where each source is stored."""

from dataclasses import dataclass
from datetime import datetime

from tollbook.core.batch import Position
from tollbook.core.instants import to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import RawSegment, SourcePosition


@dataclass(frozen=True, slots=True)
class StoredPlace:
    """Up to where a source is stored: the position in the segment of this sequence."""

    sequence: int
    position: Position


def stored_place(source_id: int) -> StoredPlace | None:
    """Return up to where the source is stored, None before its first record."""
    row = SourcePosition.objects.select_related("segment").filter(source=source_id).first()
    if row is None or row.segment is None:
        return None
    return StoredPlace(row.segment.sequence, Position(row.offset, row.line, row.carry))


def segment_id_of(source_id: int, sequence: int, *, path: str, received: datetime) -> int:
    """Return the id of a segment's row, which is made if there is none."""
    with door().transaction():
        row, _ = RawSegment.objects.get_or_create(
            source_id=source_id,
            sequence=sequence,
            defaults={"path": path, "first_received_us": to_us(received)},
        )
    return row.pk


def seal_segment(source_id: int, sequence: int, *, size: int, sha256: str, at: datetime) -> None:
    """Note the size and hash of a segment that grows no more; one that is sealed stays so."""
    with door().transaction():
        RawSegment.objects.filter(source_id=source_id, sequence=sequence, sealed_us=None).update(
            size=size, sealed_us=to_us(at), sha256=sha256
        )
