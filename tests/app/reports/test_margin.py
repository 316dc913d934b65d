"""What calls were charged beside what they cost: the report, the filter, the call itself."""

import csv
import json
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from support.databases import Database
from support.office import FIRST_CALL, NOON, TARIFF, Call, Office, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.pricing.pbx_rules import COST
from tollbook.app.reports.call_criteria import Criteria
from tollbook.app.reports.call_table import call_object
from tollbook.app.reports.margin import percent
from tollbook.app.reports.report import write_report
from tollbook.app.rerating.run import begin_rerating, carry_on
from tollbook.app.tariffs.assignments import set_default
from tollbook.app.tariffs.publish import Published, publish_tariff
from tollbook.storage.models import Tariff
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.call_log import call_ids, call_log
from tollbook.storage.reports.margin import costs_in_use, margin_totals

GERMANY, BERLIN = TARIFF["rate"][0], TARIFF["rate"][1]  # type: ignore[index]  # a list of tables
# The carrier asks 0.05 and then the same by the second; for Berlin more than we charge.
CARRIER = {
    **TARIFF,
    "name": "Carrier",
    "rate": [
        {**GERMANY, "connect_fee": "0.05"},
        {**BERLIN, "connect_fee": "0.40"},
        {**BERLIN, "prefix": "33", "destination": "France"},
    ],
}
TO_GERMANY, TO_BERLIN = "00494020123456", "00493020123456"


@pytest.fixture
def office(database: Database) -> Office:
    """Give an office whose calls have a cost: two to Germany, one to Berlin, one to France."""
    office = open_office(database)
    published = publish_tariff(CARRIER, by=Actor("test", NOON), valid_from=FIRST_CALL)
    assert isinstance(published, Published)
    tariff = Tariff.objects.get(name="Carrier")
    assert not costs_in_use()
    set_default(COST, tariff.pk, by=Actor("test", NOON))
    office.receive(
        [
            Call(1, FIRST_CALL, dialled=TO_GERMANY),
            Call(2, FIRST_CALL, dialled=TO_GERMANY),
            Call(3, FIRST_CALL, dialled=TO_BERLIN),
            Call(4, FIRST_CALL, dialled="0033123456789"),
        ]
    )
    # The office read its rules before the cost was assigned; a re-rating brings it to all calls.
    run = begin_rerating(CallFilter(), words="all", by=Actor("test", NOON))
    carry_on(run.id, now=lambda: NOON)
    return office


def test_the_margin_is_what_we_charge_less_what_the_carrier_bills(office: Office) -> None:
    del office
    germany, france = margin_totals(CallFilter())

    assert costs_in_use()
    # 0.22 twice and 0.01, less 0.17 twice and 0.41.
    assert (germany.charge_micros, germany.cost_micros) == (450_000, 750_000)
    assert (germany.calls, germany.compared, germany.below) == (3, 3, 1)
    assert percent(germany) == "-66.7"
    # No rate of ours is for France: the carrier bills the call all the same.
    assert (france.calls, france.compared, france.without_charge) == (1, 0, 1)
    assert (france.charge_micros, france.cost_micros, percent(france)) == (0, 0, "")


def test_losses_come_first_in_the_report(office: Office) -> None:
    del office
    written = b"".join(write_report("margin", Criteria(), format_name="csv")).decode()

    rows = list(csv.DictReader(written.splitlines()))
    assert [(row["Destination"], row["Sold below cost"]) for row in rows] == [
        ("Germany", "1"),
        ("France", "0"),
    ]
    objects = json.loads(b"".join(write_report("margin", Criteria(), format_name="json")))
    assert [one["margin"] for one in objects] == ["-0.3", "0"]


def test_only_calls_sold_below_cost_are_asked_for(office: Office) -> None:
    del office
    wanted = CallFilter(below_cost=True)

    rows = call_log(wanted).rows
    assert [row.callee for row in rows] == ["493020123456"]
    assert list(call_ids(replace(wanted, keyword="4030"))) == []
    assert rows[0].margin_micros == -400_000


def test_a_call_tells_its_cost_only_to_those_who_may_know_it(office: Office) -> None:
    del office
    (row,) = call_log(CallFilter(below_cost=True)).rows
    zone = ZoneInfo(row.zone)

    shown = call_object(row, zone=zone)
    hidden = call_object(row, zone=zone, with_cost=False)

    assert (shown["cost"], shown["cost_currency"], shown["margin"]) == ("0.41", "EUR", "-0.4")
    assert {hidden[key] for key in ("cost", "cost_currency", "margin")} == {None}
    assert {key for key in shown if shown[key] != hidden[key]} == {
        "cost",
        "cost_currency",
        "margin",
    }


def test_prices_in_two_currencies_have_no_margin(office: Office) -> None:
    del office
    (row,) = call_log(CallFilter(below_cost=True)).rows

    assert replace(row, cost_currency="USD").margin_micros is None
    assert replace(row, cost_micros=None).margin_micros is None


def test_the_exported_call_log_has_cost_and_margin_where_they_are_kept(office: Office) -> None:
    text = b"".join(write_report("call-log", Criteria(), format_name="csv")).decode()
    rows = list(csv.DictReader(text.splitlines()))

    assert [(row["Charge"], row["Cost"], row["Cost currency"], row["Margin"]) for row in rows] == [
        ("0.2200", "0.1700", "EUR", "0.0500"),
        ("0.2200", "0.1700", "EUR", "0.0500"),
        ("0.0100", "0.4100", "EUR", "-0.4000"),
        ("", "0.0100", "EUR", ""),
    ]


def test_an_office_without_costs_has_no_columns_of_them(database: Database) -> None:
    open_office(database).receive([Call(1, FIRST_CALL)])
    header = b"".join(write_report("call-log", Criteria(), format_name="csv")).decode()

    assert "Margin" not in header.splitlines()[0]
