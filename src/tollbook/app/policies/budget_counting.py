"""Counts calls in the budgets of those who made them, and says when a share is reached.

Every priced call counts in the budgets of its extension, of its department and of its code's
owner, whether or not anybody pays it: at its charge in force, in the period in which it began.
Rows of periods that are over are corrected where there are any; none is opened for them.

Source: docs/algorithms/budgets.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tollbook.app.directory.holder_words import holder_words
from tollbook.app.policies.alarms import NewAlarm, raise_alarms
from tollbook.core.budgets import BudgetLimits, Every, Period, Use, left, period_at, warnings
from tollbook.core.instants import from_us, to_us
from tollbook.core.ledger import CallToBill, holders_of
from tollbook.core.money import format_amount, from_micros
from tollbook.storage.policies.budget_use import (
    BudgetRow,
    Used,
    UseKey,
    UseRow,
    budgets_of,
    move_used,
    note_warned,
    open_uses,
    uses_of,
)

_ALL = 100
_EVERY_WORDS = {"day": "daily", "week": "weekly", "month": "monthly"}


@dataclass(frozen=True, slots=True)
class Counted:
    """What is added to budgets beside a call's own charge, or taken back where it is negative."""

    begin_us: int
    micros: int
    currency: str
    talk_s: int
    extension_id: int | None = None
    department_id: int | None = None
    owner_id: int | None = None

    @property
    def holders(self) -> list[tuple[str, int]]:
        """Whose budgets it counts in, by kind and id."""
        return holders_of(self.extension_id, self.department_id, self.owner_id)


class Periods:
    """Finds the period of an instant; remembers the latest of each sort."""

    def __init__(self) -> None:
        self._latest: dict[tuple[str, str], tuple[int, int]] = {}

    def key(self, budget: BudgetRow, instant_us: int) -> UseKey:
        """Return the budget's period that holds the instant."""
        of_sort = budget.every, budget.zone
        begin_us, end_us = self._latest.get(of_sort, (0, 0))
        if not begin_us <= instant_us < end_us:
            period: Period = period_at(
                from_us(instant_us), every=Every(budget.every), zone_name=budget.zone
            )
            begin_us, end_us = to_us(period.begin), to_us(period.end)
            self._latest[of_sort] = begin_us, end_us
        return UseKey(budget, begin_us, end_us)


def count_calls(
    counted: Iterable[Counted | CallToBill],
    *,
    at: datetime,
    already: Mapping[tuple[int, int], Used] | None = None,
    before_call: int | None = None,
    opens: bool = True,
) -> None:
    """Move the budgets' use by *counted* less what is *already* moved, and tell of shares reached.

    *already* is by budget id and the period's first instant. Rows that are missing are opened
    with the calls that were stored before *before_call*, or, with *opens* false, created lazily by
    their first reader, from the charges then in force.
    """
    calls = list(counted)
    budgets = budgets_of({holder for call in calls for holder in call.holders})
    if not budgets and not already:
        return
    moves, keys = _moves(calls, budgets)
    at_us = to_us(at)
    if opens:
        open_uses([key for key in keys if key.to_us > at_us], before_call=before_call)
    for place, used in (already or {}).items():
        moves[place] = Used(moves[place].micros - used.micros, moves[place].seconds - used.seconds)
    move_used(moves)
    current = [key for key in keys if key.from_us <= at_us < key.to_us]
    if current:
        tell_of_shares(current, at=at)


def tell_of_shares(keys: Sequence[UseKey], *, at: datetime) -> None:
    """Raise an alarm for each share that these budgets have reached and not been warned of."""
    by_place = {(key.budget.id, key.from_us): key for key in keys if key.budget.active}
    alarms: list[NewAlarm] = []
    warned: list[tuple[int, int, int, int | None]] = []
    for row in uses_of(list(by_place.values())):
        key = by_place[row.budget_id, row.from_us]
        budget = budget_of(key.budget)
        use = Use(row.used_micros, row.used_s)
        shares = [one for one in warnings(budget, before=Use(), after=use) if one > row.warned]
        if not shares:
            continue
        alarms += [_alarm(key, row, share, at) for share in shares]
        closed_us = to_us(at) if left(budget, use).is_used_up else None
        warned.append((row.budget_id, row.from_us, shares[-1], closed_us))
    if alarms:
        raise_alarms(alarms)
        note_warned(warned)


def budget_of(row: BudgetRow) -> BudgetLimits:
    """Return the stored budget as the rules know it."""
    return BudgetLimits(
        every=Every(row.every),
        limit_micros=row.limit_micros,
        limit_s=row.limit_s,
        warn_at=row.warn_at,
    )


def _moves(
    calls: Sequence[Counted | CallToBill], budgets: Mapping[tuple[str, int], Sequence[BudgetRow]]
) -> tuple[defaultdict[tuple[int, int], Used], list[UseKey]]:
    moves: defaultdict[tuple[int, int], Used] = defaultdict(lambda: Used(0, 0))
    keys: dict[tuple[int, int], UseKey] = {}
    periods = Periods()
    for call in calls:
        for holder in call.holders:
            for budget in budgets.get(holder, ()):
                key = periods.key(budget, call.begin_us)
                place = budget.id, key.from_us
                keys[place] = key
                before = moves[place]
                moves[place] = Used(
                    before.micros + (call.micros if call.currency == budget.currency else 0),
                    before.seconds + call.talk_s,
                )
    return moves, list(keys.values())


def _alarm(key: UseKey, row: UseRow, share: int, at: datetime) -> NewAlarm:
    budget = key.budget
    words = holder_words(budget.kind, budget.holder)
    used = []
    if budget.limit_micros is not None:
        used.append(f"{_money(row.used_micros)} of {_money(budget.limit_micros)} {budget.currency}")
    if budget.limit_s is not None:
        used.append(f"{row.used_s // 60:,} of {budget.limit_s // 60:,} minutes")
    ending = " No more calls are allowed until the next period." if share == _ALL else ""
    return NewAlarm(
        key=f"budget:{budget.id}:{key.from_us}:{share}",
        kind="budget",
        at=at,
        message=(
            f"{words} has reached {share} % of its {_EVERY_WORDS[budget.every]} budget: "
            f"{' and '.join(used)} used.{ending}"
        ),
        details={"share": share, "used_micros": row.used_micros, "used_s": row.used_s},
        holder=(budget.kind, budget.holder),
        budget_id=budget.id,
    )


def _money(micros: int) -> str:
    return format_amount(from_micros(micros))
