"""Money is exact, in one currency, and rounded by a named rule."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.core.money import (
    MICRO,
    ROUNDING_RULES,
    Money,
    Rounding,
    exact_decimal,
    exact_difference,
    format_amount,
    from_micros,
    parse_amount,
    to_micros,
)

amounts = st.decimals(-(10**9), 10**9, places=6, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1,5",
        "1e30",
        "1E5",
        "NaN",
        "Infinity",
        "-",
        ".5",
        "5.",
        "+1",
        "0x1",
        "\u0661",
    ],
)
def test_only_plain_decimals_are_amounts(text: str) -> None:
    with pytest.raises(ValueError, match="not a plain decimal"):
        parse_amount(text)


@pytest.mark.parametrize("text", ["1" + "0" * 30, "0.0000000000001"])
def test_an_amount_has_at_most_twelve_digits_on_either_side(text: str) -> None:
    with pytest.raises(ValueError, match="more digits"):
        parse_amount(text)


@given(amounts)
def test_an_amount_is_read_as_it_is_written(amount: Decimal) -> None:
    written = format_amount(amount)

    assert parse_amount(written) == amount
    assert "E" not in written
    assert written != "-0"


@given(amounts)
def test_millionths_hold_an_amount_exactly(amount: Decimal) -> None:
    assert from_micros(to_micros(amount)) == amount


def test_what_is_finer_than_a_millionth_is_refused() -> None:
    with pytest.raises(ValueError, match="finer than a millionth"):
        to_micros(Decimal("0.0000001"))


def test_currencies_do_not_mix() -> None:
    euros, francs = Money(5, "EUR"), Money(5, "CHF")
    for mix in (lambda: euros + francs, lambda: euros - francs, lambda: euros < francs):
        with pytest.raises(ValueError, match="EUR and CHF"):
            mix()


@given(st.integers(), st.integers())
def test_money_adds_and_subtracts_like_its_millionths(one: int, other: int) -> None:
    first, second = Money(one, "EUR"), Money(other, "EUR")

    assert (first + second).micros == one + other
    assert first - second == first + -second
    assert (first <= second) == (one <= other)


@given(
    st.fractions(-(10**6), 10**6),
    st.sampled_from(ROUNDING_RULES),
    st.integers(-6, 6),
)
def test_rounding_lands_on_its_grid_within_one_unit(
    amount: Fraction, rule: str, decimals: int
) -> None:
    rounding = Rounding(rule, decimals)
    unit = Fraction(rounding.resolution_micros, MICRO)

    rounded = Fraction(rounding.apply(amount))

    assert rounded % unit == 0
    error = abs(rounded) - abs(amount)
    if rule == "up":
        assert 0 <= error < unit
    elif rule == "down":
        assert -unit < error <= 0
    else:
        assert abs(error) <= unit / 2
    assert Fraction(rounding.apply(-amount)) == -rounded


@given(st.integers(-100, 100), st.integers(-6, 6))
def test_halves_go_up_or_to_the_even_neighbour(count: int, decimals: int) -> None:
    unit = Fraction(10) ** -decimals
    half = (abs(count) + Fraction(1, 2)) * unit

    assert Fraction(Rounding("half_up", decimals).apply(half)) == (abs(count) + 1) * unit
    assert Fraction(Rounding("half_even", decimals).apply(half)) / unit % 2 == 0


@given(st.lists(st.fractions(0, 1000), min_size=2, max_size=2), st.sampled_from(ROUNDING_RULES))
def test_rounding_keeps_order(pair: list[Fraction], rule: str) -> None:
    low, high = sorted(pair)

    assert Rounding(rule, 2).apply(low) <= Rounding(rule, 2).apply(high)


@pytest.mark.parametrize(("rule", "decimals"), [("half_up", 7), ("nearest", 2), ("up", -7)])
def test_unknown_rules_and_scales_are_refused(rule: str, decimals: int) -> None:
    with pytest.raises(ValueError, match="cannot round"):
        Rounding(rule, decimals)


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**9))
def test_a_decimal_is_exact_where_it_ends_and_else_close(top: int, bottom: int) -> None:
    found, true = Fraction(exact_decimal(top, bottom)), Fraction(top, bottom)
    rest = true.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime

    assert found == true if rest == 1 else abs(found - true) <= Fraction(1, 2 * 10**12)


@given(st.lists(st.decimals(-(10**14), 10**14, places=18), max_size=5))
def test_differences_keep_every_digit(parts: list[Decimal]) -> None:
    assert Fraction(exact_difference(Decimal(1), parts)) == 1 - sum(map(Fraction, parts))
