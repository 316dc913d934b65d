"""From the last byte of a record to its row being visible, through a real collecting process."""

import socket
import time
from collections.abc import Iterator

from tollbook.bench.figures import Figure, percentile
from tollbook.bench.lines import master_csv_line
from tollbook.bench.options import BenchOptions
from tollbook.bench.process import BenchError, running_tollbook
from tollbook.bench.scratch import PBX, ZONE, scratch
from tollbook.wiring.start import open_installation

DEFAULT_RECORDS = 50
WARM_UP = 3
PAUSE_S = 0.1  # Calls come one by one; a burst would measure the batch.
PATIENCE_S = 30.0
POLL_S = 0.001


def measure(options: BenchOptions) -> Iterator[Figure]:
    """Send records one by one and yield how long each took to be visible to another process."""
    count = options.calls or DEFAULT_RECORDS
    port = _free_port()
    with scratch() as installation:
        source = f"source add --pbx {PBX} --format asterisk-csv --zone {ZONE}"
        installation.tollbook(*source.split(), "--transport", "tcp-listen", "--port", str(port))
        open_installation(data_dir=installation.folder)
        collecting = ["collect", "--data", str(installation.folder)]
        with running_tollbook(collecting, installation.environment), _connected(port) as wire:
            took_ms = [_send(wire, index) * 1e3 for index in range(WARM_UP + count)][WARM_UP:]
    yield Figure("half of the records", percentile(took_ms, 0.5), "ms")
    yield Figure("99 of 100 records", percentile(took_ms, 0.99), "ms")
    yield Figure("the slowest", max(took_ms), "ms")


def _send(wire: socket.socket, index: int) -> float:
    """Send record *index* and return the seconds until its call can be read."""
    time.sleep(PAUSE_S)
    line = master_csv_line(index, calls=1_000_000)
    wire.sendall(line[:-1])
    wire.sendall(line[-1:])
    began = time.perf_counter()
    _wait_until_calls(index + 1)
    return time.perf_counter() - began


def _wait_until_calls(count: int) -> None:
    from tollbook.storage.models import Call

    ends = time.monotonic() + PATIENCE_S
    while Call.objects.count() < count:
        if time.monotonic() > ends:
            raise BenchError(f"record {count} was sent and is not visible after {PATIENCE_S:.0f} s")
        time.sleep(POLL_S)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _connected(port: int) -> socket.socket:
    """Return a connection to the collecting process, which needs a moment to start."""
    ends = time.monotonic() + PATIENCE_S
    while True:
        try:
            wire = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        except ConnectionRefusedError:
            if time.monotonic() > ends:
                raise BenchError(
                    f"nothing listens on port {port} after {PATIENCE_S:.0f} s"
                ) from None
            time.sleep(0.05)
        else:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return wire
