"""`tollbook tariff import` and `export`, as people type them."""

import json
from pathlib import Path

import pytest

from support.command_line import tollbook

SHEET = "Code;Ziel;Preis\n49;Deutschland;0,20\n4930;Berlin;0,03\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("install") / "data"


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "deck.csv"
    path.write_text(SHEET, "utf-8")
    return path


def test_a_deck_is_tried_imported_and_exported(data: Path, sheet: Path, tmp_path: Path) -> None:
    words = ("tariff", "import", str(sheet), "--tariff", "Carrier A", "--currency", "EUR")
    wrong = tollbook(*words, data=data)
    assert wrong.returncode == 1
    assert 'decimals are set off by "."' in wrong.stderr
    assert "2 faults. Nothing was changed." in wrong.stderr

    tried = tollbook(*words, "--decimal", ",", "--dry-run", "--json", data=data)
    assert tried.returncode == 0, tried.stderr
    assert json.loads(tried.stdout) == {"rows": 2, "new": 2}
    assert "no tariff" in tollbook("tariff", "list", data=data).stderr

    done = tollbook(*words, "--decimal", ",", data=data)
    assert done.returncode == 0, done.stderr
    assert '"Carrier A": version 1 is published.' in done.stderr
    # The comma is remembered for the carrier's next deck.
    assert "2 same" in tollbook(*words, data=data).stderr

    book = tmp_path / "deck.xlsx"
    made = tollbook(
        *("tariff", "export", "Carrier A", "--format", "xlsx", "-o", str(book)), data=data
    )
    assert made.returncode == 0, made.stderr
    again = tollbook("tariff", "import", str(book), "--tariff", "Carrier A", "--json", data=data)
    assert json.loads(again.stdout) == {"rows": 2, "same": 2}
    text = tollbook("tariff", "export", "Carrier A", data=data).stdout
    assert text.splitlines()[0].startswith("Prefix,Destination,Price")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--column", "colour=Ziel"], "'colour' is no field"),
        (["--column", "remark=Farbe"], "no column is headed 'Farbe'. Headings: Code, Ziel, Preis"),
        (["--from", "soon"], "--from is 'soon'"),
        (["--from", "2026-01-01"], "add its offset"),
        (["--currency", "Euro"], "is no currency"),
    ],
)
def test_wrong_use_says_what_would_fit(
    data: Path, sheet: Path, more: list[str], words: str
) -> None:
    done = tollbook("tariff", "import", str(sheet), "--tariff", "New", *more, data=data)

    assert done.returncode == 2
    assert words in done.stderr


def test_a_file_or_tariff_that_is_not_there_is_wrong_use(data: Path) -> None:
    missing = tollbook("tariff", "import", "/nowhere.csv", "--tariff", "New", data=data)
    assert missing.returncode == 2
    assert "there is no such file. Nothing was read" in missing.stderr

    unknown = tollbook("tariff", "export", "Nobody", data=data)
    assert unknown.returncode == 2
    assert 'there is no tariff "Nobody"' in unknown.stderr
