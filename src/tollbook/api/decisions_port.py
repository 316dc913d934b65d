"""Decisions over HTTP on a port of their own, in the process that controls calls.

The same four requests as `api.decisions`. Here no page and no export stands in the way, and no
request waits for a thread: one event loop reads, asks and answers, which halves what a question
costs beside the decision itself (docs/decisions/0021). The HTTP is read by httptools.

    server = Decisions()
    await server.start("127.0.0.1", 8078)

What a client may cost is bounded: the size of a head and of a body, how long each may take, how
many requests and answers wait on one connection, and how many connections there are.
"""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field

import httptools

from tollbook.api.decisions import (
    LARGEST_BYTES,
    PATH,
    STATUS_LINES,
    ApiRequest,
    checked_length,
    decide_call_async,
    headers_of,
    holders,
    told,
)
from tollbook.api.errors import ApiError

LOG = logging.getLogger("tollbook.api")
LARGEST_HEAD_BYTES = 16_384
MOST_WAITING = 32  # requests on one connection
MOST_LINES = 1_024
ARRIVING_S = 10.0  # how long a request may take to arrive
IDLE_S = 75.0  # how long a connection may be silent
LEAVING_S = 3.0  # how long what is under way may take when the server stops
SWEEP_S = 1.0
_BODY_UNREAD = (411, 413)  # What such a request brings is not waited for.


@dataclass(slots=True)
class IncomingRequest:
    """One request as it came; `fault` is what keeps it from being answered."""

    target: bytes = b""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    begun_s: float = 0.0
    more_bytes: int = 0
    keeps_alive: bool = True
    fault: ApiError | None = None


class HttpConnection(asyncio.Protocol):
    """One connection: requests are answered one after another, in the order they came."""

    def __init__(self, server: "Decisions") -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[IncomingRequest] = deque()
        self._answering: asyncio.Task[None] | None = None
        self._arriving: IncomingRequest | None = None
        self._heard_s = self._loop.time()
        self._full = False  # The other side does not read its answers.
        self._deaf = False  # Nothing more is read from it.
        self._ends = False  # It ends with the last answer that is due.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, unless there are too many."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what asyncio gives a stream
        self._transport = transport
        if not self._server.take(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget the connection; what was asked is decided all the same."""
        self._transport = None
        self._waiting.clear()
        self._server.leave(self)

    def data_received(self, data: bytes) -> None:
        """Read what came."""
        self._heard_s = self._loop.time()
        if self._deaf:
            return
        before = self._arriving
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._end_after_last()  # It is answered, but in HTTP/1.1, and then we hang up.
        except httptools.HttpParserError:
            self._refuse(ApiError(400, "request.invalid", "this is no HTTP request.", PATH))
        if before is not None and before is self._arriving:
            # The parser tells a header only when it is whole: what is endless is seen here.
            before.more_bytes += len(data)
            if before.more_bytes > LARGEST_HEAD_BYTES + LARGEST_BYTES:
                self._refuse(ApiError(431, "head.too_large", "the request is too long.", "header"))

    def pause_writing(self) -> None:
        """Backpressure: stop reading from a client that does not read its answers."""
        self._full = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Resume reading."""
        self._full = False
        self._read_on()

    def on_message_begin(self) -> None:
        """Begin a request."""
        if not self._deaf:
            self._arriving = IncomingRequest(begun_s=self._heard_s)

    def on_url(self, url: bytes) -> None:
        """Take the target, or a part of it."""
        if self._arriving is not None:
            self._arriving.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        if self._arriving is not None:
            self._arriving.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """Look at what comes before it comes."""
        asked = self._arriving
        if asked is None:
            return
        asked.keeps_alive = self._parser.should_keep_alive()
        asked.fault = _fault_of(asked, self._parser.get_method().decode("ascii", "replace"))
        if asked.fault is not None and asked.fault.status in _BODY_UNREAD:
            self._refuse(asked.fault)
        elif asked.fault is None and asked.headers.get(b"expect", b"").lower() == b"100-continue":
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; what is too long is not kept."""
        asked = self._arriving
        if asked is not None and asked.fault is None:
            asked.body += body

    def on_message_complete(self) -> None:
        """Let the request be answered when those before it are."""
        asked, self._arriving = self._arriving, None
        if asked is not None:
            self._queue(asked)

    def look(self, now_s: float) -> None:
        """Hang up if the other side takes too long."""
        if self._transport is None or self._answering is not None:
            return
        arriving = self._arriving
        late = arriving is not None and now_s - arriving.begun_s > ARRIVING_S
        if late or now_s - self._heard_s > IDLE_S:
            self._transport.abort()

    def hang_up(self) -> "asyncio.Task[None] | None":
        """Read nothing more and hang up once what is asked is answered; return what answers."""
        self._deaf = True
        if self._answering is not None:
            self._end_after_last()
        elif self._transport is not None:
            self._transport.close()
        return self._answering

    def abort(self) -> None:
        """Hang up at once."""
        if self._transport is not None:
            self._transport.abort()

    def _end_after_last(self) -> None:
        self._deaf = True
        self._arriving = None
        self._ends = True

    async def _answer_all(self) -> None:
        while self._waiting:
            asked = self._waiting.popleft()
            try:
                status, body = 200, await _answer(asked)
            except Exception as fault:  # noqa: BLE001 - whoever asks must be told; it is logged there
                status, body = told(fault)
            ends = not asked.keeps_alive or (self._ends and not self._waiting)
            self._tell(status, body, ends=ends)
            if ends:
                self._waiting.clear()
        self._answering = None
        self._read_on()

    def _read_on(self) -> None:
        if self._transport is not None and not (self._full or self._transport.is_closing()):
            self._transport.resume_reading()

    def _tell(self, status: int, body: bytes, *, ends: bool) -> None:
        lines = [f"HTTP/1.1 {STATUS_LINES[status]}"]
        lines += [f"{name}: {value}" for name, value in headers_of(status, body)]
        if ends:
            lines.append("Connection: close")
        self._write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        if ends and self._transport is not None:
            self._transport.close()

    def _refuse(self, fault: ApiError) -> None:
        """Tell what cannot be read, behind the answers that are due, and hang up."""
        self._deaf = True
        self._arriving = None
        self._queue(IncomingRequest(fault=fault, keeps_alive=False))

    def _queue(self, asked: IncomingRequest) -> None:
        self._waiting.append(asked)
        if len(self._waiting) >= MOST_WAITING and self._transport is not None:
            self._transport.pause_reading()
        if self._answering is None:
            self._answering = self._loop.create_task(self._answer_all())

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


def _fault_of(asked: IncomingRequest, method: str) -> ApiError | None:
    """Return what keeps a request from being answered, as far as its head tells."""
    path = _path(asked)
    if path != PATH and not path.startswith(f"{PATH}/"):
        return ApiError(404, "path.unknown", f"only {PATH} is answered on this port.", PATH)
    try:
        checked_length(method, asked.headers.get(b"content-length", b"").decode("latin-1"))
    except ApiError as fault:
        return fault
    return None


def _path(asked: IncomingRequest) -> str:
    return asked.target.partition(b"?")[0].decode("latin-1")


async def _answer(asked: IncomingRequest) -> bytes:
    if asked.fault is not None:
        raise asked.fault
    headers = asked.headers
    call = ApiRequest(
        _path(asked)[len(PATH) :].strip("/"),
        headers.get(b"idempotency-key", b"").decode("latin-1"),
        asked.body,
        headers.get(b"authorization", b"").decode("latin-1"),
    )
    bearer = holders.known(call.token)
    if bearer is None:
        bearer = await asyncio.to_thread(holders.of, call.token)
    return (await decide_call_async(call, bearer)).encode()


class Decisions:
    """The server of the port."""

    def __init__(self) -> None:
        self._lines: set[HttpConnection] = set()
        self._server: asyncio.Server | None = None
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen; raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: HttpConnection(self), host, port, backlog=1_024
        )
        self._sweeping = loop.create_task(self._sweep())

    async def stop(self) -> None:
        """Stop listening and hang up."""
        if self._server is None or self._sweeping is None:
            return
        self._sweeping.cancel()
        self._server.close()
        answering = [task for line in list(self._lines) if (task := line.hang_up()) is not None]
        if answering:
            await asyncio.wait(answering, timeout=LEAVING_S)
        for line in list(self._lines):
            line.abort()
        await self._server.wait_closed()

    def take(self, line: HttpConnection) -> bool:
        """Note a connection; say whether there is room for it."""
        if len(self._lines) >= MOST_LINES:
            LOG.warning("more than %d connections ask for decisions: one is refused.", MOST_LINES)
            return False
        self._lines.add(line)
        return True

    def leave(self, line: HttpConnection) -> None:
        """Forget a connection."""
        self._lines.discard(line)

    async def _sweep(self) -> None:
        """Hang up on who takes too long."""
        while True:
            await asyncio.sleep(SWEEP_S)
            now_s = asyncio.get_running_loop().time()
            for line in list(self._lines):
                line.look(now_s)
