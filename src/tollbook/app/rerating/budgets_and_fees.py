"""What a re-rating means beside its entries: budgets count the new price, fees the new rate.

Budgets move in the transaction of the new charges. Fees follow at the end of the run; they only
ever write what differs, so a run that was killed may do it again.

Source: docs/algorithms/budgets.md, docs/algorithms/fees.md.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from tollbook.app.billing.fees import write_fees
from tollbook.app.policies.budget_counting import Counted, count_calls
from tollbook.storage.billing.calls_to_bill import (
    calls_to_bill,
    fees_are_used,
    prices_of_run,
    switches,
)
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.installation import door
from tollbook.storage.db.sql import chunks

_CALLS_A_STEP = 500


def count_again(call_ids: Sequence[int], *, run: int, at: datetime) -> None:
    """Move budgets by what the charges of *run* differ from those before, in their transaction."""
    if not call_ids or not switches().budgets:
        return
    counted: list[Counted] = []
    for price in prices_of_run(call_ids, run=run):
        holders = price.extension_id, price.department_id, price.owner_id
        seconds = 0 if price.was_priced else price.talk_s
        counted.append(
            Counted(price.begin_us, price.new_micros, price.new_currency, seconds, *holders)
        )
        counted.append(Counted(price.begin_us, -price.old_micros, price.old_currency, 0, *holders))
    count_calls(counted, at=at, opens=False)


def charge_fees_again(call_ids: Sequence[int]) -> int:
    """Write the fees of these calls that differ from those in force; return how many."""
    if not fees_are_used():
        return 0
    return sum(door().bulk(_steps(call_ids)))


def _steps(call_ids: Sequence[int]) -> Iterator[Callable[[], int]]:
    for some in chunks(call_ids, _CALLS_A_STEP):
        yield partial(_write, some)


def _write(call_ids: Sequence[int]) -> int:
    bulk_engine().begin_batch()
    return write_fees(calls_to_bill(call_ids))
