"""Statistics: half-up averages, whole seconds, local days, and the same from copy and tables."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.databases import Database
from support.office import FIRST_CALL, Call, Office, calls_in_a_row, open_office
from tollbook.app.reports.call_criteria import Criteria, CriteriaError
from tollbook.app.reports.report import write_report
from tollbook.app.reports.statistics import average_s, hours_text, statistics, total_of
from tollbook.cli import main
from tollbook.core.instants import to_us
from tollbook.storage.models import Call as StoredCall
from tollbook.storage.models import Charge, Extension
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.columnar import queries as columns
from tollbook.storage.reports.columnar.refresh import refresh
from tollbook.storage.reports.statistics import sums_by_interval

BERLIN = ZoneInfo("Europe/Berlin")


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_an_average_is_the_nearest_second_and_a_half_counts_up(total_s: int, calls: int) -> None:
    exact = Fraction(total_s, calls)

    assert exact - Fraction(1, 2) < average_s(total_s, calls) <= exact + Fraction(1, 2)


@given(st.integers(0, 10**9))
def test_hours_are_unpadded_and_nothing_is_lost(duration_s: int) -> None:
    hours, minutes, seconds = hours_text(duration_s).split(":")

    assert 3_600 * int(hours) + 60 * int(minutes) + int(seconds) == duration_s
    assert (len(minutes), len(seconds)) == (2, 2)
    assert hours == str(int(hours))


def test_the_sample_of_two_calls_comes_out_as_printed(database: Database) -> None:
    # 39 + 238 = 277 s, average 0:02:19 (RUL-02).
    office = open_office(database)
    office.receive([Call(1, FIRST_CALL, 39), Call(2, FIRST_CALL + timedelta(hours=3), 238)])

    (line,) = statistics(CallFilter(), every="day", zone=BERLIN)

    assert (line.date, line.extension, line.calls) == ("2026-10-01", "All", 2)
    assert (hours_text(line.talk_s), hours_text(line.average_s)) == ("0:04:37", "0:02:19")
    exact = sum(
        (Decimal(charge.amount_micros or 0) / 1_000_000 for charge in Charge.objects.all()),
        Decimal(0),
    )
    assert line.costs == (("EUR", exact.quantize(Decimal("0.01"), "ROUND_HALF_UP")),)


def test_days_begin_at_the_site_s_midnight_also_when_clocks_change(database: Database) -> None:
    office = open_office(database)
    midnight = datetime(2026, 10, 25, tzinfo=BERLIN)  # a day of 25 hours
    following = datetime(2026, 10, 26, tzinfo=BERLIN)
    moments = [midnight - timedelta(seconds=1), midnight]
    moments += [following.astimezone(UTC) - timedelta(seconds=1), following]
    office.receive([Call(nth, at.astimezone(UTC), 60) for nth, at in enumerate(moments, 1)])

    lines = statistics(CallFilter(), every="day", zone=BERLIN)

    assert [(line.date, line.calls) for line in lines] == [
        ("2026-10-24", 1), ("2026-10-25", 2), ("2026-10-26", 1),
    ]  # fmt: skip
    assert (lines[1].to_us - lines[1].from_us) // 1_000_000 == 25 * 3_600


def test_only_answered_outgoing_calls_count(sqlite: Database) -> None:
    office = open_office(sqlite)
    office.receive(
        [
            Call(1, FIRST_CALL, 60),
            Call(2, FIRST_CALL, 0),
            Call(3, FIRST_CALL + timedelta(minutes=1), 60, dialled="102"),
        ]
    )

    assert total_of(statistics(CallFilter(), every="year", zone=BERLIN)).calls == 1
    assert statistics(CallFilter(extension_id=0), every="day", zone=BERLIN) == []


@pytest.fixture
def busy(database: Database) -> Office:
    office = open_office(database)
    office.receive(calls_in_a_row(600, every_s=9_973))
    return office


def test_all_days_add_up_to_the_month_and_all_extensions_to_all(busy: Office) -> None:
    days = statistics(CallFilter(), every="day", zone=BERLIN)
    months = statistics(CallFilter(), every="month", zone=BERLIN)

    assert sum(day.calls for day in days) == sum(month.calls for month in months)
    assert sum(day.talk_s for day in days) == sum(month.talk_s for month in months)
    by_extension = [
        total_of(statistics(CallFilter(extension_id=row.pk), every="year", zone=BERLIN))
        for row in Extension.objects.all()
    ]
    assert sum(one.calls for one in by_extension) == sum(day.calls for day in days)
    answered = StoredCall.objects.filter(answered=True, direction=2)
    assert sum(day.calls for day in days) == answered.count()
    assert sum(day.talk_s for day in days) * 1_000 == sum(
        answered.values_list("talk_ms", flat=True)  # the office's calls last whole seconds
    )


def test_the_columnar_copy_and_the_tables_give_the_same(
    busy: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    edges = [to_us(datetime(2026, month, 1, tzinfo=BERLIN)) for month in (10, 11, 12)]
    wanted = CallFilter(direction=2, answered=True)
    from_tables = sums_by_interval(edges, wanted)
    refresh()
    monkeypatch.setattr(columns, "WORTH_CALLS", 0)
    busy.receive(calls_in_a_row(20, first=600))

    asked: list[bool] = []
    ask = columns.ask

    def watched(*args: object, **kwargs: object) -> object:
        answer = ask(*args, **kwargs)  # type: ignore[arg-type]  # passed on as it came
        asked.append(answer is not None)
        return answer

    monkeypatch.setattr(columns, "ask", watched)
    from_copy = sums_by_interval(edges, wanted)
    monkeypatch.setattr(columns, "WORTH_CALLS", 10**9)

    assert from_copy == sums_by_interval(edges, wanted)
    assert asked == [True, False]
    assert sum(one.calls for one in from_copy) > sum(one.calls for one in from_tables) > 0


def report(name: str, *, by: str = "day", format_name: str = "csv", **criteria: str) -> bytes:
    pieces: Iterator[bytes] = write_report(
        name,
        Criteria(**criteria),
        format_name=format_name,
        by=by,  # type: ignore[arg-type]  # as typed
    )
    return b"".join(pieces)


def test_the_report_says_the_same_in_each_format(busy: Office) -> None:
    rows = list(csv.reader(io.StringIO(report("statistics", by="month").decode())))
    objects = json.loads(report("statistics", by="month", format_name="json"))

    assert rows[0] == [
        "Date", "Extension", "Calls", "Total Call Time", "Average Call Time", "Total Cost",
        "Currency",
    ]  # fmt: skip
    assert [row[:5] for row in rows[1:]] == [
        [one["date"], "All", str(one["calls"]), one["total_time"], one["average_time"]]
        for one in objects
    ]
    assert [[row[5], row[6]] for row in rows[1:]] == [
        [one["costs"][0]["total_cost"], "EUR"] for one in objects
    ]
    assert report("statistics", format_name="xlsx")[:2] == b"PK"
    assert b"Berta[102]" in report("statistics", extension="102")


def test_incoming_calls_have_no_statistics(sqlite: Database) -> None:
    open_office(sqlite)

    with pytest.raises(CriteriaError, match="outgoing calls only"):
        report("statistics", direction="in")


def test_only_statistics_are_added_up_by_day(
    sqlite: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    open_office(sqlite)
    data = ["--data", str(sqlite.data_dir)]

    assert main(["report", "call-log", "--by", "month", *data]) == 2
    assert "only statistics" in capsys.readouterr().err
    assert main(["report", "statistics", "--by", "month", "--format", "json", *data]) == 0
