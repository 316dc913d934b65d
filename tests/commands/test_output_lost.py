"""Standard output that takes nothing any more: a reader that has gone, a disk that is full."""

import subprocess
import sys
from pathlib import Path

import pytest

LINE = (
    '"","101","003023125","office","""Bo"" <101>","PJSIP/101-01","PJSIP/trunk-02","Dial","x",'
    '"2026-03-01 10:00:00","2026-03-01 10:00:05","2026-03-01 10:00:30","30","25","ANSWERED",'
    '"DOCUMENTATION","1772445600.1",""\n'
)
TARIFF = """
name = "A"
currency = "EUR"
zone = "Europe/Berlin"
rounding = { rule = "half_up", decimals = 4 }
[[rate]]
prefix = ""
slots = [{ from_s = 0, price = "0.01", per_s = 60, increment_s = 60 }]
"""
CALL = '{"id": "1", "start": "2026-03-01T10:00:00Z", "talk_s": 60, "dialled": "49"}\n'

full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


@pytest.fixture
def verbs(tmp_path: Path) -> dict[str, list[str]]:
    """Verbs that print very much, each with an input of its own."""
    for name, text in (("r.csv", LINE * 5_000), ("t.toml", TARIFF), ("c.jsonl", CALL * 5_000)):
        (tmp_path / name).write_text(text)
    parse = ["--format", "asterisk-csv", "--zone", "UTC", str(tmp_path / "r.csv")]
    rate = ["--tariff", str(tmp_path / "t.toml"), str(tmp_path / "c.jsonl")]
    return {"parse": parse, "rate": rate}


@full
@pytest.mark.parametrize("verb", ["parse", "rate"])
def test_a_full_disk_is_told_and_is_no_wrong_use(verb: str, verbs: dict[str, list[str]]) -> None:
    with Path("/dev/full").open("wb") as out:
        ran = subprocess.run(
            [sys.executable, "-m", "tollbook", verb, *verbs[verb]],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert ran.returncode == 1
    assert ran.stderr.startswith(f"tollbook {verb}: standard output: cannot be written")
    assert ran.stderr.count("\n") == 1


@full
def test_the_last_words_are_not_lost_unheard() -> None:
    with Path("/dev/full").open("wb") as out:
        ran = subprocess.run(
            [sys.executable, "-m", "tollbook", "formats"],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (ran.returncode, ran.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize("verb", ["parse", "rate"])
def test_a_reader_that_has_gone_needs_no_word(verb: str, verbs: dict[str, list[str]]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tollbook", verb, *verbs[verb]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        said = running.stderr.read()

    assert (running.returncode, said) == (0, b"")
