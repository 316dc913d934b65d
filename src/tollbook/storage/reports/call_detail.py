"""One call with everything that is known of it: legs, raw records."""

from dataclasses import dataclass
from datetime import datetime

from tollbook.core.instants import from_us
from tollbook.storage.db.sql import fetch
from tollbook.storage.reports.call_rows import CallRow, rows_of


@dataclass(frozen=True, slots=True)
class LegRow:
    """One channel of the call; positions count from 0."""

    position: int
    party: str
    role: str
    start_us: int | None
    answer_us: int | None
    end_us: int | None
    talk_ms: int | None

    @property
    def start(self) -> datetime | None:
        """When it began to ring."""
        return None if self.start_us is None else from_us(self.start_us)

    @property
    def answer(self) -> datetime | None:
        """When it was answered."""
        return None if self.answer_us is None else from_us(self.answer_us)

    @property
    def end(self) -> datetime | None:
        """When it ended."""
        return None if self.end_us is None else from_us(self.end_us)


@dataclass(frozen=True, slots=True)
class RawPlace:
    """Where a raw record lies: `length` bytes at `offset` of the segment file, line from 1."""

    path: str
    offset: int
    length: int
    line: int
    kind: int
    source: str
    format: str


@dataclass(frozen=True, slots=True)
class CallDetail:
    """A call; `legs` is empty for a call of one leg.

    `records` are in the order of the log; the last one completed the call.
    """

    row: CallRow
    legs: tuple[LegRow, ...]
    records: tuple[RawPlace, ...]


def call_detail(call_id: int) -> CallDetail | None:
    """Return the call, or None if there is none of that id."""
    rows = rows_of([call_id])
    if not rows:
        return None
    legs = fetch(
        "SELECT position, party, role, start_us, answer_us, end_us, talk_ms "
        "FROM tollbook_leg WHERE call_id = %s ORDER BY position",
        (call_id,),
    )
    return CallDetail(
        row=rows[0],
        legs=tuple(LegRow(*leg) for leg in legs),
        records=raw_places(call_id),
    )


def raw_places(call_id: int) -> tuple[RawPlace, ...]:
    """Return the raw records that made a call, in the order of the log."""
    found = fetch(
        'SELECT g.path, r."offset", r.length, r.line, r.kind, s.name, '
        "s.format FROM tollbook_raw_record r "
        "JOIN tollbook_raw_segment g ON g.id = r.segment_id "
        "JOIN tollbook_source s ON s.id = g.source_id "
        "WHERE r.id IN (SELECT raw_record_id FROM tollbook_call WHERE id = %s "
        "UNION SELECT raw_record_id FROM tollbook_call_record WHERE call_id = %s) "
        'ORDER BY g.sequence, r."offset"',
        (call_id, call_id),
    )
    return tuple(RawPlace(*row) for row in found)
