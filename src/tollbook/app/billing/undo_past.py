"""Takes a billing of the past back, in one step: what its calls paid is reversed, nobody pays them.

    runs = past_runs()                       # the newest first, and which can be undone
    undo_past(door, runs[0].id, by=Actor("anna", now))

A price that a re-rating has changed since is reversed too. A call whose account code was changed
since stays billed: its money has moved on. Afterwards the calls are unbilled again, and can be
billed again.

Source: docs/algorithms/ledger.md, "Records and money".
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.billing.bill_past import (
    BEGUN,
    DONE,
    PastBill,
    SumsByAccount,
    bill_objects,
    key_of,
    shown_bills,
)
from tollbook.app.billing.stored_entries import stored_entries
from tollbook.core.instants import from_us
from tollbook.core.ledger import Entry, EntryKind, reversal_of
from tollbook.storage.billing.call_payers import drop_payers
from tollbook.storage.billing.call_payers import payers_of as payers_noted
from tollbook.storage.billing.ledger import SYSTEM, post_entries
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.installation import door
from tollbook.storage.db.sql import chunks
from tollbook.storage.models import AuditLog, CodeChange, LedgerEntry, RatingRun
from tollbook.storage.models.charges import RunState

UNDONE = "billing.past_undo"
SHOWN = 20
_CALLS_A_STEP = 200
_OF_A_PRICE = frozenset({EntryKind.CHARGE, EntryKind.RERATING})


class NotUndone(ValueError):
    """A billing that cannot be taken back; the message says why, and that nothing was changed."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """A billing of the past: who began it when, from which day on, and what it came to.

    `bills` is None for one that was broken off: it has billed some calls and can be undone.
    """

    id: int
    at: datetime
    by: str
    since: datetime
    bills: tuple[dict[str, Any], ...] | None
    is_undone: bool


@dataclass(frozen=True, slots=True)
class Undone:
    """How many calls nobody pays any more, what was given back to whom, how many stay billed."""

    calls: int
    bills: list[PastBill]
    left: int


def past_runs(*, count: int = SHOWN) -> list[PastRun]:
    """Return the newest billings of the past, the newest first, without those of nothing."""
    begun = list(AuditLog.objects.filter(action=BEGUN).order_by("-id")[:count])
    ids = [str(line.pk) for line in begun]
    ended = {
        line.object_id: json.loads(line.after)
        for line in AuditLog.objects.filter(action=DONE, object_id__in=ids)
    }
    undone = set(
        AuditLog.objects.filter(action=UNDONE, object_id__in=ids).values_list(
            "object_id", flat=True
        )
    )
    runs = [
        PastRun(
            id=line.pk,
            at=from_us(line.at_us),
            by=line.actor,
            since=datetime.fromisoformat(json.loads(line.after)["from"]),
            bills=tuple(ended[str(line.pk)]["bills"]) if str(line.pk) in ended else None,
            is_undone=str(line.pk) in undone,
        )
        for line in begun
    ]
    return [run for run in runs if run.bills != ()]


def undo_past(run: int, *, by: Actor) -> Undone:
    """Reverse what the calls of a billing paid, some calls a transaction. Raises NotUndone.

    A process that is killed leaves whole steps; asking again undoes the rest.
    """
    begun = AuditLog.objects.filter(pk=run, action=BEGUN).first()
    if begun is None:
        raise NotUndone(f"there is no billing {run}. Nothing was changed.")
    if AuditLog.objects.filter(action=UNDONE, object_id=str(run)).exists():
        raise NotUndone("it was undone already. Nothing was changed.")
    if RatingRun.objects.filter(state=RunState.RUNNING).exists():
        raise NotUndone("calls are being re-rated now. Nothing was changed. Try again afterwards.")
    sums: SumsByAccount = defaultdict(lambda: (0, 0))
    calls_freed = left = 0
    for step in door().bulk(_steps(run, begun_us=begun.at_us, at=by.at)):
        calls_freed, left = calls_freed + step.freed, left + step.left
        for key, (calls, micros) in step.sums.items():
            sums[key] = sums[key][0] + calls, sums[key][1] + micros
    bills = shown_bills(sums)
    with door().transaction():
        record_change(
            by,
            UNDONE,
            of=("billing", run),
            before={"bills": bill_objects(bills)},
            after={"calls": calls_freed, "left": left},
        )
    return Undone(calls_freed, bills, left)


@dataclass(frozen=True, slots=True)
class _UndoStep:
    sums: SumsByAccount
    freed: int
    left: int


def _steps(run: int, *, begun_us: int, at: datetime) -> Iterator[Callable[[], _UndoStep]]:
    for some in chunks(_calls_of(run), _CALLS_A_STEP):
        yield partial(_undo, some, run=run, begun_us=begun_us, at=at)


def _calls_of(run: int) -> list[int]:
    """Return the calls that a billing has charged, and those that it found without a price."""
    charged = LedgerEntry.objects.filter(key__startswith=key_of(run, ""))
    ids = {call_id for call_id in charged.values_list("call_id", flat=True) if call_id is not None}
    for text in AuditLog.objects.filter(action=DONE, object_id=str(run)).values_list(
        "after", flat=True
    ):
        ids.update(json.loads(text)["without_price"])
    return sorted(ids)


def _undo(call_ids: Sequence[int], *, run: int, begun_us: int, at: datetime) -> _UndoStep:
    bulk_engine().begin_batch()
    payers = payers_noted(call_ids)
    corrected = set(
        CodeChange.objects.filter(call_id__in=call_ids, at_us__gte=begun_us).values_list(
            "call_id", flat=True
        )
    )
    open_ids = _open_entries(call_ids)
    entries = stored_entries([one for ids in open_ids.values() for one in ids])
    sums: SumsByAccount = defaultdict(lambda: (0, 0))
    undoing, freed, left = [], [], 0
    for call_id, payer in sorted(payers.items()):
        own = [entries[one] for one in open_ids[call_id]]
        charges = [entry for entry in own if entry.kind is EntryKind.CHARGE]
        if any(entry.key != key_of(run, call_id) for entry in charges):
            continue  # Another billing has charged it since this one was undone in part.
        if call_id in corrected or any(entry.kind not in _OF_A_PRICE for entry in own):
            left += 1
            continue
        freed.append(call_id)
        for entry_id, entry in zip(open_ids[call_id], own, strict=True):
            undoing.append(
                reversal_of(
                    entry,
                    key=f"undo:{entry_id}",
                    at=at,
                    reason="billed by mistake",
                    call_id=call_id,
                )
            )
        for currency, micros in _paid(own).items():
            calls, before = sums[payer, currency]
            sums[payer, currency] = calls + 1, before + micros
    post_entries(undoing)
    drop_payers(freed)
    return _UndoStep(dict(sums), len(freed), left)


def _paid(entries: Sequence[Entry]) -> dict[str, int]:
    """Return what a customer has paid by *entries*, in millionths by currency."""
    paid: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        for posting in entry.postings:
            if posting.account.kind != SYSTEM:
                paid[posting.amount.currency] -= posting.amount.micros
    return paid


def _open_entries(call_ids: Sequence[int]) -> defaultdict[int, list[int]]:
    """Return the entries about each call that nothing has undone, in their order."""
    rows = list(
        LedgerEntry.objects.filter(call_id__in=call_ids)
        .order_by("pk")
        .values_list("pk", "call_id", "reverses_id")
    )
    undone = {reverses_id for _, _, reverses_id in rows if reverses_id is not None}
    found: defaultdict[int, list[int]] = defaultdict(list)
    for entry_id, call_id, reverses_id in rows:
        if reverses_id is None and entry_id not in undone:
            found[call_id].append(entry_id)
    return found
