"""A port of the PBX that we connect to; reconnects with exponential backoff."""

import asyncio

from tollbook.app.intake.source_options import Connecting
from tollbook.collectors.inlet import Condition, Inlet
from tollbook.collectors.tcp_listen import CHUNK_BYTES, keep_alive, take_all

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
CONNECT_S = 10.0


class TcpConnector:
    """The connection to one PBX."""

    def __init__(self, options: Connecting, inlet: Inlet, *, record_end: bytes = b"\n") -> None:
        self._options = options
        self._inlet = inlet
        self._record_end = record_end

    async def run(self) -> None:
        """Stay connected until cancelled."""
        wait_s = FIRST_WAIT_S
        where = f"{self._options.host} port {self._options.port}"
        while True:
            try:
                async with asyncio.timeout(CONNECT_S):
                    reader, writer = await asyncio.open_connection(
                        self._options.host, self._options.port, limit=CHUNK_BYTES
                    )
            except (OSError, TimeoutError) as fault:
                self._inlet.say(
                    Condition.FAILED,
                    f"The PBX at {where} cannot be reached: {_words(fault)}.",
                    "Check that its call record output is on; it is tried again by itself.",
                )
            else:
                wait_s = FIRST_WAIT_S
                await self._take(reader, writer, where)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _take(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, where: str
    ) -> None:
        keep_alive(writer)
        self._inlet.status.connected_peers = 1
        self._inlet.say(Condition.RUNNING, f"Connected to {where}.")
        try:
            await take_all(
                reader,
                writer,
                self._inlet,
                peer=self,
                ack=self._options.ack,
                record_end=self._record_end,
            )
        finally:
            self._inlet.status.connected_peers = 0
            self._inlet.say(Condition.WAITING, f"The PBX at {where} closed the connection.")
            writer.close()


def _words(fault: OSError | TimeoutError) -> str:
    if isinstance(fault, TimeoutError):
        return "no answer"
    return fault.strerror or str(fault)
