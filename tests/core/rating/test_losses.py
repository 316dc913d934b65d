"""Prefixes sold below cost are told with the call on which most is lost."""

from datetime import UTC, datetime
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from reference.tariffs import draw_tariff
from support.effort import examples
from tollbook.core.rating import TalkedCall, charge_of
from tollbook.core.rating.losses import FILL, LEAST_DIGITS, compared
from tollbook.core.tariff import CompiledTariff, compile_tariff, read_tariff

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def compiled(document: dict) -> CompiledTariff:
    reading = read_tariff(document)
    assert reading.tariff is not None, reading.faults
    return compile_tariff(reading.tariff)


def tariff(*rates: dict, bands: tuple[dict, ...] = ()) -> CompiledTariff:
    return compiled(
        {"name": "t", "currency": "EUR", "zone": "UTC", "band": list(bands), "rate": list(rates)}
    )


def rate(prefix: str, price: str, **more: object) -> dict:
    slot = {"from_s": 0, "price": price, "per_s": 60, "increment_s": 1}
    return {"prefix": prefix, "slots": [slot], **more}


def test_a_prefix_that_is_dearer_to_buy_is_told_with_its_worst_call() -> None:
    ours = tariff(rate("49", "0.06", destination="Germany"), rate("33", "0.06"))
    carrier = tariff(rate("49", "0.12"), rate("33", "0.03"))

    (loss,) = compared(ours, carrier, since=MONDAY)

    assert (loss.prefix, loss.destination, loss.talk_s) == ("49", "Germany", 1_800)
    assert (loss.charge, loss.cost, loss.lost) == (Decimal("1.8"), Decimal("3.6"), Decimal("1.8"))


def test_a_prefix_that_only_the_carrier_knows_is_compared_too() -> None:
    ours = tariff(rate("49", "0.06"))
    carrier = tariff(rate("49", "0.03"), rate("4917", "0.20"))

    assert [loss.prefix for loss in compared(ours, carrier, since=MONDAY)] == ["4917"]


def test_a_loss_at_night_alone_is_found_at_night() -> None:
    night = {"name": "night", "from": "20:00:00", "to": "06:00:00"}
    ours = tariff(rate("49", "0.06"), rate("49", "0.01", band="night"), bands=(night,))
    carrier = tariff(rate("49", "0.03"))

    (loss,) = compared(ours, carrier, since=MONDAY)

    assert loss.at.hour in (*range(20, 24), *range(6))


def test_a_fee_on_short_calls_is_a_loss_although_long_ones_pay() -> None:
    ours = tariff(rate("49", "0.06"))
    carrier = tariff(rate("49", "0.03", connect_fee="0.02"))

    (loss,) = compared(ours, carrier, since=MONDAY)

    assert (loss.talk_s, loss.charge, loss.cost) == (1, Decimal("0.001"), Decimal("0.0205"))


def test_what_either_cannot_price_is_no_loss() -> None:
    ours = tariff(rate("49", "0.06"), rate("33", "0.06", active=False))
    carrier = tariff(rate("33", "0.12"), rate("49", "0.12", callers=["101"]))

    assert compared(ours, carrier, since=MONDAY) == ()


@settings(max_examples=examples(30), deadline=None)
@given(seed=st.integers(0, 2**63))
def test_every_loss_is_one_by_the_pricing_of_calls(seed: int) -> None:
    random = Random(seed)
    ours, carrier = (compiled(draw_tariff(random)) for _ in range(2))

    for loss in compared(ours, carrier, since=MONDAY):
        call = TalkedCall(loss.at, Decimal(loss.talk_s), loss.prefix.ljust(LEAST_DIGITS, FILL))
        prices = [charge_of(one, call) for one in (ours, carrier)]
        found = [Decimal(price[0]).scaleb(-6) for price in prices if not isinstance(price, str)]
        assert found == [loss.charge, loss.cost]
        assert loss.charge < loss.cost
