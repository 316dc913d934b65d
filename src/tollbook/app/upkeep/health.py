"""How the installation is: database, disk, sources and quarantine, for probes and monitoring."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from django.db import DatabaseError
from django.db.models import Sum

from tollbook.app.intake.sources import SourceView, source_states
from tollbook.storage.models import Reject, SourceDay

OUTCOMES = ("calls", "parts", "skips", "rejects", "duplicates")


@dataclass(frozen=True, slots=True)
class Health:
    """What a probe may know without a token: no names, no addresses.

    *status* is "ok"; "degraded" when a source has failed or is unknown; "failing" when the
    database does not answer or the disk has less than its reserve.
    """

    status: Literal["ok", "degraded", "failing"]
    database_answers: bool
    disk_free_bytes: int
    disk_reserve_bytes: int
    sources_by_state: Mapping[str, int]

    @property
    def disk_has_room(self) -> bool:
        """Whether the raw log may still grow."""
        return self.disk_free_bytes > self.disk_reserve_bytes


@dataclass(frozen=True, slots=True)
class Figures:
    """What monitoring reads. `records` counts what sources delivered, by outcome, ever."""

    sources: tuple[SourceView, ...]
    records: Mapping[str, int]
    waiting_rejects: int
    disk_free_bytes: int


def check_health(*, at: datetime, data_dir: Path, disk_reserve_mb: int) -> Health:
    """Return how the installation is at *at*; never raises for a database that is away."""
    by_state: dict[str, int] = {}
    answers = True
    try:
        for source in source_states(at=at):
            by_state[source.state] = by_state.get(source.state, 0) + 1
    except DatabaseError:
        answers = False
    free_bytes = shutil.disk_usage(data_dir).free
    reserve_bytes = disk_reserve_mb * 1024 * 1024
    status: Literal["ok", "degraded", "failing"] = "ok"
    if by_state.keys() & {"failed", "unknown"}:
        status = "degraded"
    if not answers or free_bytes <= reserve_bytes:
        status = "failing"
    return Health(status, answers, free_bytes, reserve_bytes, by_state)


def figures(*, at: datetime, data_dir: Path) -> Figures:
    """Return what monitoring asks for; its cost does not grow with the number of calls."""
    totals = SourceDay.objects.aggregate(**{name: Sum(name) for name in OUTCOMES})
    return Figures(
        sources=tuple(source_states(at=at)),
        records={name: totals[name] or 0 for name in OUTCOMES},
        waiting_rejects=Reject.objects.filter(state="new").count(),
        disk_free_bytes=shutil.disk_usage(data_dir).free,
    )
