"""Proves what is used and held of budgets against charges and holds, and mends it from them.

Source: docs/algorithms/budgets.md, "Use and proof".
"""

from collections import defaultdict
from dataclasses import dataclass

from tollbook.app.directory.holder_words import holder_words
from tollbook.app.policies.budget_counting import Periods
from tollbook.storage.billing.holds import holds_with_reserves
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.installation import door
from tollbook.storage.policies.budget_use import (
    Used,
    UseKey,
    UseRow,
    all_uses,
    lock_uses,
    used_by_calls,
    write_use,
)


@dataclass(frozen=True, slots=True)
class UseFault:
    """A row of a budget's use that says something else than charges and holds come to."""

    key: UseKey
    stated: UseRow
    found: UseRow

    @property
    def place(self) -> str:
        """Whose budget it is, in words."""
        return f"budget {self.key.budget.id} of " + holder_words(
            self.key.budget.kind, self.key.budget.holder
        )


def wrong_uses() -> list[UseFault]:
    """Return every row of a budget's use that differs from what it is derived from."""
    holds = holds_with_reserves()
    held: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    estimated: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for hold in holds:
        counted = held if hold.state == "pending" else estimated
        for part in hold.reserved.budgets:
            counted[part.budget_id, part.from_us][0] += part.micros
            counted[part.budget_id, part.from_us][1] += part.seconds
    faults = []
    periods = Periods()
    for budget, row in all_uses():
        key = periods.key(budget, row.from_us)
        place = row.budget_id, row.from_us
        used = used_by_calls(key)
        found = row._replace(
            used_micros=used.micros + estimated[place][0],
            used_s=used.seconds + estimated[place][1],
            held_micros=held[place][0],
            held_s=held[place][1],
        )
        if row != found:
            faults.append(UseFault(key, row, found))
    return faults


def mend_uses() -> list[UseFault]:
    """Write what charges and holds come to where a row says something else; return the faults."""
    with door().transaction():
        # No calls, and on a server no holds, may come between counting and writing.
        bulk_engine().begin_batch()
        lock_uses({budget.id for budget, _ in all_uses()})
        faults = wrong_uses()
        for fault in faults:
            found = fault.found
            write_use(
                fault.key,
                used=Used(found.used_micros, found.used_s),
                held=Used(found.held_micros, found.held_s),
            )
    return faults
