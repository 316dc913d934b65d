"""Totals of charges by group, each currency by itself: what the API and reports share."""

from collections.abc import Sequence
from dataclasses import dataclass

from tollbook.app.reports.call_criteria import Selection
from tollbook.app.reports.call_table import money_text
from tollbook.storage.reports.spend import charges_summary


@dataclass(frozen=True, slots=True)
class GroupSum:
    """What one group's calls came to. `charges` is (currency, amount as text), by currency.

    `name` is None for the calls that belong to no group of the kind; `unrated` of `calls` have
    no amount although they should.
    """

    name: str | None
    label: str | None
    calls: int
    answered: int
    talk_ms: int
    unrated: int
    charges: tuple[tuple[str, str], ...]


def summarise(wanted: Selection, *, group_by: str) -> Sequence[GroupSum]:
    """Return the sums of the selected calls by *group_by*, the dearest first."""
    sums: dict[int | str | None, GroupSum] = {}
    for total in charges_summary(wanted.filter, group_by=group_by):
        key = total.key or None
        before = sums.get(key, GroupSum(total.label or None, total.name or None, 0, 0, 0, 0, ()))
        charged = ((total.currency, money_text(total.charge_micros)),) if total.currency else ()
        sums[key] = GroupSum(
            before.name,
            before.label,
            before.calls + total.calls,
            before.answered + total.answered,
            before.talk_ms + total.talk_ms,
            before.unrated + total.unrated,
            tuple(sorted(before.charges + charged)),
        )
    return list(sums.values())
