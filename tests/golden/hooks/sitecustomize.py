"""Let Tollbook's clock stand and make its chance repeatable, so that two captures can be compared.

Python imports this by itself in every process whose PYTHONPATH begins with this folder. It does
nothing without TOLLBOOK_TEST_CLOCK, the file that holds the instant to show. Tests only: secrets
that can be foretold protect nothing.
"""

import base64
import hashlib
import os
import secrets
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

# Each of these modules has a function `now`: our clock, and the one by which Django notes sign-ins.
CLOCK_MODULES = frozenset(("tollbook.wiring.clock", "django.utils.timezone"))


def shown() -> str:
    """Return the instant that the clock shows, as text."""
    return Path(os.environ["TOLLBOOK_TEST_CLOCK"]).read_text("ascii").strip()


def standing_now() -> datetime:
    """Return the instant that the capture has set."""
    return datetime.fromisoformat(shown())


class StandingClock(MetaPathFinder):
    """Replace a clock once its module is run: others take the function from there by name."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return a clock's own spec with a loader that stops it; None for all other modules."""
        if fullname not in CLOCK_MODULES:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def run_and_stop(module: ModuleType) -> None:
            run(module)
            module.now = standing_now  # type: ignore[attr-defined]  # the module has one

        spec.loader.exec_module = run_and_stop  # type: ignore[method-assign]  # of this one loader
        return spec


class Chance:
    """Bytes that follow from the instant, from what they are for, and from how many came before.

    Each purpose counts by itself: one more form token in a page changes no password.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._instant = ""
        self._taken: Counter[str] = Counter()

    def some(self, purpose: str, count: int) -> bytes:
        """Return *count* bytes."""
        with self._lock:
            instant = shown()
            if instant != self._instant:
                self._instant, self._taken = instant, Counter()
            self._taken[purpose] += 1
            seed = f"{instant}/{purpose}/{self._taken[purpose]}"
        return hashlib.shake_256(seed.encode()).digest(count)


chance = Chance()


def token_bytes(nbytes: int | None = None) -> bytes:
    """Stand in for `secrets.token_bytes`."""
    count = nbytes or 32
    return chance.some(f"bytes {count}", count)


def token_hex(nbytes: int | None = None) -> str:
    """Stand in for `secrets.token_hex`."""
    return token_bytes(nbytes).hex()


def token_urlsafe(nbytes: int | None = None) -> str:
    """Stand in for `secrets.token_urlsafe`."""
    return base64.urlsafe_b64encode(token_bytes(nbytes)).rstrip(b"=").decode("ascii")


def randbelow(exclusive_upper_bound: int) -> int:
    """Stand in for `secrets.randbelow`."""
    drawn = int.from_bytes(chance.some(f"below {exclusive_upper_bound}", 16), "big")
    return drawn % exclusive_upper_bound


def choice(seq: Sequence[Any]) -> Any:
    """Stand in for `secrets.choice`."""
    return seq[randbelow(len(seq))]


if "TOLLBOOK_TEST_CLOCK" in os.environ:
    sys.meta_path.insert(0, StandingClock())
    for stand_in in (token_bytes, token_hex, token_urlsafe, randbelow, choice):
        setattr(secrets, stand_in.__name__, stand_in)
