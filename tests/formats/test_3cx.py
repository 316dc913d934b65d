"""3CX records: field orders, decoration, directions, queues."""

from typing import Any

import pytest

from support.records import at, call, instant, outcomes, reject
from tollbook.core.calls import Cdr

DEFAULT = [
    "historyid",
    "callid",
    "duration",
    "time-start",
    "time-answered",
    "time-end",
    "reason-terminated",
    "from-no",
    "to-no",
    "from-dn",
    "to-dn",
    "dial-no",
    "reason-changed",
    "final-number",
    "final-dn",
    "bill-code",
    "bill-rate",
    "bill-cost",
    "bill-name",
    "chain",
    "from-type",
    "to-type",
    "final-type",
    "from-dispname",
    "to-dispname",
    "final-dispname",
    "missed-queue-calls",
]
SETTINGS_PAGE = [
    *DEFAULT[:20],
    "missed-queue-calls",
    "from-dispname",
    "to-dispname",
    "final-dispname",
    "from-type",
    "to-type",
    "final-type",
]
OUT = {
    "historyid": "4711",
    "callid": "00000190A1B2C3D4_101",
    "duration": "00:00:41",
    "time-start": "2026/02/03 08:10:00",
    "time-answered": "2026/02/03 08:10:07",
    "time-end": "2026/02/03 08:10:48",
    "reason-terminated": "TerminatedBySrc",
    "from-no": "Ext.120",
    "to-no": "+4684440100",
    "from-dn": "120",
    "to-dn": "10001",
    "dial-no": "+4684440100",
    "final-number": "+4684440100",
    "final-dn": "10001",
    "bill-code": "default",
    "bill-rate": "1",
    "bill-cost": "0.20",
    "bill-name": "default",
    "chain": "Chain: Ext.120;+4684440100;",
    "from-type": "Extension",
    "to-type": "Line",
    "final-type": "Line",
    "from-dispname": "Berit Alm",
    "to-dispname": "+4684440100",
    "final-dispname": "+4684440100",
}
IN = OUT | {
    "from-no": "+4684440200",
    "to-no": "Ext.121",
    "from-dn": "10001",
    "to-dn": "121",
    "dial-no": "121",
    "final-number": "Ext.121",
    "final-dn": "121",
    "chain": "Chain: +4684440200;Ext.121;",
    "from-type": "Line",
    "to-type": "Extension",
    "final-type": "Extension",
}


def line(fields: dict[str, str], order: list[str] = DEFAULT, prefix: str = "Call ") -> str:
    return prefix + ",".join(fields.get(name, "") for name in order)


@pytest.mark.parametrize(
    "order",
    [
        DEFAULT,
        SETTINGS_PAGE,
        [DEFAULT[1], DEFAULT[0], *DEFAULT[2:]],
        [DEFAULT[1], DEFAULT[0], *SETTINGS_PAGE[2:]],
        [*DEFAULT[:20], "missed-queue-calls", *DEFAULT[20:26]],
        [*DEFAULT[:15], *DEFAULT[19:]],
        ["time-start", *DEFAULT[:3], *DEFAULT[4:]],
    ],
    ids=[
        "manual",
        "settings page",
        "callid first",
        "settings page, callid first",
        "missed calls after chain",
        "without billing",
        "time-start first",
    ],
)
@pytest.mark.parametrize("prefix", ["Call ", ""])
def test_the_same_call_is_read_in_every_order(order: list[str], prefix: str) -> None:
    said = call("3cx", line(OUT, order, prefix), zone="Europe/Stockholm")

    assert at(said["start"]) == instant("2026-02-03T08:10:00+01:00")
    assert at(said["answer"]) == instant("2026-02-03T08:10:07+01:00")
    assert at(said["end"]) == instant("2026-02-03T08:10:48+01:00")
    assert (said["ring_s"], said["talk_s"], said["answered"]) == (7, 41, True)
    assert (said["caller"], said["dialled"], said["callee"]) == (
        "120",
        "+4684440100",
        "+4684440100",
    )
    assert (said["direction"], said["trunk"]) == ("out", "10001")
    assert said["account_code"] is None
    assert said["pbx_call_id"] == "00000190A1B2C3D4_101"


def test_twenty_fields_with_time_start_first_are_read() -> None:
    order = [
        "time-start",
        "dial-no",
        "from-dn",
        "duration",
        "time-answered",
        "time-end",
        "reason-terminated",
        "reason-changed",
        "missed-queue-calls",
        "from-no",
        "to-no",
        "to-dn",
        "final-number",
        "final-dn",
        "from-type",
        "to-type",
        "final-type",
        "from-dispname",
        "to-dispname",
        "final-dispname",
    ]
    said = call("3cx", line(OUT, order, ""))

    assert (said["caller"], said["dialled"], said["direction"]) == ("120", "+4684440100", "out")
    assert said["talk_s"] == 41
    assert said["pbx_call_id"] is None


@pytest.mark.parametrize(
    ("changed", "direction", "trunk", "callee"),
    [
        ({}, "in", "10001", "121"),
        ({"from-type": "line", "to-type": "extension"}, "in", "10001", "121"),
        ({"to-type": "IVR"}, "in", "10001", "121"),
        (
            {"final-type": "Line", "final-number": "+4670", "final-dn": "10002"},
            "transit",
            "10002",
            "+4670",
        ),
        ({"from-type": "Extension", "from-no": "Ext.120"}, "internal", None, "121"),
        ({"from-type": "Carousel"}, "in", None, "121"),
    ],
)
def test_types_say_the_direction(
    changed: dict[str, str], direction: str, trunk: str | None, callee: str
) -> None:
    said = call("3cx", line(IN | changed))

    assert (said["direction"], said["trunk"], said["callee"]) == (direction, trunk, callee)


@pytest.mark.parametrize(
    ("changed", "direction"),
    [
        ({"from-no": "+46701", "to-no": "Ext.120", "final-number": "Ext.120"}, "in"),
        ({"from-no": "Ext.120", "to-no": "Ext.121", "final-number": "Ext.121"}, "internal"),
        ({"from-no": "Ext.120", "to-no": "0701", "final-number": "0701"}, "out"),
        ({"from-no": "", "to-no": "0701", "final-number": "0701"}, None),
    ],
)
def test_without_types_the_decoration_says_it(
    changed: dict[str, str], direction: str | None
) -> None:
    said = call("3cx", line(OUT | changed, DEFAULT[:20]))

    assert said["direction"] == direction


def test_an_unanswered_call_has_neither_answer_nor_talk() -> None:
    said = call("3cx", line(OUT | {"duration": "", "time-answered": ""}))

    assert (said["answered"], said["answer"], said["talk_s"]) == (False, None, 0)
    assert at(said["end"]) == instant("2026-02-03T08:10:48Z")


def test_a_dialled_billing_code_is_the_account() -> None:
    assert call("3cx", line(OUT | {"bill-code": "**7731"}))["account_code"] == "7731"
    assert call("3cx", line(OUT | {"bill-code": "7731"}))["account_code"] == "7731"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (
            {"final-number": "Ext.121", "final-type": "Extension"},
            {"number": "800", "wait_s": None, "agent": "121", "outcome": "answered"},
        ),
        (
            {"time-answered": "", "duration": "", "final-number": "", "final-type": ""},
            {"number": "800", "wait_s": None, "agent": None, "outcome": "abandoned"},
        ),
        (
            {"reason-changed": "QFwdToDNA", "final-number": "Ext.504", "final-type": "Extension"},
            {"number": "800", "wait_s": None, "agent": None, "outcome": "overflow"},
        ),
    ],
)
def test_a_queue_is_told(changed: dict[str, str], expected: dict[str, Any]) -> None:
    said = call("3cx", line(IN | {"to-no": "Ext.800", "to-type": "Queue"} | changed))

    assert said["queue"] == expected
    assert said["direction"] == "in"


def test_a_comma_in_a_name_moves_nothing() -> None:
    said = call("3cx", line(OUT | {"from-dispname": "Alm, Berit"}, SETTINGS_PAGE))

    assert (said["caller"], said["direction"], said["talk_s"]) == ("120", "out", 41)


def test_names_are_kept() -> None:
    (found,) = outcomes("3cx", line(IN | {"final-dispname": "Dag Ek"}) + "\r\n")

    assert isinstance(found, Cdr)
    assert (found.caller_name, found.callee_name) == ("Berit Alm", "Dag Ek")


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_every_line_end_is_understood(end: str) -> None:
    found = outcomes("3cx", end.join([line(OUT), line(IN)]) + end)

    assert [each.lines for each in found if isinstance(each, Cdr)] == [(1,), (2,)]


def test_a_bad_duration_is_rejected_by_name() -> None:
    found = reject("3cx", line(OUT | {"duration": "00:0A:12"}))

    assert found.reason == "call.duration_malformed"
    assert 'duration "00:0A:12" is not HH:MM:SS' in found.message


@pytest.mark.parametrize("text", ["Call 1,2,3", "garbage", "," * 26])
def test_what_is_no_record_is_rejected(text: str) -> None:
    assert reject("3cx", text).reason == "call.layout_unknown"
