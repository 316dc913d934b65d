"""Figures: what a benchmark found, how a table shows it, and the machine it was found on."""

import os
import platform
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; *floor* says in words what DESIGN asks of it, if anything."""

    name: str
    value: float
    unit: str
    floor: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the figure as an object for JSON."""
        return {key: value for key, value in asdict(self).items() if value != ""}


def machine_line() -> str:
    """Return the machine in one line: processor, cores, memory, Python, SQLite."""
    return (
        f"{_processor()} · {len(os.sched_getaffinity(0))} cores · {_memory_gb()} GB · "
        f"Python {platform.python_version()} · SQLite {sqlite3.sqlite_version}"
    )


def table(figures: Iterable[Figure]) -> list[str]:
    """Return *figures* as lines: name, value aligned at the right, unit, floor."""
    shown = [(each.name, value_text(each.value), each.unit, each.floor) for each in figures]
    names = max((len(name) for name, *_ in shown), default=0)
    values = max((len(value) for _, value, *_ in shown), default=0)
    units = max((len(unit) for _, _, unit, _ in shown), default=0)
    return [
        f"  {name:<{names}}  {value:>{values}} {unit:<{units}}  {floor}".rstrip()
        for name, value, unit, floor in shown
    ]


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value below which *share* of *values* lie (nearest rank).

    >>> percentile([4, 1, 3, 2], 0.5), percentile([4, 1, 3, 2], 0.99)
    (2, 4)
    """
    ranked = sorted(values)
    return ranked[max(0, -(-int(share * 1000) * len(ranked) // 1000) - 1)]


def value_text(value: float) -> str:
    """Return *value* with as many digits as a reader compares."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # No /proc here: the platform module's word must do.
    return platform.processor() or platform.machine()


def _memory_gb() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
