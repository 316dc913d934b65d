"""Avaya IP Office SMDR: segments of a call, flags, devices."""
# ruff: noqa: E501 - records are as long as a switch writes them

from datetime import UTC, datetime, timedelta

import pytest

from support.records import Part, at, call, instant, outcomes, reject
from tollbook.core.calls import Cdr
from tollbook.formats import Parser, load_definition

IN = "2026/04/01 10:00:00,00:00:45,5,02079460100,I,402,390402,,0,1000101,0,E402,Ivy Cole,T9001,Line 1.1,0,0"
OUT = "2026/04/01 10:05:00,00:02:00,8,402,O,902079460200,902079460200,7731,0,1000102,0,E402,Ivy Cole,T9002,Line 1.2,0,0"
INTERNAL = (
    "2026/04/01 10:10:00,00:00:30,4,402,O,403,403,,1,1000103,0,E402,Ivy Cole,E403,Max Reed,0,0"
)


def test_the_length_of_a_record_is_ring_talk_hold_and_park() -> None:
    said = call("avaya-ipoffice", IN.replace(",0,0", ",20,10"), zone="Europe/London")

    assert at(said["start"]) == instant("2026-04-01T10:00:00+01:00")
    assert at(said["answer"]) == instant("2026-04-01T10:00:05+01:00")
    assert at(said["end"]) == instant("2026-04-01T10:01:20+01:00")
    assert (said["ring_s"], said["talk_s"]) == (5, 45)


@pytest.mark.parametrize(
    ("line", "direction", "caller", "dialled", "callee", "trunk"),
    [
        (IN, "in", "02079460100", "390402", "402", "T9001"),
        (OUT, "out", "402", "902079460200", "902079460200", "T9002"),
        (INTERNAL, "internal", "402", "403", "403", None),
        (INTERNAL.replace(",1,1000103", ",I,1000103"), "internal", "402", "403", "403", None),
        (IN.replace("E402,Ivy Cole", "T9005,Line 2.1"), "transit", "02079460100", "390402", "402", "T9001"),
        (IN.replace("02079460100", ""), "in", None, "390402", "402", "T9001"),
        (IN.replace("02079460100", "02079460100@192.0.2.7"), "in", "02079460100", "390402", "402", "T9001"),
        (
            INTERNAL.replace("E403,Max Reed", "V9501,VM Channel 1"),
            "internal",
            "402",
            "403",
            "403",
            None,
        ),
    ],
)  # fmt: skip
def test_flags_and_devices_say_who_called_whom(
    line: str,
    direction: str,
    caller: str | None,
    dialled: str,
    callee: str,
    trunk: str | None,
) -> None:
    said = call("avaya-ipoffice", line)

    assert said["direction"] == direction
    assert said["caller"] == caller
    assert said["dialled"] == dialled
    assert said["callee"] == callee
    assert said["trunk"] == trunk


@pytest.mark.parametrize("cells", [17, 18, 24, 30, 35, 37])
def test_every_number_of_columns_is_read(cells: int) -> None:
    assert call("avaya-ipoffice", OUT + "," * (cells - 17))["talk_s"] == 120


def test_account_and_authorisation_codes() -> None:
    said = call("avaya-ipoffice", OUT + ",1,4477,Ivy Cole,0.20,GBP,0.20,2,0,0.10,0,,,")
    none = call("avaya-ipoffice", OUT.replace("7731", "n/a") + ",0,n/a,,,,,,,,,,,")

    assert (said["account_code"], said["authorisation_code"]) == ("7731", "4477")
    assert said["pulses"] == 2
    assert (none["account_code"], none["authorisation_code"], none["pulses"]) == (None, None, None)


def test_a_record_s_own_offset_is_its_zone() -> None:
    line = OUT + "," * 17 + ",+05:30"
    said = call("avaya-ipoffice", line, zone=None)

    assert at(said["start"]) == instant("2026-04-01T10:05:00+05:30")


def test_a_lost_call_rang_and_was_not_answered() -> None:
    said = call("avaya-ipoffice", IN.replace("00:00:45", "00:00:00"))

    assert (said["answered"], said["answer"], said["talk_s"], said["ring_s"]) == (False, None, 0, 5)
    assert at(said["end"]) == instant("2026-04-01T10:00:05Z")


@pytest.mark.parametrize("start", ["2026/04/01 10:00", "2026/04/01 10:00:00"])
@pytest.mark.parametrize("talk", ["00:00:45", "0:00:45"])
def test_seconds_of_the_start_and_a_digit_of_the_hours_may_be_missing(
    start: str, talk: str
) -> None:
    line = IN.replace("2026/04/01 10:00:00", start).replace("00:00:45", talk)

    assert at(call("avaya-ipoffice", line)["start"]) == instant("2026-04-01T10:00:00Z")


@pytest.mark.parametrize("prefix", ["<134>", "<134>Apr  1 10:01:02 ipo SMDR: "])
def test_what_syslog_puts_before_a_record_is_taken_off(prefix: str) -> None:
    assert call("avaya-ipoffice", prefix + IN)["pbx_call_id"] == "1000101"


TWO = [
    "2026/04/01 11:00:00,00:00:13,7,02079460100,I,300,300,,0,1000110,1,E402,Ivy Cole,T9001,Line 1.1,11,0",
    "2026/04/01 11:00:00,00:00:21,0,02079460100,I,300,300,55,0,1000110,0,V9502,VM Channel 2,T9001,Line 1.1,0,0",
]


@pytest.mark.parametrize("flag", ["1", "I"])
def test_records_of_one_call_id_are_legs_behind_each_other(flag: str) -> None:
    lines = "\r\n".join([TWO[0].replace(",1,E402", f",{flag},E402"), INTERNAL, TWO[1]]) + "\r\n"
    first, part, joined = outcomes("avaya-ipoffice", lines)

    assert isinstance(first, Cdr)
    assert isinstance(part, Part)
    assert isinstance(joined, Cdr)
    assert (joined.lines, joined.partial) == ((1, 3), False)
    assert (joined.talk_s, joined.ring_s) == (34, 7)
    assert joined.callee == "402"
    assert joined.account_code == "55"
    assert [(leg.party, leg.role, leg.talk_s) for leg in joined.legs] == [
        ("402", "callee", 13),
        ("V9502", "voicemail", 21),
    ]
    assert joined.legs[1].start == joined.legs[0].end == instant("2026-04-01T11:00:31+00:00")
    assert joined.end == instant("2026-04-01T11:00:52+00:00")
    assert (joined.offset, joined.end_offset) == (0, len(lines))


def test_a_transferred_call_reached_the_last_extension() -> None:
    second = TWO[1].replace("V9502,VM Channel 2", "E405,Joy Hall")
    _, joined = outcomes("avaya-ipoffice", f"{TWO[0]}\n{second}\n")

    assert isinstance(joined, Cdr)
    assert joined.callee == "405"


def test_an_open_call_at_the_end_is_partial() -> None:
    (found,) = outcomes("avaya-ipoffice", TWO[0] + "\n")

    assert isinstance(found, Cdr)
    assert (found.partial, found.talk_s, found.legs) == (True, 13, ())


def test_a_call_whose_rest_never_comes_is_let_go_by_the_records_after_it() -> None:
    same_day = IN.replace("10:00:00", "18:30:00")
    next_day = IN.replace("2026/04/01", "2026/04/02").replace("1000101", "1000102")
    other, lost, later = outcomes("avaya-ipoffice", f"{TWO[0]}\n{same_day}\n{next_day}\n")

    assert isinstance(lost, Cdr)
    assert (lost.partial, lost.lines, lost.talk_s) == (True, (1,), 13)
    assert isinstance(other, Cdr)
    assert isinstance(later, Cdr)
    assert (other.partial, later.partial) == (False, False)


def test_a_call_whose_rest_never_comes_is_let_go_on_a_quiet_line_by_the_clock() -> None:
    noon = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
    parser = Parser(load_definition("avaya-ipoffice"), zone="Europe/London", received=noon)
    assert parser.feed(f"{TWO[0]}\r\n".encode()) == []
    assert parser.safe_offset == 0

    assert parser.close_due() == []
    assert parser.close_due(noon + timedelta(hours=8)) == []
    (lost,) = parser.close_due(noon + timedelta(hours=8, seconds=1))

    assert isinstance(lost, Cdr)
    assert (lost.partial, lost.lines, lost.talk_s) == (True, (1,), 13)
    assert parser.safe_offset == len(TWO[0]) + 2
    # Its end, should it come after all, is a call of its own: no talk is lost, none counted twice.
    (end,) = parser.feed(f"{TWO[1]}\r\n".encode())
    assert isinstance(end, Cdr)
    assert (end.lines, end.talk_s) == ((2,), 21)


def test_a_call_id_that_begins_anew_does_not_join_an_old_call() -> None:
    later = IN.replace("1000101", "1000110").replace("2026/04/01", "2026/04/09")
    old, new = outcomes("avaya-ipoffice", f"{TWO[0]}\n{later}\n")

    assert isinstance(old, Cdr)
    assert isinstance(new, Cdr)
    assert (old.partial, old.lines) == (True, (1,))
    assert (new.partial, new.lines) == (False, (2,))


@pytest.mark.parametrize(
    "line",
    [
        INTERNAL.replace("Ivy Cole", "Cole, Ivy"),
        INTERNAL.replace("Max Reed", "Reed, Max, Dr"),
        INTERNAL.replace("Ivy Cole", "Cole, Ivy") + "," * 18,
    ],
)
def test_a_comma_in_a_name_moves_nothing(line: str) -> None:
    said = call("avaya-ipoffice", line)

    assert (said["caller"], said["callee"], said["talk_s"]) == ("402", "403", 30)
    assert said["pbx_call_id"] == "1000103"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("00:00:45", "00:0A:45", "call.duration_malformed"),
        ("2026/04/01", "2026/04/31", "call.time_malformed"),
        (",5,0207", ",five,0207", "call.duration_malformed"),
        (",I,402", ",X,402", "call.value_unknown"),
        (",0,E402", ",7,E402", "call.value_unknown"),
        (",T9001,Line 1.1,0,0", "", "call.layout_unknown"),
    ],
)
def test_what_is_not_its_shape_is_rejected(old: str, new: str, reason: str) -> None:
    assert reject("avaya-ipoffice", IN.replace(old, new)).reason == reason
