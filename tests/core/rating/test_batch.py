"""The batch form equals the scalar form in every digit, and says where it leaves the work to it."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.splits import draw_long_call, draw_split_tariff
from reference.tariffs import draw_call, draw_tariff
from support.effort import examples
from tollbook.core.rating import TalkedCall, charge_of
from tollbook.core.rating.batch import (
    HAS_NUMBA,
    BatchTariff,
    arrays_of,
    batch_tariff,
    pack_numbers,
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


def assert_equal(
    seed: int,
    *,
    calls: int,
    draw: Callable[[Random], dict] = draw_tariff,
    draw_one: Callable[[Random, dict], dict] = draw_call,
) -> None:
    random = Random(seed)
    document = draw(random)
    tariff = prepared(document)
    asked = [talked(draw_one(random, document)) for _ in range(calls)]

    columns = price_columns(tariff, asked)

    for at, call in enumerate(asked):
        found = columns.reason[at] or (
            columns.amount_micros[at],
            columns.billed_s[at],
            columns.rate_index[at],
        )
        assert found == charge_of(tariff.compiled, call), (seed, call)


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 2**63))
def test_both_forms_agree(seed: int) -> None:
    assert_equal(seed, calls=50)
    assert_equal(seed, calls=20, draw=draw_split_tariff, draw_one=draw_long_call)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 1_000, 250))
def test_a_hundred_thousand_calls_differ_in_no_digit(first: int) -> None:
    for seed in range(first, first + 250):
        assert_equal(seed, calls=50)
        assert_equal(seed, calls=50, draw=draw_split_tariff, draw_one=draw_long_call)


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
    short, longer, longest = pack_numbers(["4", "49", "490"])[0].tolist()

    assert short < longer < longest


def test_calls_centuries_apart_are_priced_side_by_side() -> None:
    document = flat("0.12") | {
        "zone": "Europe/Berlin",
        "band": [{"name": "noon", "from": "12:00:00", "to": "13:00:00"}],
    }
    document["rate"].append({**document["rate"][0], "band": "noon", "connect_fee": "1"})
    tariff = prepared(document)
    years = (1801, 1970, 2026, 2026, 2026, 2150, 2999)
    asked = [
        TalkedCall(datetime(year, 6, 1, 10, 30, tzinfo=UTC), Decimal(60), "4930") for year in years
    ]

    columns = price_columns(tariff, asked)

    assert columns.amount_micros == [charge_of(tariff.compiled, one)[0] for one in asked]
    assert columns.amount_micros[2] == 1_120_000


@pytest.mark.parametrize("effective", ["2026-03-01T12:00:00.5Z", "2026-03-01T12:00:01Z"])
def test_a_rate_takes_effect_at_its_instant_in_a_batch_too(effective: str) -> None:
    document = flat("0.12")
    document["rate"].append({**flat("0.24")["rate"][0], "effective_from": effective})
    tariff = prepared(document)
    edge = datetime.fromisoformat(effective)
    microsecond = timedelta(microseconds=1)
    asked = [TalkedCall(at, Decimal(60), "4930") for at in (edge - microsecond, edge)]

    assert price_columns(tariff, asked).amount_micros == [120_000, 240_000]


PLAIN = """
import sys
sys.modules["numba"] = None  # As if the extra were not installed.
from random import Random
from reference.splits import draw_long_call, draw_split_tariff
from reference.tariffs import draw_call, draw_tariff
from tollbook.core.rating import batch, charge_of
from tollbook.core.tariff import compile_tariff, read_tariff
from test_batch import talked

assert not batch.HAS_NUMBA
compared = 0
for seed in range(40):
    random = Random(seed)
    document = draw_tariff(random)
    tariff = batch.batch_tariff(compile_tariff(read_tariff(document).tariff))
    if tariff.deck is None:
        continue
    calls = [talked(draw_call(random, document)) for _ in range(20)]
    priced = batch.price_batch(tariff, batch.arrays_of(tariff.names, calls))
    for at, call in enumerate(calls):
        if priced.state[at] == 0:
            found = priced.amount_micros[at], priced.billed_s[at], priced.rate_index[at]
            assert tuple(map(int, found)) == charge_of(tariff.compiled, call), (seed, call)
            compared += 1
print(compared)
"""


def test_the_loop_is_plain_python_that_agrees_without_numba() -> None:
    tests = Path(__file__).resolve().parents[2]

    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", PLAIN],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (tests, Path(__file__).parent)))},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 200
