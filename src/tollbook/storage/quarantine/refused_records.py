"""What was not made a call: rejected records and refused duplicates, newest first."""

from dataclasses import dataclass

from tollbook.storage.db.current import current_connection
from tollbook.storage.db.sql import Clause, Row, both, contains, fetch


@dataclass(frozen=True, slots=True)
class RejectRow:
    """A record in quarantine; `raw` is its first 4 KiB, `state` a `RejectState`."""

    id: int
    source_id: int
    source: str
    pbx: str
    path: str
    received_us: int
    line: int
    offset: int
    raw: bytes
    reason: str
    message: str
    state: str
    resolved_us: int | None
    resolved_by: str
    released_call: int | None


@dataclass(frozen=True, slots=True)
class RejectPage:
    """One page; `next` is the id to go on before, null at the end."""

    rows: tuple[RejectRow, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class DuplicateRow:
    """A record that repeated `of_call`, and where it lies in the raw log.

    `released_call` is the call that it was made, null while it is refused.
    """

    id: int
    source: str
    received_us: int
    of_call: int
    path: str
    offset: int | None
    line: int | None
    released_call: int | None
    released_by: str


@dataclass(frozen=True, slots=True)
class DuplicatePage:
    """One page; `next` is the id to go on before, null at the end."""

    rows: tuple[DuplicateRow, ...]
    next: int | None


def rejects(
    *,
    state: str | None = None,
    source_id: int | None = None,
    reason: str | None = None,
    keyword: str = "",
    reject_id: int | None = None,
    before: int | None = None,
    page_size: int = 50,
) -> RejectPage:
    """Return a page of the quarantine; *reject_id* asks for one record.

    *keyword* is part of what is wrong, in either case, or of the record's bytes.
    """
    given = _given(
        ("j.state = %s", state),
        ("j.source_id = %s", source_id),
        ("j.reason = %s", reason),
        ("j.id = %s", reject_id),
        ("j.id < %s", before),
    )
    condition = both([given, _holding(keyword)]) if keyword else given
    found = fetch(
        "SELECT j.id, j.source_id, s.name, p.name, coalesce(g.path, ''), j.received_us, j.line, "
        'j."offset", j.raw, j.reason, j.message, j.state, j.resolved_us, j.resolved_by, '
        "j.released_call_id "
        "FROM tollbook_reject j JOIN tollbook_source s ON s.id = j.source_id "
        "JOIN tollbook_pbx p ON p.id = s.pbx_id "
        "LEFT JOIN tollbook_raw_record r ON r.id = j.raw_record_id "
        "LEFT JOIN tollbook_raw_segment g ON g.id = r.segment_id "
        f"WHERE {condition.text} ORDER BY j.id DESC LIMIT %s",
        (*condition.values, page_size + 1),
    )
    rows = tuple(RejectRow(*_with_bytes(row)) for row in found[:page_size])
    return RejectPage(rows, rows[-1].id if len(found) > page_size else None)


def reject_counts(*, state: str = "new") -> list[tuple[int, str, int]]:
    """Return (source id, reason, count) of the quarantine, most first."""
    found = fetch(
        "SELECT source_id, reason, count(*) FROM tollbook_reject WHERE state = %s "
        "GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
        (state,),
    )
    return [(source, reason, count) for source, reason, count in found]


def duplicates(
    *, source_id: int | None = None, before: int | None = None, page_size: int = 50
) -> DuplicatePage:
    """Return a page of the refused duplicates."""
    condition = _given(("u.source_id = %s", source_id), ("u.id < %s", before))
    found = fetch(
        "SELECT u.id, s.name, u.received_us, u.of_call_id, coalesce(g.path, ''), "
        'r."offset", r.line, u.released_call_id, u.released_by '
        "FROM tollbook_duplicate u "
        "JOIN tollbook_source s ON s.id = u.source_id "
        "LEFT JOIN tollbook_raw_record r ON r.id = u.raw_record_id "
        "LEFT JOIN tollbook_raw_segment g ON g.id = r.segment_id "
        f"WHERE {condition.text} ORDER BY u.id DESC LIMIT %s",
        (*condition.values, page_size + 1),
    )
    rows = tuple(DuplicateRow(*row) for row in found[:page_size])
    return DuplicatePage(rows, rows[-1].id if len(found) > page_size else None)


def _holding(keyword: str) -> Clause:
    """Return the condition that the words about a record `j` or its bytes hold *keyword*."""
    words = contains(["j.message", "j.reason"], keyword)
    if current_connection().vendor == "postgresql":
        held = "position(convert_to(%s, 'UTF8') IN j.raw) > 0"
    else:
        held = "instr(j.raw, CAST(%s AS BLOB)) > 0"
    return Clause(f"{words.text} OR {held}", (*words.values, keyword.replace("\0", "")))


def _given(*conditions: tuple[str, object]) -> Clause:
    """Return the conjunction of the conditions whose value is given."""
    return both([Clause(text, (value,)) for text, value in conditions if value is not None])


def _with_bytes(row: Row) -> Row:
    """Return *row* with real bytes, of which PostgreSQL's driver gives a view."""
    return tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
