"""Figures are aligned, ranked and printed as people and programs need them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.bench.figures import Figure, machine_line, percentile, table
from tollbook.bench.process import BenchError, run_tollbook
from tollbook.cli import main


def test_a_table_is_aligned_at_its_numbers() -> None:
    assert table(
        [Figure("speed", 61_234.5, "calls/s", "≥ 60,000/s"), Figure("time", 0.5, "ms")]
    ) == [
        "  speed  61,234 calls/s  ≥ 60,000/s",
        "  time     0.50 ms",
    ]


@given(st.lists(st.integers(0, 1000), min_size=1), st.sampled_from([0.5, 0.9, 0.99]))
def test_a_percentile_is_one_of_the_values_and_has_its_share_below(
    values: list[int], share: float
) -> None:
    found = percentile(values, share)

    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)


def test_the_machine_is_named_in_one_line() -> None:
    assert "Python 3" in machine_line()
    assert "\n" not in machine_line()


def test_a_command_that_fails_is_told_with_its_words() -> None:
    with pytest.raises(BenchError, match=r"(?s)no-such-verb` ended with 2"):
        run_tollbook(["no-such-verb"], {})


def test_benchmarks_are_listed_and_an_unknown_one_is_refused_by_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "--list"]) == 0
    assert "rating" in capsys.readouterr().out

    assert main(["bench", "speed-of-light"]) == 2
    assert 'no benchmark "speed-of-light"' in capsys.readouterr().err


def test_pricing_is_measured_and_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "rating", "--calls", "50", "--json"]) == 0

    printed = json.loads(capsys.readouterr().out)
    figures = {each["name"]: each for each in printed["benchmarks"]["rating"]}
    assert figures["with its steps, a call of 10 h"]["unit"] == "µs"
    assert figures["with its steps, a call of 10 h"]["value"] > 0
