"""Where in time the holds of some calls are looked for: nowhere else, and nowhere twice."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.app.billing.hold_matching import asking_times, match_holds
from tollbook.core.ledger import CallToBill, Hold, Reserved

MINUTE_US = 60_000_000
instants_us = st.integers(0, 30 * MINUTE_US)


def call(begin_us: int, answer_us: int, *, nth: int = 1) -> CallToBill:
    return CallToBill(
        id=nth,
        pbx_id=1,
        begin_us=begin_us,
        answer_us=answer_us,
        end_us=None,
        ring_ms=None,
        talk_ms=1000,
        answered=True,
        direction=2,
        caller="101",
        dialled="4930",
        callee="4930",
        extension_id=None,
        extension="",
        department_id=None,
        account_code="",
        account_code_id=None,
        owner_id=None,
        pbx_call_id="",
        site_currency="EUR",
        charge_id=1,
        amount_micros=None,
        currency="",
    )


def hold(placed_us: int) -> Hold:
    return Hold(
        id=1,
        key="",
        content_hash="",
        account_id=1,
        account=("extension", "1", "EUR"),
        amount_micros=0,
        captured_micros=0,
        state="pending",
        placed_us=placed_us,
        expires_us=placed_us,
        entry_id=None,
        call_id=None,
        switch_call_id="",
        pbx_id=1,
        extension_id=None,
        account_code_id=None,
        caller="101",
        number="4930",
        limit_s=None,
        answer="",
        reserved=Reserved(),
        answered_us=None,
        talk_s=None,
    )


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

    found = match_holds(records, [hold(placed_us)])

    assert bool(found) == any(first <= placed_us <= last for first, last in spans)
    assert all(one[1] < other[0] for one, other in pairwise(spans))
