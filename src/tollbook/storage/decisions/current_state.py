"""What decisions read uncached: known keys, calls at once, budgets' use, closing alarms.

Each function asks for a whole group of decisions at once. Source: docs/algorithms/decision.md.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from tollbook.storage.db.current import current_connection
from tollbook.storage.db.sql import chunks, fetch, fetch_inside, filled_up, marks

_VALUES_A_STATEMENT = 256
_DECIDERS_LOCK = 0x746F6C6D  # One number for all processes, next to that of bulk writes.


class KnownAnswer(NamedTuple):
    """A decision that was made before under the same key."""

    content_hash: str
    answer: str


class BudgetStand(NamedTuple):
    """What of a budget is used in a period, and what holds set aside of it."""

    used_micros: int
    used_s: int
    held_micros: int
    held_s: int


def begin_decisions() -> None:
    """Serialise groups of decisions, across processes.

    On SQLite the write lock does; on PostgreSQL an advisory lock that ends with the transaction
    does, so that two processes never race on the same calls or the same budget.
    """
    if current_connection().vendor == "postgresql":
        fetch("SELECT pg_advisory_xact_lock(%s)", (_DECIDERS_LOCK,))


def known_answers(keys: Sequence[str]) -> dict[str, KnownAnswer]:
    """Return what was answered under these keys, allowed or refused."""
    return {
        key: KnownAnswer(content, answer)
        for some in map(filled_up, chunks(keys, _VALUES_A_STATEMENT))
        for key, content, answer in fetch_inside(
            f"SELECT key, content_hash, answer FROM tollbook_hold WHERE key IN ({marks(some)}) "
            "UNION ALL SELECT key, content_hash, answer FROM tollbook_refusal "
            f"WHERE key IN ({marks(some)})",
            (*some, *some),
        )
    }


_CALLS_NOW = {
    "extension": (
        "SELECT h.extension_id, count(*) FROM tollbook_hold h WHERE h.state = 'pending' "
        "AND h.extension_id IN ({}) GROUP BY h.extension_id"
    ),
    "department": (
        # (A cross join keeps SQLite from looking through the holds for each extension.)
        "SELECT e.department_id, count(*) FROM tollbook_hold h CROSS JOIN tollbook_extension e "
        "WHERE h.state = 'pending' AND e.id = h.extension_id "
        "AND e.department_id IN ({}) GROUP BY e.department_id"
    ),
    "owner": (
        "SELECT c.owner_id, count(*) FROM tollbook_hold h CROSS JOIN tollbook_account_code c "
        "WHERE h.state = 'pending' AND c.id = h.account_code_id "
        "AND c.owner_id IN ({}) GROUP BY c.owner_id"
    ),
}


def calls_now(holders: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Return how many calls of each holder, by kind and id, are allowed and not ended yet."""
    found = dict.fromkeys(holders, 0)
    for kind, statement in _CALLS_NOW.items():
        ids = sorted(holder for of_kind, holder in holders if of_kind == kind)
        for some in map(filled_up, chunks(ids, _VALUES_A_STATEMENT)):
            for holder, count in fetch_inside(statement.format(marks(some)), some):
                found[kind, holder] = count
    return found


def known_telephones(asked: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return which of these are extensions by now, by site and number."""
    found: set[tuple[int, str]] = set()
    for site_id in {site_id for site_id, _ in asked}:
        numbers = [number for of_site, number in asked if of_site == site_id]
        for some in chunks(numbers, _VALUES_A_STATEMENT):
            rows = fetch(
                "SELECT number FROM tollbook_extension "
                f"WHERE site_id = %s AND number IN ({marks(some)})",
                (site_id, *some),
            )
            found.update((site_id, number) for (number,) in rows)
    return found


def closed_extensions() -> frozenset[int]:
    """Return the extensions that an alarm keeps closed; seldom any."""
    rows = fetch_inside(
        "SELECT DISTINCT extension_id FROM tollbook_alarm "
        "WHERE closes AND lifted_us IS NULL AND extension_id IS NOT NULL",
        (),
    )
    return frozenset(row[0] for row in rows)


def budget_stands(keys: Collection[tuple[int, int]]) -> dict[tuple[int, int], BudgetStand]:
    """Return what stands for these budgets and periods, as far as they were opened."""
    budgets = sorted({budget_id for budget_id, _ in keys})
    if not budgets:
        return {}
    earliest = min(from_us for _, from_us in keys)
    return {
        (row[0], row[1]): BudgetStand(*row[2:])
        for some in map(filled_up, chunks(budgets, _VALUES_A_STATEMENT))
        for row in fetch_inside(
            "SELECT budget_id, from_us, used_micros, used_s, held_micros, held_s "
            f"FROM tollbook_budget_use WHERE budget_id IN ({marks(some)}) AND from_us >= %s",
            (*some, earliest),
        )
        if (row[0], row[1]) in keys
    }


def held_seconds(key: str) -> int:
    """Return the seconds of a bundle that pending holds set aside, by its counter's key."""
    rows = fetch("SELECT held_s FROM tollbook_counter WHERE key = %s", (key,))
    return int(rows[0][0]) if rows else 0
