"""`tollbook rate` from outside: lines in, lines out, exit status, words on standard error."""

import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference import rating as reference
from reference.tariffs import draw_call, draw_tariff
from tollbook.cli import main

TARIFF = """
name = "Carrier A"
currency = "EUR"
zone = "Europe/Berlin"
rounding = { rule = "half_up", decimals = 4 }
[[rate]]
prefix = "49"
destination = "Germany"
call_type = "national"
effective_from = "2026-01-01T00:00:00Z"
connect_fee = "0.10"
slots = [
  { from_s = 0, price = "0.12", per_s = 60, increment_s = 60 },
  { from_s = 60, price = "0.05", per_s = 60, increment_s = 1 },
]
[[rate]]
prefix = "4930"
destination = "Berlin"
callers = ["101"]
slots = [{ from_s = 0, price = "0.06", per_s = 60, increment_s = 60 }]
"""
CALL = {"id": 7, "start": "2026-03-04T10:00:00+01:00", "talk_s": 95, "dialled": "+49 30 1234"}


@dataclass
class Said:
    status: int
    lines: list[dict]
    words: str


@pytest.fixture
def rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
):
    def run(calls: Sequence[object] | bytes, *options: str, tariff: str = TARIFF) -> Said:
        ending = "json" if tariff.startswith("{") else "toml"
        price_list = tmp_path / f"tariff.{ending}"
        price_list.write_text(tariff, "utf-8")
        raw = calls
        if not isinstance(calls, bytes):
            raw = "".join(json.dumps(call) + "\n" for call in calls).encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        status = main(["rate", "--tariff", str(price_list), *options, "-"])
        out, words = capfdbinary.readouterr()
        return Said(status, [json.loads(line) for line in out.splitlines()], words.decode())

    return run


def test_a_price_and_its_steps(rate) -> None:
    said = rate([CALL])

    assert said == Said(
        0,
        [
            {
                "id": 7,
                "charge": "0.2492",
                "currency": "EUR",
                "billed_s": 95,
                "rate": {
                    "prefix": "49",
                    "destination": "Germany",
                    "call_type": "national",
                    "band": None,
                    "effective_from": "2026-01-01T00:00:00Z",
                },
                "steps": [
                    step("slot", 0, 60, "0.12", 60, "0.12"),
                    step("slot", 60, 35, "0.05", 60, "0.029166666667"),
                    step("connect_fee", None, None, "0.1", None, "0.1"),
                    step("rounding", None, None, None, None, "0.000033333333"),
                ],
            }
        ],
        "",
    )


def step(kind: str, from_s, seconds, price, per_s, amount: str) -> dict:
    return {
        "kind": kind,
        "from_s": from_s,
        "seconds": seconds,
        "price": price,
        "per_s": per_s,
        "amount": amount,
    }


def test_explain_adds_the_candidates_and_changes_nothing_else(rate) -> None:
    calls = [CALL, CALL | {"id": 8, "caller": "101"}, CALL | {"id": 9, "dialled": "0"}]
    plain, explained = rate(calls), rate(calls, "--explain")

    outcomes = [[each["outcome"] for each in line.pop("candidates")] for line in explained.lines]
    assert explained == plain
    assert outcomes == [
        ["lost: it is for other callers", "won: the only one that fits"],
        ["won: longest prefix", "lost: shorter prefix"],
        [],
    ]


def test_unrated_calls_and_bad_lines_end_in_status_1_and_stop_nothing(rate) -> None:
    said = rate([CALL | {"id": "a", "dialled": "0"}, {"id": "b"}, CALL | {"id": "c"}])

    assert said.status == 1
    assert said.lines[0] == {"id": "a", "unrated": "no_prefix"}
    assert (said.lines[1]["id"], said.lines[1]["line"]) == ("b", 2)
    assert said.lines[2]["charge"] == "0.2492"


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"start": "2026-03-04T10:00:00"}, "offset"),
        ({"start": "yesterday"}, "start"),
        ({"start": None}, "start"),
        ({"start": "0001-01-01T00:00:00Z"}, "years"),
        ({"answer": "2026-03-04T10:00:00"}, "answer"),
        ({"talk_s": None}, "talk_s"),
        ({"talk_s": "1e3"}, "talk_s"),
        ({"talk_s": True}, "talk_s"),
        ({"talk_s": 10**10}, "talk_s"),
        ({"talk_s": [1]}, "talk_s"),
        ({"dialled": 49}, "dialled"),
        ({"dialled": None}, "dialled"),
        ({"caller": 101}, "caller"),
        ({"pulses": -1}, "pulses"),
        ({"pulses": "3"}, "pulses"),
        ({"colour": "red"}, "colour"),
        ({"credit": "1"}, "talk_s"),
        ({"at_most_s": 5}, "at_most_s"),
        ({"talk_s": None, "credit": "1e3"}, "credit"),
        ({"talk_s": None, "credit": "1", "at_most_s": -1}, "at_most_s"),
        ({"legs": [{"party": "1", "talk_s": 94}]}, "legs"),
        ({"legs": [{"party": "1", "talk_s": 96}, {"party": "2", "talk_s": -1}]}, "legs[1]"),
        ({"legs": [{"party": 1, "talk_s": 95}]}, "legs[0].party"),
        ({"legs": [{"party": "1", "talk_s": 95, "colour": 1}]}, "legs[0].colour"),
        ({"legs": {"party": "1"}}, "legs"),
    ],
)
def test_a_bad_call_is_an_error_that_names_the_key(rate, change: dict, finding: str) -> None:
    said = rate([CALL | change])

    assert said.status == 1
    assert set(said.lines[0]) == {"id", "line", "error"}
    assert finding in said.lines[0]["error"]


@pytest.mark.parametrize(
    ("raw", "finding"),
    [
        (b"nonsense\n", "not JSON"),
        (b"[1]\n", "not an object"),
        (b"\xff\n", "UTF-8"),
        (b'{"talk_s": NaN}\n', "NaN"),
        (b'{"id": 1, "id": 2}\n', "twice"),
        (b'{"id": null}\n', "id"),
        pytest.param(b"[" * 100_000 + b"\n", "nested", id="nested"),
        pytest.param(b'{"id": "' + b"x" * 2_000_000 + b'"}\n', "longer", id="long"),
    ],
)
def test_what_is_no_call_at_all_is_an_error_without_id(rate, raw: bytes, finding: str) -> None:
    good = json.dumps(CALL).encode()

    said = rate(raw + b"\n" + good)

    assert said.status == 1
    assert said.lines[0].keys() == {"id", "line", "error"}
    assert (said.lines[0]["id"], said.lines[0]["line"]) == (None, 1)
    assert finding in said.lines[0]["error"]
    assert said.lines[1]["id"] == 7


def test_the_answer_is_the_talk_instant_where_it_is_given(rate) -> None:
    before = CALL | {"answer": "2025-12-31T23:59:59Z"}

    assert rate([before]).lines == [{"id": 7, "unrated": "no_date"}]
    assert rate([CALL | {"answer": None}]).lines[0]["charge"] == "0.2492"


def test_seconds_are_numbers_or_texts_and_may_have_a_fraction(rate) -> None:
    said = rate([CALL | {"talk_s": talk_s} for talk_s in (94.2, "94.2", 95, "95")])

    assert {line["charge"] for line in said.lines} == {"0.2492"}
    assert {line["billed_s"] for line in said.lines} == {95}


def test_legs_share_the_charge_in_their_order(rate) -> None:
    legs = [{"party": "101", "talk_s": "31.5"}, {"party": "102", "talk_s": 63.5}]

    (line,) = rate([CALL | {"legs": legs}]).lines

    assert line["segments"] == [
        {"party": "101", "talk_s": 31.5, "charge": "0.0826"},
        {"party": "102", "talk_s": 63.5, "charge": "0.1666"},
    ]


def test_credit_asks_how_long(rate) -> None:
    question = {key: value for key, value in CALL.items() if key != "talk_s"}
    said = rate(
        [
            question | {"credit": "0.2199"},
            question | {"credit": "0.22"},
            question | {"credit": "0.23", "at_most_s": 70},
            question | {"credit": "0.23"},
            question | {"credit": "1", "dialled": "0"},
        ]
    )

    assert said.status == 1
    assert said.lines[:4] == [{"id": 7, "max_s": n} for n in (0, 60, 70, 72)]
    assert said.lines[4] == {"id": 7, "unrated": "no_prefix"}


def test_text_outside_ascii_survives(rate) -> None:
    tariff = TARIFF.replace("Germany", "Österreich")

    said = rate([CALL, CALL | {"id": "\ud800"}], tariff=tariff)

    assert said.lines[0]["rate"]["destination"] == "Österreich"
    assert said.lines[1]["id"] == "\ud800"


def test_a_faulty_tariff_ends_in_status_2_with_every_fault(rate) -> None:
    tariff = TARIFF.replace('"0.12"', "0.12").replace('"0.06"', '"-1"').replace("zone", "zones")

    said = rate([CALL], tariff=tariff)

    assert (said.status, said.lines) == (2, [])
    assert "tariff.toml: rate[0].slots[0].price: is 0.12" in said.words
    assert "tariff.toml: rate[1].slots[0].price: " in said.words
    assert "tariff.toml: zones: is not a key known here" in said.words
    assert "refused whole for 3 faults" in said.words


def test_a_doubtful_tariff_prices_and_warns(rate) -> None:
    said = rate([CALL], tariff=TARIFF.replace('callers = ["101"]', "number_length = 3"))

    assert said.status == 0
    assert "rate[1].number_length: warning: " in said.words


def test_a_plan_that_is_not_there_is_wrong_use(rate) -> None:
    said = rate([CALL], "--plan", "none.toml")

    assert (said.status, said.lines) == (2, [])
    assert "none.toml" in said.words


def test_files_that_are_not_there_are_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tariff = tmp_path / "tariff.toml"
    tariff.write_text(TARIFF, "utf-8")

    assert main(["rate", "--tariff", str(tmp_path / "none.toml"), "-"]) == 2
    assert main(["rate", "--tariff", str(tariff), str(tmp_path / "none.jsonl")]) == 2
    assert capsys.readouterr().err.count("there is no such file") == 2


@given(st.integers(0, 2**63))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_command_answers_as_the_rules_do(rate, seed: int) -> None:
    random = Random(seed)
    document = draw_tariff(random)
    calls = [draw_call(random, document) | {"id": number} for number in range(5)]

    said = rate(calls, tariff=json.dumps(document))

    assert [line["id"] for line in said.lines] == list(range(5))
    for call, line in zip(calls, said.lines, strict=True):
        expected = reference.price(document, call)
        assert ("unrated" in line) == ("unrated" in expected)
        if "charge" in line:
            assert Fraction(line["charge"]) == expected["charge"]
            assert line["billed_s"] == expected["billed_s"]
            assert line["rate"]["prefix"] == document["rate"][expected["index"]]["prefix"]
            total = sum(Decimal(step["amount"]) for step in line["steps"])
            assert total == Decimal(line["charge"])
