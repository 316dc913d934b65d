"""Rejected records, tried again: what they would become now, then that and nothing else.

    tried = try_rejects(source_id=3, data_dir=data_dir, at=now)  # writes nothing
    released = release_rejects(tried, by=anna)

Every record is read from the raw log by its format and zone as they are now (AMB-40). What still
cannot be read stays in quarantine. A record is released once, whoever asks how often, and a call
that is known already is not made a second time.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.intake.intake import Intake, open_intake
from tollbook.app.intake.mediate import CALL as CALL_RECORD
from tollbook.app.quarantine.preview import ReadCall, read_calls
from tollbook.app.quarantine.reparse import Reparsed, ReparseFault, Stored, offset_of, read_again
from tollbook.core.batch import BATCH_RECORDS
from tollbook.core.calls import Outcome, Part, RejectedRecord, Skip
from tollbook.core.instants import from_us, to_us
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.installation import door
from tollbook.storage.models import Call, CallRecord, RawRecord, Reject, SourceDay

AT_ONCE = 1_000  # Records of one try: a second or so until they are shown.
A_STEP = 100  # Records of one transaction, so that nobody waits long for their turn.

CALL, KNOWN, NOTHING, STAYS = "call", "known", "nothing", "stays"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of rejected records that belong together, mostly one.

    `kind` says whether there is a new `call`, whether their call is `known` already (as
    `known_call`; null for one that stands earlier in this try), whether they tell of `nothing`
    (a heading), or whether they `stay` rejected. `reason` and `message` say why, for the last two.
    """

    rejects: tuple[Stored, ...]
    kind: str
    calls: tuple[ReadCall, ...] = ()
    known_call: int | None = None
    reason: str = ""
    message: str = ""
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """A try of rejected records, in the order of the log.

    `records` counts them; those behind `next` were not tried yet, null if all were. `seal` is
    a hash of the outcome, to detect a change between preview and acceptance.
    """

    fates: tuple[Fate, ...]
    records: int
    next: int | None
    seal: str

    def count(self, kind: str) -> int:
        """How many records are of that kind."""
        return sum(len(fate.rejects) for fate in self.fates if fate.kind == kind)

    @property
    def calls(self) -> list[ReadCall]:
        """The calls that would be new."""
        return [call for fate in self.fates if fate.kind == CALL for call in fate.calls]

    @property
    def why_they_stay(self) -> list[tuple[str, int]]:
        """Reasons of those that stay, most first."""
        counts: Counter[str] = Counter()
        for fate in self.fates:
            if fate.kind == STAYS:
                counts[fate.reason] += len(fate.rejects)
        return counts.most_common()


@dataclass(frozen=True, slots=True)
class Released:
    """What was done: rejects `released`, the new `calls` by their ids, and calls `known` before."""

    released: int = 0
    calls: tuple[int, ...] = ()
    known: int = 0

    def __add__(self, other: "Released") -> "Released":
        return Released(
            self.released + other.released, self.calls + other.calls, self.known + other.known
        )


def try_rejects(
    *,
    data_dir: Path,
    at: datetime,
    source_id: int | None = None,
    reason: str | None = None,
    reject_id: int | None = None,
    after: int = 0,
    zone: str | None = None,
) -> Tried:
    """Read waiting rejects again, at most `AT_ONCE` of those that fit, and write nothing.

    *after* is the id behind which to go on; *zone* is for stamps that name none.
    """
    waiting = _waiting(source_id, reason, reject_id).filter(pk__gt=after)
    rows = list(waiting.select_related("raw_record").order_by("pk")[: AT_ONCE + 1])
    going_on = len(rows) > AT_ONCE
    rows = rows[:AT_ONCE]
    by_source: dict[int, list[Reject]] = {}
    for row in rows:
        by_source.setdefault(row.source_id, []).append(row)
    fates: list[Fate] = []
    for of_source in by_source.values():
        readings = read_again(_stored(of_source), data_dir=data_dir, zone=zone)
        fates += _SourceRetry(open_intake(of_source[0].source_id), at).fates(readings)
        fates += _without_bytes(of_source)
    return Tried(
        fates=tuple(fates),
        records=len(rows),
        next=rows[-1].pk if going_on else None,
        seal=_seal(fates),
    )


def release_rejects(tried: Tried, *, by: Actor) -> Released:
    """Store what *tried* found, some records a transaction; what stays is not touched.

    What somebody else decided meanwhile is passed over.
    """
    release = _RejectRelease(by)
    done = Released()
    for one in door().bulk(release.steps(tried.fates)):
        done += one
    return done


class _SourceRetry:
    """Readings of one source's records and what would become of them."""

    def __init__(self, intake: Intake, at: datetime) -> None:
        self._intake = intake
        self._at = at
        self._coming: set[tuple[int, int]] = set()

    def fates(self, readings: Sequence[Reparsed]) -> list[Fate]:
        return [self._fate(reading) for reading in readings]

    def _fate(self, reading: Reparsed) -> Fate:
        fault = reading.fault or _fault_in(reading)
        if fault is not None:
            return Fate(reading.records, STAYS, reason=fault.reason, message=fault.message)
        outcomes = reading.outcomes
        draft = self._intake.draft_again(
            outcomes, segment_id=reading.records[0].segment_id, at=self._at
        )
        if draft.rejects.reason:  # Read, but no call that can be listed: it names no instant.
            reason, message = draft.rejects.reason[0], draft.rejects.message[0]
            return Fate(reading.records, STAYS, reason=reason, message=message)
        calls = tuple(read_calls(draft))
        if not calls:
            why = next((one.why for one in outcomes if isinstance(one, Skip)), "")
            return Fate(reading.records, NOTHING, reason="skip", message=why, outcomes=outcomes)
        known = {
            key: self._known(key) for key in ((one.begin_us, one.dedupe_hash) for one in calls)
        }
        fresh = [key for key, call_id in known.items() if not call_id and key not in self._coming]
        self._coming.update(fresh)
        if fresh:
            return Fate(reading.records, CALL, calls, outcomes=outcomes)
        known_call = next(filter(None, known.values()), None)
        return Fate(reading.records, KNOWN, calls, known_call, outcomes=outcomes)

    def _known(self, key: tuple[int, int]) -> int | None:
        begin_us, dedupe_hash = key
        found = Call.objects.filter(
            begin_us=begin_us, pbx=self._intake.source.pbx_id, dedupe_hash=dedupe_hash
        )
        return found.values_list("pk", flat=True).first()


class _RejectRelease:
    """Rejects being released, step by step."""

    def __init__(self, by: Actor) -> None:
        self._by = by
        self._intakes: dict[int, Intake] = {}

    def steps(self, fates: Sequence[Fate]) -> Iterator[partial[Released]]:
        """Yield steps of fates whose records came together, about `A_STEP` records each."""
        together: list[Fate] = []
        records = 0
        for fate in fates:
            if fate.kind == STAYS:
                continue
            size = len(fate.outcomes)
            if together and (_came(fate) != _came(together[0]) or records + size > A_STEP):
                yield self._step(together)
                together, records = [], 0
            together.append(fate)
            records += size
        if together:
            yield self._step(together)

    def _step(self, fates: Sequence[Fate]) -> partial[Released]:
        source_id = fates[0].rejects[0].source_id
        intake = self._intakes.get(source_id)
        if intake is None:
            intake = self._intakes[source_id] = open_intake(source_id)
        return partial(self._release, intake, fates)

    def _release(self, intake: Intake, fates: Sequence[Fate]) -> Released:
        """Store the calls of *fates* and mark their rejects, in the transaction that is open."""
        # Lock order: the batch lock before row locks, else deadlock.
        bulk_engine().begin_batch()
        ids = [record.id for fate in fates for record in fate.rejects]
        locked = Reject.objects.select_for_update().filter(pk__in=ids, state="new").order_by("pk")
        waiting = set(locked.values_list("pk", flat=True))
        kept = [
            fate
            for fate in fates
            if all(record.id in waiting for record in fate.rejects) and not _clash(fate)
        ]
        if not kept:
            return Released()
        first = kept[0].rejects[0]
        outcomes = [one for fate in kept for one in fate.outcomes]
        draft = intake.draft_again(outcomes, segment_id=first.segment_id, at=self._by.at)
        stored = intake.store_again(draft, received=from_us(first.received_us))
        call_at = {
            draft.records.offset[record]: call_id or stored.duplicates[index]
            for index, (record, call_id) in enumerate(
                zip(draft.calls.record, stored.call_ids, strict=True)
            )
        }
        call_of = _call_of(kept, call_at)
        self._mark(call_of)
        new = tuple(call_id for call_id in stored.call_ids if call_id is not None)
        _recount(intake, kept, new=len(new), known=len(stored.duplicates))
        return Released(len(call_of), new, len(stored.duplicates))

    def _mark(self, call_of: Mapping[int, int | None]) -> None:
        for reject_id, call_id in call_of.items():
            Reject.objects.filter(pk=reject_id).update(
                state="released",
                resolved_us=to_us(self._by.at),
                resolved_by=self._by.name,
                released_call=call_id,
            )
        record_change(
            self._by,
            "reject.release",
            of=("reject", str(next(iter(call_of))) if len(call_of) == 1 else ""),
            before={"state": "new", "rejects": sorted(call_of)},
            after={"state": "released", "calls": {str(one): call for one, call in call_of.items()}},
        )


def _waiting(
    source_id: int | None, reason: str | None, reject_id: int | None
) -> "QuerySet[Reject]":
    rows = Reject.objects.filter(state="new")
    if source_id is not None:
        rows = rows.filter(source=source_id)
    if reason is not None:
        rows = rows.filter(reason=reason)
    return rows if reject_id is None else rows.filter(pk=reject_id)


def _stored(rows: Sequence[Reject]) -> list[Stored]:
    return [
        Stored(
            row.pk, row.source_id, raw.segment_id, raw.offset, raw.length, raw.line, row.received_us
        )
        for row in rows
        if (raw := row.raw_record) is not None
    ]


def _without_bytes(rows: Sequence[Reject]) -> list[Fate]:
    """Return the fates of those of which nobody knows where their bytes lie."""
    message = "it is not known where the raw log holds this record. Nothing was changed."
    return [
        Fate(
            (Stored(row.pk, row.source_id, 0, row.offset, 0, row.line, row.received_us),),
            STAYS,
            reason="reread.raw_missing",
            message=message,
        )
        for row in rows
        if row.raw_record is None
    ]


def _fault_in(reading: Reparsed) -> ReparseFault | None:
    """Return why a reading is not to be stored; whatever is doubtful in a part keeps the whole."""
    for outcome in reading.outcomes:
        if isinstance(outcome, RejectedRecord):
            return ReparseFault(outcome.reason, outcome.message)
    if len(reading.outcomes) > BATCH_RECORDS:
        return ReparseFault(
            "reread.too_many",
            f"it is now read as {len(reading.outcomes)} records, more than {BATCH_RECORDS}. "
            "Nothing was changed. Cut it out of the file and import it as a file of its own.",
        )
    return _clash_of(reading.records, reading.outcomes)


def _clash(fate: Fate) -> bool:
    return _clash_of(fate.rejects, fate.outcomes) is not None


def _clash_of(records: Sequence[Stored], outcomes: Sequence[Outcome]) -> ReparseFault | None:
    """Return a fault if a call of several records would take in records of a stored call."""
    others = {
        offset_of(one)
        for one in outcomes
        if not any(record.holds(offset_of(one)) for record in records)
    }
    if not others:
        return None
    found = dict(
        RawRecord.objects.filter(
            segment=records[0].segment_id, offset__in=sorted(others)
        ).values_list("pk", "kind")
    )
    if len(found) < len(others):
        return ReparseFault(
            "reread.unfinished",
            "other records of the same call are not stored yet. Nothing was changed. Let the "
            "import or the source go on, then try again.",
        )
    taken = CALL_RECORD in found.values()
    if taken or CallRecord.objects.filter(raw_record__in=list(found)).exists():
        return ReparseFault(
            "reread.call_stored",
            "it belongs to a call that is stored from its other records. Nothing was changed, so "
            "that the call is not charged twice.",
        )
    return None


def _came(fate: Fate) -> tuple[int, int]:
    """Return the segment and the instant with which the records of a fate came."""
    return fate.rejects[0].segment_id, fate.rejects[0].received_us


def _call_of(fates: Sequence[Fate], call_at: Mapping[int, int]) -> dict[int, int | None]:
    """Return for each reject the first call that it tells of, null for none."""
    found: dict[int, int | None] = {}
    for fate in fates:
        calls = [call_at[call.offset] for call in fate.calls]
        for record in fate.rejects:
            found[record.id] = calls[0] if calls else None
    return found


def _recount(intake: Intake, fates: Sequence[Fate], *, new: int, known: int) -> None:
    """Let the day on which the records came count them as what they are now.

    A site whose zone was changed since has counted them on another day; then that day is left.
    """
    received = from_us(fates[0].rejects[0].received_us)
    day = received.astimezone(ZoneInfo(intake.source.site_zone))
    rejects = sum(len(fate.rejects) for fate in fates)
    kinds = Counter(
        type(one)
        for fate in fates
        for one in fate.outcomes
        if any(record.holds(offset_of(one)) for record in fate.rejects)
    )
    SourceDay.objects.filter(
        source=intake.source.source_id,
        day=day.year * 10_000 + day.month * 100 + day.day,
        rejects__gte=rejects,
    ).update(
        records=F("records") + (new + known + kinds[Part] + kinds[Skip] - rejects),
        calls=F("calls") + new,
        parts=F("parts") + kinds[Part],
        skips=F("skips") + kinds[Skip],
        rejects=F("rejects") - rejects,
        duplicates=F("duplicates") + known,
    )


def _seal(fates: Sequence[Fate]) -> str:
    told = [
        (
            [record.id for record in fate.rejects],
            fate.kind,
            fate.reason,
            [
                (one.begin_us, one.dedupe_hash, one.charge_micros, one.currency)
                for one in fate.calls
            ],
        )
        for fate in fates
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]
