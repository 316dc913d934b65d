"""Commands as people run them, without the second that each takes to load.

A server, started once for each worker, has loaded the program and waits. For each command it forks
a process, which has arguments, folder, environment and files of its own and ends with the
command's exit status: nothing that one command leaves behind reaches the next. What loading itself
does (its speed, an import that is missing) is for the tests that start `python -m tollbook`.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

TESTS = Path(__file__).parents[1]
SOURCE = TESTS.parent / "src"
_one_at_a_time = Lock()


def run_command(
    *words: str,
    given: bytes | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run `tollbook` with *words* and return its exit status and what it printed."""
    done = run_for_bytes(*words, given=given, folder=folder, environment=environment)
    out, err = done.stdout.decode(), done.stderr.decode()
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def run_for_bytes(
    *words: str,
    given: bytes | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[bytes]":
    """Run `tollbook` as `run_command` does; what it printed is left as it came."""
    with tempfile.TemporaryDirectory(prefix="tollbook-command-") as name:
        files = [Path(name, part) for part in ("in", "out", "err")]
        for file, content in zip(files, (given or b"", b"", b""), strict=True):
            file.write_bytes(content)
        asked = {
            "words": words,
            "files": [str(file) for file in files],
            "folder": str(folder or Path.cwd()),
            "environment": dict(os.environ if environment is None else environment),
        }
        with _one_at_a_time:
            server = _server()
            assert server.stdin is not None
            assert server.stdout is not None
            server.stdin.write(json.dumps(asked) + "\n")
            server.stdin.flush()
            status = int(server.stdout.readline())
        out, err = (file.read_bytes() for file in files[1:])
    return subprocess.CompletedProcess(["tollbook", *words], status, out, err)


@cache
def _server() -> "subprocess.Popen[str]":
    """Start this worker's server; it ends when the worker does, whose end of the pipe it reads."""
    return subprocess.Popen(
        [sys.executable, "-m", "support.command_server"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(SOURCE), str(TESTS)))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _serve() -> None:
    """Answer each line of standard input, a command, with its exit status."""
    _load_the_program()
    while asked := sys.stdin.readline():
        child = os.fork()
        if child == 0:
            _become(**json.loads(asked))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(
    *, words: list[str], files: list[str], folder: str, environment: dict[str, str]
) -> None:
    """Become the command, and end with its exit status."""
    status = 70
    try:
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        for number, file in enumerate(files):
            os.dup2(os.open(file, os.O_RDWR), number)
        sys.argv = ["tollbook", *words]
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - no path
            for number, mode in enumerate(("r", "w", "w"))
        )
        main: Any = import_module("tollbook.cli").main
        status = main(words)
    except SystemExit as leaving:
        status = int(leaving.code or 0)
    except BaseException:  # noqa: BLE001 - as Python would: its traceback, then status 1
        import_module("traceback").print_exc()
        status = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _load_the_program() -> None:
    """Import every verb's body; Django, which models want, is set up on a folder of nothing."""
    with tempfile.TemporaryDirectory(prefix="tollbook-nothing-") as nowhere:
        before = dict(os.environ)
        os.environ["TOLLBOOK_DATA"] = nowhere
        os.environ["DJANGO_SETTINGS_MODULE"] = "tollbook.wiring.django_settings"
        import_module("django").setup()
        for verb in import_module("tollbook.commands.verbs").VERBS:
            if verb.module is not None:
                import_module(f"tollbook.commands.{verb.module}")
        os.environ.clear()
        os.environ.update(before)
    import_module("tollbook.wiring.settings").current_settings.cache_clear()


if __name__ == "__main__":
    _serve()
