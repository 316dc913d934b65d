"""The format of an unknown file is found by reading it with every definition."""

import pytest

from tollbook.formats import detect, load_definition
from tollbook.formats.catalogue import packaged_names


@pytest.mark.parametrize("name", packaged_names())
def test_a_format_is_found_by_its_own_records(name: str) -> None:
    for case in load_definition(name).tests:
        calls = sum("call" in each for each in case.expect)
        found = detect(case.text.encode())

        if calls:
            assert found[0].format == name
            assert found[0].calls == calls


def test_garbage_is_no_format() -> None:
    assert detect(b"\x00\x01garbage\n" * 100) == []
    assert detect(b"") == []


def test_rejects_lower_the_score() -> None:
    text = load_definition("3cx").tests[0].text.encode()
    (clean,) = detect(text)
    (mixed,) = detect(text + b"garbage\n" * 3)

    assert clean.score == 1
    assert (mixed.score, mixed.calls, mixed.rejects) == (0.5, 3, 3)


def test_only_whole_lines_of_the_beginning_count() -> None:
    text = load_definition("3cx").tests[0].text.encode()
    (found,) = detect(text * 2_000)

    assert found.score == 1
    assert found.rejects == 0
