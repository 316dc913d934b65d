"""Decisions on calls, each durable before it is given: 100,000 prefixes, 2,000 accounts.

In process (as the control process decides), over HTTP (as another switch asks), beside an import,
and on PostgreSQL where a server is named. The money never runs out, so each decision prices,
holds and stores.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from itertools import count
from typing import cast

from tollbook.bench import lines
from tollbook.bench.deciding import Round, ask_for, caller, numbers
from tollbook.bench.figures import Figure
from tollbook.bench.options import BenchOptions
from tollbook.bench.process import BenchError, running_tollbook
from tollbook.bench.scratch import PBX, ZONE, Scratch, scratch

CALLERS = (1, 16, 64)
MOST = CALLERS[-1]
SECONDS = 5.0
WARM_UP_S = 2.0
PATIENCE_S = 180.0
IMPORTED = 200_000


def measure(options: BenchOptions) -> Iterator[Figure]:
    """Yield decisions a second and how long they took; *options.calls* are milliseconds a round."""
    seconds = SECONDS if options.calls is None else options.calls / 1_000
    with scratch() as installation:
        most = yield from _in_process("SQLite", installation, seconds)
        yield from _beside_an_import(installation, seconds)
        yield from _over_http("SQLite", installation, seconds, most)
    server = options.database or os.environ.get("TOLLBOOK_BENCH_POSTGRESQL")
    if server:
        with scratch(database=server) as installation:
            most = yield from _in_process("PostgreSQL", installation, seconds)
            yield from _over_http("PostgreSQL", installation, seconds, most)


def _in_process(
    engine: str, installation: Scratch, seconds: float
) -> Generator[Figure, None, float]:
    """Yield the figures of each number of callers, and return the last rate."""
    rounds = _decide(installation, seconds, CALLERS)
    for one in rounds:
        last = one is rounds[-1]
        yield from _figures(
            f"{engine}, {one.callers} at once",
            one,
            "≥ 10,000/s" if last else "",
            "≤ 15 ms" if last else "",
        )
    yield Figure(
        f"{engine}, together beside alone", rounds[-1].rate / rounds[0].rate, "times", "≥ 8"
    )
    return rounds[-1].rate


def _beside_an_import(installation: Scratch, seconds: float) -> Iterator[Figure]:
    file = installation.folder.parent / "Master.csv"
    lines.write_master_csv(file, calls=IMPORTED)
    words = ["import", str(file), "--format", "asterisk-csv", "--pbx", PBX, "--zone", ZONE]
    with running_tollbook([*words, "--data", str(installation.folder)], installation.environment):
        [found] = _decide(installation, seconds, (MOST,))
    yield from _figures(f"SQLite, {MOST} at once beside an import", found, "", "")


def _over_http(
    engine: str, installation: Scratch, seconds: float, in_process: float
) -> Iterator[Figure]:
    """Yield the figures of the port for decisions, and of the pages' port for the most callers."""
    made = installation.tollbook("token", "create", "--scope", "authorise", "--json")
    secret = str(json.loads(made.stdout)["token"])
    data, port = ("--data", str(installation.folder)), str(_free_port())
    for where, words, several, target in (
        ("over HTTP", ["control", *data, "--authorise-port", port], CALLERS, "≥ 0.4"),
        ("on the pages' port", ["web", *data, "--port", port], (MOST,), ""),
    ):
        name = f"{engine} {where}"
        with running_tollbook(words, installation.environment):
            for found in _asked_over_http(int(port), secret, seconds, several):
                yield from _figures(f"{name}, {found.callers} at once", found, "", "")
        yield Figure(f"{name}, compared to in process", found.rate / in_process, "times", target)


def _asked_over_http(
    port: int, secret: str, seconds: float, several: tuple[int, ...]
) -> Iterator[Round]:
    _wait_until_served(port)
    ask_for(WARM_UP_S, MOST, warming := Client(port, secret, MOST), at_end=warming.close)
    for callers in several:
        client = Client(port, secret, callers)
        ask_for(WARM_UP_S, callers, client, at_end=client.close)
        yield ask_for(seconds, callers, client, at_end=client.close)


def _figures(name: str, found: Round, rate: str, most: str) -> Iterator[Figure]:
    yield Figure(name, found.rate, "decisions/s", rate)
    yield Figure(f"{name}: half", found.half_ms, "ms")
    yield Figure(f"{name}: 99 of 100", found.most_ms, "ms", most)


def _decide(installation: Scratch, seconds: float, callers: tuple[int, ...]) -> list[Round]:
    words = [str(installation.folder), str(seconds), *map(str, callers)]
    ended = subprocess.run(  # noqa: S603 - our own program, our own words
        [sys.executable, "-m", "tollbook.bench.deciding", *words],
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise BenchError(f"the deciding process ended with {ended.stderr.strip()[-800:]}")
    return [Round(*json.loads(line)) for line in ended.stdout.splitlines()]


class Client:
    """As many kept connections as callers, each with one request under way."""

    def __init__(self, port: int, secret: str, callers: int) -> None:
        self._port = port
        self._head = (
            "POST /api/v1/authorise HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {secret}\r\nContent-Type: application/json\r\n"
        )
        self._numbers = numbers()
        self._free: list[_ClientConnection] = []
        self._all: list[_ClientConnection] = []
        self._next = count()
        self._name = f"{callers}-{time.time_ns()}"

    async def __call__(self) -> None:
        """Ask the next question and wait for its answer; raises BenchError for a refusal."""
        nth = next(self._next)
        dialled = self._numbers[nth * 104_729 % len(self._numbers)]
        body = (
            f'{{"caller":"{caller(nth)}","dialled":"{dialled}","pbx":"{PBX}",'
            f'"switch_call_id":"1772532000.{nth}"}}'
        )
        line = self._free.pop() if self._free else await self._connected()
        key = f"Idempotency-Key: {self._name}-{nth}\r\n"
        request = f"{self._head}{key}Content-Length: {len(body)}\r\n\r\n{body}"
        answer = await line.ask(request.encode())
        self._free.append(line)
        if not answer.startswith(b'{"allowed":true'):
            raise BenchError(f"a call was refused: {answer[:200]!r}")

    async def _connected(self) -> "_ClientConnection":
        loop = asyncio.get_running_loop()
        _, line = await loop.create_connection(_ClientConnection, "127.0.0.1", self._port)
        self._all.append(line)
        return line

    def close(self) -> None:
        """Close all connections; in their event loop."""
        for line in self._all:
            line.close()
        self._free.clear()
        self._all.clear()


class _ClientConnection(asyncio.Protocol):
    """One connection. It costs as little as it can: it shares the machine with what it measures."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._came = b""
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note what to write to."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hand the body out once it is whole."""
        self._came += data
        head, _, body = self._came.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if length and len(body) >= int(length) and self._answer is not None:
            self._came = b""
            self._answer.set_result(body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BenchError(f"the server hung up: {exc}"))

    def ask(self, request: bytes) -> "asyncio.Future[bytes]":
        """Send a request; the future holds the answer's body."""
        if self._transport is None:
            raise BenchError("not connected")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def _wait_until_served(port: int) -> None:
    ends = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S).close()
        except OSError:
            if time.monotonic() > ends:
                raise BenchError(f"nobody serves on port {port}") from None
            time.sleep(0.1)
        else:
            return


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
