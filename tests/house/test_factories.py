"""Rows that tests begin with come from `support.factories`: a new column costs one change."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
WRITE = re.compile(
    r"\.objects\s*\.(?:a?bulk_create|a?create|a?get_or_create|a?update_or_create"
    r"|create_user|create_superuser)\(|\.a?save\(\)"
)
# The factories themselves, and tests that are about the rows.
EXEMPT = ("house", "storage", "support")
# What still writes by itself; this list only shrinks.
KNOWN = {
    "commands/test_authorise.py": 3,
    "commands/test_recharge.py": 1,
    "commands/test_source.py": 1,
    "switches/test_asterisk_calls.py": 3,  # In the text of a program with no tests in reach.
}


def test_no_test_writes_rows_by_itself() -> None:
    found = {}
    for file in sorted(TESTS.rglob("*.py")):
        name = file.relative_to(TESTS)
        writes = len(WRITE.findall(file.read_text("utf-8")))
        if writes and name.parts[0] not in EXEMPT:
            found[str(name)] = writes

    assert found == KNOWN


def test_each_way_of_writing_is_seen() -> None:
    ways = ("Owner.objects.create(name=1)", "User.objects\n.create_user(x)", "row.save()")

    assert all(WRITE.search(way) for way in ways)
    assert not WRITE.search('make_owner("Smith").objects.get(pk=1)')
