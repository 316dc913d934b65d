"""`tollbook rate --plan` from outside: lines to the charge, and faults by their place."""

import json
from pathlib import Path

import pytest

from tollbook.cli import main

TARIFF = """
name = "{name}"
currency = "EUR"
rounding = {{ rule = "half_up", decimals = 4 }}
[[rate]]
prefix = ""
slots = [{{ from_s = 0, price = "{price}", per_s = 60, increment_s = 1 }}]
"""
PLAN = """
[[assignment]]
tariff = "mobile.toml"
trunks = ["gsm"]
[[bundle]]
name = "gift"
seconds = 60
[[tax]]
name = "VAT"
percent = "19"
"""
CALL = {"start": "2026-03-04T10:00:00Z", "talk_s": 60, "dialled": "4930", "caller": "101"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "line.toml").write_text(TARIFF.format(name="line", price="0.60"), "utf-8")
    (tmp_path / "mobile.toml").write_text(TARIFF.format(name="mobile", price="6"), "utf-8")
    (tmp_path / "plan.toml").write_text(PLAN, "utf-8")
    return tmp_path


def rate(folder: Path, calls: list[dict], *more: str) -> int:
    lines = folder / "calls.jsonl"
    lines.write_text(
        "".join(json.dumps({"id": n, **c}) + "\n" for n, c in enumerate(calls)), "utf-8"
    )
    words = ["rate", "--tariff", str(folder / "line.toml"), "--plan", str(folder / "plan.toml")]
    return main([*words, *more, str(lines)])


def test_calls_are_charged_in_their_order(
    folder: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    gsm = CALL | {"trunk": "gsm"}

    status = rate(folder, [CALL, CALL, gsm])

    answers = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert status == 0
    assert [(a["charge"], a["tariff"]) for a in answers] == [
        ("0", None),  # the gift covers it
        ("0.714", None),
        ("7.14", "mobile.toml"),
    ]
    assert [(s["kind"], s["amount"], s["after"]) for s in answers[1]["steps"]] == [
        ("slot", "0.6", "0.6"),
        ("tax", "0.114", "0.714"),
    ]
    assert answers[1]["tax"] == "0.114"


def test_how_long_a_call_may_last_counts_tax_and_bundle(
    folder: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    question = {key: CALL[key] for key in ("start", "dialled", "caller")} | {"credit": "0.119"}

    rate(folder, [question])

    # 60 s are free, then 0.0119 a second with tax.
    assert json.loads(capsysbinary.readouterr().out)["max_s"] == 70


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("[[tax]]\nname = 'VAT'\npercent = 19", ["tax[0].percent", "string in quotes"]),
        ("[[tax]]\nname = 'VAT'\npercnt = '19'", ["tax[0].percnt", "percent"]),
        ("[[bundles]]\nname = 'x'", ["bundles", "bundle"]),
        ("[[bundle]]\nname = 'x'\nseconds = 1\n[[bundle]]\nname = 'x'\nseconds = 2", ["twice"]),
        ("[[discount_package]]\nname = 'x'\npercent = '101'", ["percent", "at most 100"]),
        (
            "[[volume_discount]]\nname = 'v'\ntiers = [{from = '5', percent = '1'}]",
            ["volume_discount[0].tiers", "begin"],
        ),
        ("zone = 'Europe/Atlantis'", ["zone", "Atlantis"]),
        ("currency = 'euro'", ["currency", "three capitals"]),
        (
            "[[exchange_rate]]\nsource='EUR'\ntarget='USD'\nrate='0'\non='2026-01-01'",
            ["more than zero"],
        ),
        ("[[assignment]]\ntariff = 'none.toml'", ["none.toml", "there is no such file"]),
        ("[[assignment]", ["plan.toml"]),
    ],
)
def test_a_wrong_plan_is_refused_whole_with_its_places(
    folder: Path, document: str, words: list[str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (folder / "plan.toml").write_text(document, "utf-8")

    assert rate(folder, [CALL]) == 2

    said = capsysbinary.readouterr()
    assert said.out == b""
    for word in words:
        assert word in said.err.decode()
