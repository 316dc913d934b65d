"""Start commands from a process that has the libraries loaded: a capture runs some hundred.

Each command is a fork of its own that runs `python -m tollbook` as the interpreter would, with its
own input, output and end. Nothing of Tollbook is loaded before the fork.

    WarmStarter(...).run(["pbx", "list"], given=b"") -> (status, stdout, stderr)

Run as a program, this file is the process that forks: it reads requests from the socket whose
number it is given.
"""

import atexit
import gc
import json
import os
import runpy
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NoReturn

# What most commands load and what takes longest to load; none of it does anything by itself.
LIBRARIES = (
    "argparse", "sqlite3", "tomllib", "zoneinfo", "django.db.models", "django.http",
    "django.urls", "django.shortcuts", "django.template", "django.forms", "django.middleware.csrf",
    "django.db.migrations.executor", "django.contrib.auth.hashers", "pydantic.fields",
    "pydantic.types", "pydantic.main", "pydantic.json_schema", "pydantic.networks", "numpy",
    "duckdb", "re2", "phonenumbers", "holidays", "argon2", "httptools",
)  # fmt: skip


class WarmStarter:
    """The near side: gives one command after another to a warm process."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        near, far = socket.socketpair()
        with far:
            words = [sys.executable, __file__, str(far.fileno())]
            self._process = subprocess.Popen(
                words, cwd=folder, env=environment, pass_fds=[far.fileno()]
            )
        self._near = near
        self._answers = near.makefile("r", encoding="utf-8")

    def run(self, words: Sequence[str], *, given: bytes = b"") -> tuple[int, bytes, bytes]:
        """Run `tollbook` *words* and return its status, its output and its errors."""
        with (
            tempfile.NamedTemporaryFile() as put_in,
            tempfile.NamedTemporaryFile() as out,
            tempfile.NamedTemporaryFile() as err,
        ):
            put_in.write(given)
            put_in.flush()
            files: list[IO[bytes]] = [put_in, out, err]
            asked = {"words": list(words), "files": [file.name for file in files]}
            self._near.sendall(json.dumps(asked).encode() + b"\n")
            status = int(self._answers.readline())
            return status, Path(out.name).read_bytes(), Path(err.name).read_bytes()

    def close(self) -> None:
        """Let the warm process end."""
        self._answers.close()
        self._near.close()
        self._process.wait()


def serve(far: socket.socket) -> None:
    """Fork a command for each request and tell its status, until nobody asks any more."""
    for name in LIBRARIES:
        with suppress(ImportError):
            import_module(name)
    gc.collect()
    gc.freeze()  # What is loaded stays: children need not look through it, and share it longer.
    for line in far.makefile("r", encoding="utf-8"):
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            leave(become(asked))
        _, ended = os.waitpid(pid, 0)
        far.sendall(f"{os.waitstatus_to_exitcode(ended)}\n".encode())


def become(asked: dict[str, Any]) -> int:
    """Be `python -m tollbook WORDS` and return the status that it would leave with."""
    for number, file in enumerate(asked["files"]):
        handle = os.open(file, os.O_RDONLY if number == 0 else os.O_WRONLY)
        os.dup2(handle, number)
        os.close(handle)
    sys.argv = ["tollbook", *asked["words"]]
    sys.path[0] = str(Path.cwd())
    try:
        runpy.run_module("tollbook", run_name="__main__", alter_sys=True)
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return leaving.code or 0
        print(leaving.code, file=sys.stderr)
        return 1
    except BaseException:  # noqa: BLE001 - whatever it is, the interpreter would show it and end
        traceback.print_exc()
        return 1
    return 0


def leave(status: int) -> NoReturn:
    """End as the interpreter does, but for the taking down of all that was loaded."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as an exit does
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # Whoever asked has gone.
        serve(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)  # Libraries complain of what was frozen, if they are taken down.
