"""Bytes of a PBX to call records: one engine, one TOML definition for each family of layouts."""

from tollbook.formats.catalogue import FormatInfo, list_formats, load_definition
from tollbook.formats.definition import Definition
from tollbook.formats.detection import Detection, detect
from tollbook.formats.errors import (
    DefinitionError,
    FormatNotBuiltError,
    UnknownFormatError,
    ZoneError,
)
from tollbook.formats.marking import marked_fields
from tollbook.formats.parser import Parser
from tollbook.formats.printing import outcome_to_plain
from tollbook.formats.reading import read_definition

__all__ = [
    "Definition",
    "DefinitionError",
    "Detection",
    "FormatInfo",
    "FormatNotBuiltError",
    "Parser",
    "UnknownFormatError",
    "ZoneError",
    "detect",
    "list_formats",
    "load_definition",
    "marked_fields",
    "outcome_to_plain",
    "read_definition",
]
