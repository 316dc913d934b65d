"""Tariff documents as they are stored, read and made ready for pricing; no database is touched.

A deck of 200,000 prefixes is some million small objects. Python's cyclic collector would look
through all of them again and again while they are made, for nothing: that took as long as
making them.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from tollbook.core.tariff import CompiledTariff, TariffDefinition, compile_tariff, read_tariff
from tollbook.core.tariff.text import parse_json


def read_document(document: str) -> TariffDefinition:
    """Return the tariff of a stored version's document.

    Raises ValueError if it is no longer a tariff: a version is checked before it is stored.
    """
    with uncollected():
        stored = parse_json(document)
        reading = read_tariff(stored if isinstance(stored, dict) else {})
    if reading.tariff is None:
        raise ValueError(f"a stored tariff cannot be read: {reading.faults[0].message}")
    return reading.tariff


def compiled(tariff: TariffDefinition) -> CompiledTariff:
    """Return *tariff* ready for pricing."""
    with uncollected():
        return compile_tariff(tariff)


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep Python's cyclic collector from running while many objects are made, none in cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
