"""The files that were imported, as lists show them."""

from dataclasses import dataclass
from datetime import datetime

from tollbook.core.instants import from_us
from tollbook.storage.models import ImportFile


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file that was imported, as which source, and what came of it."""

    name: str
    source_id: int
    imported: datetime
    calls: int
    rejects: int


def imported_files(*, at_most: int) -> list[ImportedFile]:
    """Return the files that were imported, the latest first."""
    return [
        ImportedFile(row.name, row.source_id, from_us(row.imported_us), row.calls, row.rejects)
        for row in ImportFile.objects.order_by("-imported_us")[:at_most]
    ]
