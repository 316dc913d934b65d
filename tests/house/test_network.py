"""Tests reach nobody but this machine."""

import socket

import pytest


def test_another_machine_is_refused() -> None:
    with (
        socket.socket() as link,
        pytest.raises(AssertionError, match="tests stay on loopback"),
    ):
        link.connect(("192.0.2.1", 80))


def test_this_machine_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as link:
        link.connect(server.getsockname())
