"""Sources as the screens show them: what was asked for, what is so, what came today."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from django.db import DEFAULT_DB_ALIAS

from tollbook.storage.db.sql import fetch, from_json


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source with its collector's last word and its counts of one day.

    `wanted` is running or stopped; `state` a `SourceCondition`, "unknown" before the first word
    of a collector. `segment_id` and `offset` say how far the raw log is stored, null before the
    first record.
    """

    id: int
    name: str
    pbx_id: int
    pbx: str
    site_id: int
    site: str
    zone: str
    transport: str
    format: str
    options: Mapping[str, object]
    wanted: str
    state: str
    reason: str
    next_step: str
    since_us: int | None
    seen_us: int | None
    last_record_us: int | None
    connected_peers: int
    bytes_total: int
    segment_id: int | None
    offset: int | None
    records: int
    calls: int
    parts: int
    skips: int
    rejects: int
    duplicates: int


_COUNTED = ("records", "calls", "parts", "skips", "rejects", "duplicates")


def source_list(
    day_in: Callable[[str], int],
    *,
    source_id: int | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> list[SourceRow]:
    """Return all sources by PBX and name, or the one with *source_id*.

    *day_in* returns today's date in a time zone, as 20260131.
    """
    of_one = "" if source_id is None else "WHERE s.id = %s "
    rows = fetch(
        "SELECT s.id, s.name, p.id, p.name, t.id, t.name, t.zone, s.transport, s.format, "
        "s.options, s.wanted, coalesce(e.state, 'unknown'), coalesce(e.reason, ''), "
        "coalesce(e.next_step, ''), e.since_us, e.seen_us, e.last_record_us, "
        'coalesce(e.connected_peers, 0), coalesce(e.bytes_total, 0), o.segment_id, o."offset" '
        "FROM tollbook_source s JOIN tollbook_pbx p ON p.id = s.pbx_id "
        "JOIN tollbook_site t ON t.id = p.site_id "
        "LEFT JOIN tollbook_source_state e ON e.source_id = s.id "
        "LEFT JOIN tollbook_source_position o ON o.source_id = s.id "
        f"{of_one}ORDER BY p.name, s.name, s.id",
        () if source_id is None else (source_id,),
        using=using,
    )
    counts = _counts({row[0]: day_in(row[6]) for row in rows}, using=using)
    nothing = (0,) * len(_COUNTED)
    found = [SourceRow(*row, *counts.get(row[0], nothing)) for row in rows]
    return [replace(row, options=from_json(str(row.options))) for row in found]


def _counts(days: dict[int, int], *, using: str) -> dict[int, tuple[int, ...]]:
    """Return each source's counts of its day."""
    wanted = sorted(set(days.values()))
    if not wanted:
        return {}
    found = fetch(
        f"SELECT source_id, day, {', '.join(_COUNTED)} FROM tollbook_source_day "
        f"WHERE day IN ({', '.join(['%s'] * len(wanted))})",
        wanted,
        using=using,
    )
    return {row[0]: row[2:] for row in found if days.get(row[0]) == row[1]}
