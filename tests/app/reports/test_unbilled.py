"""Calls that nobody pays are listed with the reason; fees add up by owner and code."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from support.databases import Database, door
from support.factories import change_extension, make_code, make_owner
from support.office import FIRST_CALL, Call, Office, open_office
from tollbook.app.reports.call_criteria import Criteria
from tollbook.app.reports.catalogue import Format
from tollbook.app.reports.report import write_report
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.unbilled import UnbilledCount, unbilled_calls, unbilled_counts


@pytest.fixture
def office(database: Database) -> Office:
    made = open_office(database)
    with door.transaction():
        change_extension("101", billing=True)
    made.receive(
        [
            Call(1, FIRST_CALL),
            Call(2, FIRST_CALL + timedelta(minutes=1), extension="102"),
            Call(3, FIRST_CALL + timedelta(minutes=2), dialled="0033123456789"),
            Call(4, FIRST_CALL + timedelta(minutes=3), dialled="102"),
            Call(5, FIRST_CALL + timedelta(minutes=4), talk_s=0),
        ]
    )
    return made


def report(name: str, format_name: Format = "json") -> Any:
    data = b"".join(write_report(name, Criteria(), format_name=format_name))
    if format_name == "json":
        return json.loads(data)
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_each_reason_is_counted(office: Office) -> None:
    assert unbilled_counts(CallFilter()) == [
        UnbilledCount("billing_off", 1, 60_000),
        UnbilledCount("unrated", 1, 60_000),
        UnbilledCount("internal", 1, 60_000),
        UnbilledCount("unanswered", 1, 0),
    ]


def test_one_reason_is_listed_page_by_page(office: Office) -> None:
    newest, *_ = unbilled_calls(CallFilter(), limit=1)
    rest = list(unbilled_calls(CallFilter(), before=(newest.begin_us, newest.id)))
    off = list(unbilled_calls(CallFilter(), reason="billing_off"))

    assert [newest.reason, *(one.reason for one in rest)] == [
        *("unanswered", "internal", "unrated", "billing_off"),
    ]
    assert [(one.extension, one.charge_micros) for one in off] == [("102", 220_000)]


def test_the_report_says_why_in_words_and_to_programs(office: Office) -> None:
    assert [one["reason"] for one in report("unbilled")] == [
        *("unanswered", "internal", "unrated", "billing_off"),
    ]
    assert report("unbilled")[3]["charge"] == "0.22"
    assert report("unbilled", "csv")[-1][-1] == "billing is off for whoever could pay"


def test_fees_add_up_by_owner_and_code(office: Office) -> None:
    with door.transaction():
        okafor = make_owner("Ms Okafor")
        make_code("4711", owner=okafor, description="Lease", fee_micros=120_000_000)
    office.receive(
        [
            Call(number, FIRST_CALL + timedelta(hours=number), talk_s=361, account_code="4711")
            for number in (11, 12)
        ]
    )

    (line,) = report("fees")

    assert line == {
        "owner": "Ms Okafor",
        "account_code": "4711",
        "description": "Lease",
        "calls": 2,
        "talk_ms": 722_000,
        "units": 4,
        "fee": "48",
        "currency": "EUR",
    }
    assert report("fees", "csv")[-1][:2] == ["Ms Okafor", "4711"]
