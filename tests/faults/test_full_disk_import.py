"""An import for which the disk has no room: told in words, and finished by importing again."""

import json
import resource
import subprocess
import sys
from pathlib import Path

from support.office import calls_in_a_row

CALLS = 4_000


def tollbook(
    *words: str, data: Path, largest_bytes: int | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a verb; none of its files grows beyond *largest_bytes*, as on a disk that is full."""

    def limit() -> None:
        assert largest_bytes is not None
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_bytes, largest_bytes))

    return subprocess.run(
        [sys.executable, "-m", "tollbook", *words, "--data", str(data)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit if largest_bytes else None,
    )


def test_an_import_that_the_disk_stops_is_told_and_can_be_finished(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "Master.csv"
    file.write_text("".join(call.line() for call in calls_in_a_row(CALLS)))
    again = ("import", str(file), "--format", "asterisk-csv", "--pbx", "Reception", "--json")
    # Room for the records, which come first, and not for what the database makes of them.
    largest_bytes = file.stat().st_size + 50_000
    assert tollbook("pbx", "add", "Reception", data=data).returncode == 0

    stopped = tollbook(*again, data=data, largest_bytes=largest_bytes)

    assert stopped.returncode == 1, stopped.stderr
    assert "The import stopped; what was stored is whole." in stopped.stderr
    assert "Traceback" not in stopped.stderr

    finished = json.loads(tollbook(*again, data=data).stdout)
    assert finished["records"] == finished["calls"] + finished["duplicates"] == CALLS
    assert finished["calls"]
    listed = tollbook("report", "call-log", "--format", "json", data=data)
    assert len({call["pbx_call_id"] for call in json.loads(listed.stdout)}) == CALLS
