"""What a person sees on a terminal: tables that fit, progress with a pace, no strange controls."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.cells import cell_len

from support.databases import Database, door
from support.office import calls_in_a_row, open_office
from tollbook.app.directory.pbxs import add_pbx
from tollbook.commands.progress import progress_bar, rate_words
from tollbook.commands.terminal import printable
from tollbook.storage.models import Pbx

NOW = datetime(2026, 10, 1, tzinfo=UTC)
LONG = "".join(f"{n:02}-" for n in range(30))[:80]
ARABIC = "مكتب الاستقبال"
STYLE = re.compile(r"\x1b\[[0-9;]*m")
COLOUR = re.compile(r"\x1b\[(?:[0-9]+;)*(?:3[0-9]|4[0-9]|9[0-7]|10[0-7])")


def seen(*command: str, width: int = 80, environment: Mapping[str, str] | None = None) -> str:
    """Run a command on a terminal *width* cells wide and return all that reached the terminal."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    given = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR")}
    running = subprocess.Popen(
        [sys.executable, *command],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**given, "TERM": "xterm-256color", **(environment or {})},
    )
    os.close(terminal)
    found = b""
    while piece := _piece(main):
        found += piece
    os.close(main)
    running.wait(timeout=60)
    return found.decode().replace("\r\n", "\n")


def _piece(main: int) -> bytes:
    try:
        return os.read(main, 65_536)
    except OSError:  # So Linux says that nobody writes any more.
        return b""


def tollbook(database: Database, *words: str, width: int = 80, **more: str) -> str:
    environment = {**database.environment, **more}
    return seen("-m", "tollbook", *words, width=width, environment=environment)


@pytest.fixture
def office(sqlite: Database) -> Database:
    open_office(sqlite)
    for name in ("[red]x[/red]", LONG, ARABIC):
        add_pbx(name=name, at=NOW, actor="test")
    return sqlite


@pytest.mark.parametrize("width", [80, 120])
def test_a_list_is_a_table_that_fits_and_holds_every_letter(office: Database, width: int) -> None:
    shown = STYLE.sub("", tollbook(office, "pbx", "list", width=width))
    lines = shown.splitlines()

    assert lines[0].split() == ["Name", "Brand", "Site", "Time", "zone"]
    assert max(cell_len(line) for line in lines) <= width
    assert "[red]x[/red]" in shown
    assert ARABIC in shown
    first_column = "".join(re.split(r"\s{2,}", line)[0].strip() for line in lines)
    assert LONG in first_column  # folded, not cut


def test_where_nobody_looks_the_lines_are_those_of_ever(office: Database) -> None:
    piped = subprocess.run(
        [sys.executable, "-m", "tollbook", "pbx", "list"],
        env={**office.environment, "FORCE_COLOR": "1"},
        capture_output=True,
        check=True,
        text=True,
    ).stdout

    assert f"{'[red]x[/red]':<24} {'':<16} {'Main office':<24} Europe/Berlin\n" in piped
    assert "\x1b" not in piped


def test_no_colour_is_shown_to_whoever_wants_none(office: Database) -> None:
    assert not COLOUR.search(tollbook(office, "pbx", "list", NO_COLOR="1"))
    assert not COLOUR.search(tollbook(office, "doctor", NO_COLOR="1"))


def test_what_a_stranger_wrote_steers_no_terminal(office: Database) -> None:
    with door.transaction():
        Pbx.objects.filter(name=LONG).update(name="a\x1b[31mb\x9b5mc\u202ed\ne")

    for width in (80, 30):  # as a table, and as lines where there is no room for one
        shown = STYLE.sub("", tollbook(office, "pbx", "list", width=width, NO_COLOR="1"))
        assert r"a\x1b[31mb\x9b5mc\u202ed" in shown.replace("\n", "")
        assert not {"\x1b", "\x9b", "\u202e"} & set(shown)
    refused = tollbook(office, "plan", "add", "p.toml", "--site", "\x1b]0;mine\x07")
    assert "\x1b" not in refused
    assert r"\x1b]0;mine\x07" in refused


@pytest.mark.parametrize("width", [20, 34, 40, 60, 80])
def test_no_figure_is_cut_or_broken(width: int) -> None:
    code = """
from tollbook.commands.tables import Right, print_table
amounts = ("1,234,567.1234", "-1,234,567.1234")
headings = ("A long name", Right("Old"), Right("New"))
print_table(headings, [("word " * 9, *amounts)], lines=["|".join(amounts)])
"""
    shown = seen("-c", code, width=width)

    assert "-1,234,567.1234" in shown
    assert shown.count("1,234,567.1234") == 2
    assert ("|" in shown) == (width < 45)  # then there is no room for a table


def test_progress_has_a_pace_and_an_end_and_leaves_the_terminal_as_it_was() -> None:
    code = """
import time
from tollbook.commands.progress import progress_bar
with progress_bar("rerate", "calls") as draw:
    for done in range(0, 1001, 200):
        draw(done, 1000)
        time.sleep(0.15)
print("done")
"""
    shown = STYLE.sub("", seen("-c", code))

    assert re.search(r"rerate .* 60% [0-9,]+ calls/s 0:00:0\d left", shown)
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")  # the cursor is back
    assert shown.endswith("\x1b[2Kdone\n")


def test_an_import_shows_how_far_it_is(office: Database, tmp_path: Path) -> None:
    (tmp_path / "Master.csv").write_text("".join(call.line() for call in calls_in_a_row(12)))
    words = ("import", str(tmp_path / "Master.csv"), "--format", "asterisk-csv", "--zone", "UTC")

    shown = STYLE.sub("", tollbook(office, *words, "--pbx", "[red]x[/red]"))

    assert re.search(r"import .*100%", shown)
    assert re.search(r"^records +12 *$", shown, re.MULTILINE)


def test_where_nobody_looks_nothing_is_drawn_and_rich_is_not_loaded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress_bar("import", "MB") as draw:
        assert draw is None
    assert capsys.readouterr().err == ""
    code = "import sys; from tollbook.cli import main; main(['formats']); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "rich" not in ran.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë, 50 %", "Zoë, 50 %"),
        (ARABIC, ARABIC),
        ("a\tb\r\n", r"a\tb\r\n"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b2J", r"\x9b2J"),
        ("\u2028", r"\u2028"),
        ("half \udc9b", r"half \udc9b"),
    ],
)
def test_only_what_steers_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text, keeps=text) == text


def test_a_pace_is_in_what_people_count() -> None:
    assert rate_words(12_345.6, "calls") == "12,346 calls/s"
    assert rate_words(12_345_678, "MB") == "12.3 MB/s"
