"""A tariff document in a file that the command line names."""

from pathlib import Path

from tollbook.commands.files import cannot_read
from tollbook.commands.words import DONE, INCOMPLETE, refuse
from tollbook.core.tariff import (
    Fault,
    TariffDefinition,
    TariffSyntaxError,
    decode_tariff,
    read_tariff,
)


def read_tariff_file(name: str) -> tuple[TariffDefinition | None, tuple[Fault, ...], int]:
    """Return the tariff in the file *name*, its faults, and the exit status if it is refused."""
    try:
        reading = read_tariff(decode_tariff(Path(name).read_bytes(), name=name))
    except OSError as fault:
        return None, (), refuse("tariff", cannot_read(name, fault))
    except TariffSyntaxError as fault:
        return None, (Fault(fault.place, "tariff.syntax", fault.message),), INCOMPLETE
    return reading.tariff, reading.faults, DONE if reading.tariff else INCOMPLETE
