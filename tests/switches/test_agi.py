"""The gateway interface's wire: what Asterisk sends, line by line, and what it may not do to us."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.switches import agi
from tollbook.switches.agi import Server, Session, SessionEnded, quoted

HELLO = (
    b"agi_network: yes\nagi_network_script: authorise\nagi_request: agi://127.0.0.1/authorise\n"
    b"agi_channel: PJSIP/100-00000001\nagi_uniqueid: 1767225600.7\nagi_callerid: 100\n"
    b"agi_calleridname: Ann: the first\nagi_arg_1: 0301234567\n\n"
)

Talk = Callable[[Session], Awaitable[object]]


def converse(talk: Talk, replies: Sequence[bytes], *, hello: bytes = HELLO) -> tuple[object, str]:
    """Hold a session in which Asterisk gives *replies* in turn; return its result and our lines."""
    result: list[object] = []

    async def handle(session: Session) -> None:
        result.append(await talk(session))

    async def run() -> str:
        server = await Server(handle, peers=("127.0.0.1",)).start("127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        said = b""
        writer.write(hello)
        for reply in replies:
            said += await reader.readline()
            writer.write(reply)
        if not result:
            writer.write_eof()
        said += await reader.read()
        writer.close()
        server.close()
        await server.wait_closed()
        return said.decode()

    said = asyncio.run(run())
    return (result[0] if result else None), said


def test_a_request_is_read_to_its_blank_line_and_colons_stay() -> None:
    async def talk(session: Session) -> dict[str, str]:
        return dict(session.request)

    request, _ = converse(talk, [])

    assert isinstance(request, dict)
    assert request["uniqueid"] == "1767225600.7"
    assert request["calleridname"] == "Ann: the first"
    assert request["arg_1"] == "0301234567"


def test_a_command_is_one_line_and_its_result_comes_back() -> None:
    async def talk(session: Session) -> tuple[str, str]:
        await session.set("BILL_MS", "4000")
        return await session.command("GET VARIABLE X")

    result, said = converse(talk, [b"200 result=1\n", b"200 result=1 (a) b)\n"])

    assert result == ("1", "a) b")
    assert said == 'SET VARIABLE BILL_MS "4000"\nGET VARIABLE X\n'


def test_keys_are_collected_up_to_the_one_that_ends_them() -> None:
    async def talk(session: Session) -> str:
        return await session.keys("beep")

    codes = [b"200 result=%d endpos=0\n" % ord(key) for key in "12**3#"]

    assert converse(talk, codes)[0] == "12**3#"


def test_keys_that_stop_coming_are_taken_as_they_are() -> None:
    async def talk(session: Session) -> str:
        return await session.keys("beep", first_s=8, next_s=4)

    typed, said = converse(talk, [b"200 result=0\n", b"200 result=49\n", b"200 result=0\n"])

    assert typed == "1"
    assert said.splitlines()[1:] == ["WAIT FOR DIGIT 8000", "WAIT FOR DIGIT 4000"]


@pytest.mark.parametrize(
    "reply",
    [
        b"HANGUP\n",
        b"510 Invalid or unknown command\n",
        b"511 Command Not Permitted on a dead channel or intercept routine\n",
        b"520-Invalid command syntax.  Proper usage follows:\nUsage: X\n520 End of proper usage.\n",
        b"nothing of the kind\n",
        b"",
    ],
)
def test_a_session_that_cannot_go_on_ends_by_name(reply: bytes) -> None:
    async def talk(session: Session) -> str:
        with pytest.raises(SessionEnded) as ended:
            await session.command("ANSWER")
        return str(ended.value)

    assert converse(talk, [reply])[0]


@pytest.mark.parametrize(
    "hello",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"agi_network: yes\n" * (agi.MOST_LINES + 1),
        b"agi_x: " + b"9" * (2 * agi.LINE_BYTES) + b"\n\n",
        b"\x00\xff\xfe\n",
        b"",
    ],
)
def test_who_does_not_speak_agi_is_never_handled(hello: bytes) -> None:
    async def talk(session: Session) -> str:
        return "handled"

    assert converse(talk, [], hello=hello)[0] is None


def test_a_stranger_is_turned_away() -> None:
    async def run() -> bytes:
        async def handle(session: Session) -> None:
            raise AssertionError("a stranger's session")

        server = await Server(handle, peers=("192.0.2.1",)).start("127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HELLO)
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()
            server.close()

    assert asyncio.run(run()) == b""


@given(st.text())
def test_no_value_leaves_its_quotes_or_its_line(text: str) -> None:
    shown = quoted(text)
    inside = shown[1:-1].replace("\\\\", "").replace('\\"', "")

    assert "\n" not in shown
    assert "\r" not in shown
    assert '"' not in inside
    assert not inside.endswith("\\")
