"""The command line: all verbs answer, light ones stay light, unbuilt ones say so."""

import subprocess
import sys

import pytest

from tollbook.cli import main
from tollbook.commands.verbs import VERBS
from tollbook.commands.words import INCOMPLETE, NOT_BUILT, WRONG_USE

PROMISED = {
    *("serve", "demo", "formats", "detect", "learn", "parse", "rate", "import", "pbx", "source"),
    *("rerate", "what-if", "authorise", "report", "recharge", "token", "backup", "restore"),
    *("doctor", "bench"),
}


def modules_after(code: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ran.stderr.split())


def test_all_promised_verbs_exist() -> None:
    assert {verb.name for verb in VERBS} >= PROMISED


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_every_help_has_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    assert f"Example:\n  tollbook {verb}" in capsys.readouterr().out


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS if verb.module is None])
def test_a_verb_to_come_says_so_whatever_follows_it(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, "--from", "2026-10-01", "x"]) == NOT_BUILT
    said = capsys.readouterr()
    assert "not built yet" in said.err
    assert said.out == ""


@pytest.mark.parametrize("words", [[], ["frobnicate"], ["rate"], ["import", "x", "--frobnicate"]])
def test_wrong_use_is_status_2(words: list[str]) -> None:
    assert main(words) == WRONG_USE
    assert WRONG_USE != INCOMPLETE


def test_help_loads_nothing_heavy() -> None:
    loaded = modules_after("from tollbook.cli import main\nmain(['--help'])")

    assert not loaded & {"django", "numpy", "re2", "holidays", "asyncio", "tollbook.core"}


@pytest.mark.parametrize("verb", ["rate", "parse", "formats", "detect"])
def test_pure_verbs_never_load_django(verb: str) -> None:
    loaded = modules_after(f"import tollbook.commands.{verb}")

    assert not {name for name in loaded if name.split(".")[0] in {"django", "ninja", "psycopg"}}
