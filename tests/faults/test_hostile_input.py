"""What a broken PBX sends is bounded, kept and named; half a record waits for its other half."""

from pathlib import Path

import pytest

from support.processes import Office, connect, connect_once, end, kill, record_3cx, wait_for

MIB = 1024 * 1024


def resident_bytes(pid: int) -> int:
    """Return the memory that a process has now."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


@pytest.mark.slow
def test_garbage_nuls_and_an_endless_line_are_bounded_and_end_in_quarantine(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path)
    port = office.listen()
    with office.collecting() as process:
        with connect(port) as line:
            line.sendall(record_3cx(1))
            wait_for(lambda: office.call_ids() == ["id_1"])
            before = resident_bytes(process.pid)
            line.sendall(b"\x00" * 1000 + b"\r\n" + bytes(range(256)) + b"\r\n")
            for _ in range(10):
                line.sendall(b"x" * MIB)
            line.sendall(b"\r\n" + record_3cx(2))
            wait_for(lambda: office.call_ids() == ["id_1", "id_2"])
            assert resident_bytes(process.pid) - before < 8 * MIB
        rejects = office.rows("SELECT reason, length(raw), message FROM tollbook_reject")

    reasons = {reason for reason, _, _ in rejects}
    assert "call.line_too_long" in reasons
    assert all(length <= 4096 for _, length, _ in rejects)
    assert all(message for _, _, message in rejects)
    assert office.raw().count(b"x" * MIB) == 10


@pytest.mark.slow
def test_half_a_record_waits_across_a_reconnect_and_across_a_kill(tmp_path: Path) -> None:
    office = Office(tmp_path)
    port = office.listen()
    first, second = record_3cx(1), record_3cx(2)

    process = office.start()
    with connect(port) as line:
        line.sendall(first[:50])
        wait_for(lambda: office.raw() == first[:50])
    with connect(port) as line:
        line.sendall(first[50:] + second[:70])
        wait_for(lambda: office.raw() == first + second[:70])
        wait_for(lambda: office.call_ids() == ["id_1"])
    kill(process)

    with office.collecting(), connect(port) as line:
        line.sendall(second[70:])
        wait_for(lambda: office.call_ids() == ["id_1", "id_2"])
        assert office.rows("SELECT COUNT(*) FROM tollbook_reject") == [(0,)]


@pytest.mark.slow
def test_a_full_disk_stops_acknowledging_and_says_so(tmp_path: Path) -> None:
    office = Office(tmp_path)
    port = office.listen(ack=r"\x06")
    office.set(disk_reserve_mb=1_000_000_000)  # as much as no disk here has free
    process = office.start()
    try:
        with connect(port) as line:
            line.sendall(record_3cx(1))
            wait_for(lambda: office.source("socket")["state"] == "failed")
            source = office.source("socket")
            assert "reserve" in source["reason"]
            assert "Free disk space" in source["next_step"]
            assert source["stored_bytes"] == 0
            line.settimeout(0.3)
            with pytest.raises(TimeoutError):
                line.recv(1)
    finally:
        end(process)
    assert office.raw() == b""

    office.set(disk_reserve_mb=1)
    with office.collecting(), connect(port) as line:
        line.sendall(record_3cx(1))
        assert line.recv(1) == b"\x06"
        wait_for(lambda: office.call_ids() == ["id_1"])


@pytest.mark.slow
def test_stopping_closes_the_port_and_survives_a_restart(tmp_path: Path) -> None:
    office = Office(tmp_path)
    port = office.listen()
    with office.collecting():
        connect(port).close()
        office.tollbook("source", "stop", "socket")
        with pytest.raises(ConnectionRefusedError):
            connect_once(port)
    with office.collecting():
        wait_for(lambda: office.source("socket")["state"] == "stopped")
        with pytest.raises(ConnectionRefusedError):
            connect_once(port)
        office.tollbook("source", "start", "socket")
        connect_once(port)
