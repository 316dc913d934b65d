"""Which hold a call's record belongs to: by the switch's own id, else by who called whom, when.

Pure. A hold goes to one call at most and a call has one hold at most. Where several fit, the
digits that were dialled decide, then the instant nearest to the call's beginning, then the order
of ids: the matching is deterministic, however records and holds are ordered.

Source: docs/algorithms/ledger.md, "Records and money".
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import product

from tollbook.core.ledger import CallToBill, Hold

BEFORE_US = 60_000_000  # A decision comes before the ring, by as much as the switch may take.
_MINUTE_US = 60_000_000


def match_holds(records: Iterable[CallToBill], holds: Iterable[Hold]) -> dict[int, int]:
    """Return the hold of each call that has one, both by id."""
    by_id: defaultdict[str, list[Hold]] = defaultdict(list)
    by_whom: defaultdict[tuple[str, str], list[Hold]] = defaultdict(list)
    for hold in holds:
        by_whom[hold.caller, hold.number].append(hold)
        if hold.switch_call_id:
            by_id[hold.switch_call_id].append(hold)

    def of_same_id(record: CallToBill) -> Iterator[Hold]:
        return iter(by_id.get(record.pbx_call_id, ()))

    def of_same_parties(record: CallToBill) -> Iterator[Hold]:
        whom = product(record.callers, record.numbers)
        fitting = (hold for pair in whom for hold in by_whom.get(pair, ()))
        return (hold for hold in fitting if _is_in_time(record, hold))

    # Answered ones first: a switch may write several records of one id, and one of them costs.
    waiting = sorted(records, key=lambda one: (one.charge_id is None, one.begin_us, one.id))
    found: dict[int, int] = {}
    taken: set[int] = set()
    for candidates in (of_same_id, of_same_parties):
        for record in waiting:
            if record.id in found:
                continue
            fitting = [
                hold
                for hold in candidates(record)
                if hold.id not in taken and hold.pbx_id in (None, record.pbx_id)
            ]
            if fitting:
                hold = min(fitting, key=partial(_distance, record))
                found[record.id] = hold.id
                taken.add(hold.id)
    return found


def asking_times(records: Iterable[CallToBill]) -> list[tuple[int, int]]:
    """Return when holds of these calls may have been placed: first and last instants, in order.

    Spans that meet are made one.
    """
    spans: list[tuple[int, int]] = []
    for first, last in sorted((_earliest_us(one), _latest_us(one)) for one in records):
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
        else:
            spans.append((first, last))
    return spans


def _is_in_time(record: CallToBill, hold: Hold) -> bool:
    return _earliest_us(record) <= hold.placed_us <= _latest_us(record)


def _earliest_us(record: CallToBill) -> int:
    return record.begin_us - BEFORE_US


def _latest_us(record: CallToBill) -> int:
    # A switch that writes minutes says 12:00 of a call that began at 12:00:59.
    slack_us = _MINUTE_US if record.begin_us % _MINUTE_US == 0 else 0
    return record.latest_us + slack_us


def _distance(record: CallToBill, hold: Hold) -> tuple[bool, bool, int, int]:
    another = bool(hold.switch_call_id and record.pbx_call_id) and (
        hold.switch_call_id != record.pbx_call_id
    )
    return (
        another,
        hold.number not in record.numbers,
        abs(hold.placed_us - record.begin_us),
        hold.id,
    )
