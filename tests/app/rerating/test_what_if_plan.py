"""What if, under a plan: its discounts, taxes and currency are on both sides of a comparison."""

from datetime import date, timedelta

import pytest

from support.databases import Database
from support.office import FIRST_CALL, NOON, TARIFF, Call, Office, calls_in_a_row, open_office
from support.planned import PLAN, add, charges_by_call, in_order
from tollbook.app.access.actor import Actor
from tollbook.app.pricing.exchange_rates import add_rate
from tollbook.app.rerating.what_if import alternatives, compare
from tollbook.app.tariffs.publish import publish_tariff
from tollbook.storage.reports.call_filter import CallFilter

GERMANY, BERLIN = TARIFF["rate"][0], TARIFF["rate"][1]  # type: ignore[index]  # a list of tables
DEARER = {**TARIFF, "name": "Dearer", "rate": [{**GERMANY, "connect_fee": "0.20"}, BERLIN]}
CALLS = calls_in_a_row(40, every_s=900)


@pytest.fixture
def office(database: Database) -> Office:
    office = open_office(database)
    publish_tariff(DEARER, by=Actor("test", NOON))
    return office


def test_the_same_tariff_under_the_same_plan_saves_nothing(office: Office) -> None:
    add(PLAN)
    office.receive(CALLS)

    total = compare(CallFilter(), alternatives(["Carrier A"])).total

    assert total.outcomes[0].compared == total.rated_now > 10
    assert total.outcomes[0].saving_micros == 0


def test_another_tariff_is_priced_under_the_plan_in_call_order(office: Office) -> None:
    add(PLAN)
    office.receive(CALLS[20:])
    office.receive(CALLS[:20])
    expected = in_order(
        [call for call in CALLS if call.talk_s],
        PLAN,
        dearer=DEARER,
        those={call.pbx_call_id for call in CALLS},
    )

    (outcome,) = compare(CallFilter(), alternatives(["Dearer"])).total.outcomes

    assert outcome.charge_micros == sum(expected.values()) * 1_000_000


def test_calls_before_the_plan_are_compared_without_it(office: Office) -> None:
    add(
        {"tax": [{"name": "VAT", "percent": "100"}]},
        valid_from=FIRST_CALL + timedelta(minutes=1),
    )
    office.receive([Call(1, FIRST_CALL), Call(2, FIRST_CALL + timedelta(hours=1))])

    (outcome,) = compare(CallFilter(), alternatives(["Dearer"])).total.outcomes

    # 0.10 more each; under the plan it is doubled.
    assert (outcome.compared, -outcome.saving_micros) == (2, 300_000)


def test_a_plan_s_currency_is_that_of_the_comparison(office: Office) -> None:
    add_rate(source="EUR", target="USD", rate="2", day=date(2026, 9, 1), by=Actor("test", NOON))
    add({"currency": "USD"})
    office.receive([Call(1, FIRST_CALL)])

    found = compare(CallFilter(), alternatives(["Dearer"]))

    assert [currency for _, currency in charges_by_call().values()] == ["USD"]
    assert found.tariffs[0].currency == "USD"
    assert (found.total.outcomes[0].compared, found.total.outcomes[0].saving_micros) == (
        1,
        -200_000,
    )
