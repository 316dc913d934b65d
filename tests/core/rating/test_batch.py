"""The batch form equals the scalar form in every digit, and says where it leaves the work to it."""

from datetime import datetime
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.tariffs import draw_call, draw_tariff
from tollbook.core.rating import TalkedCall, charge_of
from tollbook.core.rating.batch import (
    HAS_NUMBA,
    BatchTariff,
    arrays_of,
    batch_tariff,
    pack,
    price_batch,
    price_columns,
)
from tollbook.core.tariff import compile_tariff, read_tariff

pytestmark = pytest.mark.skipif(not HAS_NUMBA, reason="the extra `fast` is not installed")


def prepared(document: dict) -> BatchTariff:
    reading = read_tariff(document)
    assert reading.tariff is not None, reading.faults
    return batch_tariff(compile_tariff(reading.tariff))


def talked(record: dict) -> TalkedCall:
    return TalkedCall(
        start=datetime.fromisoformat(record["start"]),
        talk_s=Decimal(record["talk_s"]),
        dialled=record["dialled"],
        caller=record.get("caller"),
        department=record.get("department"),
        trunk=record.get("trunk"),
        pulses=record.get("pulses"),
    )


def assert_equal(seed: int, *, calls: int) -> None:
    random = Random(seed)
    document = draw_tariff(random)
    tariff = prepared(document)
    asked = [talked(draw_call(random, document)) for _ in range(calls)]

    columns = price_columns(tariff, asked)

    for at, call in enumerate(asked):
        found = columns.reason[at] or (
            columns.amount_micros[at],
            columns.billed_s[at],
            columns.rate_index[at],
        )
        assert found == charge_of(tariff.compiled, call), (seed, call)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**63))
def test_both_forms_agree(seed: int) -> None:
    assert_equal(seed, calls=50)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 1_000, 250))
def test_a_hundred_thousand_calls_differ_in_no_digit(first: int) -> None:
    for seed in range(first, first + 250):
        assert_equal(seed, calls=100)


def flat(price: str, **more: object) -> dict:
    slot = {"from_s": 0, "price": price, "per_s": 60, "increment_s": 1}
    return {
        "name": "t",
        "currency": "EUR",
        "rounding": {"rule": "half_up", "decimals": 6},
        "rate": [{"prefix": "49", "slots": [slot], **more}],
    }


def call(dialled: str = "49301234", talk_s: int = 60) -> TalkedCall:
    return TalkedCall(
        datetime.fromisoformat("2026-03-01T12:00:00+00:00"), Decimal(talk_s), dialled, caller="101"
    )


@pytest.mark.parametrize(
    ("document", "alone"),
    [
        (flat("0.12"), 0),
        (flat("999999999999.999999999999"), 1),  # 31 days of it pass 2**62
        (flat("0.12", minimum_s=40 * 86_400), 1),
        (flat("0.12", maximum_charge="0.05"), 0),
    ],
)
def test_what_whole_numbers_cannot_hold_is_left_to_the_scalar_form(
    document: dict, alone: int
) -> None:
    tariff = prepared(document)

    state = price_batch(tariff, arrays_of(tariff.names, [call()])).state

    assert state.tolist() == [alone]
    assert price_columns(tariff, [call()]).amount_micros == [charge_of(tariff.compiled, call())[0]]


def test_a_call_of_more_than_a_month_is_left_to_the_scalar_form() -> None:
    tariff = prepared(flat("0.12"))
    long = call(talk_s=40 * 86_400)

    assert price_batch(tariff, arrays_of(tariff.names, [long])).state.tolist() == [1]
    assert price_columns(tariff, [long]).billed_s == [40 * 86_400]


@pytest.mark.parametrize("prefix", ["4" * 16, "49x"])
def test_a_deck_that_arrays_cannot_hold_is_priced_all_the_same(prefix: str) -> None:
    document = flat("0.12")
    document["rate"].append({**document["rate"][0], "prefix": prefix})
    tariff = prepared(document)

    assert tariff.deck is None
    assert price_columns(tariff, [call()]).amount_micros == [120_000]


@pytest.mark.parametrize("dialled", ["4", "49", "490", "0490", "49x1", "x", "", "4" * 32, "*49#"])
def test_numbers_of_any_shape_find_the_same_rate(dialled: str) -> None:
    tariff = prepared(flat("0.12"))

    expected = charge_of(tariff.compiled, call(dialled))

    columns = price_columns(tariff, [call(dialled)])
    found = columns.reason[0] or (
        columns.amount_micros[0],
        columns.billed_s[0],
        columns.rate_index[0],
    )
    assert found == expected


def test_a_short_number_never_matches_a_longer_prefix() -> None:
    assert pack("4")[0] < pack("49")[0]
    assert pack("49")[0] != pack("490")[0]
