"""A verb looks at its own words first: a wrong command line opens and makes nothing."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.command_line import tollbook_as_is as tollbook
from tollbook.cli import build_parser
from tollbook.commands import first
from tollbook.commands.verbs import VERBS

FIRST = [module.name for module in pkgutil.iter_modules(first.__path__)]
PERIOD = ("--from", "2026-10-01", "--to", "2026-11-01")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("import", "none.csv", "--format", "asterisk-csv", "--pbx", "P"), 2),
        (("import", "none.csv", "--format", "hobic", "--pbx", "P"), 3),
        (("tariff", "add", "none.toml"), 2),
        (("tariff", "import", "none.csv", "--tariff", "A"), 2),
        (("plan", "add", "plan.toml", "--from", "tomorrow"), 2),
        (("exchange", "add", "EUR", "USD", "1.1", "--on", "Monday"), 2),
        (("what-if", "--tariff", "A", *PERIOD, "--json", "--format", "csv"), 2),
        (("authorise", "--caller", "101"), 2),
        (("report", "none"), 2),
        (("report", "call-log", "--format", "pdf"), 3),
        (("report", "--list"), 0),
        (("demo", "--calls", "0"), 2),
    ],
)
def test_a_command_line_that_needs_no_installation_makes_none(
    tmp_path: Path, words: tuple[str, ...], status: int
) -> None:
    data = tmp_path / "data"

    done = tollbook(*words, data=data)

    assert done.returncode == status
    assert done.stderr.startswith(f"tollbook {words[0]}: ") or status == 0
    assert not data.exists()


# The demo makes its folder itself.
@pytest.mark.parametrize("verb", [one.name for one in VERBS if one.opens and one.name != "demo"])
def test_what_cannot_be_opened_is_told_under_the_name_of_the_verb(
    tmp_path: Path, verb: str
) -> None:
    given = {
        "import": (__file__, "--format", "asterisk-csv", "--pbx", "P"),
        "tariff": ("list",),
        "plan": ("list",),
        "exchange": ("list",),
        "pbx": ("list",),
        "source": ("list",),
        "token": ("list",),
        "what-if": ("--tariff", "A", *PERIOD),
        "authorise": ("--caller", "101", "--dialled", "1"),
        "report": ("call-log",),
        "recharge": ("--extension", "101", "--amount", "1"),
    }.get(verb, ())
    in_the_way = tmp_path / "file"
    in_the_way.touch()

    done = tollbook(verb, *given, data=in_the_way / "data")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"tollbook {verb}: {in_the_way / 'data'}: cannot write here")


def test_an_action_may_need_less_than_its_verb() -> None:
    parser = build_parser()

    assert not parser.parse_args(["tariff", "check", "t.toml"]).opens
    assert not parser.parse_args(["plan", "check", "p.toml"]).opens
    assert parser.parse_args(["tariff", "list"]).opens
    assert parser.parse_args(["pbx", "list"]).first is None


@pytest.mark.parametrize("name", [*(f"first.{name}" for name in FIRST), "tariff_check", "verbs"])
def test_what_needs_no_database_loads_no_django(name: str) -> None:
    code = f"import sys, tollbook.commands.{name}\nprint(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert not {name.split(".")[0] for name in loaded} & {"django", "ninja", "psycopg", "rich"}
