"""A segment of the raw log that holds a whole file: its records to calls and charges."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tollbook.app.intake.draft_worker import Task, drafted
from tollbook.app.intake.intake import Intake
from tollbook.app.intake.result import Imported, ImportProgress, IngestResult, SourceRef
from tollbook.app.pricing.load_pbx_rules import load_rules
from tollbook.core.batch import CallBatch, RejectColumns
from tollbook.formats import Definition
from tollbook.storage.intake.store_calls import RAW_KEPT_BYTES
from tollbook.storage.models import Reject


def file_segment(
    source: SourceRef,
    segment_id: int,
    path: Path,
    *,
    size: int,
    definition: Definition,
    zone: str,
    name: str,
    at: datetime,
    workers: int,
    progress: ImportProgress | None,
) -> Imported:
    """Parse, mediate, price and store the segment at *path* and return what it came to.

    It may have been stored in part before. Raises ZoneError, and DraftingFailed.
    """
    task = Task(
        path=path,
        size=size,
        definition=definition,
        zone=zone,
        source_name=name,
        segment_id=segment_id,
        rules=load_rules(source.pbx_id),
    )
    intake = Intake(source)
    known = _known_rejects(source.source_id, segment_id)
    result = IngestResult()
    with drafted(task, workers=workers) as made:
        drafts = _told(made, size, progress)
        for stored in intake.store_drafts(
            (_without_known_rejects(draft, known) for draft in drafts), at=at
        ):
            result += stored
    return Imported(result, unrated=intake.unrated)


def _told(
    made: Iterator[tuple[CallBatch, int]], size: int, progress: ImportProgress | None
) -> Iterator[CallBatch]:
    for draft, done_bytes in made:
        yield draft
        if progress is not None:
            progress(done_bytes, size)


def _known_rejects(source_id: int, segment_id: int) -> "Counter[tuple[str, bytes]]":
    """Count what earlier files of this source brought into quarantine."""
    rows = Reject.objects.filter(source=source_id).exclude(raw_record__segment=segment_id)
    return Counter((reason, bytes(raw)) for reason, raw in rows.values_list("reason", "raw"))


def _without_known_rejects(draft: CallBatch, known: "Counter[tuple[str, bytes]]") -> CallBatch:
    """Leave out what is in quarantine already, so that a grown file adds only what is new."""
    if known and len(draft.rejects):
        kept = RejectColumns()
        for record, raw, reason, message in draft.rejects.rows():
            key = (reason, raw[:RAW_KEPT_BYTES])
            if known[key] > 0:
                known[key] -= 1
                continue
            kept.record.append(record)
            kept.raw.append(raw)
            kept.reason.append(reason)
            kept.message.append(message)
        for column, left in zip(draft.rejects.lists(), kept.lists(), strict=True):
            column[:] = left
    return draft
