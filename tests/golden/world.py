"""An installation of the checkout under test: its folder, its clock, its commands, its server.

Tollbook is reached as its users reach it: by its command line and over HTTP. Only clock and chance
are held still, by `hooks/sitecustomize.py`.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue

from keep import Keeper
from warm import WarmStarter

HOOKS = Path(__file__).parent / "hooks"
COMPILED = Path(__file__).parents[2] / ".cache" / "golden"
BEGIN = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
STEP = timedelta(seconds=7)
PATIENCE_S = 900.0
SIDE_BY_SIDE = 2
LOOKS = 40  # as many looks, a tenth of a second apart, tell that a process sleeps


@dataclass(frozen=True, slots=True)
class Done:
    """What one command came to."""

    status: int
    out: bytes
    err: bytes


@dataclass(frozen=True, slots=True)
class Command:
    """One command line to run, and the name under which its answer is kept."""

    name: str
    words: Sequence[str]
    given: bytes = b""
    writes: str = ""  # a file that it writes, kept with the answer


class World:
    """The folder in which a capture lives, and the clock that it sets."""

    def __init__(self, folder: Path, keeper: Keeper) -> None:
        self.folder = folder
        self.keeper = keeper
        self.data = folder / "data"
        self._clock = folder / "clock"
        self._environment = _environment(folder)
        self.at = BEGIN
        self.set_clock(BEGIN)
        self._starters: Queue[WarmStarter] = Queue()
        for _ in range(SIDE_BY_SIDE):
            self._starters.put(WarmStarter(folder, self._environment))

    def set_clock(self, at: datetime) -> None:
        """Let every process see *at* from now on."""
        self.at = at
        draft = self._clock.with_suffix(".new")
        draft.write_text(at.isoformat(), encoding="ascii")
        draft.replace(self._clock)

    def step(self, by: timedelta = STEP) -> None:
        """Move the clock on, as before anything that writes."""
        self.set_clock(self.at + by)

    def file(self, name: str, content: str | bytes) -> str:
        """Write an input file into the folder and return its name as commands take it."""
        raw = content.encode() if isinstance(content, str) else content
        (self.folder / name).write_bytes(raw)
        return name

    def run(self, words: Sequence[str], *, given: bytes = b"") -> Done:
        """Run `tollbook` *words* in the folder and return what came of it."""
        starter = self._starters.get()
        try:
            return Done(*starter.run(words, given=given))
        finally:
            self._starters.put(starter)

    def close(self) -> None:
        """End the processes that start commands."""
        while not self._starters.empty():
            self._starters.get().close()

    def write(self, name: str, *words: str, given: bytes = b"") -> Done:
        """Run a command that changes what is stored, at an instant of its own, and keep it."""
        self.step()
        return self._kept(Command(name, words, given))

    def read(self, commands: Sequence[Command]) -> None:
        """Run commands that change nothing, side by side, and keep them all."""
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            for _ in pool.map(self._kept, commands):
                pass

    def _kept(self, command: Command) -> Done:
        done = self.run(command.words, given=command.given)
        parts = {"stdout": done.out, "stderr": done.err}
        if command.writes:
            file = self.folder / command.writes
            parts["file"] = file.read_bytes() if file.exists() else b"(was not written)"
        head = f"$ tollbook {' '.join(command.words)}\nstatus {done.status}"
        self.keeper.keep(command.name, head, parts)
        return done

    @contextmanager
    def running(self, *words: str) -> "Iterator[subprocess.Popen[bytes]]":
        """Run a long-lived command for a while, then end it as a service manager does."""
        with (self.folder / f"{words[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                self._line(words),
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=self._environment,
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                process.wait(timeout=PATIENCE_S)

    def log_of(self, verb: str) -> str:
        """Return what a long-lived command has printed so far."""
        file = self.folder / f"{verb}.log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def _line(self, words: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "tollbook", *words]


def free_port() -> int:
    """Return a TCP port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_until_answered(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until somebody listens on *port*; raise if *process* has ended instead."""
    until_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > until_s:
                raise RuntimeError(f"nobody came to listen on port {port}") from None
            time.sleep(0.1)
        else:
            return


def wait_until_idle(process: "subprocess.Popen[bytes]") -> None:
    """Wait until *process* has slept for a while: on a busy machine, work still to do shows as R.

    A look that finds it at work now and then is no harm: jobs look for work once a second.
    """
    looks: deque[bool] = deque(maxlen=LOOKS)
    until_s = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < until_s:
        time.sleep(0.1)
        state = Path(f"/proc/{process.pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
        looks.append(state == "S")
        if len(looks) == LOOKS and looks.count(False) <= LOOKS // 10:
            return


def _environment(folder: Path) -> dict[str, str]:
    """Return what the children see: nothing of this machine that could show in an answer."""
    left_out = ("TOLLBOOK_", "PYTHONDONTWRITEBYTECODE")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
    # Children work in another folder, from which a relative path would lead elsewhere.
    checkout = [str(Path(part).absolute()) for part in kept["PYTHONPATH"].split(os.pathsep)]
    return kept | {
        "PYTHONPATH": os.pathsep.join((str(HOOKS), *checkout)),
        # Compiled once for all captures, and not into the checkout.
        "PYTHONPYCACHEPREFIX": str(COMPILED),
        "PYTHONHASHSEED": "0",
        "TOLLBOOK_TEST_CLOCK": str(folder / "clock"),
        "COLUMNS": "100",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }
