"""An account over a period: what it held before, what moved, what it held after.

The nightly snapshots spare adding up what came long before; postings alone decide. An entry is
never dated after it is posted, so every posting that a snapshot counts is dated before it was
taken: what is left to add are the postings behind it.

Source: docs/algorithms/ledger.md, "Statements".
"""

from dataclasses import dataclass, replace
from datetime import date

from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.current import current_connection
from tollbook.storage.db.sql import Clause, both, contains, fetch, fetch_one


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Lines of a statement for which everything given holds; the period is half-open, in µs.

    `keyword` is part of a reason, of the number that was called or of its destination.
    """

    from_us: int | None = None
    to_us: int | None = None
    kind: str = ""
    keyword: str = ""

    @property
    def narrows(self) -> bool:
        """Whether lines of the period are left out."""
        return bool(self.kind or self.keyword)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One dated amount and what it leaves: a posting, or what a call cost an account code.

    `line_id` tells lines of the same instant apart and puts them in order; `entry_id` is None
    where there is no ledger entry. Amounts are millionths, talk is in milliseconds.
    """

    line_id: int
    entry_id: int | None
    at_us: int
    kind: str
    reason: str
    call_id: int | None
    callee: str
    destination: str
    talk_ms: int | None
    amount_micros: int
    after_micros: int


@dataclass(frozen=True, slots=True)
class LineSums:
    """What the lines of a period come to, up and down, and how many of them fit the filter."""

    up_micros: int
    down_micros: int
    fitting: int


def balance_before(account_id: int, instant_us: int) -> int:
    """Return what an account held of all that is dated before an instant, in millionths."""
    snapshot = fetch_one(
        "SELECT last_posting, balance_micros FROM tollbook_balance_snapshot "
        "WHERE account_id = %s AND taken_us <= %s ORDER BY day DESC LIMIT 1",
        (account_id, instant_us),
    )
    last_posting, balance_micros = snapshot or (0, 0)
    row = fetch_one(
        "SELECT CAST(coalesce(sum(p.amount_micros), 0) AS bigint) FROM tollbook_posting p "
        "JOIN tollbook_entry e ON e.id = p.entry_id "
        "WHERE p.account_id = %s AND p.id > %s AND e.at_us < %s",
        (account_id, last_posting, instant_us),
    )
    return int(balance_micros) + int(row[0] if row else 0)


def posting_lines(
    account_id: int,
    wanted: LineFilter,
    *,
    opening_micros: int,
    newest_first: bool = False,
    first: int = 0,
    count: int | None = None,
) -> list[StatementLine]:
    """Return an account's postings by their dates, *count* from the *first* that fits on.

    Each leaves the balance to which *opening_micros* and all lines of the period up to it come,
    those that the filter leaves out too.
    """
    lines = _lines(account_id, wanted)
    fits = _fits(wanted)
    way = "DESC" if newest_first else "ASC"
    limit = "" if count is None else f" LIMIT {int(count)} OFFSET {int(first)}"
    rows = fetch(
        f"SELECT s.* FROM ({lines.text}) s WHERE {fits.text} "
        f"ORDER BY s.at_us {way}, s.id {way}{limit}",
        (*lines.values, *fits.values),
    )
    found = (StatementLine(*row) for row in rows)
    return [replace(line, after_micros=opening_micros + line.after_micros) for line in found]


def posting_sums(account_id: int, wanted: LineFilter) -> LineSums:
    """Return what an account's postings of the period come to."""
    lines = _lines(account_id, wanted, with_running=False)
    fits = _fits(wanted)
    row = fetch_one(
        "SELECT CAST(coalesce(sum(CASE WHEN s.amount > 0 THEN s.amount END), 0) AS bigint), "
        "CAST(coalesce(sum(CASE WHEN s.amount < 0 THEN s.amount END), 0) AS bigint), "
        f"coalesce(sum(CASE WHEN {fits.text} THEN 1 ELSE 0 END), 0) FROM ({lines.text}) s",
        (*fits.values, *lines.values),
    )
    return LineSums(*map(int, row)) if row else LineSums(0, 0, 0)


def currencies_of(kind: str, name: str) -> list[str]:
    """Return the currencies in which a holder has accounts, by their codes."""
    rows = fetch(
        "SELECT currency FROM tollbook_account WHERE kind = %s AND name = %s ORDER BY currency",
        (kind, name),
    )
    return [row[0] for row in rows]


def account_id_of(kind: str, name: str, currency: str) -> int | None:
    """Return an account's id, None where nothing was ever posted to it."""
    row = fetch_one(
        "SELECT id FROM tollbook_account WHERE kind = %s AND name = %s AND currency = %s",
        (kind, name, currency),
    )
    return int(row[0]) if row else None


def newest_snapshot_day() -> date | None:
    """Return the latest day of which there are snapshots."""
    row = fetch_one("SELECT max(day) FROM tollbook_balance_snapshot", ())
    found = row[0] if row else None
    return date.fromisoformat(found) if isinstance(found, str) else found


def insert_snapshots(day: date, *, taken_us: int) -> int:
    """Write the balance of every account that moved since its last snapshot; return how many.

    In the transaction that is open, after `begin_batch`: nothing is posted concurrently.
    """
    lock = " FOR SHARE OF b" if current_connection().vendor == "postgresql" else ""
    rows = fetch(
        "SELECT b.account_id, (SELECT max(p.id) FROM tollbook_posting p "
        "WHERE p.account_id = b.account_id), b.balance_micros FROM tollbook_balance b "
        "WHERE EXISTS (SELECT 1 FROM tollbook_posting q WHERE q.account_id = b.account_id "
        "AND q.id > coalesce((SELECT max(s.last_posting) FROM tollbook_balance_snapshot s "
        f"WHERE s.account_id = b.account_id), 0)) ORDER BY b.account_id{lock}",
        (),
    )
    if not rows:
        return 0
    engine = bulk_engine()
    accounts, last, balances = zip(*rows, strict=True)
    new = engine.insert_new(
        "tollbook_balance_snapshot",
        {
            "id": engine.take_ids("tollbook_balance_snapshot", len(rows)),
            "account_id": accounts,
            "day": [day] * len(rows),
            "last_posting": last,
            "balance_micros": balances,
            "taken_us": [taken_us] * len(rows),
        },
        key=("account_id", "day"),
    )
    return len(rows) if new is None else len(new)


def _lines(account_id: int, wanted: LineFilter, *, with_running: bool = True) -> Clause:
    """Return the query for an account's lines of the period, each with the sum up to it."""
    period = [
        Clause(f"e.at_us {sign} %s", (edge_us,))
        for sign, edge_us in ((">=", wanted.from_us), ("<", wanted.to_us))
        if edge_us is not None
    ]
    condition = both([Clause("p.account_id = %s", (account_id,)), *period])
    running = (
        ", CAST(sum(p.amount_micros) OVER (ORDER BY e.at_us, p.id) AS bigint) AS running"
        if with_running
        else ""
    )
    return Clause(
        "SELECT p.id AS id, e.id AS entry_id, e.at_us AS at_us, e.kind AS kind, "
        "e.reason AS reason, e.call_id AS call_id, coalesce(c.callee, '') AS callee, "
        "coalesce(c.destination, '') AS destination, c.talk_ms AS talk_ms, "
        f"p.amount_micros AS amount{running} "
        "FROM tollbook_posting p JOIN tollbook_entry e ON e.id = p.entry_id "
        f"LEFT JOIN tollbook_call c ON c.id = e.call_id WHERE {condition.text}",
        condition.values,
    )


def _fits(wanted: LineFilter) -> Clause:
    clauses = [Clause("s.kind = %s", (wanted.kind,))] if wanted.kind else []
    if wanted.keyword:
        columns = ("s.reason", "s.callee", "s.destination")
        clauses.append(contains(columns, wanted.keyword))
    return both(clauses)
