"""The tests themselves: found by their folder first, so a name does not repeat it."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


def repeats_its_folder(file: Path) -> bool:
    """Say whether the name of *file* begins with that of a folder it lies in."""
    stem = file.stem.removeprefix("test_")
    folders = file.relative_to(TESTS).parent.parts
    return any(stem == folder or stem.startswith(f"{folder}_") for folder in folders)


def test_no_name_of_a_test_file_repeats_its_folder() -> None:
    assert [str(file) for file in TESTS.rglob("test_*.py") if repeats_its_folder(file)] == []


@pytest.mark.parametrize("name", ["web/test_web_calls.py", "app/billing/test_billing.py"])
def test_a_repeated_folder_is_seen(name: str) -> None:
    assert repeats_its_folder(TESTS / name)
