"""The sample's switches write calls that have just ended, and dial again until somebody answers."""

import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.demo.office import ASTERISK, THREECX, Office, dice_of, make_office
from tollbook.demo.switches import LONGEST_LIVE_TALK_S, Wire, append_line, just_ended

OFFICE: Office = make_office(1)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
YEAR_S = 365 * 86_400


@given(
    after_s=st.floats(0, YEAR_S),
    seed=st.integers(0, 1_000),
    pbx=st.sampled_from([ASTERISK, THREECX]),
)
def test_a_live_call_ends_now_at_the_switch_that_writes_it(
    after_s: float, seed: int, pbx: str
) -> None:
    instant = NEW_YEAR + timedelta(seconds=after_s)
    call = just_ended(OFFICE, instant, dice_of(seed, "test"), pbx=pbx)

    assert call.end == instant.replace(microsecond=0)
    assert call.person.pbx == pbx
    assert call.talk_s <= LONGEST_LIVE_TALK_S


def test_lines_are_sent_whole_over_one_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = Wire("127.0.0.1", server.getsockname()[1])
        wire.send(b"Call 1,one\r\n")
        wire.send(b"Call 2,two\r\n")
        accepted, _ = server.accept()
        wire.close()
        with accepted, accepted.makefile("rb") as received:
            assert received.read() == b"Call 1,one\r\nCall 2,two\r\n"


def test_a_line_waits_until_somebody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tollbook.demo.switches.RECONNECT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    wire = Wire("127.0.0.1", port)
    sender = threading.Thread(target=wire.send, args=(b"Call 1,late\r\n",), daemon=True)
    sender.start()
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(20)
        accepted, _ = server.accept()
        sender.join(20)
        wire.close()
        with accepted, accepted.makefile("rb") as received:
            assert received.read() == b"Call 1,late\r\n"


def test_the_asterisk_adds_lines_to_its_file(tmp_path: Path) -> None:
    file = tmp_path / "Master.csv"
    append_line(file, b"one\n")
    append_line(file, b"two\n")

    assert file.read_bytes() == b"one\ntwo\n"
