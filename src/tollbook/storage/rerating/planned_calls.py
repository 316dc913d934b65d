"""Calls that a plan priced, in call order: as they talked, whenever they arrived."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import NamedTuple

from tollbook.core.calls import DIRECTIONS
from tollbook.core.dialplan import unbilled_reason
from tollbook.storage.db.sql import Row, chunks, fetch, fetch_one
from tollbook.storage.pricing.planned_charges import PartsRow, parts_row

_AT_A_TIME = 5_000
_IDS_A_STATEMENT = 1_000
_PARTS = tuple(field.name for field in fields(PartsRow))
_IN_FORCE = (
    "h.run = (SELECT max(newest.run) FROM tollbook_charge newest "
    "WHERE newest.call_id = h.call_id AND newest.kind = 'charge')"
)
_PLANNED = (
    "FROM tollbook_charge_parts p JOIN tollbook_charge h ON h.id = p.charge_id "
    "JOIN tollbook_call c ON c.id = h.call_id"
)


class CallOrderKey(NamedTuple):
    """A call's place among all calls: nothing in it tells when or in which order calls arrived."""

    talk_us: int
    pbx_id: int
    begin_us: int
    dedupe_hash: int

    @property
    def text(self) -> str:
        """Return the place as text that sorts."""
        return (
            f"{self.talk_us:020d}.{self.pbx_id:010d}.{self.begin_us:020d}."
            f"{self.dedupe_hash + 2**63:020d}"
        )


class PlacedCall(NamedTuple):
    """A call with its place; *parts* are of its charge in force, None if no plan priced it."""

    order: CallOrderKey
    call_id: int
    site_id: int
    parts: PartsRow | None


def planned_from(talk_us: int, *, limit: int) -> tuple[list[PlacedCall], int | None]:
    """Return calls that a plan priced, from an instant on, in call order, some *limit* of them.

    Calls that began to talk in the same microsecond come together. The second value is the
    instant from which there may be more, None if these are all.
    """
    columns = f"c.pbx_id, c.begin_us, c.dedupe_hash, c.id, c.site_id, {_named('p')}"
    ordered = "ORDER BY p.talk_us, c.pbx_id, c.begin_us, c.dedupe_hash"
    rows = fetch(
        f"SELECT p.talk_us, {columns} {_PLANNED} WHERE p.talk_us >= %s AND {_IN_FORCE} "
        f"{ordered} LIMIT %s",
        (talk_us, limit),
    )
    if len(rows) < limit:
        return [_placed(row) for row in rows], None
    last_us = rows[-1][0]
    if rows[0][0] == last_us:
        rows = fetch(
            f"SELECT p.talk_us, {columns} {_PLANNED} WHERE p.talk_us = %s AND {_IN_FORCE} "
            f"{ordered}",
            (last_us,),
        )
        return [_placed(row) for row in rows], last_us + 1
    return [_placed(row) for row in rows if row[0] < last_us], last_us


def effects_from(talk_us: int) -> Iterator[str]:
    """Yield what the calls that a plan priced, from an instant on, count for, in no order."""
    last_id = 0
    while True:
        rows = fetch(
            f"SELECT p.id, p.effects {_PLANNED} WHERE p.talk_us >= %s AND p.id > %s "
            f"AND {_IN_FORCE} ORDER BY p.id LIMIT %s",
            (talk_us, last_id, _AT_A_TIME),
        )
        yield from (effects for _, effects in rows if effects)
        if len(rows) < _AT_A_TIME:
            return
        last_id = rows[-1][0]


def newest_parts_id() -> int:
    """Return a number that changes with every charge that a plan makes."""
    row = fetch_one("SELECT max(id) FROM tollbook_charge_parts", ())
    return int(row[0] or 0) if row else 0


def planned_among(ids: Sequence[int]) -> set[int]:
    """Return which of the calls *ids* have a charge in force that a plan made."""
    found: set[int] = set()
    for some in chunks(ids, _IDS_A_STATEMENT):
        marks = ", ".join(["%s"] * len(some))
        rows = fetch(
            f"SELECT h.call_id {_PLANNED} WHERE h.call_id IN ({marks}) AND {_IN_FORCE}", some
        )
        found.update(call_id for (call_id,) in rows)
    return found


def placed_calls(ids: Sequence[int]) -> Iterator[PlacedCall]:
    """Yield the places of those of the calls *ids* that are charged at all; no parts are read."""
    for some in chunks(ids, _IDS_A_STATEMENT):
        marks = ", ".join(["%s"] * len(some))
        rows = fetch(
            "SELECT coalesce(answer_us, begin_us), pbx_id, begin_us, dedupe_hash, id, site_id, "
            "direction, answered, talk_ms "
            f"FROM tollbook_call WHERE id IN ({marks})",
            some,
        )
        for *place, call_id, site_id, direction, answered, talk_ms in rows:
            is_answered = None if answered is None else bool(answered)
            if not unbilled_reason(DIRECTIONS[direction], answered=is_answered, talk_ms=talk_ms):
                yield PlacedCall(CallOrderKey(*place), call_id, site_id, None)


def _named(alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in _PARTS)


def _placed(row: Row) -> PlacedCall:
    talk_us, pbx_id, begin_us, dedupe_hash, call_id, site_id, *parts = row
    order = CallOrderKey(talk_us, pbx_id, begin_us, dedupe_hash)
    return PlacedCall(order, call_id, site_id, parts_row(parts))
