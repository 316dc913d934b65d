"""The one way of records into the database: file imports and live sources come through here.

    intake = open_intake(door, source_id)
    result = intake.store(parser.feed(data), segment_id=segment_id, at=now, position=position)

What a parser made of raw bytes is mediated, priced and stored, hundreds of records a transaction,
and the source's position in the raw log moves with the last of them. A process that is killed at
any moment starts again from that position: what was stored already is recognised by its place in
the raw log, so nothing is lost and nothing stored twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from tollbook.app.billing.bill import bill_calls
from tollbook.app.intake.mediate import CALL, PART, REJECT, SKIP, Mediator
from tollbook.app.intake.planned_charges import PlanPricer, open_plan_pricer, without
from tollbook.app.intake.price_draft import price_draft
from tollbook.app.intake.result import IngestResult, SourceRef
from tollbook.app.pricing.load_pbx_rules import Links, load_rules
from tollbook.app.pricing.pbx_rules import Rules
from tollbook.app.pricing.rater import Rater
from tollbook.core.batch import CallBatch, Position, StoredBatch
from tollbook.core.calls import Outcome
from tollbook.core.instants import from_us, to_us
from tollbook.storage.billing.calls_to_bill import switches
from tollbook.storage.db.installation import door
from tollbook.storage.intake.store_calls import store_calls
from tollbook.storage.models import Source

# How old a live source's dial plan, tariffs and telephones may be.
RULES_KEPT_US = 2_000_000


class Intake:
    """One source's records on their way into the database; belongs to one thread."""

    def __init__(self, source: SourceRef) -> None:
        self.source = source
        self.unrated = 0  # Charges stored without an amount since this intake was opened.
        self._zone = ZoneInfo(source.site_zone)
        self._links: Links | None = None
        self._loaded: _LoadedRules | None = None
        self._loaded_us: int | None = None

    def store(
        self,
        outcomes: Sequence[Outcome],
        *,
        segment_id: int,
        at: datetime,
        position: Position | None = None,
    ) -> IngestResult:
        """Store what a parser made of the segment's bytes; *at* is when they came.

        *position* is how far the parser is done with the segment; it is stored with the last of
        the outcomes, and alone if there are none. A later call repeats nothing.
        """
        loaded = self._current_rules(at)
        drafts = loaded.mediator.drafts(outcomes, segment_id=segment_id) or [CallBatch(segment_id)]
        for draft in drafts:
            price_draft(loaded.rater, draft)
        result = IngestResult()
        for stored in self.store_drafts(drafts, at=at, position=position):
            result += stored
        return result

    def store_drafts(
        self, drafts: Iterable[CallBatch], *, at: datetime, position: Position | None = None
    ) -> Iterator[IngestResult]:
        """Store priced *drafts* one after another; yield what each came to, once on disk."""
        self._current_rules(at)
        batches = self._batches(drafts, at=at, position=position)
        steps = (partial(self._step, batch) for batch in batches)
        try:
            for batch, stored in door().bulk(steps, proves_links=self._writes_calls_alone):
                yield self._result(batch, stored)
        except BaseException:
            self._links = None  # It may hold ids that were rolled back.
            raise

    def draft_again(
        self, outcomes: Sequence[Outcome], *, segment_id: int, at: datetime
    ) -> CallBatch:
        """Return what records that are indexed already come to, priced, by the rules of *at*."""
        loaded = self._current_rules(at)
        draft = loaded.mediator.draft(outcomes, segment_id=segment_id)
        price_draft(loaded.rater, draft)
        return draft

    def store_again(self, draft: CallBatch, *, received: datetime) -> StoredBatch:
        """Store the calls of a draft of `draft_again`, in the transaction that is open.

        After a fault this intake is not to be used again: what it knows may be rolled back.
        """
        batch = replace(self._batch(draft, to_us(received), day=0), again=True)
        return self._step(batch)[1]

    def _batches(
        self, drafts: Iterable[CallBatch], *, at: datetime, position: Position | None
    ) -> Iterator[CallBatch]:
        """Yield the drafts as batches of the source; only the last one moves the position."""
        received_us = to_us(at)
        local = at.astimezone(self._zone)
        day = local.year * 10_000 + local.month * 100 + local.day
        waiting = None
        for draft in drafts:
            if waiting is not None:
                yield waiting
            waiting = self._batch(draft, received_us, day)
        if waiting is not None:
            yield replace(waiting, position=position)

    def _batch(self, draft: CallBatch, received_us: int, day: int) -> CallBatch:
        return replace(
            draft,
            source_id=self.source.source_id,
            pbx_id=self.source.pbx_id,
            site_id=self.source.site_id,
            received_us=received_us,
            day=day,
        )

    def _writes_calls_alone(self) -> bool:
        """Say whether nothing but calls will be written; money is left to the database's checks."""
        return (self._loaded is None or self._loaded.plans is None) and not any(switches())

    def _step(self, batch: CallBatch) -> tuple[CallBatch, StoredBatch]:
        """Give the batch's names their ids and store it, all in the transaction that is open."""
        links = self._links
        if links is None:
            links = self._links = Links(self.source.pbx_id, self.source.site_id)
        trunks, extensions = links.unknown(batch.trunks, batch.extensions)
        if trunks or extensions:
            links.make(trunks, extensions)
        _fill_links(batch, links)
        stored = self._store(batch)
        new = [call_id for call_id in stored.call_ids if call_id is not None]
        bill_calls(new, at=from_us(batch.received_us))
        return batch, stored

    def _store(self, batch: CallBatch) -> StoredBatch:
        """Store the calls with their charges: as they were priced, or composed under a plan."""
        plans = self._loaded.plans if self._loaded else None
        planned = plans.planned(batch) if plans else {}
        if plans is None or not planned:
            return store_calls(batch)
        stored = store_calls(replace(batch, charges=without(batch.charges, planned)))
        plans.file(batch, stored, planned)
        return stored

    def _result(self, batch: CallBatch, stored: StoredBatch) -> IngestResult:
        kinds = batch.records.kind
        added = stored.calls
        self.unrated += sum(
            1
            for index, reason in zip(batch.charges.call, batch.charges.unrated_reason, strict=True)
            if reason and stored.call_ids[index] is not None
        )
        return IngestResult(
            records=len(kinds),
            calls=added,
            parts=kinds.count(PART),
            skips=kinds.count(SKIP),
            rejects=kinds.count(REJECT),
            duplicates=kinds.count(CALL) - added,
        )

    def _current_rules(self, at: datetime) -> "_LoadedRules":
        """Return the current rules, compiled; reloaded when older than `RULES_KEPT_US`."""
        now_us = to_us(at)
        loaded = self._loaded
        if loaded and self._loaded_us and abs(now_us - self._loaded_us) <= RULES_KEPT_US:
            return loaded
        rules = load_rules(self.source.pbx_id, known=loaded.rules if loaded else None)
        if loaded is None or loaded.rules != rules:
            rater = Rater(rules, before=loaded.rater if loaded else None)
            loaded = _LoadedRules(rules, Mediator(rules), rater)
        plans = open_plan_pricer(
            loaded.rater,
            pbx_id=self.source.pbx_id,
            site_id=self.source.site_id,
            known=loaded.plans,
        )
        loaded = self._loaded = replace(loaded, plans=plans)
        self._links = None
        self._loaded_us = now_us
        return loaded


@dataclass(frozen=True, slots=True)
class _LoadedRules:
    """Rules, compiled, ready to mediate and price."""

    rules: Rules
    mediator: Mediator
    rater: Rater
    plans: PlanPricer | None = None


def open_intake(source_id: int) -> Intake:
    """Return the way into the database for the records of a source.

    Raises Source.DoesNotExist.
    """
    source = Source.objects.select_related("pbx__site").get(pk=source_id)
    site = source.pbx.site
    return Intake(SourceRef(source.pk, source.pbx_id, site.pk, site.zone))


def _fill_links(batch: CallBatch, links: Links) -> None:
    calls = batch.calls
    for column in (
        calls.trunk_id,
        calls.extension_id,
        calls.department_id,
        calls.account_code_ref_id,
        calls.owner_id,
    ):
        column.clear()  # A transaction that is retried finds what its first run filled in.
    telephones = [links.extensions[name] for name in batch.extensions]
    codes = [links.codes.get(code, _UNKNOWN) for code in calls.account_code]
    calls.trunk_id.extend([links.trunks[name] for name in batch.trunks])
    calls.extension_id.extend([extension for extension, _ in telephones])
    calls.department_id.extend([department for _, department in telephones])
    calls.account_code_ref_id.extend([code for code, _ in codes])
    calls.owner_id.extend([owner for _, owner in codes])


_UNKNOWN = (None, None)
