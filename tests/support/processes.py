"""A real installation in a folder of its own, for tests that kill and starve its processes."""

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from support.command_server import run_command
from support.databases import lay_sqlite

PATIENCE_S = 60.0


class Office:
    """A data folder with one PBX and the processes that work on it."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.environment = {
            key: value for key, value in os.environ.items() if not key.startswith("TOLLBOOK_")
        }
        lay_sqlite(self.data)
        self.tollbook("pbx", "add", "Reception")

    def set(self, **settings: object) -> None:
        """Give the next processes a setting."""
        for key, value in settings.items():
            self.environment[f"TOLLBOOK_{key.upper()}"] = str(value)

    def tollbook(self, *words: str, expect: int = 0) -> str:
        """Run one command and return what it printed; anything but *expect* is a failure."""
        done = run_command(*words, "--data", str(self.data), environment=self.environment)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    def listen(self, **options: str) -> int:
        """Add a 3CX source that listens and return its port."""
        port = free_port()
        words = [word for key, value in options.items() for word in (f"--{key}", value)]
        self.tollbook(
            *("source", "add", "--pbx", "Reception", "--format", "3cx", "--name", "socket"),
            *("--transport", "tcp-listen", "--port", str(port), *words),
        )
        return port

    def follow(self, file: Path) -> None:
        """Add an Asterisk source that follows *file*."""
        self.tollbook(
            *("source", "add", "--pbx", "Reception", "--format", "asterisk-csv", "--name", "file"),
            *("--transport", "tail", "--path", str(file)),
        )

    def start(self, verb: str = "collect", *words: str) -> "subprocess.Popen[bytes]":
        """Start a long-running process."""
        return subprocess.Popen(
            [sys.executable, "-m", "tollbook", verb, "--data", str(self.data), *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    @contextmanager
    def collecting(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Run the collectors for a while and end them properly."""
        process = self.start()
        try:
            yield process
        finally:
            end(process)

    def source(self, name: str) -> dict[str, Any]:
        """Return what `source list --json` says about one source."""
        listed = json.loads(self.tollbook("source", "list", "--json"))
        return dict(next(source for source in listed if source["name"] == name))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database, without any of the program's own code."""
        with closing(sqlite3.connect(self.data / "tollbook.sqlite3", timeout=30)) as database:
            return database.execute(query).fetchall()

    def call_ids(self) -> list[str]:
        """Return the PBX's ids of all stored calls, sorted, doubles included."""
        return sorted(call_id for (call_id,) in self.rows("SELECT pbx_call_id FROM tollbook_call"))

    def raw(self) -> bytes:
        """Return everything that the raw log holds."""
        return b"".join(path.read_bytes() for path in sorted(self.data.glob("raw/*/*.seg")))


def record_3cx(number: int) -> bytes:
    """Return one answered call; its call id is `id_<number>`."""
    minute, second = divmod(number, 60)
    hour, minute = divmod(minute, 60)
    start = f"2026/02/03 {hour:02d}:{minute:02d}:{second:02d}"
    return (
        f"Call {number},id_{number},00:00:41,{start},{start},{start},TerminatedBySrc,Ext.120,"
        f"+4684440100,120,10001,+4684440100,,+4684440100,10001,,,,,Chain: Ext.120;+4684440100;,"
        f"Extension,Line,Line,Berit Alm,+4684440100,+4684440100,\r\n"
    ).encode()


def record_asterisk(number: int) -> bytes:
    """Return one answered call; its unique id is `1770000000.<number>`."""
    minute, second = divmod(number, 60)
    hour, minute = divmod(minute, 60)
    start = f"2026-02-03 {hour:02d}:{minute:02d}:{second:02d}"
    return (
        f'"","201","004312345678","from-internal","""Ada"" <201>","PJSIP/201-0000001a",'
        f'"PJSIP/carrier-0000001b","Dial","PJSIP/004312345678@carrier,60","{start}","{start}",'
        f'"{start}",30,30,"ANSWERED","DOCUMENTATION","1770000000.{number}",""\n'
    ).encode()


def free_port() -> int:
    """Return a TCP port that nobody has now.

    It lies below the ephemeral ones: who connects there again and again before anybody listens
    would sooner or later connect to itself.
    """
    while True:
        port = random.randrange(20_000, 30_000)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue


def connect(port: int) -> socket.socket:
    """Connect as soon as somebody listens."""
    until_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        except OSError:
            assert time.monotonic() < until_s, f"nobody listens on port {port}"
            time.sleep(0.02)


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds; only a fault makes it wait in vain."""
    until_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until_s, "it never came to hold"
        time.sleep(0.05)


def connect_once(port: int) -> None:
    """Connect and leave, or raise at once."""
    socket.create_connection(("127.0.0.1", port), timeout=5).close()


def end(process: "subprocess.Popen[bytes]") -> str:
    """Ask a process to end, wait for it, and return what it printed."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=PATIENCE_S)
    return printed.decode("utf-8", "replace")


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process as a power cut would, with no chance to tidy up."""
    process.kill()
    process.communicate(timeout=PATIENCE_S)
