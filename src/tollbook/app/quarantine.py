"""Records that were refused: those that could not be read, and those whose call is known.

Both are kept with their place and reason. Lists go by id, newest first, a page at a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from django.db.models import QuerySet

from tollbook.app.audit import record_change
from tollbook.storage.door import door
from tollbook.storage.instants import from_us, to_us
from tollbook.storage.models import Duplicate, Reject, Source

STATES: Final = ("new", "released", "dismissed")
CHUNK: Final = 500
Row = TypeVar("Row")
Stored = TypeVar("Stored", Reject, Duplicate)


@dataclass(frozen=True, slots=True)
class QuarantineFilter:
    """Which rejects are wanted; None and "" ask nothing."""

    state: str = "new"
    source_id: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record in quarantine; `raw` are its first bytes, at most 4 KiB."""

    id: int
    received: datetime
    source: str
    line: int
    offset: int
    raw: bytes
    reason: str
    message: str
    state: str
    resolved: datetime | None
    resolved_by: str


@dataclass(frozen=True, slots=True)
class DuplicateRecord:
    """A record that told of a call already known (AMB-40)."""

    id: int
    received: datetime
    source: str
    line: int | None
    of_call: int


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """One page of a list, newest first; the ids from which it goes on, None at either end."""

    rows: tuple[Row, ...]
    older: int | None
    newer: int | None


def list_rejects(
    wanted: QuarantineFilter, *, size: int, before: int | None = None, after: int | None = None
) -> Slice[RejectedRecord]:
    """Return a page of rejects: those before the id *before*, or next after the id *after*."""
    return _page(_wanted(wanted), _rejected, size=size, before=before, after=after)


def every_reject(wanted: QuarantineFilter) -> Iterator[RejectedRecord]:
    """Yield all rejects that are wanted, newest first, a few hundred held at a time."""
    before: int | None = None
    while True:
        page = list_rejects(wanted, size=CHUNK, before=before)
        yield from page.rows
        if page.older is None:
            return
        before = page.older


def find_reject(reject_id: int) -> RejectedRecord | None:
    """Return one record in quarantine."""
    row = Reject.objects.select_related("source__pbx").filter(pk=reject_id).first()
    return _rejected(row) if row else None


def dismiss_reject(reject_id: int, *, at: datetime, actor: str, address: str) -> bool:
    """Take a record off the list of what waits; False if it does not wait there."""
    with door.transaction():
        dismissed = Reject.objects.filter(pk=reject_id, state="new").update(
            state="dismissed", resolved_us=to_us(at), resolved_by=actor
        )
        if dismissed:
            record_change(
                actor=actor,
                action="reject.dismiss",
                object_type="reject",
                object_id=str(reject_id),
                before={"state": "new"},
                after={"state": "dismissed"},
                at=at,
                address=address,
            )
    return bool(dismissed)


def reject_reasons() -> list[str]:
    """Return the codes for which records were refused."""
    return list(Reject.objects.order_by("reason").values_list("reason", flat=True).distinct())


def source_choices() -> list[tuple[int, str]]:
    """Return all sources, imports among them, as id and name."""
    found = Source.objects.select_related("pbx").order_by("pbx__name", "name")
    return [(source.pk, _source_words(source)) for source in found]


def list_duplicates(
    source_id: int | None, *, size: int, before: int | None = None, after: int | None = None
) -> Slice[DuplicateRecord]:
    """Return a page of the records whose call was known already."""
    rows = Duplicate.objects.select_related("source__pbx", "raw_record")
    if source_id is not None:
        rows = rows.filter(source_id=source_id)
    return _page(rows, _duplicate, size=size, before=before, after=after)


def _wanted(wanted: QuarantineFilter) -> QuerySet[Reject]:
    rows = Reject.objects.select_related("source__pbx")
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.source_id is not None:
        rows = rows.filter(source_id=wanted.source_id)
    return rows.filter(reason=wanted.reason) if wanted.reason else rows


def _page(
    rows: QuerySet[Stored],
    read: Callable[[Stored], Row],
    *,
    size: int,
    before: int | None,
    after: int | None,
) -> Slice[Row]:
    if after is not None:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
        more_newer, found = len(found) > size, found[:size][::-1]
        more_older = True
    else:
        if before is not None:
            rows = rows.filter(pk__lt=before)
        found = list(rows.order_by("-pk")[: size + 1])
        more_newer, more_older, found = before is not None, len(found) > size, found[:size]
    return Slice(
        rows=tuple(read(row) for row in found),
        older=found[-1].pk if found and more_older else None,
        newer=found[0].pk if found and more_newer else None,
    )


def _rejected(row: Reject) -> RejectedRecord:
    return RejectedRecord(
        id=row.pk,
        received=from_us(row.received_us),
        source=_source_words(row.source),
        line=row.line,
        offset=row.offset,
        raw=bytes(row.raw),
        reason=row.reason,
        message=row.message,
        state=row.state,
        resolved=None if row.resolved_us is None else from_us(row.resolved_us),
        resolved_by=row.resolved_by,
    )


def _duplicate(row: Duplicate) -> DuplicateRecord:
    return DuplicateRecord(
        id=row.pk,
        received=from_us(row.received_us),
        source=_source_words(row.source),
        line=row.raw_record.line if row.raw_record else None,
        of_call=row.of_call_id,
    )


def _source_words(source: Source) -> str:
    return source.name if source.pbx.name in source.name else f"{source.pbx.name}: {source.name}"
