"""Local stamps: repeated hours, hours that never were, zones."""
# ruff: noqa: E501 - a table is easier to check when a row is a line

from typing import Any

import pytest

from support.records import Cdr, RejectedRecord, at, call, instant, outcomes, reject
from tollbook.formats import Parser, ZoneError, load_definition

ZONE = "Europe/Berlin"  # 2026-10-25: 03:00 becomes 02:00; 2026-03-29: 02:00 becomes 03:00


def row(start: str, answer: str, end: str, duration_s: int, talk_s: int, day: str) -> str:
    """Return a line of Master.csv."""
    stamps = [f"{day} {each}" if each else "" for each in (start, answer, end)]
    quoted = ",".join(f'"{each}"' for each in stamps)
    disposition = "ANSWERED" if answer else "NO ANSWER"
    return (
        f'"","201","4711","from-internal","201","PJSIP/201-00000001","PJSIP/x-00000002","Dial","",'
        f'{quoted},{duration_s},{talk_s},"{disposition}","DOCUMENTATION","1772439300.26",""'
    )


def autumn(start: str, answer: str, end: str, duration_s: int, talk_s: int) -> str:
    return row(start, answer, end, duration_s, talk_s, "2026-10-25")


def starts(found: list[Any]) -> list[str]:
    return [each.start.isoformat() for each in found if isinstance(each, Cdr)]


def test_a_repeated_hour_is_the_first_unless_something_shows_the_second() -> None:
    said = call("asterisk-csv", autumn("02:30:00", "02:30:05", "02:31:05", 65, 60), zone=ZONE)

    assert at(said["start"]) == instant("2026-10-25T02:30:00+02:00")


def test_the_file_s_order_shows_the_second() -> None:
    lines = [
        autumn("02:40:00", "02:40:05", "02:41:05", 65, 60),
        autumn("02:58:00", "02:58:05", "02:59:05", 65, 60),
        autumn("02:10:00", "02:10:05", "02:11:05", 65, 60),
        autumn("02:50:00", "02:50:05", "02:51:05", 65, 60),
        autumn("03:10:00", "03:10:05", "03:11:05", 65, 60),
    ]
    found = outcomes("asterisk-csv", "\n".join(lines) + "\n", zone=ZONE)

    assert starts(found) == [
        "2026-10-25T00:40:00+00:00",
        "2026-10-25T00:58:00+00:00",
        "2026-10-25T01:10:00+00:00",
        "2026-10-25T01:50:00+00:00",
        "2026-10-25T02:10:00+00:00",
    ]


def test_a_start_follows_its_answer_into_the_second_hour() -> None:
    """3CX states talk but no ring: the call rang for 5 s, not for an hour and 5 s."""
    head, tail = "Ext.101,0301234,101,10001,0301234,,0301234,10001,,,,,", "Extension,Line,Line,,,,"
    lines = [
        f"Call {n},id{n},00:01:00,2026/10/25 02:{m}:00,2026/10/25 02:{m}:05,2026/10/25 02:{m + 1}:05,"
        f"TerminatedBySrc,{head}Chain: Ext.101;,{tail}"
        for n, m in ((1, 40), (2, 10))
    ]
    _, second = outcomes("3cx", "\n".join(lines) + "\n", zone=ZONE)

    assert isinstance(second, Cdr)
    assert second.start == instant("2026-10-25T02:10:00+01:00")
    assert second.ring_s == 5


def test_records_a_few_seconds_out_of_order_show_nothing() -> None:
    lines = [
        autumn("02:30:00", "02:30:05", "02:31:05", 65, 60),
        autumn("02:30:00", "02:30:05", "02:31:03", 63, 58),
    ]
    found = outcomes("asterisk-csv", "\n".join(lines) + "\n", zone=ZONE)

    assert starts(found) == ["2026-10-25T00:30:00+00:00", "2026-10-25T00:30:00+00:00"]


@pytest.mark.parametrize(
    ("received", "start"),
    [
        ("2026-10-25T02:31:30+02:00", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:31:30+01:00", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T03:05:00+01:00", "2026-10-25T02:30:00+01:00"),
        ("2026-11-02T12:00:00+01:00", "2026-10-25T02:30:00+02:00"),  # a week later: shows nothing
    ],
)
def test_the_time_of_receipt_shows_the_second(received: str, start: str) -> None:
    line = autumn("02:30:00", "02:30:05", "02:31:05", 65, 60)
    said = call("asterisk-csv", line, zone=ZONE, received=received)

    assert at(said["start"]) == instant(start)


@pytest.mark.parametrize(
    ("line", "start", "end"),
    [
        # 20 minutes over the change
        (autumn("02:50:00", "02:50:05", "02:10:05", 1205, 1200), "02:50:00+02:00", "02:10:05+01:00"),
        # an hour and five minutes, both stamps in the repeated hour
        (autumn("02:20:00", "02:20:05", "02:25:05", 3905, 3900), "02:20:00+02:00", "02:25:05+01:00"),
        (autumn("01:59:00", "01:59:05", "02:30:05", 1865, 1860), "01:59:00+02:00", "02:30:05+02:00"),
        (autumn("01:59:00", "01:59:05", "02:30:05", 5465, 5460), "01:59:00+02:00", "02:30:05+01:00"),
        (autumn("02:30:00", "02:30:05", "03:00:05", 1805, 1800), "02:30:00+01:00", "03:00:05+01:00"),
    ],
)  # fmt: skip
def test_a_record_s_own_lengths_tell_the_hours_apart(line: str, start: str, end: str) -> None:
    said = call("asterisk-csv", line, zone=ZONE)

    assert at(said["start"]) == instant(f"2026-10-25T{start}")
    assert at(said["end"]) == instant(f"2026-10-25T{end}")


def test_a_time_that_never_was_is_rejected() -> None:
    line = row("02:30:00", "02:30:05", "02:31:05", 65, 60, "2026-03-29")
    found = reject("asterisk-csv", line, zone=ZONE)

    assert found.reason == "call.time_nonexistent"
    assert "Europe/Berlin" in found.message
    assert call("asterisk-csv", line, zone="UTC")["talk_s"] == 60


def test_segments_of_a_call_share_the_hour_of_their_start() -> None:
    """The second record comes after a call of the second hour; its start is still the first's."""
    text = (
        "2026/10/25 02:50:00,00:05:00,5,0207,I,300,300,,0,10,1,E402,Ivy,T9001,L,0,0\n"
        "2026/10/25 02:10:00,00:05:00,5,0208,I,300,300,,0,11,0,E403,Max,T9001,L,0,0\n"
        "2026/10/25 02:50:00,00:30:00,5,0207,I,300,300,,0,10,0,E403,Max,T9001,L,0,0\n"
    )
    found = [each for each in outcomes("avaya-ipoffice", text, zone=ZONE) if isinstance(each, Cdr)]

    assert [each.start for each in found] == [
        instant("2026-10-25T02:10:00+01:00"),
        instant("2026-10-25T02:50:00+02:00"),
    ]


def test_local_stamps_need_a_zone() -> None:
    with pytest.raises(ZoneError, match="name a zone"):
        outcomes("asterisk-csv", autumn("01:00:00", "", "01:00:09", 9, 0) + "\n", zone=None)
    with pytest.raises(ZoneError, match="not a time zone"):
        Parser(load_definition("3cx"), zone="Europe/Atlantis")


def test_a_fixed_offset_is_a_zone() -> None:
    said = call("asterisk-csv", autumn("01:00:00", "", "01:00:09", 9, 0), zone="+05:45")

    assert at(said["start"]) == instant("2026-10-25T01:00:00+05:45")


def test_a_wrong_clock_does_not_bend_the_hours_behind_it() -> None:
    lines = [
        row("02:00:00", "", "02:00:09", 9, 0, "2031-01-01"),
        autumn("02:30:00", "02:30:05", "02:31:05", 65, 60),
    ]
    found = outcomes("asterisk-csv", "\n".join(lines) + "\n", zone=ZONE)

    assert starts(found)[1] == "2026-10-25T00:30:00+00:00"


def test_the_order_lives_on_in_the_carry() -> None:
    before, after = (
        autumn("02:58:00", "02:58:05", "02:59:05", 65, 60),
        autumn("02:10:00", "02:10:05", "02:11:05", 65, 60),
    )
    first = Parser(load_definition("asterisk-csv"), zone=ZONE)
    first.feed(before.encode() + b"\n")
    second = Parser(load_definition("asterisk-csv"), zone=ZONE)
    second.restore(first.carry())
    (found,) = second.feed(after.encode() + b"\n")

    assert not isinstance(found, RejectedRecord)
    assert starts([found]) == ["2026-10-25T01:10:00+00:00"]


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-30", "2200-01-02", "9999-12-31"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati"])
def test_a_time_far_from_ours_is_refused_and_the_next_record_read(day: str, zone: str) -> None:
    lost = row("23:30:00", "23:30:05", "23:31:05", 65, 60, day)
    good = row("12:30:00", "12:30:05", "12:31:05", 65, 60, "2026-10-24")

    refused, said = outcomes("asterisk-csv", f"{lost}\n{good}\n", zone=zone)

    assert isinstance(refused, RejectedRecord)
    assert refused.reason == "call.time_out_of_range"
    assert isinstance(said, Cdr)
