"""A listening port: who may come in, what is acknowledged when, and how lines stay whole."""

import asyncio
import socket
from pathlib import Path

import pytest

from support.inlets import Station, running, until
from tollbook.app.intake.source_options import Listening, read_options
from tollbook.collectors.inlet import Condition
from tollbook.collectors.tcp_listen import TcpListener


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def listening(**options: object) -> Listening:
    typed = read_options("tcp-listen", {"port": free_port(), **options})
    assert isinstance(typed, Listening)
    return typed


async def connect(options: Listening) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", options.port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)


def test_each_record_is_acknowledged_once_it_is_on_disk(tmp_path: Path) -> None:
    async def play() -> None:
        station, options = Station(tmp_path), listening(ack=r"\x06")
        async with running(TcpListener(options, station.inlet), station):
            reader, writer = await connect(options)
            writer.write(b"one\r\ntwo\r\nthr")
            assert await reader.readexactly(2) == b"\x06\x06"
            assert station.received() == b"one\r\ntwo\r\nthr"
            writer.write(b"ee\r\n")
            assert await reader.readexactly(1) == b"\x06"
            assert station.received() == b"one\r\ntwo\r\nthree\r\n"
            writer.close()

    asyncio.run(play())


def test_a_full_disk_stops_acknowledging_says_so_and_resumes_by_itself(tmp_path: Path) -> None:
    async def play() -> None:
        station, options = Station(tmp_path), listening(ack="ok")
        async with running(TcpListener(options, station.inlet), station):
            reader, writer = await connect(options)
            station.disk.free_bytes = 0
            writer.write(b"one\n")
            await until(lambda: station.inlet.status.state is Condition.FAILED)
            assert "kept in reserve" in station.inlet.status.reason
            assert "Free disk space" in station.inlet.status.next_step
            assert station.received() == b""
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.2)

            station.disk.free_bytes = 1_000_000
            assert await reader.readexactly(2) == b"ok"
            assert station.received() == b"one\n"
            await until(lambda: station.inlet.status.state is Condition.RUNNING)
            writer.close()

    asyncio.run(play())


def test_a_source_that_is_stopped_while_the_disk_is_full_ends_unacknowledged(
    tmp_path: Path,
) -> None:
    async def play() -> bytes:
        station, options = Station(tmp_path), listening(ack="ok")
        async with running(TcpListener(options, station.inlet), station):
            reader, writer = await connect(options)
            station.disk.free_bytes = 0
            writer.write(b"one\n")
            await until(lambda: station.inlet.status.state is Condition.FAILED)
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    assert asyncio.run(play()) == b""


def test_who_is_not_a_peer_is_sent_away_and_named(tmp_path: Path) -> None:
    async def play() -> None:
        station, options = Station(tmp_path), listening(peers="10.1.2.3, 10.9.0.0/16", host="")
        async with running(TcpListener(options, station.inlet), station):
            reader, writer = await connect(options)
            writer.write(b"one\n")
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
            await until(lambda: "127.0.0.1 was refused" in station.inlet.status.reason)
            assert station.received() == b""
            writer.close()

    asyncio.run(play())


def test_half_a_record_waits_for_its_other_half_across_reconnects(tmp_path: Path) -> None:
    async def play() -> None:
        station, options = Station(tmp_path), listening()
        async with running(TcpListener(options, station.inlet), station):
            _, first = await connect(options)
            first.write(b"half a ")
            await until(lambda: station.received() == b"half a ")
            first.close()
            await until(lambda: station.inlet.status.connected_peers == 0)
            _, second = await connect(options)
            second.write(b"line\n")
            await until(lambda: station.received() == b"half a line\n")
            second.close()

    asyncio.run(play())


def test_lines_of_two_peers_do_not_mix(tmp_path: Path) -> None:
    async def play() -> None:
        station, options = Station(tmp_path), listening()
        async with running(TcpListener(options, station.inlet), station):
            _, one = await connect(options)
            _, other = await connect(options)
            one.write(b"first ")
            await until(lambda: station.received() == b"first ")
            other.write(b"intruder\n")
            await asyncio.sleep(0.2)
            one.write(b"whole\n")
            await until(lambda: station.received() == b"first whole\nintruder\n")
            one.close()
            other.close()

    asyncio.run(play())


def test_a_pbx_that_comes_again_takes_its_own_silent_place(tmp_path: Path) -> None:
    async def play() -> None:
        station, options = Station(tmp_path), listening(max_connections=1)
        async with running(TcpListener(options, station.inlet), station):
            dead, lost = await connect(options)
            await until(lambda: station.inlet.status.connected_peers == 1)
            _, fresh = await connect(options)
            fresh.write(b"alive\n")
            await until(lambda: station.received() == b"alive\n")
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await dead.readexactly(1)
            lost.close()
            fresh.close()

    asyncio.run(play())


def test_a_taken_port_is_named_and_opened_once_it_is_free(tmp_path: Path) -> None:
    async def play() -> None:
        station, options = Station(tmp_path), listening()
        with socket.create_server(("127.0.0.1", options.port)):
            async with running(TcpListener(options, station.inlet), station):
                await until(lambda: station.inlet.status.state is Condition.FAILED)
                assert f"Port {options.port}" in station.inlet.status.reason
                assert "another program has it" in station.inlet.status.reason
                assert station.inlet.status.next_step

    asyncio.run(play())


def test_stopping_closes_the_port(tmp_path: Path) -> None:
    async def play() -> int:
        station, options = Station(tmp_path), listening()
        async with running(TcpListener(options, station.inlet), station):
            _, writer = await connect(options)
            writer.write(b"kept\n")
            await until(lambda: station.received() == b"kept\n")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", options.port)
        writer.close()
        return options.port

    with socket.create_server(("127.0.0.1", asyncio.run(play()))):
        pass
