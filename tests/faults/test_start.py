"""A start that cannot succeed says why and changes nothing; starts side by side agree."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from support.processes import Office
from tollbook.cli import main

pytestmark = pytest.mark.slow


def test_a_database_of_a_newer_program_is_refused_unchanged(tmp_path: Path) -> None:
    office = Office(tmp_path)
    with closing(sqlite3.connect(office.data / "tollbook.sqlite3")) as database, database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) "
            "VALUES ('storage', '9999_future', '2030-01-01')"
        )
    said = office.tollbook("pbx", "list", expect=2)
    assert "written by a newer Tollbook" in said
    assert "storage.9999_future" in said


def test_a_database_from_before_the_first_version_is_refused_unchanged(tmp_path: Path) -> None:
    office = Office(tmp_path)
    file = office.data / "tollbook.sqlite3"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("DELETE FROM django_migrations WHERE app = 'storage'")
        database.executemany(
            "INSERT INTO django_migrations (app, name, applied) "
            "VALUES ('storage', ?, '2026-01-01')",
            [("0001_initial",), ("0002_ledger",), ("0013_calls_at_once",)],
        )
    content = file.read_bytes()
    for words in (("pbx", "list"), ("serve",), ("doctor",)):
        said = office.tollbook(*words, expect=2)
        assert f"{office.data}: its database was made by a Tollbook before 0.1.0" in said
        assert f"(they lie in {office.data}/raw)" in said
    assert file.read_bytes() == content


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.data = tmp_path / "file" / "data"
    office.data.parent.write_text("in the way")
    said = office.tollbook("pbx", "list", expect=2)
    assert f"{office.data}: cannot write here" in said


def test_a_database_server_that_is_away_is_named_without_its_password(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.set(database="postgresql://tollbook:s3cret@127.0.0.1:1/tollbook")
    said = office.tollbook("pbx", "list", expect=2)
    assert "the database server does not answer" in said
    assert "s3cret" not in said


def test_processes_that_start_at_once_make_one_database_and_one_site(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    starting = [
        subprocess.Popen(
            [sys.executable, "-m", "tollbook", "pbx", "list", "--data", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(4)
    ]
    for process in starting:
        printed, _ = process.communicate(timeout=120)
        assert process.returncode == 0, printed.decode()
    with closing(sqlite3.connect(folder / "tollbook.sqlite3")) as database:
        assert database.execute("SELECT COUNT(*) FROM tollbook_site").fetchall() == [(1,)]


@pytest.mark.parametrize("port", ["0", "65536", "99999", "-1", "http"])
def test_a_port_that_cannot_be_is_refused_in_words(
    capsys: pytest.CaptureFixture[str], port: str
) -> None:
    for verb in ("serve", "web", "demo"):
        assert main([verb, f"--port={port}"]) == 2
        assert f'"{port}" is no port, expected 1 to 65535' in capsys.readouterr().err
