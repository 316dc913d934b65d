"""The verbs import, pbx and tariff, as people type them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.command_line import tollbook
from support.office import TARIFF, calls_in_a_row


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of which nothing exists yet: the first verb makes it."""
    return tmp_path_factory.mktemp("install") / "data"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    text = "".join(call.line() for call in calls_in_a_row(12))
    (folder / "Master.csv").write_text(text)
    (folder / "broken.csv").write_text(text + "rubbish\n")
    everywhere = {**TARIFF["rate"][0], "prefix": ""}  # type: ignore[index,dict-item]
    (folder / "tariff.json").write_text(json.dumps({**TARIFF, "rate": [everywhere]}))
    (folder / "faulty.toml").write_text('name = "X"\ncolour = "red"\n')
    return folder


def test_a_first_import_from_nothing_to_charges(data: Path, files: Path) -> None:
    unknown = tollbook(
        *("import", str(files / "Master.csv"), "--format", "asterisk-csv", "--pbx", "Reception"),
        data=data,
    )
    assert unknown.returncode == 2
    assert 'tollbook pbx add "Reception"' in unknown.stderr

    added = tollbook("pbx", "add", "Reception", "--brand", "Asterisk", data=data)
    assert added.returncode == 0, added.stderr
    assert tollbook("pbx", "add", "Reception", data=data).returncode == 2
    listed = tollbook("pbx", "list", "--json", data=data)
    assert [pbx["name"] for pbx in json.loads(listed.stdout)] == ["Reception"]

    published = tollbook("tariff", "add", str(files / "tariff.json"), data=data)
    assert published.returncode == 0, published.stderr
    tariffs = json.loads(tollbook("tariff", "list", "--json", data=data).stdout)
    assert [(one["name"], one["newest_number"], one["assigned"]) for one in tariffs] == [
        ("Carrier A", 1, True)
    ]

    command = ("import", str(files / "Master.csv"), "--format", "asterisk-csv")
    first = tollbook(*command, "--pbx", "Reception", "--zone", "UTC", "--json", data=data)
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout) == counts(records=12, calls=12)
    again = tollbook(*command, "--pbx", "Reception", "--zone", "UTC", "--json", data=data)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == counts(records=12, duplicates=12)

    words = ("import", "-", "--format", "asterisk-csv", "--pbx", "Reception", "--zone", "UTC")
    broken = tollbook(*words, "--json", data=data, given=(files / "broken.csv").read_bytes())
    assert broken.returncode == 1
    assert json.loads(broken.stdout) == counts(records=13, duplicates=12, rejects=1)
    assert "quarantine" in broken.stderr


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--format", "asterisk-csv", "nowhere.csv"), 2, "nowhere.csv"),
        (("--format", "no-such-format", "pyproject.toml"), 2, "no-such-format"),
        (("--format", "hobic", "pyproject.toml"), 3, "hobic"),
        (("--format", "asterisk-csv", "--zone", "Berlin", "pyproject.toml"), 2, "Berlin"),
    ],
)
def test_a_wrong_import_says_what_is_wrong(
    data: Path, words: tuple[str, ...], status: int, said: str
) -> None:
    tollbook("pbx", "add", "Reception", data=data)  # Refused where another test was first.
    done = tollbook("import", *words, "--pbx", "Reception", data=data)

    assert done.returncode == status
    assert said in done.stderr
    assert done.stdout == ""


def test_who_adds_a_tariff_hears_that_stored_calls_keep_their_prices(tmp_path: Path) -> None:
    data, files = tmp_path / "data", tmp_path
    (files / "Master.csv").write_text(calls_in_a_row(1)[0].line())
    (files / "tariff.json").write_text(json.dumps(TARIFF))
    tollbook("pbx", "add", "Reception", data=data)
    first = tollbook("tariff", "add", str(files / "tariff.json"), data=data)
    assert "rerate" not in first.stderr
    words = ("import", str(files / "Master.csv"), "--format", "asterisk-csv", "--pbx", "Reception")
    tollbook(*words, "--zone", "UTC", data=data)

    other = {**TARIFF, "rate": [{**TARIFF["rate"][0], "prefix": ""}]}  # type: ignore[index,dict-item]
    (files / "tariff.json").write_text(json.dumps(other))
    told = tollbook(
        *("tariff", "add", str(files / "tariff.json"), "--from", "2000-01-01T00:00:00Z"), data=data
    )

    assert "tollbook rerate --from 2000-01-01 --to 2" in told.stderr
    command = told.stderr.partition("again: tollbook ")[2].partition(" shows")[0].split()
    assert tollbook(*command, data=data).returncode == 0


def test_a_faulty_tariff_is_refused_with_every_place(data: Path, files: Path) -> None:
    done = tollbook("tariff", "add", str(files / "faulty.toml"), data=data)

    assert done.returncode == 1
    assert "colour" in done.stderr
    assert "currency" in done.stderr


def test_a_tariff_is_checked_without_an_installation(files: Path) -> None:
    good, bad = (
        subprocess.run(
            [sys.executable, "-m", "tollbook", "tariff", "check", str(files / name)],
            capture_output=True,
            check=False,
            cwd=files,
        )
        for name in ("tariff.json", "faulty.toml")
    )

    assert (good.returncode, bad.returncode) == (0, 1)
    assert not (files / "data").exists()


def counts(**given: int) -> dict[str, int]:
    nothing = dict.fromkeys(("records", "calls", "parts", "skips", "rejects", "duplicates"), 0)
    return {**nothing, **given}
