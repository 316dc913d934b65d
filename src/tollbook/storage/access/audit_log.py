"""The audit log, newest first, page by page."""

from collections.abc import Iterator
from dataclasses import dataclass

from tollbook.storage.db.sql import Clause, both, contains, fetch

SEARCHED = ("actor", "action", "object_type", "object_id", "before", "after", "address")
_COLUMNS = "id, at_us, actor, action, object_type, object_id, before, after, address"
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Lines for which everything that is given holds; the period is half-open.

    `keyword` is any part of any column, `object_id` belongs to `object_type`.
    """

    from_us: int | None = None
    to_us: int | None = None
    actor: str = ""
    action: str = ""
    object_type: str = ""
    object_id: str = ""
    keyword: str = ""

    def clause(self) -> Clause:
        """Return the condition on a line."""
        clauses = [
            Clause(f"{column} = %s", (value,))
            for column in ("actor", "action", "object_type", "object_id")
            if (value := getattr(self, column))
        ]
        if self.from_us is not None:
            clauses.append(Clause("at_us >= %s", (self.from_us,)))
        if self.to_us is not None:
            clauses.append(Clause("at_us < %s", (self.to_us,)))
        if self.keyword:
            clauses.append(contains(SEARCHED, self.keyword))
        return both(clauses)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One change; `before` and `after` are JSON."""

    id: int
    at_us: int
    actor: str
    action: str
    object_type: str
    object_id: str
    before: str
    after: str
    address: str


@dataclass(frozen=True, slots=True)
class AuditChoices:
    """What is in the log to filter by."""

    actors: tuple[str, ...]
    actions: tuple[str, ...]
    object_types: tuple[str, ...]


def audit_rows(
    wanted: AuditFilter, *, beyond_id: int | None = None, limit: int = 50, descending: bool = True
) -> list[AuditRow]:
    """Return the lines from the one behind *beyond_id* on, newest first or oldest first."""
    clauses = [wanted.clause()]
    if beyond_id is not None:
        clauses.append(Clause(f"id {'<' if descending else '>'} %s", (beyond_id,)))
    condition = both(clauses)
    rows = fetch(
        f"SELECT {_COLUMNS} FROM tollbook_audit_log WHERE {condition.text} "
        f"ORDER BY id {'DESC' if descending else 'ASC'} LIMIT %s",
        (*condition.values, limit),
    )
    return [AuditRow(*row) for row in rows]


def stream_audit(wanted: AuditFilter, *, descending: bool = True) -> Iterator[AuditRow]:
    """Yield every line that fits, a thousand at a time in memory."""
    beyond: int | None = None
    while True:
        rows = audit_rows(wanted, beyond_id=beyond, limit=_AT_ONCE, descending=descending)
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        beyond = rows[-1].id


def audit_row(line_id: int) -> AuditRow | None:
    """Return one line; None if there is none of that id."""
    rows = fetch(f"SELECT {_COLUMNS} FROM tollbook_audit_log WHERE id = %s", (line_id,))
    return AuditRow(*rows[0]) if rows else None


def audit_choices() -> AuditChoices:
    """Return who and what the log names."""

    def distinct(column: str) -> tuple[str, ...]:
        rows = fetch(f"SELECT DISTINCT {column} FROM tollbook_audit_log ORDER BY 1 LIMIT 500", ())
        return tuple(value for (value,) in rows if value)

    return AuditChoices(distinct("actor"), distinct("action"), distinct("object_type"))
