"""What should be equal in the tables and is not: for `tollbook doctor`.

Every query returns the first faults only. Calls are looked at in windows of ids, so that ten
million of them need no more memory than a hundred thousand.

Source: docs/algorithms/ledger.md, "Rows".
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tollbook.storage.db.sql import charge_in_force, fetch, fetch_one

MOST_FAULTS = 20
_WINDOW = 100_000


@dataclass(frozen=True, slots=True)
class PaidOtherwise:
    """A call of which an account paid something else than is charged, in millionths."""

    call_id: int
    account: str
    currency: str
    charged_micros: int
    paid_micros: int


@dataclass(frozen=True, slots=True)
class SnapshotFault:
    """A snapshot that is not the sum of the postings that it counts, in millionths."""

    account: str
    day: str
    stated_micros: int
    found_micros: int


@dataclass(frozen=True, slots=True)
class SegmentEnd:
    """A file of the raw log and how many of its bytes are indexed."""

    path: str
    source: str
    indexed_bytes: int


def paid_otherwise() -> list[PaidOtherwise]:
    """Return the calls whose customers did not pay exactly the charge in force.

    A call without a payer must have cost nobody anything.
    """
    found: list[PaidOtherwise] = []
    for first, last in _windows("tollbook_call"):
        found += [PaidOtherwise(*row) for row in fetch(_paid(), (first, last) * 3)]
        if len(found) >= MOST_FAULTS:
            break
    return found[:MOST_FAULTS]


def _paid() -> str:
    """Return the query of what each account paid of each call beside what it should have."""
    in_force = charge_in_force("h", call="p.call_id")
    return f"""
        SELECT r.call_id, r.kind || ' ' || r.name, r.currency,
            CAST(sum(r.owed) AS bigint), CAST(sum(r.paid) AS bigint)
        FROM (
            SELECT p.call_id, a.kind, a.name, h.currency, h.amount_micros AS owed, 0 AS paid
            FROM tollbook_call_payer p JOIN tollbook_account a ON a.id = p.account_id
            JOIN tollbook_charge h ON {in_force}
            WHERE h.amount_micros IS NOT NULL AND p.call_id BETWEEN %s AND %s
            UNION ALL
            SELECT e.call_id, a.kind, a.name, a.currency, 0, -q.amount_micros
            FROM tollbook_entry e JOIN tollbook_posting q ON q.entry_id = e.id
            JOIN tollbook_account a ON a.id = q.account_id AND a.kind <> 'system'
            WHERE e.call_id IS NOT NULL AND e.call_id BETWEEN %s AND %s
            UNION ALL
            SELECT o.call_id, a.kind, a.name, a.currency, 0, -q.amount_micros
            FROM tollbook_hold o JOIN tollbook_entry e ON e.id = o.entry_id AND e.call_id IS NULL
            JOIN tollbook_posting q ON q.entry_id = e.id
            JOIN tollbook_account a ON a.id = q.account_id AND a.kind <> 'system'
            WHERE o.call_id BETWEEN %s AND %s
        ) r GROUP BY r.call_id, r.kind, r.name, r.currency
        HAVING sum(r.owed) <> sum(r.paid) ORDER BY r.call_id LIMIT {MOST_FAULTS}
    """


def snapshots_otherwise() -> list[SnapshotFault]:
    """Return the snapshots that differ from the postings that they count."""
    rows = fetch(
        "SELECT a.kind || ' ' || a.name || ' ' || a.currency, CAST(s.day AS text), "
        "s.balance_micros, CAST(coalesce((SELECT sum(p.amount_micros) FROM tollbook_posting p "
        "WHERE p.account_id = s.account_id AND p.id <= s.last_posting), 0) AS bigint) "
        "FROM tollbook_balance_snapshot s JOIN tollbook_account a ON a.id = s.account_id "
        "WHERE s.balance_micros <> coalesce((SELECT sum(p.amount_micros) FROM tollbook_posting p "
        "WHERE p.account_id = s.account_id AND p.id <= s.last_posting), 0) "
        f"ORDER BY s.id LIMIT {MOST_FAULTS}",
        (),
    )
    return [SnapshotFault(*row) for row in rows]


def segment_ends() -> list[SegmentEnd]:
    """Return every file of the raw log with the end of its last indexed record."""
    rows = fetch(
        'SELECT g.path, s.name, coalesce((SELECT max(r."offset" + r.length) '
        "FROM tollbook_raw_record r WHERE r.segment_id = g.id), 0) "
        "FROM tollbook_raw_segment g JOIN tollbook_source s ON s.id = g.source_id ORDER BY g.id",
        (),
    )
    return [SegmentEnd(*row) for row in rows]


def broken_pages(vendor: str) -> list[str]:
    """Return what the embedded database finds wrong with its own file and with its links.

    A database server looks after its files itself.
    """
    if vendor != "sqlite":
        return []
    pages = [str(row[0]) for row in fetch("PRAGMA integrity_check", ())]
    links = [
        f"row {row[1]} of {row[0]} names a row of {row[2]} that is not there"
        for row in fetch("PRAGMA foreign_key_check", ())[:MOST_FAULTS]
    ]
    return [*(page for page in pages if page != "ok"), *links]


def _windows(table: str) -> Iterator[tuple[int, int]]:
    row = fetch_one(f"SELECT coalesce(max(id), 0) FROM {table}", ())
    for first in range(1, (row[0] if row else 0) + 1, _WINDOW):
        yield first, first + _WINDOW - 1
