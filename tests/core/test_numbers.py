"""Numbers lose their decoration, and pack so that prefixes are found by comparison."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.core.numbers import pack_digits, strip_decoration

digits = st.text("0123456789*#ABC", max_size=15)


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("+49 (30) 1234-5", "493012345"),
        ("030/12.34", "0301234"),
        ("*21#", "*21#"),
        ("00+49", "00+49"),
        ("(+49)30", "4930"),
        ("", ""),
        ("+", ""),
    ],
)
def test_decoration_is_dropped_and_nothing_else(written: str, bare: str) -> None:
    assert strip_decoration(written) == bare


@given(st.text("0123456789", max_size=15), st.text("0123456789", max_size=15))
def test_packed_digits_sort_as_the_numbers_do(one: str, other: str) -> None:
    assert (pack_digits(one) < pack_digits(other)) == (one < other)


@pytest.mark.parametrize(("number", "symbols"), [("12a", 15), ("1", 16), ("ü", 15)])
def test_what_has_no_code_or_no_room_is_refused(number: str, symbols: int) -> None:
    with pytest.raises(ValueError, match="cannot pack"):
        pack_digits(number, symbols=symbols)
