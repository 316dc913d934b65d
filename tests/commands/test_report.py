"""`tollbook report`, run as people run it."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from support.command_server import run_for_bytes
from support.databases import Database
from support.office import calls_in_a_row, open_office
from tollbook.cli import main

FOLDER = Path(__file__).parent


def report(database: Database | None, *words: str) -> "subprocess.CompletedProcess[bytes]":
    environment = database.environment if database else None
    return run_for_bytes("report", *words, environment=environment, folder=FOLDER)


def test_data_goes_to_standard_output_and_words_elsewhere(database: Database) -> None:
    open_office(database).receive(calls_in_a_row(20))

    as_csv = report(database, "call-log", "--from", "2026-10-01", "--to", "2026-10-02")
    as_json = report(database, "call-log", "--format", "json", "--extension", "102")

    rows = list(csv.DictReader(io.StringIO(as_csv.stdout.decode(), newline="")))
    assert (as_csv.returncode, as_csv.stderr, len(rows)) == (0, b"", 20)
    assert {call["extension"] for call in json.loads(as_json.stdout)} == {"102"}


def test_a_file_is_there_whole_or_not_at_all(sqlite: Database, tmp_path: Path) -> None:
    open_office(sqlite).receive(calls_in_a_row(5))
    target = tmp_path / "october.xlsx"

    said = report(sqlite, "call-log", "--format", "xlsx", "-o", str(target))

    assert (said.returncode, said.stdout) == (0, b"")
    assert b"october.xlsx: written" in said.stderr
    assert len(CalamineWorkbook.from_path(target).get_sheet_by_index(0).to_python()) == 6
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["october.xlsx"]


@pytest.mark.parametrize(
    ("words", "status", "named"),
    [
        (["call-log", "--format", "pdf"], 3, "not built yet"),
        (["bills"], 2, "call-log"),
        ([], 2, "--list"),
        (["call-log", "--extension", "999"], 2, "--extension"),
        (["call-log", "--from", "soon"], 2, "--from"),
        (["call-log", "--cost-min", "1e3"], 2, "--cost-min"),
        (["call-log", "-o", "/nowhere/at/all.csv"], 2, "the folder is not there"),
        (["call-log", "--colour", "red"], 2, "--colour"),
    ],
)
def test_what_cannot_be_reported_is_refused_with_its_reason(
    sqlite: Database,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    status: int,
    named: str,
) -> None:
    open_office(sqlite)

    assert main(["report", *words]) == status

    said = capsys.readouterr()
    assert said.out == ""
    assert named in said.err


def test_the_list_needs_no_installation(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "tollbook", "report", "--list"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )

    assert said.stdout.split()[0] == "call-log"
    assert list(tmp_path.iterdir()) == []
