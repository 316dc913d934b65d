"""The walls of the house hold, and each check of them can fail: it is broken on a copy and seen."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("contract", "file", "line"),
    [
        ("Dependencies point inwards", "core/calls.py", "import tollbook.app"),
        ("Dependencies point inwards", "storage/__init__.py", "import tollbook.app"),
        ("Dependencies point inwards", "web/__init__.py", "import tollbook.collectors"),
        ("Dependencies point inwards", "stray.py", "x = 1"),
        ("The core is ordered", "core/money.py", "import tollbook.core.rating"),
        ("The core is ordered", "core/stray.py", "x = 1"),
        ("The rooms of app are ordered", "app/access/actor.py", "import tollbook.app.upkeep"),
        ("The rooms of app are ordered", "app/stray.py", "x = 1"),
        ("The rooms of storage", "storage/db/door.py", "import tollbook.storage.reports"),
        ("The rooms of storage", "storage/stray.py", "x = 1"),
        ("The rooms of web are ordered", "web/frame/money.py", "import tollbook.web.reports.urls"),
        ("The rooms of web are ordered", "web/directory/urls.py", "import tollbook.web.billing"),
        ("The rooms of web are ordered", "web/stray.py", "x = 1"),
        ("Pure use cases", "app/pricing/rater.py", "import tollbook.storage.models"),
        ("Pure use cases", "app/reports/period.py", "import django.db"),
        ("Edges ask use cases", "api/plans.py", "import tollbook.storage.models"),
        ("Edges ask use cases", "switches/agi.py", "import tollbook.storage.billing.holds"),
        ("Edges ask use cases", "collectors/lane.py", "import tollbook.storage.db.sql"),
        ("Edges ask use cases", "web/frame/request.py", "import tollbook.storage.models.places"),
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


def let_through(rules: Path) -> list[str]:
    """Return the imports that a contract of *rules* forbids and lets through all the same."""
    contracts = tomllib.loads(rules.read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    return [one for contract in contracts for one in contract.get("ignore_imports", ())]


def test_no_contract_lets_an_import_through() -> None:
    assert let_through(ROOT / "pyproject.toml") == []


def test_an_import_that_is_let_through_is_seen(copy: Path) -> None:
    with (copy / "pyproject.toml").open("a", encoding="utf-8") as broken:
        broken.write('ignore_imports = ["tollbook.web.apps -> tollbook.storage.models"]\n')

    assert let_through(copy / "pyproject.toml") == ["tollbook.web.apps -> tollbook.storage.models"]


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


# What pure floors may import beside each other: no clock, no chance, no files, no network, no
# processes. The catalogue of formats alone reads files: definitions.
COMMON = {
    "bisect", "codecs", "collections", "copyreg", "csv", "dataclasses", "datetime", "decimal",
    "difflib", "enum", "fractions", "functools", "hashlib", "html", "io", "itertools", "json",
    "math", "numbers", "numpy", "re", "tomllib", "typing", "xml", "zipfile", "zlib", "zoneinfo",
}  # fmt: skip
ALLOWED = {
    "core": COMMON | {"holidays", "numba", "phonenumbers"},
    "formats": COMMON | {"re2"},
    "documents": COMMON,
}
READS_FILES = {"formats/catalogue.py": {"importlib", "pathlib"}}
SRC = ROOT / "src/tollbook"


def strangers(floor: str, file: Path, place: str = "") -> list[str]:
    """Return what *file* of a pure *floor* imports or opens without leave, with its line."""
    allowed = ALLOWED[floor] | READS_FILES.get(place, set()) | {"tollbook"}
    found = []
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names = [node.func.id] if node.func.id in {"open", "__import__", "exec"} else []
        found += [
            f"{file.name}:{node.lineno} {name}"
            for name in names
            if name.partition(".")[0] not in allowed
        ]
    return found


@pytest.mark.parametrize("floor", sorted(ALLOWED))
def test_pure_floors_import_only_what_is_listed(floor: str) -> None:
    files = sorted((SRC / floor).rglob("*.py"))

    assert files
    found = [one for f in files for one in strangers(floor, f, str(f.relative_to(SRC)))]
    assert found == []


@pytest.mark.parametrize("floor", sorted(ALLOWED))
@pytest.mark.parametrize(
    "line",
    [
        "import subprocess",
        "import urllib.request",
        "import threading",
        "from uuid import uuid4",
        "import os",
        "import time",
        "import pathlib",
        "from django.db import models",
        "open('x')",
    ],
)
def test_a_stranger_is_seen(tmp_path: Path, floor: str, line: str) -> None:
    file = tmp_path / "broken.py"
    file.write_text(line, "utf-8")

    assert len(strangers(floor, file)) == 1


ROOMS = [
    folder
    for floor in ("app", "storage", "web")
    for folder in sorted((SRC / floor).iterdir())
    if folder.is_dir() and folder.name not in {"__pycache__", "static", "templates", "migrations"}
]


def sentence_of(room: Path) -> str:
    """Return the sentence with which a room's folder says what it is for, "" without one."""
    file = room / "__init__.py"
    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) if file.exists() else None
    return " ".join((text or "").partition("\n\n")[0].split())


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: f"{room.parent.name}/{room.name}")
def test_each_room_says_what_it_is_for(room: Path) -> None:
    sentence = sentence_of(room)

    assert sentence.endswith((".", "?")), f"{room} has no sentence in its __init__.py"
    assert sentence in " ".join((ROOT / "docs/architecture.md").read_text("utf-8").split())


def test_a_room_without_a_sentence_is_seen(tmp_path: Path) -> None:
    assert sentence_of(tmp_path) == ""


def class_names(folder: Path) -> dict[str, list[str]]:
    """Return each name of a class (or of a type) under *folder* with the places that give it."""
    found: dict[str, list[str]] = {}
    for file in sorted(folder.rglob("*.py")):
        if "migrations" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name != "Meta":
                place = f"{file.relative_to(folder)}:{node.lineno}"
                found.setdefault(node.name.lstrip("_"), []).append(place)
    return found


def test_a_class_name_has_one_meaning() -> None:
    names = class_names(SRC)

    assert len(names) > 500
    assert {name: places for name, places in names.items() if len(places) > 1} == {}


def test_a_name_with_two_meanings_is_seen(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("class Line: ...", "utf-8")
    (tmp_path / "two.py").write_text("class _Line: ...", "utf-8")

    assert class_names(tmp_path) == {"Line": ["one.py:1", "two.py:1"]}


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
