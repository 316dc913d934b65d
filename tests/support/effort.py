"""How much is tried: every case and example in the whole run, a few of them in `make check`."""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

QUICK = os.environ.get("TOLLBOOK_TEST_EFFORT") == "quick"
SHARE = 5  # In `make check` one example of so many.
CASES = 3  # In `make check` so many cases of a test that begins with a database of its own.


def examples(count: int) -> int:
    """Return *count*, or what `make check` tries of it."""
    return max(count // SHARE, 4) if QUICK else count


def choose_profile() -> None:
    """Let laws that name no count of their own try as many as the run has time for.

    None is timed: on a machine with other work to do, slowness says nothing of the program.
    """
    settings.register_profile(
        "tollbook",
        max_examples=examples(100),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("tollbook")


def leave_cases_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep a few cases of each test with a database, which costs more than most cases tell."""
    seen: Counter[str] = Counter()
    kept, left = [], []
    for item in items:
        test = item.nodeid.partition("[")[0]
        has_database = {"sqlite", "database"} & set(getattr(item, "fixturenames", ()))
        seen[test] += 1
        (left if has_database and seen[test] > CASES else kept).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left)
