"""The program as people run it: its verbs in a process of their own."""

import subprocess
from pathlib import Path

from support.command_server import run_command
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
    return run_command(*words, "--data", str(data), given=given)
