"""Codes are read as they are keyed and restrict what they say, never by guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.core.policies.codes import Keyed, Restrictions, read_keys, read_prefixes, refusal

DIGITS = st.text("0123456789", min_size=1, max_size=32)


@pytest.mark.parametrize(
    ("keys", "code_length", "expected"),
    [
        ("1234**8016424655#", 0, Keyed("1234", "8016424655")),
        ("12345**8016424655", 0, Keyed("12345", "8016424655")),  # the final # may be missing
        ("1234**8016424655#", 4, Keyed("1234", "8016424655")),  # ** is always accepted
        ("12348016424655#", 4, Keyed("1234", "8016424655")),
        ("1234**+498016424655#", 0, Keyed("1234", "+498016424655")),
        ("1234**#", 0, Keyed("1234", "")),  # no number: the code's own is asked for
        ("1234#", 4, Keyed("1234", "")),
        ("0**5551212#", 0, Keyed("0", "5551212")),  # AMB-03: a code "0" is a legal code
        ("12**34**56#", 0, None),  # split at the first **, and * is no digit of a number
        ("123**8016424655#", 4, None),  # wrong length: unknown, not a guess
        ("12345**8016424655#", 4, None),
        ("**8016424655#", 0, None),
        ("12a4**801#", 0, None),
        ("#", 0, None),
        ("", 0, None),
        ("١٢٣٤**801#", 0, None),
    ],
)
def test_keys(keys: str, code_length: int, expected: Keyed | None) -> None:
    assert read_keys(keys, code_length=code_length) == expected


@given(code=DIGITS, number=DIGITS)
def test_both_spellings_say_the_same(code: str, number: str) -> None:
    assert read_keys(f"{code}**{number}#", code_length=0) == Keyed(code, number)
    assert read_keys(f"{code}{number}#", code_length=len(code)) == Keyed(code, number)


def test_prefix_lists_ignore_spaces() -> None:
    assert (
        read_prefixes("801, 004, 920988")
        == read_prefixes("801,004,920988")
        == ("801", "004", "920988")
    )
    assert read_prefixes("") == ()
    with pytest.raises(ValueError, match="80x"):
        read_prefixes("801, 80x")


@pytest.mark.parametrize(
    ("blocked", "allowed", "number", "expected"),
    [
        (("801",), (), "8016424655", "prefix_blocked"),
        (("801",), (), "8026424655", None),
        ((), ("100", "101"), "101", None),
        ((), ("100", "101"), "102", "not_in_allowed"),
        (("0044",), ("00",), "00441234", "prefix_blocked"),  # the longest entry wins
        (("00",), ("0044",), "00441234", None),
        (("0044",), ("0044",), "00441234", "prefix_blocked"),  # a tie is blocked
        (("00",), ("0044",), "0011", "prefix_blocked"),
        (("44",), (), "+44 1234", "prefix_blocked"),  # plus and blanks do not count
    ],
)
def test_the_longest_entry_of_both_lists_wins(
    blocked: tuple[str, ...], allowed: tuple[str, ...], number: str, expected: str | None
) -> None:
    restrictions = Restrictions(restrict=True, blocked=blocked, allowed=allowed)

    assert refusal(restrictions, number) == expected


@given(number=DIGITS)
def test_nothing_counts_unless_restrict_is_ticked(number: str) -> None:
    unticked = Restrictions(
        restrict=False, minimum=40, maximum=1, blocked=(number,), allowed=("x",)
    )

    assert refusal(unticked, number) is None
