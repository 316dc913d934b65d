"""`price` against the rules read plainly: no digit differs, on tariffs drawn at random."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import rating as reference
from reference.splits import draw_long_call, draw_split_tariff
from reference.tariffs import draw_call, draw_tariff
from support.effort import examples
from tollbook.core.rating import (
    Priced,
    TalkedCall,
    Unrated,
    charge_of,
    explain,
    longest_talk,
    price,
)
from tollbook.core.tariff import CompiledTariff, compile_tariff, read_tariff, tariff_document

seeds = st.integers(0, 2**63)


def compiled(document: dict) -> CompiledTariff:
    reading = read_tariff(document)
    assert reading.tariff is not None, reading.faults
    return compile_tariff(reading.tariff)


def talked(call: dict) -> TalkedCall:
    return TalkedCall(
        start=datetime.fromisoformat(call["start"]),
        talk_s=Decimal(call.get("talk_s", "0")),
        dialled=call["dialled"],
        caller=call.get("caller"),
        department=call.get("department"),
        trunk=call.get("trunk"),
        pulses=call.get("pulses"),
    )


def assert_equal_to_the_rules(
    seed: int,
    *,
    calls: int,
    draw: Callable[[Random], dict] = draw_tariff,
    draw_one: Callable[[Random, dict], dict] = draw_call,
) -> int:
    """Return how many rates had a part in the prices, counted call by call."""
    random = Random(seed)
    document = draw(random)
    tariff = compiled(document)
    parts = 0
    for _ in range(calls):
        call = draw_one(random, document)
        expected = reference.price(document, call)
        result = price(tariff, talked(call))
        fast = charge_of(tariff, talked(call))
        if isinstance(result, Unrated):
            assert "unrated" in expected, (seed, call, expected, result)
            assert fast == result.reason
            continue
        found = (Fraction(result.charge), result.billed_s, result.rate_index)
        wanted = (expected.get("charge"), expected.get("billed_s"), expected.get("index"))
        assert found == wanted, (seed, call)
        assert not isinstance(fast, str)
        assert (Fraction(fast[0], 1_000_000), *fast[1:]) == found, (seed, call)
        assert sum(Fraction(step.amount) for step in result.steps) == found[0], (seed, call)
        parts += len({step.rate_index for step in result.steps if step.rate_index is not None})
    return parts


@given(seeds)
@settings(max_examples=examples(150), deadline=None)
def test_every_charge_equals_the_rules_read_plainly(seed: int) -> None:
    assert_equal_to_the_rules(seed, calls=4)


def test_steps_of_one_slot_are_one_line_across_the_edge_of_another_band() -> None:
    slots = [{"from_s": 0, "price": "0.60", "per_s": 60, "increment_s": 60}]
    tariff = compiled(
        {
            "currency": "EUR",
            "zone": "Europe/Berlin",
            "bands_apply": "split",
            "rounding": {"rule": "none"},
            "band": [{"name": "lunch", "from": "12:00:00", "to": "13:00:00"}],
            "rate": [
                {"prefix": "", "slots": slots},
                {"prefix": "0", "band": "lunch", "slots": slots},
            ],
        }
    )
    call = {"start": "2026-03-04T11:30:00+01:00", "talk_s": "7200", "dialled": "49"}

    result = price(tariff, talked(call))

    assert isinstance(result, Priced)
    assert [(step.from_s, step.seconds, step.amount) for step in result.steps] == [
        (0, 7_200, Decimal(72))
    ]


@given(seeds)
@settings(max_examples=examples(60), deadline=None)
def test_a_call_split_among_many_rates_equals_the_rules_read_plainly(seed: int) -> None:
    assert_equal_to_the_rules(seed, calls=4, draw=draw_split_tariff, draw_one=draw_long_call)


# A hundred thousand calls in all: of every kind here, and split among rates below.
@pytest.mark.slow
@pytest.mark.parametrize("first_seed", range(0, 3_000, 1_000))
def test_thirty_thousand_calls_of_every_kind_differ_in_no_digit(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 1_000):
        assert_equal_to_the_rules(seed, calls=10)


@pytest.mark.slow
@pytest.mark.parametrize("first_seed", range(0, 3_500, 500))
def test_seventy_thousand_split_calls_differ_in_no_digit(first_seed: int) -> None:
    parts = sum(
        assert_equal_to_the_rules(seed, calls=20, draw=draw_split_tariff, draw_one=draw_long_call)
        for seed in range(first_seed, first_seed + 500)
    )

    # Unrated calls count as none, those of one rate as one.
    assert parts > 15_000, "the draw splits too few calls to prove anything"


@given(seeds)
@settings(max_examples=examples(60), deadline=None)
def test_longest_talk_is_the_last_second_before_a_call_gets_too_dear(seed: int) -> None:
    random = Random(seed)
    document = draw_tariff(random)
    upper_s = random.choice((0, 1, 60, 90, 400))
    call = draw_call(random, document) | {
        "credit": random.choice(("0", "0.01", "0.5", "1", "7.25", "40"))
    }
    del call["talk_s"]
    call.pop("pulses", None)
    expected = reference.longest(document, call, upper_s)

    found = longest_talk(
        compiled(document), talked(call), credit=Decimal(call["credit"]), at_most_s=upper_s
    )

    if isinstance(found, Unrated):
        assert expected is None or found.reason == "no_pulses", (seed, call)
    else:
        assert found == expected, (seed, call)


@given(seeds)
@settings(max_examples=examples(60), deadline=None)
def test_without_an_upper_bound_the_next_second_is_too_dear_or_there_is_none(seed: int) -> None:
    random = Random(seed)
    document = draw_tariff(random, bands_apply="start")
    tariff = compiled(document)
    call = draw_call(random, document)
    call.pop("pulses", None)
    credit = Decimal(random.choice(("0", "0.01", "1", "7.25", "1000")))

    found = longest_talk(tariff, talked(call), credit=credit, at_most_s=None)

    if isinstance(found, Unrated):
        return
    probe_s = 10**9 if found is None else found
    affordable = price(tariff, talked(call | {"talk_s": str(probe_s)}))
    assert isinstance(affordable, Priced)
    assert affordable.charge <= credit, seed
    if found is not None:
        dearer = price(tariff, talked(call | {"talk_s": str(found + 1)}))
        assert isinstance(dearer, Priced)
        assert dearer.charge > credit, seed


@given(seeds)
@settings(max_examples=examples(60), deadline=None)
def test_the_explanation_names_one_winner_and_a_reason_for_every_loser(seed: int) -> None:
    random = Random(seed)
    document = draw_tariff(random)
    explanation = explain(compiled(document), talked(draw_call(random, document)))

    winners = [each for each in explanation.candidates if each.won]
    if isinstance(explanation.result, Priced):
        assert [each.rate.index for each in winners] == [explanation.result.rate_index]
    else:
        assert explanation.result.reason in {"no_rate_midway", "no_pulses"} or not winners
    for each in explanation.candidates:
        assert each.outcome.startswith("won: " if each.won else "lost: ")


@given(seeds)
@settings(max_examples=examples(60), deadline=None)
def test_a_tariff_written_as_a_document_reads_back_equal(seed: int) -> None:
    tariff = read_tariff(draw_tariff(Random(seed))).tariff
    assert tariff is not None

    assert read_tariff(tariff_document(tariff)).tariff == tariff
