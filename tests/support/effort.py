"""How hard the laws are tried: all examples in the whole run, a few of them in `make check`."""

import os

from hypothesis import HealthCheck, settings

QUICK = os.environ.get("TOLLBOOK_TEST_EFFORT") == "quick"
SHARE = 5  # In `make check` one example of so many.


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
