"""A port that PBXs connect to and write their records to.

Only configured peers are let in. What a connection sends goes to the raw log before anything
else; then, if the source has an acknowledgement, one is sent for each record that is on disk.
Memory is bounded: a connection has one chunk under way and is not read while the disk is busy.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass

from tollbook.app.intake.source_options import Listening
from tollbook.collectors.inlet import Condition, Inlet
from tollbook.collectors.raw_log import RawLogError

CHUNK_BYTES = 64 * 1024
RETRY_S = 2.0
UNREAD_ACKS_S = 30.0  # A peer that does not read its acknowledgements is dropped after this.
MOST_LOGGED = 1_000
KEEPALIVE_S = 60  # A PBX may be silent all night; keepalive tells it from a dead one.

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Connection:
    """One connected peer; `heard_at` is the event loop's time of its last bytes."""

    address: str
    writer: asyncio.StreamWriter
    heard_at: float


class TcpListener:
    """One open port and its connections."""

    def __init__(self, options: Listening, inlet: Inlet, *, record_end: bytes = b"\n") -> None:
        """*record_end* is the byte that ends a record, for counting acknowledgements."""
        self._options = options
        self._inlet = inlet
        self._record_end = record_end
        self._connections: set[_Connection] = set()
        self._refused = ""
        self._logged: set[str] = set()

    async def run(self) -> None:
        """Serve until cancelled; while the port cannot be opened, say why and try again."""
        while True:
            try:
                server = await asyncio.start_server(
                    self._serve,
                    self._options.host,
                    self._options.port,
                    limit=CHUNK_BYTES,
                    reuse_address=True,
                )
            except OSError as fault:
                self._inlet.say(Condition.FAILED, *bind_fault(self._options, fault))
                await asyncio.sleep(RETRY_S)
                continue
            self._report()
            try:
                await asyncio.get_running_loop().create_future()  # until cancelled
            finally:
                server.close()
                for connection in self._connections:
                    connection.writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = str(writer.get_extra_info("peername")[0])
        if not self._may_enter(address):
            writer.transport.abort()
            return
        loop = asyncio.get_running_loop()
        connection = _Connection(address, writer, loop.time())
        keep_alive(writer)
        self._connections.add(connection)
        if not self._options.ack:
            self._inlet.hand_over(address, connection)
        self._report()
        try:
            await take_all(
                reader,
                writer,
                self._inlet,
                peer=connection,
                ack=self._options.ack,
                record_end=self._record_end,
                heard=lambda: setattr(connection, "heard_at", loop.time()),
            )
        finally:
            self._connections.discard(connection)
            self._inlet.hand_over(connection, address)
            self._report()
            writer.close()  # after the acknowledgements that are still to be sent

    def _may_enter(self, address: str) -> bool:
        if not self._options.admits(address):
            self._refuse(address, "it is not among the peers")
            return False
        if len(self._connections) < self._options.max_connections:
            return True
        # A PBX that was cut off and comes again takes the place of its own silent connection.
        mine = [known for known in self._connections if known.address == address]
        if not mine:
            self._refuse(address, "all places are taken")
            return False
        min(mine, key=lambda known: known.heard_at).writer.transport.abort()
        return True

    def _refuse(self, address: str, why: str) -> None:
        """Say in the state who was sent away; in the log only once: a port scan would fill it."""
        self._refused = f" A connection from {address} was refused: {why}."
        if address not in self._logged and len(self._logged) < MOST_LOGGED:
            self._logged.add(address)
            log.warning("port %d: %s was refused, %s", self._options.port, address, why)
        self._report()

    def _report(self) -> None:
        peers = len(self._connections)
        self._inlet.status.connected_peers = peers
        where = f"port {self._options.port} on {self._options.host}"
        next_step = "Add its address to the source's peers if it is a PBX." if self._refused else ""
        if peers:
            names = ", ".join(sorted({known.address for known in self._connections}))
            self._inlet.say(Condition.RUNNING, f"Connected: {names}.{self._refused}", next_step)
        else:
            self._inlet.say(
                Condition.WAITING,
                f"Listening: {where}. No PBX is connected.{self._refused}",
                next_step or "Point the PBX's call record output here.",
            )


async def take_all(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    inlet: Inlet,
    *,
    peer: object,
    ack: bytes,
    record_end: bytes,
    heard: Callable[[], object] = lambda: None,
) -> None:
    """Store what *reader* brings until its end, and acknowledge each record that is on disk.

    A peer that is acknowledged sends again, from its first byte, what was not; one that is not
    goes on where it was cut off.
    """
    try:
        if ack:
            await inlet.end_half_line()
        while data := await reader.read(CHUNK_BYTES):
            heard()
            await inlet.store(data, peer=peer)
            if ack and (records := data.count(record_end)):
                writer.write(ack * records)
                async with asyncio.timeout(UNREAD_ACKS_S):
                    await writer.drain()
    except (ConnectionError, TimeoutError, RawLogError) as fault:
        log.info("connection lost: %s", fault or "its acknowledgements were not read")


def keep_alive(writer: asyncio.StreamWriter) -> None:
    """Enable TCP keepalive, so that a dead peer is detected."""
    handle = writer.get_extra_info("socket")
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_S)
    handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_S // 4)


def bind_fault(options: Listening, fault: OSError) -> tuple[str, str]:
    """Return why the port cannot be opened, and what to do."""
    where = f"Port {options.port} on {options.host} cannot be opened"
    if fault.errno == errno.EADDRINUSE:
        return f"{where}: another program has it.", (
            "Stop that program or give the source another port; it is tried again by itself."
        )
    if fault.errno in (errno.EACCES, errno.EPERM):
        return f"{where}: this user may not.", (
            "Choose a port of 1024 or more, or give the service CAP_NET_BIND_SERVICE."
        )
    return f"{where}: {fault.strerror or fault}.", (
        "Give the source an address that this machine has; it is tried again by itself."
    )
