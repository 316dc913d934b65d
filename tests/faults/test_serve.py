"""`tollbook serve` runs its parts, starts again what dies, and leaves no orphan behind."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from support.processes import Office, connect, connect_once, end, free_port, kill, wait_for

pytestmark = pytest.mark.slow

PASSWORD = re.compile(r"(?:[a-z2-9]{5}-){3}[a-z2-9]{5}")


def processes(office: Office) -> dict[str, int]:
    """Return the parts that run on the office's data folder, by verb."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue  # It ended while we looked.
        if str(office.data) in words and "tollbook" in words:
            found.setdefault(words[words.index("tollbook") + 1], int(folder.name))
    return found


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


def serve(office: Office) -> tuple["subprocess.Popen[bytes]", int]:
    """Start everything and wait until pages are served and ports are open."""
    port = free_port()
    process = office.start("serve", "--port", str(port))
    connect(port).close()
    wait_for(lambda: {"web", "collect"} <= processes(office).keys())
    return process, port


def test_the_first_start_prints_the_address_and_a_password_later_ones_no_password(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path)
    process, port = serve(office)
    assert process.stdout is not None
    printed = ""
    while f"http://127.0.0.1:{port}" not in printed:
        line = process.stdout.readline().decode()
        assert line, f"it ended without saying where it is: {printed}"
        printed += line
    end(process)
    assert PASSWORD.search(printed)
    assert process.returncode == 0

    process, _ = serve(office)
    assert not PASSWORD.search(end(process))


def test_a_part_that_dies_is_started_again(tmp_path: Path) -> None:
    office = Office(tmp_path)
    port = office.listen()
    process, _ = serve(office)
    try:
        connect(port).close()
        first = processes(office)["collect"]
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: processes(office).get("collect", first) != first)
        connect(port).close()
    finally:
        printed = end(process)
    assert "collect ended (by SIGKILL)" in printed


def test_a_term_ends_all_parts_and_closes_all_ports(tmp_path: Path) -> None:
    office = Office(tmp_path)
    port = office.listen()
    process, web_port = serve(office)
    connect(port).close()
    parts = processes(office).values()
    end(process)

    assert not any(alive(pid) for pid in parts)
    for closed in (port, web_port):
        with pytest.raises(ConnectionRefusedError):
            connect_once(closed)


def test_no_part_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    office = Office(tmp_path)
    process, web_port = serve(office)
    parts = processes(office).values()
    os.kill(process.pid, signal.SIGKILL)

    wait_for(lambda: not any(alive(pid) for pid in parts))
    wait_for(lambda: not processes(office))
    process.communicate()
    with pytest.raises(ConnectionRefusedError):
        connect_once(web_port)


def test_a_second_serve_and_a_taken_port_are_refused_in_words(tmp_path: Path) -> None:
    office = Office(tmp_path)
    process, port = serve(office)
    try:
        said = office.tollbook("serve", "--port", str(free_port()), expect=2)
        assert "another process serves here already" in said
        said = office.tollbook("collect", expect=2)
        assert "another process collects here already" in said
        said = Office(tmp_path / "other").tollbook("serve", "--port", str(port), expect=2)
        assert f"port {port}" in said
        assert "already in use" in said
    finally:
        end(process)


def test_the_kernel_ends_the_collector_of_a_killed_parent_before_another_starts(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path)
    port = office.listen()
    process, _ = serve(office)
    connect(port).close()
    kill(process)
    again, _ = serve(office)
    connect(port).close()
    printed = end(again)
    assert again.returncode == 0, printed
