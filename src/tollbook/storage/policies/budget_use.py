"""What of a budget is used in a period: moved with charges, opened from the charges there are.

Held amounts move with their holds (`tollbook.storage.billing.holds`). A row is opened when it is
first moved or asked for; then it counts what calls of its period were charged before, so a budget
that is made in mid-month knows the first half of it.

Source: docs/algorithms/budgets.md.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from tollbook.storage.db.current import current_connection
from tollbook.storage.db.sql import Row, charge_in_force, chunks, fetch, from_json, marks

_VALUES_A_STATEMENT = 500
_HOLDER_COLUMN = {
    "extension": "extension_id",
    "department": "department_id",
    "owner": "owner_id",
}

HolderKey = tuple[str, int]  # kind and row id


class BudgetRow(NamedTuple):
    """A budget as it is stored."""

    id: int
    kind: str
    holder: int
    every: str
    limit_micros: int | None
    limit_s: int | None
    currency: str
    zone: str
    warn_at: tuple[int, ...]
    active: bool


class UseKey(NamedTuple):
    """A budget and a period of it, from its first instant until before its last."""

    budget: BudgetRow
    from_us: int
    to_us: int


class UseRow(NamedTuple):
    """What is used of a budget in a period; `warned` is the greatest share warned of."""

    budget_id: int
    from_us: int
    used_micros: int
    used_s: int
    held_micros: int
    held_s: int
    warned: int


class Used(NamedTuple):
    """Money in millionths and talk in whole seconds."""

    micros: int
    seconds: int


def budgets_of(holders: Collection[HolderKey]) -> dict[HolderKey, list[BudgetRow]]:
    """Return the budgets of each holder that has any; the inactive count too, but bind nobody."""
    found: dict[HolderKey, list[BudgetRow]] = {}
    for kind in _HOLDER_COLUMN:
        ids = sorted(holder for of_kind, holder in holders if of_kind == kind)
        for some in chunks(ids, _VALUES_A_STATEMENT):
            for row in fetch(
                f"SELECT {', '.join(BudgetRow._fields)} FROM tollbook_budget "
                f"WHERE kind = %s AND holder IN ({marks(some)}) ORDER BY id",
                (kind, *some),
            ):
                budget = _budget(row)
                found.setdefault((kind, budget.holder), []).append(budget)
    return found


def open_uses(keys: Collection[UseKey], *, before_call: int | None = None) -> None:
    """Make the rows that are missing, each with what the period's stored calls came to.

    *before_call* leaves out calls from that id on: their own transaction counts them. Call
    `begin_batch` of the engine first, so that no call is stored concurrently.
    """
    known = {(row.budget_id, row.from_us) for row in uses_of(keys)}
    for key in sorted(keys):
        if (key.budget.id, key.from_us) in known:
            continue
        used = used_by_calls(key, before_call=before_call)
        with current_connection().cursor() as cursor:
            cursor.execute(
                "INSERT INTO tollbook_budget_use (budget_id, from_us, used_micros, used_s, "
                "held_micros, held_s, warned) VALUES (%s, %s, %s, %s, 0, 0, 0) "
                "ON CONFLICT (budget_id, from_us) DO NOTHING",
                (key.budget.id, key.from_us, *used),
            )


def used_by_calls(key: UseKey, *, before_call: int | None = None) -> Used:
    """Return what the stored calls of a period came to for its budget, charges in force.

    A charge in another currency than the budget's counts its talk only.
    """
    before = "" if before_call is None else "AND c.id < %s "
    rows = fetch(
        "SELECT CAST(coalesce(sum(CASE WHEN h.currency = %s THEN h.amount_micros ELSE 0 END), 0) "
        "AS bigint), CAST(coalesce(sum((coalesce(c.talk_ms, 0) + 999) / 1000), 0) AS bigint) "
        "FROM tollbook_call c JOIN tollbook_charge h "
        f"ON {charge_in_force('h', call='c.id')} "
        f"WHERE c.begin_us >= %s AND c.begin_us < %s {before}"
        f"AND c.{_HOLDER_COLUMN[key.budget.kind]} = %s",
        (
            key.budget.currency,
            key.from_us,
            key.to_us,
            *([] if before_call is None else [before_call]),
            key.budget.holder,
        ),
    )
    return Used(*rows[0])


def uses_of(keys: Collection[UseKey]) -> list[UseRow]:
    """Return the rows of these budgets and periods, as far as there are any."""
    wanted = {(key.budget.id, key.from_us) for key in keys}
    budgets = sorted({budget_id for budget_id, _ in wanted})
    return [
        use
        for some in chunks(budgets, _VALUES_A_STATEMENT)
        for row in fetch(
            f"SELECT {', '.join(UseRow._fields)} FROM tollbook_budget_use "
            f"WHERE budget_id IN ({marks(some)}) ORDER BY budget_id, from_us",
            some,
        )
        if ((use := UseRow(*row)).budget_id, use.from_us) in wanted
    ]


def all_uses() -> list[tuple[BudgetRow, UseRow]]:
    """Return every row with its budget."""
    budget = ", ".join(f"b.{column}" for column in BudgetRow._fields)
    use = ", ".join(f"u.{column}" for column in UseRow._fields)
    width = len(BudgetRow._fields)
    return [
        (_budget(row[:width]), UseRow(*row[width:]))
        for row in fetch(
            f"SELECT {budget}, {use} FROM tollbook_budget_use u "
            "JOIN tollbook_budget b ON b.id = u.budget_id ORDER BY u.budget_id, u.from_us",
            (),
        )
    ]


def write_use(key: UseKey, *, used: Used, held: Used) -> None:
    """Let a row say what was found by counting: only `doctor` mends in this way."""
    with current_connection().cursor() as cursor:
        cursor.execute(
            "UPDATE tollbook_budget_use SET used_micros = %s, used_s = %s, held_micros = %s, "
            "held_s = %s WHERE budget_id = %s AND from_us = %s",
            (*used, *held, key.budget.id, key.from_us),
        )


def lock_uses(budget_ids: Collection[int]) -> None:
    """Lock all rows of these budgets, in order, until the commit; SQLite has one writer anyway.

    Lock order: after the balances, before moving the rows in several steps.
    """
    if current_connection().vendor != "postgresql":
        return
    for some in chunks(sorted(budget_ids), _VALUES_A_STATEMENT):
        fetch(
            f"SELECT id FROM tollbook_budget_use WHERE budget_id IN ({marks(some)}) "
            "ORDER BY budget_id, from_us FOR UPDATE",
            some,
        )


def move_used(moves: Mapping[tuple[int, int], Used]) -> None:
    """Add to what is used, by budget id and first instant; rows that are missing stay so."""
    rows = [(*used, *key) for key, used in sorted(moves.items()) if any(used)]
    with current_connection().cursor() as cursor:
        cursor.executemany(
            "UPDATE tollbook_budget_use SET used_micros = used_micros + %s, "
            "used_s = used_s + %s WHERE budget_id = %s AND from_us = %s",
            rows,
        )


def note_warned(warned: Sequence[tuple[int, int, int, int | None]]) -> None:
    """Note shares warned of: budget id, first instant, share, and when the limit was reached."""
    with current_connection().cursor() as cursor:
        cursor.executemany(
            "UPDATE tollbook_budget_use SET warned = %s, closed_us = coalesce(closed_us, %s) "
            "WHERE budget_id = %s AND from_us = %s AND warned < %s",
            [
                (share, closed_us, budget_id, from_us, share)
                for budget_id, from_us, share, closed_us in warned
            ],
        )


def _budget(columns: Row) -> BudgetRow:
    row = dict(zip(BudgetRow._fields, columns, strict=True))
    return BudgetRow(**{**row, "warn_at": tuple(from_json(row["warn_at"]))})
