"""What the command line may set for a benchmark."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """How many calls (None: the benchmark's own number) and which PostgreSQL server, if any."""

    calls: int | None = None
    database: str | None = None
