"""Stamps without a year, and calls whose end is a record of its own."""

from datetime import datetime

import pytest

from support.records import Cdr, Part, RejectedRecord, instant, outcomes
from tollbook.core.calls import Outcome, Skip
from tollbook.formats import Parser, read_definition

YEARLESS = """
name = "yearless"
[time]
formats = "%m/%d %H:%M:%S"
[[carry]]
when = '^REPORT \\d\\d/\\d\\d/(?P<year>\\d\\d)$'
why = "page heading"
[[record]]
columns = ["start", "talk", "number"]
[fields]
start = "start"
talk_s = { from = "talk", as = "seconds" }
dialled = "number"
"""


def read(text: str, received: str | None = None) -> list[Outcome]:
    parser = Parser(
        read_definition(YEARLESS, "yearless.toml"),
        zone="Europe/Berlin",
        received=datetime.fromisoformat(received) if received else None,
    )
    return parser.feed(text.encode()) + parser.finish()


@pytest.mark.parametrize(
    ("stamp", "received", "start"),
    [
        ("06/28 12:10:50", "2026-06-28T12:12:00+02:00", "2026-06-28T12:10:50+02:00"),
        ("12/31 23:59:58", "2026-01-01T00:00:10+01:00", "2025-12-31T23:59:58+01:00"),
        ("01/01 00:00:05", "2025-12-31T23:59:59+01:00", "2026-01-01T00:00:05+01:00"),
        ("07/01 08:00:00", "2026-06-28T12:12:00+02:00", "2025-07-01T08:00:00+02:00"),
        ("02/29 08:00:00", "2028-03-01T08:00:00+01:00", "2028-02-29T08:00:00+01:00"),
    ],
)
def test_the_year_is_the_latest_in_which_the_record_could_have_come(
    stamp: str, received: str, start: str
) -> None:
    (found,) = read(f"{stamp},10,0301\n", received)

    assert isinstance(found, Cdr)
    assert found.start == instant(start)


def test_a_heading_names_the_year_of_what_follows() -> None:
    heading, found = read("REPORT 01/02/95\n01/02 17:15:13,28,0301\n")

    assert isinstance(heading, Skip)
    assert heading.why == "page heading"
    assert isinstance(found, Cdr)
    assert found.start == instant("1995-01-02T17:15:13+01:00")


def test_the_heading_lives_on_in_the_carry() -> None:
    definition = read_definition(YEARLESS, "yearless.toml")
    before = Parser(definition, zone="UTC")
    before.feed(b"REPORT 01/02/95\n")
    after = Parser(definition, zone="UTC")
    after.restore(before.carry())
    (found,) = after.feed(b"01/02 17:15:13,28,0301\n")

    assert isinstance(found, Cdr)
    assert found.start == instant("1995-01-02T17:15:13+00:00")


@pytest.mark.parametrize(
    ("stamp", "received", "reason"),
    [
        ("06/28 12:10:50", None, "call.year_unknown"),
        ("02/29 12:10:50", "2026-06-28T12:12:00+02:00", "call.time_malformed"),
    ],
)
def test_a_year_that_nothing_tells_is_not_guessed(
    stamp: str, received: str | None, reason: str
) -> None:
    (found,) = read(f"{stamp},10,0301\n", received)

    assert isinstance(found, RejectedRecord)
    assert found.reason == reason


INVITE = (
    "ACC: transaction answered: timestamp=1780000000;method=INVITE;call_id=one@x;code=200;"
    "reason=OK;src_user=alice;src_ip=192.0.2.46;dst_ouser=600;dst_user=carol\n"
)
BYE = (
    "ACC: transaction answered: timestamp=1780000065;method=BYE;call_id=one@x;code=200;reason=OK\n"
)


def test_an_end_record_completes_its_call() -> None:
    part, call = outcomes("kamailio-acc", INVITE + BYE, zone=None)

    assert isinstance(part, Part)
    assert isinstance(call, Cdr)
    assert (call.talk_s, call.legs, call.partial) == (65, (), False)
    assert (call.start, call.ring_s) == (None, None)
    assert (call.offset, call.end_offset) == (0, len(INVITE + BYE))


@pytest.mark.parametrize("text", [INVITE, BYE])
def test_half_of_a_call_is_partial(text: str) -> None:
    (call,) = outcomes("kamailio-acc", text, zone=None)

    assert isinstance(call, Cdr)
    assert (call.partial, call.talk_s) == (True, None)


def test_an_end_before_its_beginning_does_not_bend_it() -> None:
    _, call = outcomes("kamailio-acc", INVITE + BYE.replace("1780000065", "1779990000"), zone=None)

    assert isinstance(call, Cdr)
    assert (call.partial, call.end, call.talk_s) == (True, None, None)
    assert call.lines == (1, 2)
