"""What records came to, and whose they were."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime

# Told now and then: how many bytes of how many are done.
ImportProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What records came to. `records` is the sum of all others.

    `calls` were added; `duplicates` are calls that were known already; `parts` are records that
    went into a call of several, beside its last; `rejects` are in quarantine.
    """

    records: int = 0
    calls: int = 0
    parts: int = 0
    skips: int = 0
    rejects: int = 0
    duplicates: int = 0

    def __add__(self, other: "IngestResult") -> "IngestResult":
        return IngestResult(
            *(getattr(self, one.name) + getattr(other, one.name) for one in fields(self))
        )


@dataclass(frozen=True, slots=True)
class SourceRef:
    """A source as far as storing its records depends on it."""

    source_id: int
    pbx_id: int
    site_id: int
    site_zone: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to.

    `known_since` is when the very same file was imported before, else None: then nothing was
    read, and all its calls are duplicates. `unrated` counts the calls stored without a price.
    """

    result: IngestResult
    unrated: int = 0
    known_since: datetime | None = None
