"""A real Asterisk on loopback, started for the tests and stopped after them."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.missing import missing
from support.ports import free_ports

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
        sip, agi, http, ami, carrier = (free_ports(1) for _ in range(5))
        ports = {"SIP": sip, "HTTP": http, "AMI": ami, "AGI": agi, "RTP": free_ports(400)}
        given = [f"{name}={port}" for name, port in ports.items()]
        up("start", folder, *given, f"CARRIER=127.0.0.1:{carrier}")
        try:
            yield Asterisk(Path(folder), sip, agi, carrier)
        finally:
            up("stop", folder)
