"""The Asterisk Gateway Interface over TCP (FastAGI): sessions, their commands, and the server.

Asterisk opens a connection a call, sends `agi_…: value` lines and a blank one, and then answers
one command a line. A session ends before the call it decided on begins, so that nothing of ours
is in a call's path. Everything from the other end is bounded: lines, their number, sessions, time.

Source: Asterisk 16 to 22, "AGI commands" and `res_agi.c`'s wire format; docs/architecture.md.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address

MOST_SESSIONS = 500
MOST_LINES = 120  # Asterisk sends some 20, and one for each argument.
LINE_BYTES = 4096
BEGIN_S = 2.0
COMMAND_S = 15.0  # A prompt is played, or a key waited for, within it.

_REPLY = re.compile(r"(?P<status>\d{3})[ -](?:result=(?P<result>-?\d*))?(?: \((?P<data>.*)\))?")
_DONE = "200"
_GONE = "-1"
_NO_KEY = "0"

log = logging.getLogger(__name__)


class SessionEnded(Exception):
    """The other end has gone, hung up, or speaks something else; the session is over."""


@dataclass(slots=True)
class Session:
    """One connection of Asterisk; `request` is what it sent at first, without `agi_`."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    request: Mapping[str, str] = field(default_factory=dict)

    async def begin(self) -> None:
        """Read the request; raises SessionEnded for one that is none."""
        request: dict[str, str] = {}
        for _ in range(MOST_LINES):
            line = await self._line(BEGIN_S)
            if not line:
                self.request = request
                return
            key, colon, value = line.partition(":")
            if not colon or not key.startswith("agi_"):
                raise SessionEnded(f"not an AGI request: {line[:40]!r}")
            request[key.removeprefix("agi_")] = value.strip()
        raise SessionEnded(f"a request of more than {MOST_LINES} lines")

    async def command(self, text: str) -> tuple[str, str]:
        """Send a command and return its result and the text in brackets behind it.

        Raises SessionEnded when the caller has gone or the command was not understood.
        """
        self.writer.write(text.encode("utf-8", "replace") + b"\n")
        await self.writer.drain()
        line = await self._line(COMMAND_S)
        while line.startswith("520-"):  # A usage text of several lines, which "520 " ends.
            line = await self._line(COMMAND_S)
        reply = _REPLY.match(line)
        if line.startswith("HANGUP"):
            raise SessionEnded("the caller hung up")
        if reply is None or reply["status"] != _DONE:
            raise SessionEnded(f"{text.split(maxsplit=1)[0]} was answered {line[:80]!r}")
        return reply["result"] or "", reply["data"] or ""

    async def set(self, variable: str, value: str) -> None:
        """Set a channel variable; *value* may be anything, it cannot end its quotes."""
        await self.command(f"SET VARIABLE {variable} {quoted(value)}")

    async def go_to(self, context: str, extension: str) -> None:
        """Let the dialplan go on there, at priority 1, once this session ends."""
        await self.command(f"SET CONTEXT {quoted(context)}")
        await self.command(f"SET EXTENSION {quoted(extension)}")
        await self.command("SET PRIORITY 1")

    async def keys(
        self, prompt: str, *, end: str = "#", first_s: float = 8, next_s: float = 4, most: int = 100
    ) -> str:
        """Play *prompt*, which a key cuts short, and return the keys up to and with *end*.

        Keys that stop coming for *next_s* seconds are taken as they are.
        """
        stream = f'STREAM FILE {quoted(prompt)} "0123456789*#"'
        key = await self._pressed(stream) or await self._wait(first_s)
        typed = ""
        while key:
            typed += key
            if key in end or len(typed) >= most:
                break
            key = await self._wait(next_s)
        return typed

    async def _wait(self, seconds: float) -> str:
        return await self._pressed(f"WAIT FOR DIGIT {round(seconds * 1000)}")

    async def _pressed(self, command: str) -> str:
        """Return the key that was pressed while *command* ran, "" for none."""
        code, _ = await self.command(command)
        if code == _GONE:
            raise SessionEnded("the caller hung up")
        return "" if code == _NO_KEY else chr(int(code))

    async def _line(self, within_s: float) -> str:
        try:
            raw = await asyncio.wait_for(self.reader.readline(), within_s)
        except TimeoutError as late:
            raise SessionEnded(f"nothing came for {within_s:.0f} s") from late
        except ValueError as long:
            raise SessionEnded(f"a line of more than {LINE_BYTES} bytes") from long
        except OSError as broken:
            raise SessionEnded(str(broken)) from broken
        if not raw.endswith(b"\n"):
            raise SessionEnded("the connection was closed")
        return raw.decode("utf-8", "replace").strip()


def quoted(text: str) -> str:
    r"""Return *text* as one AGI argument: in quotes, with what could end them escaped.

    >>> quoted('a "b" \\ c')
    '"a \\"b\\" \\\\ c"'
    """
    bare = "".join(each if each.isprintable() else " " for each in text)
    escaped = bare.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


Handle = Callable[[Session], Awaitable[None]]


class Server:
    """Accepts Asterisk's connections from the peers it knows and gives each to *handle*."""

    def __init__(self, handle: Handle, *, peers: tuple[str, ...]) -> None:
        self._handle = handle
        self._peers = frozenset(str(ip_address(peer)) for peer in peers)
        self._sessions = 0

    async def start(self, host: str, port: int) -> asyncio.Server:
        """Listen; raises OSError where the port cannot be had."""
        return await asyncio.start_server(self._serve, host, port, limit=LINE_BYTES)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = str(writer.get_extra_info("peername")[0])
        if peer not in self._peers or self._sessions >= MOST_SESSIONS:
            known = "too many sessions" if peer in self._peers else "not a known peer"
            log.warning("FastAGI: %s was turned away: %s", peer, known)
            writer.close()
            return
        self._sessions += 1
        session = Session(reader, writer)
        try:
            await session.begin()
            await self._handle(session)
        except SessionEnded as ended:
            log.info("FastAGI: a session with %s ended: %s", peer, ended)
        finally:
            self._sessions -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
