"""Which format is this? Every packaged definition reads the beginning and is scored."""

from collections.abc import Iterable
from dataclasses import dataclass

from tollbook.core.calls import Cdr, Part, RejectedRecord
from tollbook.formats.catalogue import load_definition, packaged_names
from tollbook.formats.definition import Definition
from tollbook.formats.parser import Parser

_HEAD_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Detection:
    """How well one format reads a sample; *score* is the share of records it made calls of."""

    format: str
    score: float
    calls: int
    rejects: int


def detect(data: bytes, definitions: Iterable[Definition] | None = None) -> list[Detection]:
    """Return the formats that read something of *data*, best first.

    Only the first 256 KiB count, up to the last whole line of them. Local stamps are read as
    UTC here: the zone does not matter to the shape.
    """
    head = data[:_HEAD_BYTES]
    if len(data) > len(head) and b"\n" in head:
        head = head[: head.rindex(b"\n") + 1]
    if definitions is None:
        definitions = [load_definition(name) for name in packaged_names()]
    found = [_score(definition, head) for definition in definitions]
    return sorted(
        (each for each in found if each.calls),
        key=lambda each: (-each.score, -each.calls, each.format),
    )


def _score(definition: Definition, head: bytes) -> Detection:
    parser = Parser(definition, zone=definition.zone or "UTC")
    outcomes = parser.feed(head) + parser.finish()
    calls = sum(isinstance(each, Cdr) for each in outcomes)
    parts = sum(isinstance(each, Part) for each in outcomes)
    rejects = sum(isinstance(each, RejectedRecord) for each in outcomes)
    read = calls + parts
    score = round(read / (read + rejects), 3) if read else 0.0
    return Detection(definition.name, score, calls, rejects)
