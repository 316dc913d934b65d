"""Stores a re-rating: its run, and step by step its charges with their differences.

Each step is one transaction: new charges, their ledger entries and the run's watermark. The
watermark moves only from where the step expects it, so of two processes that carry on with the
same run one stops, and a step that was stored is never stored again.

Source: docs/decisions/0013-ledger.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tollbook.core.batch import ChargeColumns
from tollbook.core.ledger import Entry
from tollbook.storage.billing.ledger import post_entries
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.current import current_connection
from tollbook.storage.models import RatingRun
from tollbook.storage.models.charges import RunState


@dataclass(frozen=True, slots=True)
class RerateStep:
    """What one step stores.

    The step covers `calls` calls behind the one with id `after`, up to `last_call`. `charges`
    are the new ones, their `call` being the id of a stored call; `changed` counts their calls.
    """

    after: int
    last_call: int
    calls: int
    changed: int
    charges: ChargeColumns
    entries: Sequence[Entry]


class RunTaken(RuntimeError):
    """Another process carries on with this run, or has ended it. Nothing was stored."""

    def __init__(self, run: int) -> None:
        super().__init__(
            f"re-rating {run} is carried on by another process. This one stopped; what it had "
            "stored stays, and nothing is stored twice."
        )
        self.run = run


def store_step(run: int, step: RerateStep, *, seen_us: int) -> RerateStep:
    """Store *step* in the transaction that is open and return it; raises RunTaken."""
    with current_connection().cursor() as cursor:
        cursor.execute(
            "UPDATE tollbook_rating_run SET watermark = %s, calls_done = calls_done + %s, "
            "changed = changed + %s, seen_us = %s "
            "WHERE id = %s AND state = 'running' AND watermark = %s",
            (step.last_call, step.calls, step.changed, seen_us, run, step.after),
        )
        if cursor.rowcount != 1:
            raise RunTaken(run)
    if step.charges.call:
        names, lists = step.charges.names(), step.charges.lists()
        columns = dict(zip(names, lists, strict=True))
        engine = bulk_engine()
        # Charges commit in the order of their ids: the columnar copy counts on it.
        engine.begin_batch()
        engine.insert(
            "tollbook_charge",
            {"call_id": columns.pop("call"), "run": [run] * len(lists[0]), **columns},
        )
    post_entries(step.entries)
    return step


def end_run(run: int, state: RunState, *, after: int, at_us: int, result: object = None) -> None:
    """End a run that stands at *after*, in the transaction that is open; raises RunTaken."""
    ended = RatingRun.objects.filter(pk=run, state=RunState.RUNNING, watermark=after).update(
        state=state, seen_us=at_us, finished_us=at_us, result=result
    )
    if not ended:
        raise RunTaken(run)
