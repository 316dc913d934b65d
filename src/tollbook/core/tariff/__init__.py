"""Tariffs: the document, its faults and doubts, and the form that pricing works on."""

from tollbook.core.tariff.compiled import (
    CompiledRate,
    CompiledSlot,
    CompiledTariff,
    PrefixEntry,
    compile_tariff,
)
from tollbook.core.tariff.fields import Fault
from tollbook.core.tariff.model import (
    Band,
    Block,
    Blocks,
    InitialAndUnit,
    Pulse,
    Rate,
    Slot,
    Slots,
    TariffDefinition,
)
from tollbook.core.tariff.reading import TariffReading, read_tariff
from tollbook.core.tariff.text import TariffSyntaxError, decode_tariff
from tollbook.core.tariff.writing import tariff_document

__all__ = [
    "Band",
    "Block",
    "Blocks",
    "CompiledRate",
    "CompiledSlot",
    "CompiledTariff",
    "Fault",
    "InitialAndUnit",
    "PrefixEntry",
    "Pulse",
    "Rate",
    "Slot",
    "Slots",
    "TariffDefinition",
    "TariffReading",
    "TariffSyntaxError",
    "compile_tariff",
    "decode_tariff",
    "read_tariff",
    "tariff_document",
]
