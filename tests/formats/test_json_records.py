"""Calls as JSON objects: alone, in lists, nested, cut, broken."""

import json

import pytest

from support.records import Cdr, RejectedRecord, instant, outcomes
from tollbook.core.calls import Skip
from tollbook.formats import Parser, load_definition

CALL = {
    "event": "NewCdr",
    "callid": "1780000930.5",
    "timestart": "2026-05-29 10:18:50",
    "callfrom": "1023",
    "callto": "2023",
    "callduraction": "19",
    "talkduraction": "14",
    "status": "ANSWERED",
    "type": "Internal",
}


def other(number: str) -> dict[str, str]:
    return CALL | {"callid": number}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(CALL) + json.dumps(other("2")),
        json.dumps(CALL) + "\n" + json.dumps(other("2")),
        json.dumps([CALL, other("2")]),
        json.dumps({"count": 2, "data": {"list": [CALL, other("2")]}}, indent=2),
        json.dumps({"note": 'a "brace" } in text', "list": [CALL, other("2")]}),
        "\ufeff" + json.dumps([CALL, other("2")]) + "\r\n",
    ],
)
def test_calls_are_found_wherever_they_stand(text: str) -> None:
    found = outcomes("yeastar-s", text)
    calls = [each for each in found if isinstance(each, Cdr)]

    assert [each.pbx_call_id for each in calls] == ["1780000930.5", "2"]
    assert all(isinstance(each, Cdr | Skip) for each in found)
    assert calls[0].answer == instant("2026-05-29T10:18:55+00:00")


def test_an_answer_without_calls_is_skipped() -> None:
    (found,) = outcomes("teams", '{"@odata.count": 0, "value": []}')

    assert isinstance(found, Skip)
    assert found.why == "JSON around the records"


@pytest.mark.parametrize("text", ['{"callduraction": "19", "callid": ', "not JSON", '{"a": "b'])
def test_a_broken_text_is_rejected(text: str) -> None:
    (found,) = outcomes("yeastar-s", text)

    assert isinstance(found, RejectedRecord)
    assert found.reason == "call.line_incomplete"


def test_a_bad_value_rejects_its_object_alone() -> None:
    bad = CALL | {"talkduraction": "soon"}
    found = outcomes("yeastar-s", json.dumps([bad, CALL]))

    assert isinstance(found[0], RejectedRecord)
    assert found[0].reason == "call.duration_malformed"
    assert json.loads(found[0].raw) == bad
    assert isinstance(found[1], Cdr)


def test_an_object_without_end_is_bounded_and_the_next_is_read() -> None:
    definition = load_definition("yeastar-s")
    parser = Parser(definition, zone="UTC")
    found = parser.feed(b'{"x": [' + b"1," * 100_000)
    found += parser.feed(b"]}\n" + json.dumps(CALL).encode()) + parser.finish()

    assert [each.reason for each in found if isinstance(each, RejectedRecord)] == [
        "call.line_too_long"
    ] * 3
    assert [each.pbx_call_id for each in found if isinstance(each, Cdr)] == ["1780000930.5"]
    assert all(len(each.raw) <= 1024 for each in found if isinstance(each, RejectedRecord))


def test_endless_digits_cost_no_endless_time() -> None:
    (found,) = outcomes("yeastar-s", b"1" * 60_000 + b"x")

    assert isinstance(found, RejectedRecord)
