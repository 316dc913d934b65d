"""Calls that arrive under a plan: charged in call order, each step kept, counters moved once."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from support.databases import Database
from support.factories import make_segment, make_source
from support.office import FIRST_CALL, NOON, Call, Office, calls_in_a_row, open_office
from support.planned import PLAN, add, charges_by_call, in_order
from tollbook.app.access.actor import Actor
from tollbook.app.intake.intake import open_intake
from tollbook.app.pricing.exchange_rates import RatesAdded, add_rate
from tollbook.app.pricing.explain_call import compiled_version, explain_call
from tollbook.app.pricing.explain_plan import explain_planned
from tollbook.app.pricing.plan_charge import SiteRef
from tollbook.core.charging import Charged
from tollbook.core.rating import TalkedCall
from tollbook.formats import Parser, load_definition
from tollbook.storage.models import Charge, ChargeParts, Counter
from tollbook.storage.pricing.planned_charges import parts_of_charges
from tollbook.storage.pricing.stored_charges import charges_of


@pytest.fixture
def office(database: Database) -> Office:
    return open_office(database)


def test_calls_in_order_cost_what_the_composed_function_says(office: Office) -> None:
    calls = [call for call in calls_in_a_row(60) if call.talk_s]
    add(PLAN)

    office.receive(calls)

    expected = in_order(calls, PLAN)
    stored = {name: amount for name, (amount, _) in charges_by_call().items() if amount is not None}
    assert stored == expected
    assert len(set(expected.values())) > 5
    assert ChargeParts.objects.count() == len(charges_by_call())


def test_the_same_file_again_counts_nothing_twice(office: Office) -> None:
    calls = calls_in_a_row(40)
    add(PLAN)
    office.receive(calls)
    counted = list(Counter.objects.order_by("key").values())

    office.receive(calls)
    office.receive([*calls, *calls_in_a_row(3, first=40)])

    assert charges_by_call().keys() >= {call.pbx_call_id for call in calls if call.talk_s}
    assert [row["key"] for row in counted] == [row.key for row in Counter.objects.order_by("key")]
    expected = in_order([c for c in calls_in_a_row(43) if c.talk_s], PLAN)
    stored = {name: amount for name, (amount, _) in charges_by_call().items() if amount is not None}
    assert stored == expected


def test_calls_without_a_plan_have_no_parts(office: Office) -> None:
    office.receive(calls_in_a_row(10))

    assert Charge.objects.count() > 0
    assert (ChargeParts.objects.count(), Counter.objects.count()) == (0, 0)


def test_a_plan_holds_from_its_instant_on(office: Office) -> None:
    tax = {"tax": [{"name": "VAT", "percent": "100"}]}
    add(tax, valid_from=FIRST_CALL + timedelta(minutes=10, seconds=5))

    office.receive(
        [
            Call(1, FIRST_CALL + timedelta(minutes=9, seconds=59)),
            Call(2, FIRST_CALL + timedelta(minutes=10)),
        ]
    )

    # 0.10 for being connected and 0.12 for the first minute; then as much again in tax.
    assert [amount for amount, _ in charges_by_call().values()] == [
        Decimal("0.22"),
        Decimal("0.44"),
    ]


def test_a_site_s_own_plan_goes_before_that_of_every_site(office: Office) -> None:
    add({"tax": [{"name": "VAT", "percent": "100"}]})
    add({"tax": [{"name": "VAT", "percent": "50"}]}, site_id=office.site_id)

    office.receive([Call(1, FIRST_CALL)])

    assert [amount for amount, _ in charges_by_call().values()] == [Decimal("0.33")]


def test_original_rate_and_result_are_all_kept(office: Office) -> None:
    for day, rate in (("2026-09-30", "1.10"), ("2026-10-02", "2")):
        added = add_rate(
            source="EUR", target="USD", rate=rate, day=day_of(day), by=Actor("test", NOON)
        )
        assert isinstance(added, RatesAdded)
    add({"currency": "USD", "tax": [{"name": "VAT", "percent": "10", "inclusive": True}]})

    office.receive([Call(1, FIRST_CALL), Call(2, FIRST_CALL + timedelta(days=1))])

    assert list(charges_by_call().values()) == [
        (Decimal("0.242"), "USD"),
        (Decimal("0.44"), "USD"),
    ]
    first = ChargeParts.objects.order_by("id")[0]
    assert (first.original_micros, first.original_currency, first.rate) == (220_000, "EUR", "1.1")
    assert (first.rate_day, first.tax_micros) == (day_of("2026-09-30"), 22_000)


def test_a_call_before_the_first_rate_is_unrated_and_says_so(office: Office) -> None:
    add({"currency": "USD"})

    office.receive([Call(1, FIRST_CALL)])

    (row,) = Charge.objects.all()
    assert (row.amount_micros, row.unrated_reason, row.currency) == (
        None,
        "no_exchange_rate",
        "USD",
    )


def day_of(text: str) -> date:
    return date.fromisoformat(text)


def test_each_stored_step_is_the_one_that_comes_out_when_computed_again(office: Office) -> None:
    calls = calls_in_a_row(60)
    add(PLAN)
    office.receive(calls)
    kinds = set()

    for call_id in Charge.objects.values_list("call_id", flat=True):
        explained = explain_call(call_id)
        assert explained is not None
        assert explained.planned is not None
        assert explained.equal, call_id
        if isinstance(explained.planned.result, Charged):
            steps = explained.planned.result.steps
            kinds |= {step.kind for step in steps}
            assert sum(step.amount for step in steps) == explained.planned.result.charge
            assert steps[-1].after == explained.planned.result.charge

    assert kinds >= {"bundle", "slot", "connect_fee", "service_charge", "volume_discount", "tax"}


def test_a_step_that_was_tampered_with_is_not_equal(office: Office) -> None:
    add(PLAN)
    office.receive([Call(1, FIRST_CALL, talk_s=600)])
    row = ChargeParts.objects.get()
    parts = parts_of_charges([row.charge_id])[row.charge_id]
    with_other = replace(parts, parts=parts.parts.replace("switchboard", "reception"))
    charge = charges_of(row.charge.call_id)[0]
    compiled = compiled_version(charge.version_id or 0)
    call = TalkedCall(
        start=FIRST_CALL + timedelta(seconds=5),
        talk_s=Decimal(600),
        dialled="494020123456",
        caller="101",
        department="Sales",
        trunk="carrier",
    )
    site = SiteRef(office.site_id, "Main office")

    assert explain_planned(charge, parts, compiled, call, site).equal
    assert not explain_planned(charge, with_other, compiled, call, site).equal


def test_a_live_source_sees_a_plan_that_was_added_meanwhile(office: Office) -> None:
    source = make_source("live", pbx_id=office.pbx.pbx_id)
    intake = open_intake(source.pk)
    add({"tax": [{"name": "VAT", "percent": "100"}]})
    received = []
    for number, minutes in enumerate((0, 10, 20)):
        if number == 2:
            add({"zone": "UTC"}, valid_from=FIRST_CALL)
        line = Call(number, FIRST_CALL + timedelta(minutes=minutes)).line().encode()
        parser = Parser(load_definition("asterisk-csv"), zone="UTC", source_name="live")
        segment = make_segment(source, sequence=number, path=f"{number}.seg")
        at = NOON + timedelta(minutes=minutes)
        received.append(intake.store(parser.feed(line), segment_id=segment.pk, at=at).calls)

    assert received == [1, 1, 1]
    assert [amount for amount, _ in charges_by_call().values()] == [
        Decimal("0.44"), Decimal("0.44"), Decimal("0.22"),
    ]  # fmt: skip
