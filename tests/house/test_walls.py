"""The walls of the house hold, and each check of them can fail: it is broken on a copy and seen."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the source with its rules, to break at will."""
    skip = shutil.ignore_patterns("__pycache__", "*.egg-info", "static", "templates")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run_in(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_contracts_hold_on_an_untouched_copy(copy: Path) -> None:
    checked = run_in(copy, "lint-imports", "--no-cache")

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("contract", "file", "line"),
    [
        ("Dependencies point inwards", "core/calls.py", "import tollbook.app"),
        ("Dependencies point inwards", "storage/__init__.py", "import tollbook.app"),
        ("Dependencies point inwards", "web/__init__.py", "import tollbook.collectors"),
        ("Dependencies point inwards", "stray.py", "x = 1"),
        ("The core is ordered", "core/money.py", "import tollbook.core.rating"),
        ("The core is ordered", "core/stray.py", "x = 1"),
        ("The core knows neither", "core/money.py", "import django.db"),
        ("The core knows neither", "core/money.py", "import time"),
        ("Formats and documents", "formats/__init__.py", "import socket"),
    ],
)
def test_each_contract_is_seen_to_break(copy: Path, contract: str, file: str, line: str) -> None:
    broken = copy / "src/tollbook" / file
    before = broken.read_text("utf-8") if broken.exists() else ""
    broken.write_text(f"{before}\n{line}\n", "utf-8")

    checked = run_in(copy, "lint-imports", "--no-cache")

    assert checked.returncode == 1, checked.stdout
    verdicts = [row for row in checked.stdout.splitlines() if row.startswith(contract)]
    assert any("BROKEN" in row for row in verdicts) or "exhaustive" in checked.stdout.lower(), (
        checked.stdout
    )


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("core/money.py", "import datetime\nNOW = datetime.datetime.now(datetime.UTC)"),
        ("app/__init__.py", "import uuid\nKEY = uuid.uuid4()"),
    ],
)
def test_the_linter_bans_clock_and_chance_outside_wiring(copy: Path, place: str, line: str) -> None:
    with (copy / "src/tollbook" / place).open("a", encoding="utf-8") as broken:
        broken.write(f"\n{line}\n")

    checked = run_in(copy, "ruff", "check", "--no-cache", "--select", "TID251", "src")

    assert checked.returncode == 1
    assert "TID251" in checked.stdout


def floats(file: Path) -> list[str]:
    """Return the places in *file* where a float is written or made."""
    return [
        f"{file.name}:{node.lineno}"
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]


def test_the_core_holds_no_float() -> None:
    core = sorted((ROOT / "src/tollbook/core").rglob("*.py"))

    assert core
    assert [place for file in core for place in floats(file)] == []


@pytest.mark.parametrize("code", ["x = 0.5", "x = float('1')", "def f(a: float) -> None: ..."])
def test_a_float_is_seen(tmp_path: Path, code: str) -> None:
    file = tmp_path / "broken.py"
    file.write_text(code, "utf-8")

    assert floats(file) == ["broken.py:1"]
