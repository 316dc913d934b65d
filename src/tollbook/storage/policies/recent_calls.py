"""What guards against fraud count: recent outgoing calls, their number, cost and novelty."""

from collections.abc import Sequence
from typing import NamedTuple

from tollbook.storage.db.sql import charge_in_force, fetch
from tollbook.storage.models.calls import DirectionCode


class RecentCall(NamedTuple):
    """An outgoing call of an extension; `micros` is its charge in force, 0 while unrated."""

    id: int
    extension_id: int
    department_id: int | None
    site_id: int
    begin_us: int
    talk_ms: int
    destination: str
    callee: str
    micros: int


def outgoing_calls(
    *, extension_ids: Sequence[int] | None, since_us: int, after_id: int = 0
) -> list[RecentCall]:
    """Return outgoing calls that began at or after *since_us* and were stored after *after_id*.

    Of these extensions, or of all of them; in the order in which they began.
    """
    whose, values = "c.extension_id IS NOT NULL", []
    if extension_ids is not None:
        if not extension_ids:
            return []
        whose = f"c.extension_id IN ({', '.join(['%s'] * len(extension_ids))})"
        values = list(extension_ids)
    rows = fetch(
        "SELECT c.id, c.extension_id, c.department_id, c.site_id, c.begin_us, "
        "coalesce(c.talk_ms, 0), c.destination, c.callee, coalesce(h.amount_micros, 0) "
        "FROM tollbook_call c LEFT JOIN tollbook_charge h "
        f"ON {charge_in_force('h', call='c.id')} "
        f"WHERE {whose} AND c.direction = %s AND c.begin_us >= %s AND c.id > %s "
        "ORDER BY c.begin_us, c.id",
        (*values, DirectionCode.OUT, since_us, after_id),
    )
    return [RecentCall(*row) for row in rows]


def was_called_before(*, site_id: int, destination: str, before_us: int) -> bool:
    """Say whether anybody at the site called this destination before that instant."""
    rows = fetch(
        "SELECT 1 FROM tollbook_call WHERE site_id = %s AND destination = %s AND direction = %s "
        "AND begin_us < %s LIMIT 1",
        (site_id, destination, DirectionCode.OUT, before_us),
    )
    return bool(rows)


def newest_call_id() -> int:
    """Return the id of the call that was stored last, 0 if there is none."""
    return int(fetch("SELECT coalesce(max(id), 0) FROM tollbook_call", ())[0][0])
