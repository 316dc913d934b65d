"""A port that PBXs send datagrams to.

A datagram is a whole record: one that does not end its line gets a line feed on the raw log, so
that two of them never run together. UDP cannot be acknowledged; while the disk is busy a bounded
number wait, and what comes beyond that is counted and named in the state.
"""

import asyncio

from tollbook.app.intake.source_options import Listening
from tollbook.collectors.inlet import Condition, Inlet
from tollbook.collectors.raw_log import LINE_ENDS
from tollbook.collectors.tcp_listen import RETRY_S, bind_fault

LONGEST_QUEUE = 1_000


class UdpListener:
    """One open UDP port."""

    def __init__(self, options: Listening, inlet: Inlet) -> None:
        self._options = options
        self._inlet = inlet

    async def run(self) -> None:
        """Take datagrams until cancelled; while the port cannot be opened, say why."""
        while True:
            inbox = _Inbox(self._options)
            try:
                transport = await self._open(inbox)
            except OSError as fault:
                self._inlet.say(Condition.FAILED, *bind_fault(self._options, fault))
                await asyncio.sleep(RETRY_S)
                continue
            try:
                await self._take(inbox)
            finally:
                transport.close()

    async def _open(self, inbox: "_Inbox") -> asyncio.DatagramTransport:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: inbox, local_addr=(self._options.host, self._options.port)
        )
        return transport

    async def _take(self, inbox: "_Inbox") -> None:
        where = f"Listening: UDP port {self._options.port} on {self._options.host}."
        self._inlet.say(Condition.WAITING, where, "Point the PBX's call record output here.")
        while True:
            await self._inlet.store(await inbox.all_that_waits(), peer=self)
            lost = (
                f" {inbox.lost} datagrams were lost: the disk was too slow." if inbox.lost else ""
            )
            self._inlet.say(Condition.RUNNING, where + lost)


class _Inbox(asyncio.DatagramProtocol):
    """What has come and is not stored yet."""

    def __init__(self, options: Listening) -> None:
        self._options = options
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(LONGEST_QUEUE)
        self.lost = 0

    async def all_that_waits(self) -> bytes:
        """Wait for a datagram; return it and those behind it, each with its line ended."""
        datagrams = [await self._queue.get()]
        while not self._queue.empty():
            datagrams.append(self._queue.get_nowait())
        return b"".join(
            datagram if datagram[-1] in LINE_ENDS else datagram + b"\n" for datagram in datagrams
        )

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not data or not self._options.admits(addr[0]):
            return
        try:
            self._queue.put_nowait(data)
        except asyncio.QueueFull:
            self.lost += 1
