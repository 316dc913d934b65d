"""Decisions asked over HTTP on the port of `tollbook control`: a real process, real connections.

The port answers the API's four requests with the API's own words, errors and keys; what differs
is the server behind it, so the wire itself is asked here too: pipelines, halves and crowds.
"""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from threading import Event
from typing import Any

import pytest

from support.decisions_port import (
    ANSWER_S,
    PATH,
    Desk,
    Told,
    Wire,
    drip,
    fast_agi,
    listening_ports,
    new_key,
    new_token,
    open_prepaid_office,
    start_control,
)
from support.prepaid import CENT, PARIS
from support.processes import Office, connect_once, end, free_port

# One process answers for the whole module, so that one worker has to run all of it.
pytestmark = [pytest.mark.xdist_group("decisions-port"), pytest.mark.slow]

LARGEST_BYTES = 16_384
ARRIVING_S = 10.0  # how long a request may take to arrive
AT_ONCE_S = 9.0  # Before time-outs begin to count.
PATIENCE_S = 60.0  # Only a fault lets anything here take so long.
ASK = {"caller": "101", "dialled": PARIS, "pbx": "Reception"}
HELP = {"caller": "101", "dialled": "112"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    office = Office(tmp_path_factory.mktemp("office"))
    open_prepaid_office(office)
    token, reader = new_token(office, "authorise"), new_token(office, "calls:read")
    port, agi_port = free_port(), free_port()
    words = ("--port", str(agi_port), "--authorise-port", str(port))
    process = start_control(office, *words, port=port)
    try:
        yield Desk(office, port, agi_port, token, reader)
    finally:
        printed = end(process)
    assert process.returncode == 0
    assert "Traceback" not in printed, printed


@pytest.fixture(scope="module", autouse=True)
def drips(desk: Desk) -> Iterator[Mapping[str, Future[float]]]:
    """Requests that never end, begun before any test so that none has to wait for their end."""
    beginnings = {
        "head": (desk.request(b"", key=new_key())[: -len(b"\r\n")] + b"X-Drip: ", b"x"),
        "body": (desk.request(b"{", key=new_key(), content_length=str(LARGEST_BYTES)), b" "),
    }
    stop = Event()
    with ExitStack() as stack, ThreadPoolExecutor(len(beginnings)) as pool:
        wires = {part: stack.enter_context(closing(desk.wire())) for part in beginnings}
        try:
            yield {
                part: pool.submit(drip, wires[part], begun, drop, stop)
                for part, (begun, drop) in beginnings.items()
            }
        finally:
            stop.set()


@pytest.fixture(scope="module")
def made_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("small"))


@pytest.fixture
def small_office(made_office: Office) -> Iterator[Office]:
    """An office for tests that start a process of their own; what they set ends with them."""
    before = dict(made_office.environment)
    yield made_office
    made_office.environment = before


# What is asked and answered


def test_an_allowed_call_is_told_in_the_order_of_the_manual_and_its_money_is_held(
    desk: Desk,
) -> None:
    (balance_micros, held_micros), key = desk.held(), new_key()

    told = desk.ask({**ASK, "switch_call_id": key}, key=key)

    assert told.status == 200
    assert told.headers["content-type"] == "application/json; charset=utf-8"
    assert told.headers["cache-control"] == "no-store"
    assert list(told.said) == [
        *("allowed", "reason", "number", "caller_id", "limit_s", "hold", "account", "steps")
    ]
    assert told.said["allowed"] is True
    assert told.said["reason"] is None
    assert told.said["number"] == "8888" + PARIS
    assert told.said["caller_id"] == "+493012345101"
    assert told.said["limit_s"] >= 180
    assert told.said["hold"].endswith(f":{key}")
    assert told.said["account"] == "extension 101"
    assert desk.held()[0] == balance_micros
    assert desk.held()[1] > held_micros


def test_the_same_key_gets_the_first_answer_byte_for_byte_and_other_content_a_conflict(
    desk: Desk,
) -> None:
    key, made = new_key(), desk.holds()
    first = desk.ask(ASK, key=key)

    assert desk.ask(ASK, key=key).body == first.body
    conflict = desk.ask({**ASK, "dialled": "0033999"}, key=key)

    assert (conflict.status, conflict.said["code"]) == (409, "key.conflict")
    assert set(conflict.said) == {"code", "message", "place"}
    assert desk.holds() == made + 1


def test_a_settled_call_is_charged_what_it_cost_and_cannot_be_released(desk: Desk) -> None:
    (balance_micros, held_micros) = desk.held()
    hold = desk.ask(ASK, key=new_key()).said["hold"]

    settled = desk.ask({"hold": hold, "talk_s": 116}, verb="settle")

    # 0.10 for the first minute and 0.02 for each of two begun 55 s.
    assert settled.status == 200
    assert settled.said == {
        "hold": hold,
        "state": "captured",
        "talk_s": 116,
        "charge": "0.14",
        "currency": "EUR",
        "excess": "0",
    }
    assert desk.held() == (balance_micros - 14 * CENT, held_micros)
    assert desk.ask({"hold": hold, "talk_s": 116}, verb="settle").body == settled.body
    ended = desk.ask({"hold": hold}, verb="release")
    assert (ended.status, ended.said["code"]) == (409, "hold.ended")


def test_a_released_call_gives_everything_back(desk: Desk) -> None:
    before = desk.held()
    hold = desk.ask(ASK, key=new_key()).said["hold"]

    released = desk.ask({"hold": hold}, verb="release")

    assert (released.status, released.said["state"]) == (200, "released")
    assert desk.held() == before


def test_a_call_that_lasts_gets_a_longer_limit(desk: Desk) -> None:
    answer = desk.ask(ASK, key=new_key()).said

    longer = desk.ask({"hold": answer["hold"], "talked_s": answer["limit_s"] - 10}, verb="renew")

    assert longer.status == 200
    assert longer.said["limit_s"] > answer["limit_s"]
    assert longer.said["hold"] == answer["hold"]


def test_a_refusal_is_an_answer_and_holds_nothing(desk: Desk) -> None:
    made = desk.holds()

    told = desk.ask({**ASK, "caller": "999"}, key=new_key())

    assert (told.status, told.said["allowed"], told.said["hold"]) == (200, False, None)
    assert told.said["reason"] == "authorisation_missing"
    assert desk.holds() == made


def test_who_calls_for_help_needs_no_key_and_nothing_is_held(desk: Desk) -> None:
    made = desk.holds()

    told = desk.ask(HELP)

    assert (told.status, told.said["allowed"], told.said["number"]) == (200, True, "112")
    assert told.said["hold"] is None
    assert desk.holds() == made


# What is refused


@pytest.mark.parametrize(
    ("fields", "how", "status", "code"),
    [
        (ASK, {"key": ""}, 422, "key.missing"),
        (ASK, {"key": "x" * 121}, 422, "key.missing"),
        ({**ASK, "colour": "red"}, {}, 422, "parameter.invalid"),
        ({**ASK, "dialled": 112}, {}, 422, "parameter.invalid"),
        ({**ASK, "typed": "1**2#"}, {}, 422, "parameter.invalid"),
        ({**ASK, "dialled": "\ud800"}, {}, 422, "parameter.invalid"),  # half a character
        ({"dialled": PARIS}, {}, 422, "parameter.invalid"),
        ({**ASK, "pbx": "Moon"}, {}, 422, "parameter.invalid"),
        ([1], {}, 422, "body.invalid"),
        ("101", {}, 422, "body.invalid"),
        (None, {}, 422, "body.invalid"),
        (ASK, {"authorization": None}, 401, "token.missing"),
        (ASK, {"authorization": "Basic MTAxOjEwMQ=="}, 401, "token.missing"),
        (ASK, {"authorization": "Bearer tollbook_nobody"}, 401, "token.unknown"),
        (ASK, {"verb": "bless"}, 404, "path.unknown"),
        ({"hold": "nope", "talk_s": 1}, {"verb": "settle"}, 404, "hold.unknown"),
        ({"hold": "nope", "talked_s": 1}, {"verb": "renew"}, 404, "hold.unknown"),
        ({"hold": "nope"}, {"verb": "release"}, 404, "hold.unknown"),
        ({"hold": "nope", "talk_s": -1}, {"verb": "settle"}, 422, "parameter.invalid"),
        ({"hold": "nope", "talk_s": True}, {"verb": "settle"}, 422, "parameter.invalid"),
        ({"talk_s": 1}, {"verb": "settle"}, 422, "parameter.invalid"),
    ],
)
def test_a_wrong_request_is_refused_and_says_why(
    desk: Desk, fields: object, how: dict[str, Any], status: int, code: str
) -> None:
    made = desk.holds()

    told = desk.ask(fields, **{"key": new_key(), **how})

    assert_refused(told, status, code)
    assert desk.holds() == made


@pytest.mark.parametrize(
    ("verb", "fields"), [("renew", {"talked_s": 1}), ("settle", {"talk_s": 1}), ("release", {})]
)
def test_half_a_character_names_no_hold(desk: Desk, verb: str, fields: dict[str, Any]) -> None:
    told = desk.ask({"hold": "1:\udc80", **fields}, verb=verb)

    assert_refused(told, 422, "parameter.invalid")
    assert told.said["place"] == "body.hold"


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"caller=101&dialled=112", b"[1]"),
        *(b'{"caller":"101","dialled":"\xff"}', '{"caller":"101"}'.encode("utf-16")),
        b"[" * LARGEST_BYTES,  # deeper than a parser goes
    ],
)
def test_a_body_that_is_no_json_object_in_utf8_is_refused(desk: Desk, body: bytes) -> None:
    told = send(desk, desk.request(body, key=new_key()))

    assert_refused(told, 422, "body.invalid")


def test_a_token_of_another_scope_decides_nothing(desk: Desk) -> None:
    told = desk.ask(ASK, key=new_key(), authorization=f"Bearer {desk.reader}")

    assert_refused(told, 403, "token.scope_missing")


@pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
def test_a_token_that_was_just_used_still_has_to_be_a_bearers(desk: Desk, scheme: str) -> None:
    assert desk.ask(HELP).status == 200

    told = desk.ask(HELP, authorization=f"{scheme} {desk.token}")

    assert_refused(told, 401, "token.missing")


def test_a_token_that_is_withdrawn_soon_decides_nothing_any_more(desk: Desk) -> None:
    bearer = f"Bearer {new_token(desk.office, 'authorise', '--name', 'Lost')}"
    assert desk.ask(HELP, authorization=bearer).status == 200

    desk.office.tollbook("token", "revoke", "Lost")
    until_s = time.monotonic() + PATIENCE_S
    while (told := desk.ask(HELP, authorization=bearer)).status == 200:
        assert time.monotonic() < until_s, "a token that was withdrawn still decides"
        time.sleep(0.1)

    assert_refused(told, 401, "token.unknown")
    assert desk.ask(HELP).status == 200  # The other token is as good as before.


@pytest.mark.parametrize("verb", ["", "renew", "settle", "release"])
def test_it_is_asked_by_post_only(desk: Desk, verb: str) -> None:
    told = send(desk, desk.request(b"", verb=verb, method="GET", content_length=None))

    assert_refused(told, 405, "method.refused")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/", "/api/v1/calls", "/api/v1/docs", "/static/app.css"])
def test_there_is_nothing_else_on_this_port(desk: Desk, method: str, path: str) -> None:
    told = send(desk, desk.request(b"{}", path=path, method=method))

    assert_refused(told, 404, "path.unknown")


def test_a_body_must_say_its_length(desk: Desk) -> None:
    body = json.dumps(ASK).encode()
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    head = desk.request(b"", key=new_key(), content_length=None, transfer_encoding="chunked")

    assert_refused(send(desk, head + chunks), 411, "body.length")
    assert_refused(
        send(desk, desk.request(b"", key=new_key(), content_length=None)), 411, "body.length"
    )


@pytest.mark.parametrize("size", [1, LARGEST_BYTES + 1])
def test_a_length_beside_chunks_is_not_believed(desk: Desk, size: int) -> None:
    # Whoever believed one and the other the other would part the requests differently.
    made, body = desk.holds(), json.dumps(ASK).encode().ljust(size)
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    how = {"content_length": "10", "transfer_encoding": "chunked"}

    told = send(desk, desk.request(b"", key=new_key(), **how) + chunks)

    assert told.status in (400, 411, 413)
    assert desk.holds() == made


def test_a_body_may_have_so_many_bytes_and_not_one_more(desk: Desk) -> None:
    largest = json.dumps(ASK).encode().ljust(LARGEST_BYTES)

    assert send(desk, desk.request(largest, key=new_key())).said["allowed"] is True
    assert_refused(send(desk, desk.request(largest + b" ", key=new_key())), 413, "body.too_large")


def test_a_body_that_would_be_too_large_is_not_waited_for(desk: Desk) -> None:
    told = send(desk, desk.request(b"", key=new_key(), content_length="1000000000"))

    assert_refused(told, 413, "body.too_large")


# The wire


def test_two_requests_sent_at_once_are_answered_in_their_order(desk: Desk) -> None:
    key = new_key()
    # The first waits for its commit, the second for nothing: it must wait for the first.
    first = desk.request(json.dumps(ASK).encode(), key=key)
    second = desk.request(json.dumps(HELP).encode())

    with closing(desk.wire()) as wire:
        wire.send(first + second)
        answers = [wire.answer().said for _ in range(2)]

    assert [answer["number"] for answer in answers] == ["8888" + PARIS, "112"]
    assert answers[0]["hold"].endswith(f":{key}")


def test_the_names_of_headers_may_be_written_in_any_case(desk: Desk) -> None:
    head, _, body = desk.request(json.dumps(ASK).encode(), key=new_key()).partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    shouted = [b":".join((name.upper(), value)) for name, _, value in parted(headers)]
    whispered = [b":".join((name.lower(), value)) for name, _, value in parted(headers)]

    answers = [
        send(desk, b"\r\n".join([first, *written, b"", body])) for written in (shouted, whispered)
    ]

    assert [told.status for told in answers] == [200, 200]
    assert answers[0].body == answers[1].body


def test_one_connection_carries_twenty_requests(desk: Desk) -> None:
    headers = {"Authorization": f"Bearer {desk.token}"}
    holds = []
    with closing(HTTPConnection("127.0.0.1", desk.port, timeout=ANSWER_S)) as connection:
        connection.connect()
        link = connection.sock
        for _ in range(20):
            sent = {**headers, "Idempotency-Key": new_key()}
            connection.request("POST", PATH, json.dumps(ASK), sent)
            with connection.getresponse() as response:
                assert response.status == 200
                holds.append(json.loads(response.read())["hold"])
            assert connection.sock is link  # http.client would quietly connect anew

    assert len(set(holds)) == 20


def test_who_asks_for_one_answer_only_is_left_after_it(desk: Desk) -> None:
    with closing(desk.wire()) as wire:
        wire.send(desk.request(json.dumps(HELP).encode(), connection="close"))

        assert wire.answer().status == 200
        assert wire.has_ended()


def test_a_request_cut_in_half_keeps_nobody_else_waiting(desk: Desk) -> None:
    key = new_key()
    whole = desk.request(json.dumps(ASK).encode(), key=key)
    with ExitStack() as stack:
        half = [stack.enter_context(closing(desk.wire())) for _ in range(20)]
        for wire in half:
            wire.send(whole[: -len(json.dumps(ASK))])
        cut = stack.enter_context(closing(desk.wire()))
        cut.send(whole[:-7])

        assert desk.ask(ASK, key=new_key()).said["allowed"] is True

        cut.send(whole[-7:])
        assert cut.answer().said["hold"].endswith(f":{key}")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", id="TLS"),
        pytest.param(b"agi_network: yes\nagi_request: authorise\n\n\r\n\r\n", id="FastAGI"),
        pytest.param(b"POST " + PATH.encode() + b" HTTP/1.1\r\nX: " + b"x" * 600_000, id="endless"),
    ],
)
def test_what_is_no_request_ends_its_own_connection_only(desk: Desk, content: bytes) -> None:
    begun_s = time.monotonic()
    with closing(desk.wire()) as wire:
        try:
            wire.send(content)
        except (ConnectionResetError, BrokenPipeError):
            pass  # It had read enough.
        else:
            assert wire.has_ended()

    assert time.monotonic() - begun_s < AT_ONCE_S
    assert desk.ask(HELP).said["allowed"] is True


def test_what_is_no_request_does_not_answer_for_the_one_before_it(desk: Desk) -> None:
    key = new_key()
    with closing(desk.wire()) as wire:
        wire.send(desk.request(json.dumps(ASK).encode(), key=key) + b"\x16\x03\x01\r\n\r\n")
        told = wire.answer()

        assert told.status == 200
        assert told.said["hold"].endswith(f":{key}")
        assert wire.has_ended()


# Many at once


def test_sixty_four_calls_at_once_get_a_hold_each_and_the_books_are_whole(desk: Desk) -> None:
    made = desk.holds()

    answers = at_once(desk, [new_key() for _ in range(64)])

    assert [told.status for told in answers] == [200] * 64
    assert all(told.said["allowed"] for told in answers)
    assert len({told.said["hold"] for told in answers}) == 64
    assert desk.holds() == made + 64
    assert "FAULT" not in desk.office.tollbook("doctor")


def test_one_call_asked_for_many_times_at_once_is_held_once(desk: Desk) -> None:
    made = desk.holds()

    answers = at_once(desk, [new_key()] * 16)

    assert {told.status for told in answers} == {200}
    assert len({told.body for told in answers}) == 1
    assert desk.holds() == made + 1


def test_a_question_that_cannot_be_judged_fails_alone(desk: Desk) -> None:
    broken = desk.request(json.dumps({**ASK, "dialled": "\ud800"}).encode(), key=new_key())
    with ExitStack() as stack:
        wires = [stack.enter_context(closing(desk.wire())) for _ in range(24)]
        for nth, wire in enumerate(wires):
            whole = desk.request(json.dumps(ASK).encode(), key=new_key())
            wire.send(whole if nth != 12 else broken)
        statuses = [wire.answer().status for wire in wires]

    assert statuses == [200] * 12 + [422] + [200] * 11


# Beside it


def test_asterisk_is_answered_by_the_same_process_and_what_it_holds_is_settled_here(
    desk: Desk,
) -> None:
    variables = fast_agi(desk.agi_port)

    assert variables["BILL_ACTION"] == "allow"
    assert variables["BILL_NUMBER"] == "8888" + PARIS
    settled = desk.ask({"hold": variables["BILL_HOLD"], "talk_s": 60}, verb="settle")
    assert (settled.status, settled.said["charge"]) == (200, "0.1")


def test_no_http_is_spoken_unless_a_port_is_set(small_office: Office) -> None:
    agi_port = free_port()
    process = start_control(small_office, "--port", str(agi_port), port=agi_port)
    try:
        # A whole conversation: whatever is opened behind FastAGI at the start is open by then.
        variables = fast_agi(agi_port)
        ports = listening_ports(process.pid)
    finally:
        end(process)

    assert variables["BILL_ACTION"] != "allow"  # Nobody has extension 101 there.
    assert ports == {agi_port}


def test_the_settings_name_address_and_port(small_office: Office) -> None:
    host, port, agi_port = "127.0.0.2", free_port(), free_port()
    small_office.set(authorise_host=host, authorise_port=port)
    process = start_control(small_office, "--port", str(agi_port), host=host, port=port)
    try:
        with closing(HTTPConnection(host, port, timeout=ANSWER_S)) as connection:
            connection.request("POST", PATH, b"{}")
            with connection.getresponse() as response:
                assert response.status == 401
                assert response.headers["WWW-Authenticate"] == 'Bearer realm="Tollbook"'
                assert json.loads(response.read())["code"] == "token.missing"
        assert listening_ports(process.pid) == {port, agi_port}
        with pytest.raises(ConnectionRefusedError):
            connect_once(port)
    finally:
        end(process)
    assert process.returncode == 0


@pytest.mark.parametrize("state", ["idle", "half"])
def test_who_stays_connected_does_not_keep_the_process_from_ending(
    small_office: Office, state: str
) -> None:
    port = free_port()
    words = ("--port", str(free_port()), "--authorise-port", str(port))
    small_office.set(authorise_host="127.0.0.1")
    process = start_control(small_office, *words, port=port)
    with closing(Wire(port)) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        assert wire.answer().status == 404
        if state == "half":
            wire.send(f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{{".encode())
        begun_s = time.monotonic()
        end(process)
        took_s = time.monotonic() - begun_s

    assert process.returncode == 0
    assert took_s < PATIENCE_S


@pytest.mark.slow  # A port may be given back late by who had it before: it is waited for.
def test_a_port_that_somebody_has_stops_the_start_and_is_named(small_office: Office) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        small_office.set(authorise_host="127.0.0.1", authorise_port=port)

        told = small_office.tollbook("control", "--port", str(free_port()), expect=2)

    assert str(port) in told
    assert "authorise_port" in told


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_request_that_drips_for_ever_is_cut(
    drips: Mapping[str, Future[float]], part: str
) -> None:
    lasted_s = drips[part].result(timeout=PATIENCE_S)

    assert ARRIVING_S <= lasted_s < PATIENCE_S


def assert_refused(told: Told, status: int, code: str) -> None:
    """Check that a refusal has the API's shape, and names whom to ask where nobody is known."""
    assert (told.status, told.said["code"]) == (status, code)
    assert set(told.said) == {"code", "message", "place"}
    assert told.headers["content-type"] == "application/json; charset=utf-8"
    expected = 'Bearer realm="Tollbook"' if status == 401 else None
    assert told.headers.get("www-authenticate") == expected


def send(desk: Desk, content: bytes) -> Told:
    """Send bytes on a connection of their own and return the answer."""
    with closing(desk.wire()) as wire:
        wire.send(content)
        return wire.answer()


def parted(headers: list[bytes]) -> list[tuple[bytes, bytes, bytes]]:
    """Return headers as name, colon and value."""
    return [header.partition(b":") for header in headers]


def at_once(desk: Desk, keys: list[str]) -> list[Told]:
    """Connect once for each key, then ask on all connections before any answer is read."""
    with ExitStack() as stack:
        wires = [stack.enter_context(closing(desk.wire())) for _ in keys]
        for wire, key in zip(wires, keys, strict=True):
            wire.send(desk.request(json.dumps(ASK).encode(), key=key))
        return [wire.answer() for wire in wires]
