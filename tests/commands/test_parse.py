"""`tollbook parse`, `formats` and `detect`, as they are run from outside."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tollbook.cli import main
from tollbook.formats import load_definition

GOOD = (
    "2026/04/01 10:00:00,00:00:45,5,02079460100,I,402,390402,,0,1000101,0,E402,Ivy Cole,"
    "T9001,Line 1.1,0,0\r\n"
)
OPEN = GOOD.replace("1000101,0,", "1000102,1,")
BAD = GOOD.replace("00:00:45", "00:0A:45")
CALL_KEYS = [
    *("start", "answer", "end", "ring_s", "talk_s", "answered", "direction", "caller"),
    *("dialled", "callee", "trunk", "account_code", "authorisation_code", "pbx_call_id"),
    *("partial", "source_ip", "pulses", "queue", "legs", "lines"),
]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[Any], str]:
    """Return the exit status, the objects printed and the words said."""
    status = main(list(words))
    printed = capsys.readouterr()
    return status, [json.loads(line) for line in printed.out.splitlines()], printed.err


@pytest.fixture
def smdr(tmp_path: Path) -> Path:
    file = tmp_path / "branch-2.smdr"
    file.write_bytes((GOOD + "\r\n" + BAD + OPEN).encode())
    return file


def test_each_outcome_is_an_object_with_exactly_its_keys(
    smdr: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, printed, _ = run(
        capsys, "parse", "--format", "avaya-ipoffice", "--zone", "Europe/London", str(smdr)
    )

    assert status == 1
    assert [next(iter(each)) for each in printed] == ["call", "skip", "reject", "call"]
    assert list(printed[0]["call"]) == CALL_KEYS
    assert printed[0]["call"]["start"] == "2026-04-01T09:00:00+00:00"
    assert printed[1] == {"skip": {"line": 2, "why": "blank line"}}
    reject = printed[2]["reject"]
    assert list(reject) == ["line", "offset", "raw", "reason", "message"]
    assert (reject["line"], reject["offset"]) == (3, len(GOOD) + 2)
    assert reject["raw"] == BAD.rstrip("\r\n")
    assert reject["message"].startswith(f'{smdr}:3: duration "00:0A:45" is not HH:MM:SS.')
    assert printed[3]["call"]["partial"] is True


def test_legs_carry_exactly_their_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "two.smdr"
    file.write_text(OPEN + OPEN.replace("1000102,1,", "1000102,0,"))
    status, (joined,), _ = run(
        capsys, "parse", "--format", "avaya-ipoffice", "--zone", "UTC", str(file)
    )

    assert status == 0
    assert [list(leg) for leg in joined["call"]["legs"]] == [
        ["party", "role", "start", "answer", "end", "talk_s"]
    ] * 2
    assert sum(leg["talk_s"] for leg in joined["call"]["legs"]) == joined["call"]["talk_s"]
    assert joined["call"]["lines"] == [1, 2]


def test_standard_input_is_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Standard:
        buffer = io.BytesIO(GOOD.encode())

    monkeypatch.setattr("sys.stdin", Standard())
    status, printed, _ = run(capsys, "parse", "--format", "avaya-ipoffice", "--zone", "UTC", "-")

    assert status == 0
    assert printed[0]["call"]["caller"] == "02079460100"


def test_a_definition_of_one_s_own_is_taken_by_its_path(
    tmp_path: Path, smdr: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "mine.toml"
    text = load_definition("avaya-ipoffice").toml_text
    own.write_text(text.replace("[time]", '[time]\nzone = "Asia/Tokyo"'), "utf-8")
    _, printed, _ = run(capsys, "parse", "--format", str(own), str(smdr))

    assert printed[0]["call"]["start"] == "2026-04-01T01:00:00+00:00"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--format", "avaya-ipoffice"], 2, "--zone Europe/Berlin"),
        (["--format", "avaya-ipoffice", "--zone", "Mars/Base"], 2, "is not a time zone"),
        (["--format", "avaya-ipofice", "--zone", "UTC"], 2, 'no format "avaya-ipofice"'),
        (["--format", "hobic", "--zone", "UTC"], 3, "hobic has no definition yet"),
        (["--format", "none.toml", "--zone", "UTC"], 2, "none.toml: the definition is refused"),
        (
            ["--format", "3cx", "--zone", "UTC", "--received", "2026-10-25T02:30"],
            2,
            "not an instant with offset",
        ),
        (["--format", "3cx", "--zone", "UTC", "--received", "soon"], 2, "not an instant"),
        (["--zone", "UTC"], 2, "--format"),
    ],
)
def test_wrong_use_is_said_and_told_by_the_exit_status(
    words: list[str], status: int, said: str, smdr: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, printed, error = run(capsys, "parse", *words, str(smdr))

    assert (found, printed) == (status, [])
    assert said in error


def test_a_file_that_is_not_there_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, error = run(
        capsys, "parse", "--format", "3cx", "--zone", "UTC", str(tmp_path / "x.log")
    )

    assert status == 2
    assert "there is no such file. Nothing was read" in error


def test_a_folder_instead_of_a_file_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb in (("parse", "--format", "3cx", "--zone", "UTC"), ("detect",)):
        status, _, error = run(capsys, *verb, str(tmp_path))

        assert status == 2
        assert f"{tmp_path}: is a folder, expected a file" in error


def test_a_refused_definition_names_every_fault(
    tmp_path: Path, smdr: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "mine.toml"
    own.write_text('colour = "red"\n[[record]]\nkind = "magic"\ncolumns = ["a"]\n', "utf-8")
    status, _, error = run(capsys, "parse", "--format", str(own), str(smdr))

    assert status == 2
    assert "colour: unknown key" in error
    assert "record[1].kind: 'magic' is none of" in error


def test_formats_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    status, printed, _ = run(capsys, "formats", "--json")
    main(["formats"])

    assert status == 0
    known = {each["format"]: each for each in printed}
    assert known["3cx"]["version"] == 1
    assert known["avaya-ipoffice"]["layouts"]
    assert "Avaya IP Office SMDR" in capsys.readouterr().out


def test_detect_prints_the_best_first(smdr: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, printed, _ = run(capsys, "detect", str(smdr))

    assert status == 0
    assert printed[0] == {"format": "avaya-ipoffice", "score": 0.667, "calls": 2, "rejects": 1}


def test_detect_says_when_nothing_fits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "novel.txt"
    file.write_text("It was a dark and stormy night.\n")
    status, printed, error = run(capsys, "detect", str(file))

    assert (status, printed) == (1, [])
    assert "no known format" in error
    assert run(capsys, "detect", str(tmp_path / "gone"))[0] == 2
