"""The composed charge: an empty plan changes nothing, and every line leads to the charge."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.tariffs import draw_call, draw_tariff
from support.effort import examples
from tollbook.core.charging import (
    Charged,
    DatedExchangeRate,
    InMemoryCounters,
    Plan,
    PlanAssignment,
    Unrated,
    charge,
    longest_talk,
)
from tollbook.core.discounts import (
    Bundle,
    DiscountPackage,
    Match,
    ServiceCharge,
    Tax,
    Tier,
    VolumeDiscount,
)
from tollbook.core.rating import Priced, TalkedCall, price
from tollbook.core.rating import longest_talk as longest_base_talk
from tollbook.core.tariff import CompiledTariff, compile_tariff, read_tariff

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

EVERYTHING = Plan(
    zone="Europe/Berlin",
    currency="USD",
    service_charges=(ServiceCharge("hotel", Decimal("0.05"), Decimal(10)),),
    volume_discounts=(
        VolumeDiscount(
            "v",
            (
                Tier(Decimal(0), Decimal(0)),
                Tier(Decimal(1), Decimal(7)),
                Tier(Decimal(5), Decimal(30)),
            ),
        ),
    ),
    discount_packages=(DiscountPackage("friends", percent=Decimal(5)),),
    bundles=(Bundle("gift", 30, position=1), Bundle("monthly", 100, position=2, shared=True)),
    taxes=(
        Tax("VAT", Decimal(19)),
        Tax("city", Decimal(2)),
        Tax("old", Decimal(7), inclusive=True),
    ),
    exchange_rates=(DatedExchangeRate("EUR", "USD", Decimal("1.0837"), date(2000, 1, 1)),),
)


def simple(**more: object) -> CompiledTariff:
    """0.60 a minute by the second, no rounding that shows."""
    document = {
        "name": "simple",
        "currency": "EUR",
        "rounding": {"rule": "half_up", "decimals": 6},
        "rate": [
            {
                "prefix": "",
                "call_type": "national",
                "slots": [{"from_s": 0, "price": "0.60", "per_s": 60, "increment_s": 1}],
                **more,
            }
        ],
    }
    reading = read_tariff(document)
    assert reading.tariff, reading.faults
    return compile_tariff(reading.tariff)


def call(talk_s: int = 60, **more: object) -> TalkedCall:
    return TalkedCall(NOON, Decimal(talk_s), "4930123", caller="101", **more)  # type: ignore[arg-type]


def charged(
    plan: Plan, tariff: CompiledTariff, talked: TalkedCall, memory: InMemoryCounters
) -> Charged:
    result = charge(plan, {"t": tariff}, talked, memory, default="t")
    assert isinstance(result, Charged)
    memory.apply(result.effects)
    return result


def drawn(seed: int) -> tuple[CompiledTariff, TalkedCall]:
    random = Random(seed)
    document = draw_tariff(random)
    reading = read_tariff(document)
    assert reading.tariff
    record = draw_call(random, document)
    talked = TalkedCall(
        start=datetime.fromisoformat(record["start"]),
        talk_s=Decimal(record["talk_s"]),
        dialled=record["dialled"],
        caller=record.get("caller"),
        department=record.get("department"),
        trunk=record.get("trunk"),
        pulses=record.get("pulses"),
    )
    return compile_tariff(reading.tariff), talked


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (Plan(), "0.6"),
        (Plan(service_charges=(ServiceCharge("s", Decimal("0.05"), Decimal(10)),)), "0.71"),
        (Plan(discount_packages=(DiscountPackage("p", percent=Decimal(25)),)), "0.45"),
        (Plan(discount_packages=(DiscountPackage("p", flat=Decimal(9)),)), "0"),
        (Plan(taxes=(Tax("VAT", Decimal(19)),)), "0.714"),
        (Plan(taxes=(Tax("VAT", Decimal(19), inclusive=True),)), "0.6"),
        (Plan(bundles=(Bundle("b", 20),)), "0.4"),
        (Plan(bundles=(Bundle("b", 60),)), "0"),
        (Plan(taxes=(Tax("VAT", Decimal(19), match=Match(call_types=("mobile",))),)), "0.6"),
    ],
)
def test_each_part_by_itself(plan: Plan, expected: str) -> None:
    assert str(charged(plan, simple(), call(), InMemoryCounters()).charge) == expected


def test_the_order_is_charge_volume_package_bounds_tax() -> None:
    tariff = simple(maximum_charge="0.40")
    plan = replace(EVERYTHING, currency="", bundles=())

    kinds = [step.kind for step in charged(plan, tariff, call(), InMemoryCounters()).steps]

    assert kinds == [
        *("slot", "service_charge", "discount_package", "maximum_charge"),
        *("tax", "tax", "tax_included"),
    ]


def test_volume_and_bundles_count_by_caller_and_month() -> None:
    tiers = (Tier(Decimal(0), Decimal(0)), Tier(Decimal("0.6"), Decimal(50)))
    plan = Plan(volume_discounts=(VolumeDiscount("v", tiers),), bundles=(Bundle("b", 30),))
    memory, tariff = InMemoryCounters(), simple()

    amounts = [
        str(charged(plan, tariff, talked, memory).charge)
        for talked in (
            call(90),  # 30 s free, 60 s at 0.01
            call(60),  # the tier is reached
            replace(call(60), caller="102"),  # another caller has volumes and bundles of his own
            replace(call(60), start=datetime(2026, 4, 1, tzinfo=UTC)),  # another month
        )
    ]

    assert amounts == ["0.6", "0.3", "0.3", "0.3"]


def test_the_first_assignment_that_fits_chooses_the_tariff() -> None:
    plan = Plan(assignments=(PlanAssignment("t", Match(callers=("101",))),))

    assert isinstance(charge(plan, {"t": simple()}, call(), InMemoryCounters()), Charged)
    stranger = charge(plan, {"t": simple()}, replace(call(), caller="9"), InMemoryCounters())
    assert stranger == Unrated("no_assignment")


def test_an_amount_is_exchanged_at_the_rate_of_its_day() -> None:
    rates = tuple(
        DatedExchangeRate("EUR", "USD", Decimal(rate), date(2026, 3, day))
        for rate, day in (("2", 1), ("3", 2))
    )
    result = charged(
        Plan(currency="USD", exchange_rates=rates), simple(), call(), InMemoryCounters()
    )

    assert (str(result.charge), result.currency) == ("1.2", "USD")
    assert result.original is not None
    assert (str(result.original.amount), result.original.rate.rate) == ("0.6", Decimal(2))
    none = charge(Plan(currency="GBP"), {"t": simple()}, call(), InMemoryCounters(), default="t")
    assert none == Unrated("no_exchange_rate")


@settings(max_examples=examples(150), deadline=None)
@given(seed=st.integers(0, 2**63))
def test_an_empty_plan_changes_no_digit(seed: int) -> None:
    tariff, talked = drawn(seed)

    base = price(tariff, talked)
    composed = charge(Plan(), {"t": tariff}, talked, InMemoryCounters(), default="t")

    if isinstance(base, Priced):
        assert isinstance(composed, Charged)
        assert (composed.charge, composed.billed_s) == (base.charge, base.billed_s)
        assert composed.rate_index == base.rate_index
    else:
        assert composed == base


@settings(max_examples=examples(150), deadline=None)
@given(seed=st.integers(0, 2**63))
def test_every_line_leads_to_the_charge(seed: int) -> None:
    tariff, talked = drawn(seed)
    plan = replace(EVERYTHING, currency="" if tariff.currency != "EUR" else "USD")
    memory = InMemoryCounters()
    for _ in range(3):
        result = charge(plan, {"t": tariff}, talked, memory, default="t")
        if isinstance(result, Unrated):
            return
        memory.apply(result.effects)
        assert sum(step.amount for step in result.steps) == result.charge
        if result.steps:
            assert result.steps[-1].after == result.charge
        assert result.charge >= 0


@settings(max_examples=examples(60), deadline=None)
@given(seed=st.integers(0, 2**63), cents=st.integers(0, 500))
def test_the_longest_talk_is_affordable_and_one_second_more_is_not(seed: int, cents: int) -> None:
    tariff, talked = drawn(seed)
    talked = replace(talked, pulses=None)
    credit = Decimal(cents) / 100
    plain = longest_talk(
        Plan(),
        {"t": tariff},
        talked,
        InMemoryCounters(),
        credit=credit,
        at_most_s=20_000,
        default="t",
    )

    assert plain == longest_base_talk(tariff, talked, credit=credit, at_most_s=20_000)

    plan = replace(EVERYTHING, currency="")
    limit = longest_talk(
        plan,
        {"t": tariff},
        talked,
        InMemoryCounters(),
        credit=credit,
        at_most_s=20_000,
        default="t",
    )
    if isinstance(limit, int) and limit > 0:
        final = charge(
            plan,
            {"t": tariff},
            replace(talked, talk_s=Decimal(limit)),
            InMemoryCounters(),
            default="t",
        )
        assert isinstance(final, Charged)
        assert final.charge <= credit
