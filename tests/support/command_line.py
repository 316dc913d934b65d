"""The program as people run it: its verbs in a process of their own."""

import subprocess
import sys
from pathlib import Path

from support.databases import lay_sqlite


def tollbook(
    *words: str, data: Path, given: bytes | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a verb on the installation in *data*; one that is not there yet is made by copying."""
    if not data.exists():
        lay_sqlite(data)
    return tollbook_as_is(*words, data=data, given=given)


def tollbook_as_is(
    *words: str, data: Path, given: bytes | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a verb on the folder *data* as it is, there or not."""
    done = subprocess.run(
        [sys.executable, "-m", "tollbook", *words, "--data", str(data)],
        input=given,
        capture_output=True,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )
