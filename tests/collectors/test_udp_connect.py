"""The smaller transports: a port for datagrams, and a port of the PBX that we connect to."""

import asyncio
import random
import socket
from pathlib import Path

from support.inlets import Station, running, until
from support.processes import free_port
from tollbook.app.intake.source_options import Connecting, Listening, read_options
from tollbook.collectors.inlet import Condition
from tollbook.collectors.tcp_connect import TcpConnector
from tollbook.collectors.udp import UdpListener


def test_each_datagram_ends_its_line_and_strangers_are_not_heard(tmp_path: Path) -> None:
    async def play(peers: str) -> bytes:
        options = read_options("udp", {"port": free_port(), "peers": peers, "host": "127.0.0.1"})
        assert isinstance(options, Listening)
        station = Station(tmp_path / str(random.random()))
        async with running(UdpListener(options, station.inlet), station):
            await until(lambda: "Listening" in station.inlet.status.reason)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as pbx:
                for datagram in (b"one", b"two\r\n", b"", b"three"):
                    pbx.sendto(datagram, ("127.0.0.1", options.port))
            if peers:
                await asyncio.sleep(0.2)
            else:
                await until(lambda: station.received().count(b"\n") == 3)
            return station.received()

    assert asyncio.run(play("")) == b"one\ntwo\r\nthree\n"
    assert asyncio.run(play("10.0.0.1")) == b""


def test_a_pbx_that_is_away_is_named_and_tried_again(tmp_path: Path) -> None:
    async def play() -> None:
        options = read_options(
            "tcp-connect", {"host": "127.0.0.1", "port": free_port(), "ack": "ok"}
        )
        assert isinstance(options, Connecting)
        station = Station(tmp_path)
        acknowledged: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def pbx(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"one\n")
            acknowledged.set_result(await reader.readexactly(2))
            writer.close()

        async with running(TcpConnector(options, station.inlet), station):
            await until(lambda: station.inlet.status.state is Condition.FAILED)
            assert "cannot be reached" in station.inlet.status.reason
            server = await asyncio.start_server(pbx, options.host, options.port)
            assert await acknowledged == b"ok"
            assert station.received() == b"one\n"
            server.close()

    asyncio.run(play())
