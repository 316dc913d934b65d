"""The recharge history, and the statement of one account: every posting with what it left.

A balance before is the balance after less the amount, both from the posting itself; `doctor`
proves that each posting begins where the one before ended.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tollbook.storage.billing.balances import BY_HAND, HolderKind, holder_of
from tollbook.storage.billing.statements import StatementLine
from tollbook.storage.db.sql import Clause, Row, both, chunks, contains, fetch, fetch_one

_VALUES_A_STATEMENT = 500
_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class MovementFilter:
    """What was posted by hand, as far as everything given holds.

    The time block is half-open; `keyword` is part of a number or a name. `holder_ids` of `kind`
    are the only ones to be seen; an empty tuple is nobody.
    """

    from_us: int | None = None
    to_us: int | None = None
    keyword: str = ""
    kind: HolderKind | None = None
    site_id: int | None = None
    holder_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """One amount posted by hand to one holder.

    `kind` is recharge, adjustment or reversal; of a reversal `undoes` is the kind of what it
    undoes and `reverses_id` that entry. `undone_by` is the entry that undid this one. `by` is
    who did it.
    """

    posting_id: int
    entry_id: int
    at_us: int
    kind: str
    undoes: str
    holder_kind: HolderKind
    holder_id: int
    number: str
    name: str
    currency: str
    amount_micros: int
    after_micros: int
    reason: str
    reverses_id: int | None
    undone_by: int | None
    by: str

    @property
    def before_micros(self) -> int:
        """The balance before."""
        return self.after_micros - self.amount_micros

    @property
    def label(self) -> str:
        """Whose money it is: `Extension6[106]`, or a name alone."""
        return f"{self.name}[{self.number}]" if self.name else self.number

    @property
    def can_be_undone(self) -> bool:
        """Whether a reversal of it can be posted."""
        return self.kind in ("recharge", "adjustment") and self.undone_by is None


def list_movements(wanted: MovementFilter, *, first: int = 0, count: int) -> list[Movement]:
    """Return what *wanted* admits, the newest first, *count* from the *first* on (0-based)."""
    condition = _condition(wanted)
    return [
        _movement(row)
        for row in fetch(
            f"{_SELECT} WHERE {condition.text} ORDER BY e.id DESC, p.id DESC LIMIT %s OFFSET %s",
            (*condition.values, count, first),
        )
    ]


def every_movement(wanted: MovementFilter) -> Iterator[Movement]:
    """Yield all that *wanted* admits, the newest first, some thousand at a time."""
    condition = _condition(wanted)
    below: tuple[int, ...] = ()
    while True:
        on = " AND p.id < %s" if below else ""
        rows = fetch(
            f"{_SELECT} WHERE {condition.text}{on} ORDER BY p.id DESC LIMIT {_ROWS_AT_ONCE}",
            (*condition.values, *below),
        )
        yield from map(_movement, rows)
        if len(rows) < _ROWS_AT_ONCE:
            return
        below = (rows[-1][0],)


def count_movements(wanted: MovementFilter) -> int:
    """Return how many rows *wanted* admits."""
    condition = _condition(wanted)
    found = fetch_one(f"SELECT count(*) FROM {_FROM} WHERE {condition.text}", condition.values)
    return int(found[0]) if found else 0


def movements_of(entry_ids: Sequence[int]) -> dict[int, Movement]:
    """Return what these entries moved, by entry: those posted by hand, of one holder each."""
    found = [
        _movement(row)
        for some in chunks(entry_ids, _VALUES_A_STATEMENT)
        for row in fetch(
            f"{_SELECT} WHERE p.entry_id = e.id AND {BY_HAND} "
            f"AND e.id IN ({', '.join(['%s'] * len(some))})",
            some,
        )
    ]
    return {movement.entry_id: movement for movement in found}


def statement(
    kind: HolderKind, holder_id: int, currency: str, *, before: int | None = None, count: int = 50
) -> list[StatementLine]:
    """Return the postings to a holder's account, the newest first, those with ids below *before*.

    Each leaves the balance that the one after it begins with.
    """
    below = Clause("p.id < %s", (before,)) if before is not None else both([])
    rows = fetch(
        "SELECT p.id, e.id, e.at_us, e.kind, e.reason, e.call_id, coalesce(c.callee, ''), "
        "coalesce(c.destination, ''), c.talk_ms, p.amount_micros, p.after_micros "
        "FROM tollbook_account a JOIN tollbook_posting p ON p.account_id = a.id "
        "JOIN tollbook_entry e ON e.id = p.entry_id "
        "LEFT JOIN tollbook_call c ON c.id = e.call_id "
        f"WHERE a.kind = %s AND a.name = %s AND a.currency = %s AND {below.text} "
        "ORDER BY p.id DESC LIMIT %s",
        (kind, str(holder_id), currency, *below.values, count),
    )
    return [StatementLine(*row) for row in rows]


def _movement(row: Row) -> Movement:
    return Movement(*row)


def _condition(wanted: MovementFilter) -> Clause:
    clauses = [
        Clause("p.entry_id = e.id"),
        Clause(BY_HAND),
        Clause("coalesce(u.kind, e.kind) IN ('recharge', 'adjustment')"),
    ]
    if wanted.from_us is not None:
        clauses.append(Clause("e.at_us >= %s", (wanted.from_us,)))
    if wanted.to_us is not None:
        clauses.append(Clause("e.at_us < %s", (wanted.to_us,)))
    if wanted.kind is not None:
        clauses.append(Clause("a.kind = %s", (wanted.kind,)))
    if wanted.site_id is not None:
        of_site = "coalesce(x.site_id, d.site_id) = %s OR a.kind = 'owner'"
        clauses.append(Clause(of_site, (wanted.site_id,)))
    if wanted.holder_ids is not None:
        names = tuple(str(one) for one in wanted.holder_ids) or ("",)
        clauses.append(Clause(f"a.name IN ({', '.join(['%s'] * len(names))})", names))
    if wanted.keyword:
        clauses.append(contains(_NAMES, wanted.keyword))
    return both(clauses)


_NAMES = ("x.number", "x.name", "w.name", "d.name")
_FROM = (
    # CROSS JOIN keeps this order on SQLite: postings first would read every charge.
    "tollbook_entry e CROSS JOIN tollbook_posting p "
    "JOIN tollbook_account a ON a.id = p.account_id AND a.kind <> 'system' "
    "LEFT JOIN tollbook_entry u ON u.id = e.reverses_id "
    "LEFT JOIN tollbook_entry r ON r.reverses_id = e.id "
    f"LEFT JOIN tollbook_extension x ON x.id = {holder_of('a', 'extension')} "
    f"LEFT JOIN tollbook_owner w ON w.id = {holder_of('a', 'owner')} "
    f"LEFT JOIN tollbook_department d ON d.id = {holder_of('a', 'department')}"
)
_SELECT = (
    "SELECT p.id, e.id, e.at_us, e.kind, coalesce(u.kind, ''), a.kind, "
    "coalesce(x.id, w.id, d.id, 0), coalesce(x.number, w.name, d.name, ''), "
    "coalesce(x.name, ''), a.currency, p.amount_micros, "
    "p.after_micros, e.reason, e.reverses_id, r.id, coalesce((SELECT g.actor "
    "FROM tollbook_audit_log g WHERE g.object_type = 'entry' "
    f"AND g.object_id = CAST(e.id AS text) ORDER BY g.id LIMIT 1), '') FROM {_FROM}"
)
