"""The examples in the core's docstrings run."""

import doctest
from importlib import import_module
from pkgutil import walk_packages

import pytest

import tollbook.core

MODULES = sorted(found.name for found in walk_packages(tollbook.core.__path__, "tollbook.core."))


@pytest.mark.parametrize("name", MODULES)
def test_examples_say_what_happens(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0


def test_there_are_examples() -> None:
    assert doctest.testmod(import_module("tollbook.core.money")).attempted > 5
