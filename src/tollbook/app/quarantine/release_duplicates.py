"""Refused duplicates, released: each becomes a call of its own, once (AMB-40).

    found = find_duplicates([7, 8], data_dir=data_dir, at=now)      # writes nothing
    calls = release_duplicates(found, by=anna)

Two true calls can look alike to a PBX that writes minutes; only people know. The record is read
again from the raw log and takes the usual way: mediated, priced, stored. Its hash is one that no
record has, so the refused record stays refused when it comes again, and nothing is doubled.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import blake2b
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db.models import F

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.intake.intake import Intake, open_intake
from tollbook.app.quarantine.preview import ReadCall, read_calls
from tollbook.app.quarantine.reparse import Reparsed, ReparseFault, Stored, offset_of, read_again
from tollbook.core.calls import Cdr, Outcome, Part, RejectedRecord
from tollbook.core.instants import from_us, to_us
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.installation import door
from tollbook.storage.models import Call, Duplicate, SourceDay

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class RefusedDuplicate:
    """A refused duplicate: the call that it would be, or why it can be none.

    `released_call` is set for one that was released already; then neither is given.
    """

    duplicate_id: int
    of_call: int
    line: int | None
    call: ReadCall | None = None
    fault: str = ""
    released_call: int | None = None
    record: Stored | None = None
    outcomes: tuple[Outcome, ...] = ()


def find_duplicates(ids: Sequence[int], *, data_dir: Path, at: datetime) -> list[RefusedDuplicate]:
    """Return what each of the duplicates *ids* would become, by id; unknown ids are left out.

    At most `AT_ONCE` are looked at. Nothing is written.
    """
    chosen = sorted(set(ids))[:AT_ONCE]
    rows = list(Duplicate.objects.filter(pk__in=chosen).select_related("raw_record"))
    found = [_already(row) for row in rows if row.released_call_id is not None]
    by_source: dict[int, list[Duplicate]] = {}
    for row in rows:
        if row.released_call_id is None:
            by_source.setdefault(row.source_id, []).append(row)
    for source_id, of_source in by_source.items():
        intake = open_intake(source_id)
        stored = [record for row in of_source if (record := _stored(row)) is not None]
        reading_of = {
            record.id: reading
            for reading in read_again(stored, data_dir=data_dir)
            for record in reading.records
        }
        found += [_read(intake, row, reading_of.get(row.pk), at) for row in of_source]
    return sorted(found, key=lambda one: one.duplicate_id)


def release_duplicates(found: Sequence[RefusedDuplicate], *, by: Actor) -> dict[int, int]:
    """Make each that can be one a call; return the call's id by that of the duplicate.

    One that somebody else has released meanwhile keeps the call that it has.
    """
    release = _DuplicateRelease(by)
    made = {one.duplicate_id: one.released_call for one in found if one.released_call}
    made.update(door().bulk(release.steps(found)))
    return made


class _DuplicateRelease:
    """Duplicates being released, one a transaction."""

    def __init__(self, by: Actor) -> None:
        self._by = by
        self._intakes: dict[int, Intake] = {}

    def steps(self, found: Sequence[RefusedDuplicate]) -> Iterator[partial[tuple[int, int]]]:
        for one in found:
            if one.record is None or one.call is None:
                continue
            source_id = one.record.source_id
            intake = self._intakes.get(source_id)
            if intake is None:
                intake = self._intakes[source_id] = open_intake(source_id)
            yield partial(self._release, intake, one, one.record)

    def _release(self, intake: Intake, one: RefusedDuplicate, record: Stored) -> tuple[int, int]:
        # Lock order: the batch lock before row locks, else deadlock.
        bulk_engine().begin_batch()
        row = Duplicate.objects.select_for_update().get(pk=one.duplicate_id)
        if row.released_call_id is not None:
            return row.pk, row.released_call_id
        draft = intake.draft_again(one.outcomes, segment_id=record.segment_id, at=self._by.at)
        draft.calls.dedupe_hash[0] = _free_hash(
            draft.calls.dedupe_hash[0],
            row.pk,
            begin_us=draft.calls.begin_us[0],
            pbx_id=intake.source.pbx_id,
        )
        stored = intake.store_again(draft, received=from_us(record.received_us))
        call_id = stored.call_ids[0]
        if call_id is None:
            raise RuntimeError(f"duplicate {row.pk} was refused again under a hash of its own")
        Duplicate.objects.filter(pk=row.pk).update(
            released_call=call_id, released_us=to_us(self._by.at), released_by=self._by.name
        )
        _recount(intake, record)
        record_change(
            self._by,
            "duplicate.release",
            of=("duplicate", row.pk),
            before={"of_call": row.of_call_id, "released_call": None},
            after={"of_call": row.of_call_id, "released_call": call_id},
        )
        return row.pk, call_id


def released_hash(recorded_hash: int, duplicate_id: int, attempt: int = 0) -> int:
    """Return the hash of a released duplicate: a signed 64-bit number of its own.

    >>> released_hash(5, 1) == released_hash(5, 1) != released_hash(5, 2)
    True
    """
    key = f"released\0{recorded_hash}\0{duplicate_id}\0{attempt}".encode()
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "big", signed=True)


def _free_hash(recorded_hash: int, duplicate_id: int, *, begin_us: int, pbx_id: int) -> int:
    """Return the first hash of the duplicate's own that no call of that instant has."""
    taken = set(
        Call.objects.filter(begin_us=begin_us, pbx=pbx_id).values_list("dedupe_hash", flat=True)
    )
    tries = (released_hash(recorded_hash, duplicate_id, attempt) for attempt in count())
    return next(one for one in tries if one not in taken)


def _recount(intake: Intake, record: Stored) -> None:
    """Let the day on which the record came count it as a call.

    A site whose zone was changed since has counted it on another day; then that day is left.
    """
    day = from_us(record.received_us).astimezone(ZoneInfo(intake.source.site_zone))
    SourceDay.objects.filter(
        source=intake.source.source_id,
        day=day.year * 10_000 + day.month * 100 + day.day,
        duplicates__gte=1,
    ).update(calls=F("calls") + 1, duplicates=F("duplicates") - 1)


def _already(row: Duplicate) -> RefusedDuplicate:
    line = row.raw_record.line if row.raw_record else None
    return RefusedDuplicate(row.pk, row.of_call_id, line, released_call=row.released_call_id)


def _stored(row: Duplicate) -> Stored | None:
    raw = row.raw_record
    if raw is None:
        return None
    return Stored(
        row.pk, row.source_id, raw.segment_id, raw.offset, raw.length, raw.line, row.received_us
    )


def _read(
    intake: Intake, row: Duplicate, reading: Reparsed | None, at: datetime
) -> RefusedDuplicate:
    line = row.raw_record.line if row.raw_record else None
    record = _stored(row)
    if reading is None or record is None:
        fault = "it is not known where the raw log holds this record. Nothing was changed."
        return RefusedDuplicate(row.pk, row.of_call_id, line, fault=fault)
    outcomes = _call_at(record, reading)
    if isinstance(outcomes, ReparseFault):
        return RefusedDuplicate(row.pk, row.of_call_id, line, fault=outcomes.message)
    draft = intake.draft_again(outcomes, segment_id=record.segment_id, at=at)
    if draft.rejects.message:
        return RefusedDuplicate(row.pk, row.of_call_id, line, fault=draft.rejects.message[0])
    return RefusedDuplicate(
        row.pk, row.of_call_id, line, read_calls(draft)[0], record=record, outcomes=outcomes
    )


def _call_at(record: Stored, reading: Reparsed) -> tuple[Outcome, ...] | ReparseFault:
    """Return the call that the record completes with its parts before it, or why there is none."""
    if reading.fault is not None:
        return reading.fault
    for outcome in reading.outcomes:
        if isinstance(outcome, Cdr) and record.holds(offset_of(outcome)):
            parts = [
                one
                for one in reading.outcomes
                if isinstance(one, Part) and one.line in outcome.lines
            ]
            return (*parts, outcome)
    for outcome in reading.outcomes:
        if isinstance(outcome, RejectedRecord):
            return ReparseFault(outcome.reason, outcome.message)
    return ReparseFault(
        "release.no_call",
        "its format does not read a call in this record any more. Nothing was changed.",
    )
