"""Each part around a base price, by worked examples and by the law behind them."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.core.discounts import (
    Bundle,
    DiscountPackage,
    Facts,
    Match,
    Tier,
    Volume,
    VolumeDiscount,
    cover,
    package_discount,
    volume_discount,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CALL = Facts(NOON, "+49 (30) 123", "national", caller="101", department="Sales", trunk="T1")


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(), True),
        (Match(callers=("101", "102")), True),
        (Match(callers=("Sales",)), True),
        (Match(callers=("102",)), False),
        (Match(prefixes=("4930", "1")), True),
        (Match(prefixes=("+49 31",)), False),
        (Match(call_types=("national",), trunks=("T1",)), True),
        (Match(call_types=("national",), trunks=("T2",)), False),
        (Match(account_codes=("7",)), False),
        (Match(from_at=NOON), True),
        (Match(to_at=NOON), False),  # half-open: the end is outside
    ],
)
def test_a_match_agrees_with_all_it_says(match: Match, *, fits: bool) -> None:
    assert match.fits(CALL) is fits


def tiers(*pairs: tuple[int, int]) -> tuple[Tier, ...]:
    return tuple(Tier(Decimal(start), Decimal(percent)) for start, percent in pairs)


@pytest.mark.parametrize(
    ("whole", "before", "amount", "expected"),
    [
        (False, 0, 10, "0"),
        (False, 5, 10, "0.5"),  # 5 of 10 lie above 10, at 10 %
        (False, 95, 10, "1.5"),  # 5 at 10 % and 5 at 20 %
        (False, 200, 10, "2"),
        (True, 5, 10, "0"),  # the tier in which the call begins: nothing is earned yet
        (True, 10, 10, "1"),
        (True, 200, 10, "2"),
    ],
)
def test_volume_by_amount(*, whole: bool, before: int, amount: int, expected: str) -> None:
    discount = VolumeDiscount("v", tiers((0, 0), (10, 10), (100, 20)), whole=whole)

    taken = volume_discount(discount, Volume(Fraction(before)), amount=Fraction(amount), seconds=60)

    assert taken == Fraction(expected)


def test_volume_by_seconds_discounts_the_share_of_the_call_in_a_tier() -> None:
    discount = VolumeDiscount("v", tiers((0, 0), (600, 50)), basis="seconds")

    taken = volume_discount(discount, Volume(seconds=570), amount=Fraction(4), seconds=120)

    assert taken == Fraction(4) * Fraction(90, 120) / 2


@given(
    parts=st.lists(st.integers(1, 5_000), min_size=1, max_size=8),
    steps=st.lists(st.tuples(st.integers(1, 4_000), st.integers(0, 100)), max_size=4),
)
def test_graduated_volume_does_not_depend_on_how_calls_part_it(
    parts: list[int], steps: list[tuple[int, int]]
) -> None:
    starts = sorted({start for start, _ in steps})
    discount = VolumeDiscount(
        "v", tiers((0, 0), *((start, dict(steps)[start]) for start in starts)), basis="amount"
    )
    one_by_one = before = Fraction(0)
    for part in parts:
        one_by_one += volume_discount(discount, Volume(before), amount=Fraction(part), seconds=1)
        before += part

    assert one_by_one == volume_discount(discount, Volume(), amount=before, seconds=1)
    assert 0 <= one_by_one <= before


def test_the_first_package_that_fits_is_the_one() -> None:
    packages = [
        DiscountPackage("other", percent=Decimal(90), match=Match(callers=("102",))),
        DiscountPackage(
            "sales", flat=Decimal("0.05"), percent=Decimal(10), match=Match(callers=("Sales",))
        ),
        DiscountPackage("all", percent=Decimal(50)),
    ]

    assert package_discount(packages, CALL, Fraction(1)) == Fraction("0.15")
    assert package_discount(packages, CALL, Fraction("0.01")) == Fraction(
        "0.01"
    )  # never below zero
    assert package_discount([], CALL, Fraction(1)) == 0


@given(
    talk_s=st.integers(0, 10_000),
    lefts=st.lists(st.integers(0, 5_000), max_size=5),
)
def test_bundles_cover_no_more_than_they_have_nor_than_was_talked(
    talk_s: int, lefts: list[int]
) -> None:
    bundles = [(Bundle(str(n), left_s), left_s) for n, left_s in enumerate(lefts)]

    used = cover(talk_s, bundles)

    assert sum(used_s for _, used_s in used) == min(talk_s, sum(lefts))
    assert all(used_s <= bundle.seconds for bundle, used_s in used)
