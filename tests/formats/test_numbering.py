"""Keys get numbers as a dictionary would give them, whatever they look like and however many."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.effort import examples
from tollbook.formats.numbering import _FEWEST_SLOTS, KeyIndex

Key = tuple[int, ...]

few = st.integers(0, 3)
word = st.one_of(few, few, st.integers(0, 2**64 - 1), st.sampled_from([2**63, 2**64 - 1, 1 << 32]))


@st.composite
def blocks_of_keys(draw: st.DrawFn) -> tuple[int, list[list[Key]]]:
    """Return a width and blocks of keys of it, in which keys come again."""
    width = draw(st.integers(1, 4))
    key = st.tuples(*[word] * width)
    seen = draw(st.lists(key, min_size=1, max_size=20))
    either = st.one_of(st.sampled_from(seen), key)
    return width, draw(st.lists(st.lists(either, max_size=60), max_size=6))


def as_words(keys: list[Key], width: int) -> list[np.ndarray]:
    """Return the keys as the columns that a numbering takes."""
    return [np.array([key[at] for key in keys], np.uint64) for at in range(width)]


def number_all(numbering: KeyIndex, width: int, blocks: list[list[Key]]) -> dict[Key, int]:
    """Return the number of each key, having checked each block against those before it."""
    known: dict[Key, int] = {}
    for keys in blocks:
        found, new = numbering.numbers(as_words(keys, width))
        numbers = found.tolist()
        assert len(numbers) == len(keys)
        unmet = dict.fromkeys(key for key in keys if key not in known)
        # A row of each new key, and the next number for each of these rows.
        assert {keys[row] for row in new.tolist()} == set(unmet)
        assert [numbers[row] for row in new.tolist()] == [*range(len(known), len(known) + len(new))]
        known |= {keys[row]: numbers[row] for row in new.tolist()}
        assert numbers == [known[key] for key in keys]
        assert len(numbering) == len(known)
    assert sorted(known.values()) == list(range(len(known)))
    return known


@pytest.mark.parametrize(
    ("keys", "numbers"),
    [
        ([7, 7, 7], [0, 0, 0]),
        ([0, 5, 0, 5], [0, 1, 0, 1]),
        ([], []),
    ],
)
def test_a_key_has_one_number(keys: list[int], numbers: list[int]) -> None:
    found, new = KeyIndex(1).numbers([np.array(keys, np.uint64)])

    assert sorted(found.tolist()) == sorted(numbers)
    assert [found.tolist().index(number) for number in sorted(set(numbers))] == new.tolist()


def test_keys_that_differ_in_their_last_word_alone_are_two() -> None:
    known = number_all(KeyIndex(3), 3, [[(1, 1, 1), (1, 1, 2)], [(1, 1, 2), (2, 1, 1)]])

    assert sorted(known.values()) == [0, 1, 2]


def test_an_empty_block_adds_nothing() -> None:
    numbering = KeyIndex(2)

    number_all(numbering, 2, [[], [(1, 2)], [], [(1, 2)], []])

    assert len(numbering) == 1


@settings(deadline=None)
@given(given_blocks=blocks_of_keys())
def test_blocks_of_keys_are_numbered_as_by_a_dictionary(
    given_blocks: tuple[int, list[list[Key]]],
) -> None:
    width, blocks = given_blocks

    number_all(KeyIndex(width), width, blocks)


@settings(deadline=None, max_examples=examples(25))
@given(
    counts=st.lists(st.integers(0, 5_000), max_size=5),
    step=st.sampled_from([1, 7, 1 << 12, 1 << 32, 1 << 50]),
    width=st.integers(1, 4),
)
def test_numbers_stay_while_room_is_made_for_more(counts: list[int], step: int, width: int) -> None:
    blocks, first = [], 0
    for count in counts:
        begin = max(0, first - 100)  # The last hundred come again.
        blocks.append([(at * step % 2**64,) * width for at in range(begin, first + count)])
        first += count

    number_all(KeyIndex(width), width, blocks)


@settings(deadline=None)
@given(data=st.data(), width=st.integers(1, 4))
def test_keys_that_fall_into_one_slot_are_told_apart(data: st.DataObject, width: int) -> None:
    colliding = keys_of_one_slot(width)
    picked = st.lists(st.sampled_from(colliding), max_size=80)

    number_all(KeyIndex(width), width, data.draw(st.lists(picked, max_size=4)))


@cache
def keys_of_one_slot(width: int) -> list[Key]:
    """Return some sixty keys that a numbering looks for in one place, or in the next."""
    tried = [(1,) * (width - 1) + (last,) for last in range(1 << 17)]
    places = KeyIndex(width)._places(as_words(tried, width)).tolist()
    behind = (places[0] + 1) % _FEWEST_SLOTS
    found = [key for key, at in zip(tried, places, strict=True) if at in (places[0], behind)]
    assert len(found) > 10, "the slots were not looked at as they are chosen"
    return found


def test_colliding_keys_are_found_again_behind_a_growth() -> None:
    colliding = keys_of_one_slot(1)
    many = [(1 << 40 | at,) for at in range(9_000)]

    known = number_all(KeyIndex(1), 1, [colliding, many, colliding, colliding[::-1]])

    assert len(known) == len(colliding) + len(many)
