"""The call log as a file: read back, it adds up to the last digit and runs nothing."""

import csv
import doctest
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from support.databases import Database
from support.office import FIRST_CALL, Call, calls_in_a_row, open_office
from tollbook.app.reports import call_table
from tollbook.app.reports.call_criteria import Criteria, CriteriaError
from tollbook.app.reports.catalogue import Format, UnknownReport
from tollbook.app.reports.report import write_report
from tollbook.storage.reports.spend import call_totals

HEADER = (
    "Start,Call from,Call to,Destination,Call type,Trunk,Account code,Owner,Duration,Charge,"
    "Currency,No charge because"
)


def written(format_name: Format, **criteria: Any) -> bytes:
    return b"".join(write_report("call-log", Criteria(**criteria), format_name=format_name))


def as_csv(**criteria: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written("csv", **criteria).decode(), newline="")))


def as_sheet(**criteria: Any) -> list[list[Any]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(written("xlsx", **criteria)))
    return book.get_sheet_by_index(0).to_python()


def test_the_examples_in_the_docstrings_hold() -> None:
    tried = doctest.testmod(call_table)

    assert (tried.attempted > 0, tried.failed) == (True, 0)


def test_every_format_adds_up_to_what_is_stored(database: Database) -> None:
    open_office(database).receive(calls_in_a_row(200))
    ((_, stored_micros),) = call_totals().charges
    total = Decimal(stored_micros).scaleb(-6)

    from_csv = [Decimal(row["Charge"]) for row in as_csv() if row["Charge"]]
    from_sheet = [Decimal(repr(row[9])) for row in as_sheet()[1:] if row[9] != ""]
    from_json = [Decimal(call["charge"]) for call in json.loads(written("json")) if call["charge"]]

    assert total > 0
    assert sum(from_csv) == sum(from_sheet) == sum(from_json) == total
    assert len(as_csv()) == len(as_sheet()) - 1 == len(json.loads(written("json"))) == 200


def test_the_columns_are_those_of_the_screen(sqlite: Database) -> None:
    open_office(sqlite).receive([Call(1, FIRST_CALL, talk_s=125, account_code="4711")])

    lines = written("csv").decode().splitlines()

    assert lines == [
        HEADER,
        (
            "2026-10-01 08:00:00+02:00,Amir[101],494020123456,Germany,national,PJSIP/carrier,"
            "4711,,00:02:05,0.2850,EUR,"
        ),
    ]


def test_a_caller_s_formula_is_text_in_every_file(sqlite: Database) -> None:
    attack = "=cmd|'/c calc'!A0"
    open_office(sqlite).receive([Call(1, FIRST_CALL, name=attack)])

    (from_csv,) = as_csv()
    (from_sheet,) = as_sheet()[1:]

    assert from_csv["Call from"] == f"'{attack}[101]"
    assert from_sheet[1] == f"{attack}[101]"  # an inline string: a spreadsheet never runs it


def test_a_call_without_a_charge_says_why(sqlite: Database) -> None:
    open_office(sqlite).receive(
        [Call(1, FIRST_CALL, dialled="0033123456789"), Call(2, FIRST_CALL, talk_s=0)]
    )

    said = {(row["Charge"], row["No charge because"]) for row in as_csv()}

    assert said == {("", "no rate has a prefix of this number"), ("", "nobody answered")}


def test_days_are_the_site_s_and_half_open(sqlite: Database) -> None:
    midnight = FIRST_CALL.replace(hour=22)  # in Berlin
    open_office(sqlite).receive(
        [
            Call(1, midnight.replace(hour=21, minute=59)),
            Call(2, midnight),
            Call(3, midnight.replace(day=2)),
        ]
    )

    (found,) = as_csv(start="2026-10-02", end="2026-10-03")

    assert found["Start"] == "2026-10-02 00:00:00+02:00"


def test_filters_narrow_and_are_said_in_the_workbook(sqlite: Database) -> None:
    open_office(sqlite).receive(calls_in_a_row(30))

    book = CalamineWorkbook.from_filelike(
        io.BytesIO(written("xlsx", extension="102", start="2026-10-01"))
    )

    assert {row[1] for row in book.get_sheet_by_index(0).to_python()[1:]} == {"Berta[102]"}
    assert book.get_sheet_by_name("About").to_python() == [
        ["Report", "Call log"],
        ["Period", "from 2026-10-01 to now (Europe/Berlin)"],
        ["Time zone", "Europe/Berlin"],
        ["Filter", "Extension 102"],
    ]


def test_a_wrong_filter_is_refused_before_the_first_byte(sqlite: Database) -> None:
    open_office(sqlite)

    with pytest.raises(CriteriaError):
        write_report("call-log", Criteria(extension="999"), format_name="csv")
    with pytest.raises(UnknownReport, match="call-log"):
        write_report("calls", Criteria(), format_name="csv")
