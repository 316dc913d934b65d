"""Counts in words."""

import pytest

from tollbook.app.words import counted


@pytest.mark.parametrize(
    ("count", "thing", "words"),
    [
        (0, "call", "0 calls"),
        (1, "rate", "1 rate"),
        (2, "rate", "2 rates"),
        (1, "entry", "1 entry"),
        (1_200, "entry", "1,200 entries"),
        (1, "matched field", "1 matched field"),
    ],
)
def test_one_thing_is_one_thing(count: int, thing: str, words: str) -> None:
    assert counted(count, thing) == words
