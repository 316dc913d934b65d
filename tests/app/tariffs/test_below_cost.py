"""Assigned tariffs that may price one call are compared; others are not."""

import pytest

from support.databases import Database
from support.office import FIRST_CALL, NOON, TARIFF, Office, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.pricing.pbx_rules import CHARGE, COST
from tollbook.app.tariffs.assign import Scope, assign_tariff
from tollbook.app.tariffs.assignments import set_default
from tollbook.app.tariffs.below_cost import comparisons
from tollbook.app.tariffs.publish import Published, publish_tariff
from tollbook.storage.models import Extension, Tariff

GERMANY, BERLIN = TARIFF["rate"][0], TARIFF["rate"][1]  # type: ignore[index]  # a list of tables
CARRIER = {**TARIFF, "name": "Carrier", "rate": [GERMANY, {**BERLIN, "connect_fee": "0.40"}]}


@pytest.fixture
def office(database: Database) -> Office:
    return open_office(database)


def publish(document: dict) -> int:
    published = publish_tariff(document, by=Actor("test", NOON), valid_from=FIRST_CALL)
    assert isinstance(published, Published)
    return Tariff.objects.get(name=document["name"]).pk


def test_without_a_cost_there_is_nothing_to_compare(office: Office) -> None:
    del office
    assert comparisons(at=NOON) == []


def test_the_prefixes_of_a_pair_are_told(office: Office) -> None:
    del office
    set_default(COST, publish(CARRIER), by=Actor("test", NOON))

    (pair,) = comparisons(at=NOON)

    assert (pair.charge_tariff, pair.cost_tariff, pair.prefixes) == ("Carrier A", "Carrier", 2)
    assert [loss.prefix for loss in pair.losses] == ["4930"]


def test_another_currency_is_said_and_not_compared(office: Office) -> None:
    del office
    dollars = {**CARRIER, "name": "Dollars", "currency": "USD"}
    set_default(COST, publish(dollars), by=Actor("test", NOON))

    (pair,) = comparisons(at=NOON)

    assert (pair.losses, "USD" in pair.fault, "EUR" in pair.fault) == ((), True, True)


def test_lines_that_no_call_fits_both_of_are_not_compared(office: Office) -> None:
    del office
    amir, berta = Extension.objects.order_by("number")
    carrier = publish(CARRIER)
    ours = publish({**TARIFF, "name": "Amir's"})
    for tariff_id, kind, extension in ((ours, CHARGE, amir), (carrier, COST, berta)):
        assign_tariff(tariff_id, Scope(extension=extension.pk), kind=kind, by=Actor("test", NOON))

    assert [pair.charge_tariff for pair in comparisons(at=NOON)] == ["Carrier A"]
