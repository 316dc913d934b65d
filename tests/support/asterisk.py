"""A real Asterisk on loopback, started for the tests and stopped after them."""

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.missing import missing

UP = Path(__file__).parents[1] / "pbx" / "asterisk-up"
PREFIX = Path(__file__).parents[2] / ".cache" / "asterisk"


@dataclass(frozen=True, slots=True)
class Asterisk:
    """A running Asterisk: its folder and the ports it was given."""

    folder: Path
    sip: int
    agi: int
    carrier: int

    @property
    def records(self) -> Path:
        """The file into which it writes a line a call."""
        return self.folder / "log/cdr-csv/Master.csv"

    def tell(self, *command: str) -> str:
        """Run one command of its command line."""
        return up("cli", str(self.folder), *command)

    def calls_now(self) -> int:
        """Return how many channels there are."""
        return sum("!" in line for line in self.tell("core show channels concise").splitlines())


def up(*arguments: str) -> str:
    """Run `asterisk-up`; an Asterisk that cannot be had here skips the test by name."""
    environment = {**os.environ, "ASTERISK_PREFIX": str(PREFIX)}
    ended = subprocess.run(
        [str(UP), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise RuntimeError(f"asterisk-up {arguments[0]}: {ended.stderr or ended.stdout}")
    return ended.stdout


@contextmanager
def running_asterisk() -> Iterator[Asterisk]:
    """Start an Asterisk on free ports; stop it at the end."""
    if not (PREFIX / ".done").exists():
        missing("Asterisk is missing: run `make test`, which fetches it where apt is")
    # A unix socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="ast-") as folder:
        sip, agi, http, ami, carrier = _free_ports(5)
        ports = {"SIP": sip, "HTTP": http, "AMI": ami, "AGI": agi, "RTP": _free_media_ports()}
        given = [f"{name}={port}" for name, port in ports.items()]
        up("start", folder, *given, f"CARRIER=127.0.0.1:{carrier}")
        try:
            yield Asterisk(Path(folder), sip, agi, carrier)
        finally:
            up("stop", folder)


def _free_ports(count: int) -> list[int]:
    """Return ports that nobody holds, below those that the system gives to whoever asks for any."""
    ports: list[int] = []
    candidate = 11_000 + os.getpid() % 100 * 10
    while len(ports) < count:
        candidate += 1
        if _is_free(candidate):
            ports.append(candidate)
    return ports


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def _free_media_ports() -> int:
    """Return the first of 400 even ports below those that the system gives away."""
    return 20_000 + os.getpid() % 20 * 400
