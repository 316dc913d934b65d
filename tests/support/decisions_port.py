"""The port of decisions as a switch sees it: its bytes, its answers, and the process behind it.

    office = Office(folder)
    open_prepaid_office(office)
    process = start_control(office, "--authorise-port", str(port), port=port)
    desk = Desk(office, port, agi_port, token, reader)
    told = desk.ask({"caller": "101", "dialled": PARIS}, key=new_key())
    told.status, told.headers["content-type"], told.said["allowed"]

`Desk` writes requests, well formed unless a test says otherwise; `Wire` is one connection, for
what http.client would not send: halves, pipelines and noise; `Told` is one answer. Nothing here
uses the code of the server. Times are in seconds, money in millionths.
"""

import json
import math
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from support.prepaid import FRANCE, PARIS
from support.processes import Office, end, wait_for

PATH = "/api/v1/authorise"
ANSWER_S = 20.0  # Only a fault lets an answer wait so long.
DROP_S = 0.25
SETUP = """
import json, sys
from pathlib import Path
from tollbook.wiring.start import open_installation
opened = open_installation(data_dir=Path(sys.argv[1]))
from tollbook.app.tariffs.publish import Published, publish_tariff
from tollbook.app.access.actor import Actor
from tollbook.app.billing.recharge import Booked, Gift, post_gift, read_amount
from tollbook.storage.models import Extension, Pbx, Site
door, at = opened.door, opened.now()
with door.transaction():
    site = Site.objects.get()
    site.zone, site.currency, site.country = "Europe/Berlin", "EUR", "DE"
    site.hold_s = 180
    site.save()
    Pbx.objects.update(dial_prefix="8888")
    caller = Extension.objects.create(
        site=site, number="101", name="Amir", billing=True, caller_id="+493012345101"
    )
published = publish_tariff(json.loads(sys.argv[2]), by=Actor("test", at), default=True)
assert isinstance(published, Published), published
gift = Gift("extension", (caller.pk,), read_amount("1000"), sender="test", key="1")
assert isinstance(post_gift(gift, Actor("test", at)), Booked)
"""
_keys = count(1)


@dataclass(frozen=True, slots=True)
class Told:
    """One answer as it came over the wire; the names of its headers in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """Return the body, which is one JSON object whatever the status."""
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


class Wire:
    """One connection to the port, read answer by answer."""

    def __init__(self, port: int) -> None:
        self._link = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S)
        self._stream = self._link.makefile("rb")

    def send(self, content: bytes) -> None:
        """Send bytes as they are."""
        self._link.sendall(content)

    def answer(self) -> Told:
        """Return the next answer."""
        status_line = self._stream.readline().decode("ascii")
        assert status_line.startswith("HTTP/1.1 "), status_line
        headers = {}
        while line := self._stream.readline().decode("ascii").rstrip("\r\n"):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = self._stream.read(int(headers["content-length"]))
        return Told(int(status_line.split()[1]), headers, body)

    def has_ended(self) -> bool:
        """Say whether the other end closes, once everything that it still says is read."""
        try:
            while self._stream.read1(65_536):
                pass
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Leave."""
        self._stream.close()
        self._link.close()


@dataclass(frozen=True, slots=True)
class Desk:
    """An office with one telephone that pays, and the process that decides for it."""

    office: Office
    port: int
    agi_port: int
    token: str
    reader: str  # a token that may look at calls, and decide nothing

    def ask(self, fields: object, *, verb: str = "", **how: Any) -> Told:
        """Send one request on a connection of its own; *how* as for `request`."""
        with closing(self.wire()) as wire:
            wire.send(self.request(json.dumps(fields).encode(), verb=verb, **how))
            return wire.answer()

    def wire(self) -> Wire:
        """Connect."""
        return Wire(self.port)

    def request(
        self,
        body: bytes,
        *,
        verb: str = "",
        key: str = "",
        path: str = "",
        method: str = "POST",
        **headers: str | None,
    ) -> bytes:
        """Return a request as it is sent; a header of None is left away."""
        sent = {
            "host": f"127.0.0.1:{self.port}",
            "authorization": f"Bearer {self.token}",
            "content_type": "application/json",
            "content_length": str(len(body)),
            "idempotency_key": key or None,
            **headers,
        }
        target = path or (f"{PATH}/{verb}" if verb else PATH)
        lines = [
            f"{name.replace('_', '-').title()}: {value}"
            for name, value in sent.items()
            if value is not None
        ]
        head = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""])
        return head.encode("ascii") + body

    def held(self) -> tuple[int, int]:
        """Return what the telephone has and what is held of it, in millionths."""
        query = (
            "SELECT balance_micros, held_micros FROM tollbook_balance JOIN tollbook_account a "
            "ON a.id = account_id WHERE a.kind = 'extension'"
        )
        ((balance_micros, held_micros),) = self.office.rows(query)
        return balance_micros, held_micros

    def holds(self) -> int:
        """Return how many holds were ever made."""
        ((made,),) = self.office.rows("SELECT count(*) FROM tollbook_hold")
        return int(made)


def new_key() -> str:
    """Return a key that no other request of this module has."""
    return f"1793487600.{next(_keys)}"


def open_prepaid_office(office: Office) -> None:
    """Give the office extension 101, which is prepaid and has 1000 EUR, and a tariff for France."""
    made = subprocess.run(
        [sys.executable, "-c", SETUP, str(office.data), json.dumps(FRANCE)],
        env=office.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr


def new_token(office: Office, scope: str, *words: str) -> str:
    """Make a token on the command line and return its secret."""
    printed = office.tollbook("token", "create", "--scope", scope, "--json", *words)
    return str(json.loads(printed.splitlines()[0])["token"])


def start_control(office: Office, *words: str, host: str = "127.0.0.1", port: int) -> Any:
    """Start the process and wait until it listens there; fail with its words where it ends."""
    process = office.start("control", *words)

    def listens() -> bool:
        if process.poll() is not None:
            pytest.fail(f"control did not start: {end(process)}")
        try:
            socket.create_connection((host, port), timeout=5).close()
        except OSError:
            return False
        return True

    wait_for(listens)
    return process


def fast_agi(port: int) -> dict[str, str]:
    """Ask as Asterisk does, and return the channel variables that it was told to set."""
    asked = {
        "network_script": "authorise",
        "request": f"agi://127.0.0.1:{port}/authorise?pbx=Reception",
        "channel": "PJSIP/101-0000001a",
        "uniqueid": new_key(),
        "callerid": "101",
        "arg_1": PARIS,
    }
    hello = "".join(f"agi_{name}: {value}\n" for name, value in asked.items()) + "\n"
    variables = {}
    with (
        socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S) as link,
        link.makefile("rwb", buffering=0) as stream,
    ):
        stream.write(hello.encode())
        while line := stream.readline().decode().strip():
            _, _, name, value = line.split(" ", 3)
            variables[name] = value.strip('"')
            stream.write(b"200 result=1\n")
    return variables


def drip(wire: Wire, begun: bytes, drop: bytes, stop: Event) -> float:
    """Send the beginning of a request, then drop by drop more of it.

    Return after how many seconds the other end hung up, or infinity if *stop* came first.
    """
    begun_s = time.monotonic()
    wire.send(begun)
    while not stop.wait(DROP_S):
        try:
            wire.send(drop)
        except (ConnectionResetError, BrokenPipeError):
            return time.monotonic() - begun_s
    return math.inf


def listening_ports(pid: int) -> set[int]:
    """Return the TCP ports on which a process listens, as the kernel lists them."""
    held = {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()}
    ports = set()
    for family in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{family}").read_text("ascii").splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == "0A" and f"socket:[{inode}]" in held:
                ports.add(int(local.rpartition(":")[2], 16))
    return ports
