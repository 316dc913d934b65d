"""An account over a period: what it held before, what moved, what it held after.

The nightly snapshots spare adding up what came long before; postings alone decide. An entry is
never dated after it is posted, so every posting that a snapshot counts is dated before it was
taken: what is left to add are the postings behind it.

Source: docs/algorithms/ledger.md, "Statements".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db import DEFAULT_DB_ALIAS, connections

from tollbook.storage.engine import engine_of
from tollbook.storage.queries.sql import fetch, fetch_one


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One posting of an account: when, why, about which call, how much; instants in µs."""

    posting_id: int
    entry_id: int
    at_us: int
    kind: str
    reason: str
    call_id: int | None
    callee: str
    amount_micros: int


def balance_before(account_id: int, instant_us: int, *, using: str = DEFAULT_DB_ALIAS) -> int:
    """Return what an account held of all that is dated before an instant, in millionths."""
    snapshot = fetch_one(
        "SELECT last_posting, balance_micros FROM tollbook_balance_snapshot "
        "WHERE account_id = %s AND taken_us <= %s ORDER BY day DESC LIMIT 1",
        (account_id, instant_us),
        using=using,
    )
    last_posting, balance_micros = snapshot or (0, 0)
    row = fetch_one(
        "SELECT CAST(coalesce(sum(p.amount_micros), 0) AS bigint) FROM tollbook_posting p "
        "JOIN tollbook_entry e ON e.id = p.entry_id "
        "WHERE p.account_id = %s AND p.id > %s AND e.at_us < %s",
        (account_id, last_posting, instant_us),
        using=using,
    )
    return int(balance_micros) + int(row[0] if row else 0)


def postings_between(
    account_id: int, from_us: int, to_us: int, *, using: str = DEFAULT_DB_ALIAS
) -> Iterator[StatementRow]:
    """Yield the account's postings dated in a half-open period, in the order of their dates."""
    for row in fetch(
        "SELECT p.id, e.id, e.at_us, e.kind, e.reason, e.call_id, coalesce(c.callee, ''), "
        "p.amount_micros FROM tollbook_posting p JOIN tollbook_entry e ON e.id = p.entry_id "
        "LEFT JOIN tollbook_call c ON c.id = e.call_id "
        "WHERE p.account_id = %s AND e.at_us >= %s AND e.at_us < %s ORDER BY e.at_us, p.id",
        (account_id, from_us, to_us),
        using=using,
    ):
        yield StatementRow(*row)


def account_id_of(
    kind: str, name: str, currency: str, *, using: str = DEFAULT_DB_ALIAS
) -> int | None:
    """Return an account's id, None where nothing was ever posted to it."""
    row = fetch_one(
        "SELECT id FROM tollbook_account WHERE kind = %s AND name = %s AND currency = %s",
        (kind, name, currency),
        using=using,
    )
    return int(row[0]) if row else None


def newest_snapshot_day(*, using: str = DEFAULT_DB_ALIAS) -> date | None:
    """Return the latest day of which there are snapshots."""
    row = fetch_one("SELECT max(day) FROM tollbook_balance_snapshot", (), using=using)
    found = row[0] if row else None
    return date.fromisoformat(found) if isinstance(found, str) else found


def insert_snapshots(day: date, *, taken_us: int, using: str = DEFAULT_DB_ALIAS) -> int:
    """Write the balance of every account that moved since its last snapshot; return how many.

    In the transaction that is open, after `begin_batch`: nothing is posted beside it.
    """
    lock = " FOR SHARE OF b" if connections[using].vendor == "postgresql" else ""
    rows = fetch(
        "SELECT b.account_id, (SELECT max(p.id) FROM tollbook_posting p "
        "WHERE p.account_id = b.account_id), b.balance_micros FROM tollbook_balance b "
        "WHERE EXISTS (SELECT 1 FROM tollbook_posting q WHERE q.account_id = b.account_id "
        "AND q.id > coalesce((SELECT max(s.last_posting) FROM tollbook_balance_snapshot s "
        f"WHERE s.account_id = b.account_id), 0)) ORDER BY b.account_id{lock}",
        (),
        using=using,
    )
    if not rows:
        return 0
    engine = engine_of(using)
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
