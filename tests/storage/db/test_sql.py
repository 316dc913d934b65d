"""Statements that go straight to the driver, inside the transaction that is open."""

import pytest
from django.db import IntegrityError
from hypothesis import given
from hypothesis import strategies as st

from support.databases import Database, door
from tollbook.storage.db.sql import fetch_inside, filled_up, run_many_inside
from tollbook.storage.models import Meta

INSERT = "INSERT INTO tollbook_meta (key, value) VALUES (%s, %s)"
SELECT = "SELECT key, value FROM tollbook_meta WHERE key IN (%s, %s) ORDER BY key"


def test_what_is_written_inside_is_found_inside_and_kept(database: Database) -> None:
    with door.transaction():
        run_many_inside(INSERT, [("a", "1"), ("b", "100%")])
        inside = fetch_inside(SELECT, ("a", "b"))

    assert inside == [("a", "1"), ("b", "100%")]
    assert fetch_inside(SELECT, ("a", "b")) == inside


def test_nothing_is_written_outside_a_transaction(database: Database) -> None:
    with pytest.raises(RuntimeError, match="use the door"):
        run_many_inside(INSERT, [("a", "1")])

    assert not Meta.objects.filter(key="a").exists()


def test_a_broken_constraint_is_told_in_the_words_of_every_database(database: Database) -> None:
    with pytest.raises(IntegrityError), door.transaction():
        run_many_inside(INSERT, [("a", "1"), ("a", "2")])

    assert not Meta.objects.filter(key="a").exists()


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], ()), ([7], (7,)), ([7, 8, 9], (7, 8, 9, 9)), (["a", "b"], ("a", "b"))],
)
def test_lists_are_filled_up_to_a_power_of_two(
    values: list[object], expected: tuple[object, ...]
) -> None:
    assert filled_up(values) == expected


@given(st.lists(st.integers(), min_size=1, max_size=300))
def test_filling_up_asks_for_nothing_else(values: list[int]) -> None:
    filled = filled_up(values)

    assert set(filled) == set(values)
    assert len(filled) < 2 * len(values)
    assert len(filled).bit_count() == 1
