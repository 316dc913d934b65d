"""Where in time the holds of some calls are looked for: nowhere else, and nowhere twice."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.app.billing.hold_matching import Record, UnmatchedHold, asking_times, match_holds

MINUTE_US = 60_000_000
instants_us = st.integers(0, 30 * MINUTE_US)


def call(begin_us: int, answer_us: int, *, nth: int = 1) -> Record:
    return Record(nth, 1, "", frozenset({"101"}), frozenset({"4930"}), begin_us, answer_us, True)


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        # From a minute before the ring until the answer.
        ([(600_000_001, 610_000_000)], [(540_000_001, 610_000_000)]),
        # Whoever writes whole minutes may mean the minute's end.
        ([(600_000_000, 610_000_000)], [(540_000_000, 670_000_000)]),
        # Two that meet are one, whichever comes first.
        (
            [(650_000_001, 660_000_000), (600_000_001, 610_000_000)],
            [(540_000_001, 660_000_000)],
        ),
        (
            [(900_000_001, 910_000_000), (600_000_001, 610_000_000)],
            [(540_000_001, 610_000_000), (840_000_001, 910_000_000)],
        ),
        ([], []),
    ],
)
def test_worked_examples(calls: list[tuple[int, int]], expected: list[tuple[int, int]]) -> None:
    assert asking_times([call(*one) for one in calls]) == expected


@given(
    calls=st.lists(st.tuples(instants_us, st.integers(0, 5 * MINUTE_US)), max_size=6),
    placed_us=instants_us,
)
def test_a_hold_that_meets_a_record_lies_in_one_of_the_spans(
    calls: list[tuple[int, int]], placed_us: int
) -> None:
    records = [call(begin, begin + rang, nth=nth) for nth, (begin, rang) in enumerate(calls)]
    spans = asking_times(records)

    found = match_holds(records, [UnmatchedHold(1, 1, "", "101", "4930", placed_us)])

    assert bool(found) == any(first <= placed_us <= last for first, last in spans)
    assert all(one[1] < other[0] for one, other in pairwise(spans))
