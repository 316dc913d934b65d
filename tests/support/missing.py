"""A program that a test needs and this machine lacks."""

import os
from typing import NoReturn

import pytest


def missing(words: str) -> NoReturn:
    """Skip the test by name; where everything must be there, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)
