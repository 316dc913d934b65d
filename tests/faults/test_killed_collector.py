"""`kill -9` of the collector at any moment loses nothing that was acknowledged, doubles nothing."""

import random
import threading
import time
from pathlib import Path

import pytest

from support.processes import (
    Office,
    connect,
    end,
    kill,
    record_3cx,
    record_asterisk,
    wait_for,
)

ACK = b"\x06"
WINDOW = 20


class Sender(threading.Thread):
    """A PBX that waits for acknowledgements and, cut off, sends again what had none."""

    def __init__(self, port: int, records: list[bytes], pause_s: float) -> None:
        super().__init__(daemon=True)
        self.acknowledged = 0
        self._port = port
        self._records = records
        self._pause_s = pause_s

    def run(self) -> None:
        while self.acknowledged < len(self._records):
            try:
                with connect(self._port) as line:
                    self._talk(line)
            except OSError:
                continue

    def _talk(self, line: object) -> None:
        sent = self.acknowledged
        while self.acknowledged < len(self._records):
            until = min(self.acknowledged + WINDOW, len(self._records))
            if sent < until:
                line.sendall(self._records[sent])  # type: ignore[attr-defined]
                sent += 1
                time.sleep(self._pause_s)
            if sent == until or sent % 5 == 0:
                answer = line.recv(WINDOW)  # type: ignore[attr-defined]
                if not answer:
                    raise OSError("cut off")
                assert set(answer) == set(ACK)
                self.acknowledged += len(answer)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_acknowledged_records_survive_and_none_is_doubled(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    office = Office(tmp_path)
    port = office.listen(ack=r"\x06")
    records = [record_3cx(number) for number in range(1, 1501)]
    sender = Sender(port, records, pause_s=0.002)
    sender.start()
    acknowledged_at_kills = []
    for _ in range(6):
        process = office.start()
        connect(port).close()
        time.sleep(chance.uniform(0.0, 0.7))
        kill(process)
        acknowledged_at_kills.append(sender.acknowledged)
    process = office.start()
    try:
        sender.join(timeout=60)
        assert sender.acknowledged == len(records), f"seed {seed}"
        expected = sorted(f"id_{number}" for number in range(1, 1501))
        wait_for(lambda: len(office.call_ids()) >= len(expected))
    finally:
        end(process)

    assert acknowledged_at_kills[-1] > 0, f"seed {seed}: no kill fell into the sending"
    assert office.call_ids() == expected, f"seed {seed}"
    for record in records:
        assert record in office.raw()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_followed_file_is_read_once_whatever_happens(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    office = Office(tmp_path)
    file = tmp_path / "Master.csv"
    office.follow(file)
    written = bytearray()
    stop = threading.Event()

    def write() -> None:
        """Append records, now and then in two pieces, and rotate the file from time to time."""
        number = 0
        while not stop.is_set():
            number += 1
            record = record_asterisk(number)
            cut = chance.randrange(len(record))
            for piece in (record[:cut], record[cut:]):
                with file.open("ab") as out:
                    out.write(piece)
                written.extend(piece)
            if number % 150 == 0 and office.raw():  # what was rotated before is not ours
                file.rename(f"{file}-{number:06d}")
            time.sleep(0.003)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    for _ in range(5):
        before = len(office.raw())
        process = office.start()
        wait_for(lambda before=before: len(office.raw()) > before)
        time.sleep(chance.uniform(0.0, 0.8))
        kill(process)
    stop.set()
    writer.join()
    records = bytes(written).count(b"\n")
    with office.collecting():
        wait_for(lambda: len(office.call_ids()) >= records)
        wait_for(lambda: len(office.raw()) >= len(written))

    assert office.raw() == bytes(written), f"seed {seed}"
    expected = sorted(f"1770000000.{number}" for number in range(1, records + 1))
    assert office.call_ids() == expected, f"seed {seed}"
    assert office.rows("SELECT COUNT(*) FROM tollbook_reject") == [(0,)]
