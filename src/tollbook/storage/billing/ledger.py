"""Posts entries: accounts, entries, postings and balances, in the transaction that is open.

    with door.transaction():
        post_entries([entry])

An entry whose key is known already moves nothing: with the same content it gets the first
answer, with other content it is a `KeyConflict`. Balances are locked before anything is written,
so postings to one account are serialised. Who pays a call is noted with its charge.

Source: docs/algorithms/ledger.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tollbook.core.instants import to_us
from tollbook.core.ledger import AccountKey, Entry, EntryKind, KeyConflict, content_hash
from tollbook.storage.billing.call_payers import set_payers
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.current import current_connection
from tollbook.storage.db.sql import chunks, fetch, marks

MOST_ENTRIES = 1_000  # In one transaction: bounds how long its locks are held.
SYSTEM = "system"  # The kind of our own accounts.
_VALUES_A_STATEMENT = 500


@dataclass(frozen=True, slots=True)
class Posted:
    """Where an entry stands; `repeated` if it was posted before and nothing moved now."""

    entry_id: int
    repeated: bool


class NotReversible(ValueError):
    """A reversal of an entry that was never posted, or that was reversed already."""


def post_entries(entries: Sequence[Entry]) -> list[Posted]:
    """Post *entries* and return where each stands, in their order.

    Raises KeyConflict, NotReversible; ValueError for more than `MOST_ENTRIES`, RuntimeError
    outside a transaction.
    """
    if len(entries) > MOST_ENTRIES:
        raise ValueError(f"{len(entries)} entries at once, at most {MOST_ENTRIES}")
    if not current_connection().in_atomic_block:
        raise RuntimeError("entries are posted inside a transaction: use the door")
    if not entries:
        return []
    holders = {
        posting.account.key(posting.amount.currency) for one in entries for posting in one.postings
    }
    first_us = to_us(entries[0].at)
    accounts = accounts_of(holders, at_us=first_us)
    balances = _locked_balances(accounts.values())
    ids, new = _insert_entries(entries)
    _insert_postings(entries, ids, new, accounts, balances)
    payers = [pair for at in sorted(new) for pair in _payer(entries[at], accounts)]
    if payers:
        set_payers(payers)
    return [
        Posted(entry_id, repeated=at not in new)
        for at, entry_id in enumerate(_known_ids(entries, ids, new))
    ]


def _payer(one: Entry, accounts: dict[AccountKey, int]) -> list[tuple[int, int]]:
    """Return the call that a charge is about with the account that pays it."""
    if one.call_id is None or one.kind is not EntryKind.CHARGE:
        return []
    return [
        (one.call_id, accounts[account.key(posting.amount.currency)])
        for posting in one.postings
        if (account := posting.account).kind != SYSTEM
    ]


def accounts_of(holders: set[AccountKey], *, at_us: int) -> dict[AccountKey, int]:
    """Return the accounts' ids, opened where they are missing."""
    found = _open_accounts(holders)
    missing = sorted(holders.difference(found))
    if missing:
        engine = bulk_engine()
        kinds, names, currencies = zip(*missing, strict=True)
        engine.insert_new(
            "tollbook_account",
            {
                "id": engine.take_ids("tollbook_account", len(missing)),
                "kind": kinds,
                "name": names,
                "currency": currencies,
                "created_us": [at_us] * len(missing),
            },
            key=("kind", "name", "currency"),
        )
        opened = _open_accounts(set(missing))
        _execute(
            "INSERT INTO tollbook_balance (account_id, balance_micros, held_micros) "
            f"VALUES {', '.join(['(%s, 0, 0)'] * len(opened))} ON CONFLICT DO NOTHING",
            list(opened.values()),
        )
        found |= opened
    return found


def _open_accounts(holders: set[AccountKey]) -> dict[AccountKey, int]:
    names: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for kind, name, currency in holders:
        names[kind, currency].append(name)
    return {
        (kind, name, currency): account_id
        for (kind, currency), wanted in names.items()
        for some in chunks(wanted, _VALUES_A_STATEMENT)
        for account_id, name in fetch(
            "SELECT id, name FROM tollbook_account WHERE kind = %s AND currency = %s "
            f"AND name IN ({marks(some)})",
            (kind, currency, *some),
        )
    }


def _locked_balances(accounts: Iterable[int]) -> dict[int, int]:
    """Return the accounts' balances, locked in the order of their ids until the commit."""
    lock = " FOR UPDATE" if current_connection().vendor == "postgresql" else ""
    return dict(
        row
        for some in chunks(sorted(accounts), _VALUES_A_STATEMENT)
        for row in fetch(
            "SELECT account_id, balance_micros FROM tollbook_balance "
            f"WHERE account_id IN ({marks(some)}) ORDER BY account_id{lock}",
            some,
        )
    )


def _insert_entries(entries: Sequence[Entry]) -> tuple[Sequence[int], set[int]]:
    """Insert what is not known; return the ids taken, and the places of the new entries."""
    engine = bulk_engine()
    undone = _undone_ids([one for one in entries if one.reverses])
    ids = engine.take_ids("tollbook_entry", len(entries))
    new = engine.insert_new(
        "tollbook_entry",
        {
            "id": ids,
            "key": [one.key for one in entries],
            "content_hash": [content_hash(one) for one in entries],
            "kind": [one.kind.value for one in entries],
            "at_us": [to_us(one.at) for one in entries],
            "reason": [one.reason for one in entries],
            "reverses_id": [undone.get(one.reverses) for one in entries],
            "call_id": [one.call_id for one in entries],
            "run": [one.run for one in entries],
        },
        key=("key",),
    )
    if new is None:
        return ids, set(range(len(entries)))
    return ids, {at for at, entry_id in enumerate(ids) if entry_id in new}


def _undone_ids(reversals: Sequence[Entry]) -> dict[str, int]:
    """Return the ids of the entries that *reversals* undo, by key; raises NotReversible."""
    if not reversals:
        return {}
    found = _by_key([entry.reverses for entry in reversals])
    undone = {key: entry_id for key, (entry_id, _) in found.items()}
    before: dict[int, str] = dict(
        row
        for some in chunks(list(undone.values()), _VALUES_A_STATEMENT)
        for row in fetch(
            f"SELECT reverses_id, key FROM tollbook_entry WHERE reverses_id IN ({marks(some)})",
            some,
        )
    )
    for entry in reversals:
        entry_id = undone.get(entry.reverses)
        if entry_id is None:
            raise NotReversible(
                f"entry {entry.key!r} undoes {entry.reverses!r}, which was never posted. "
                "Nothing was posted. Look up the key of the entry that is wrong."
            )
        first = before.setdefault(entry_id, entry.key)
        if first != entry.key:
            raise NotReversible(
                f"entry {entry.reverses!r} was undone by {first!r} already. Nothing was posted."
            )
    return undone


def _known_ids(entries: Sequence[Entry], ids: Sequence[int], new: set[int]) -> list[int]:
    """Return each entry's id; raises KeyConflict for a known key with other content."""
    found = list(ids)
    known = [at for at in range(len(entries)) if at not in new]
    if not known:
        return found
    rows = _by_key([entries[at].key for at in known])
    for at in known:
        entry = entries[at]
        found[at], first_hash = rows[entry.key]
        if first_hash != content_hash(entry):
            raise KeyConflict(entry.key)
    return found


def _insert_postings(
    entries: Sequence[Entry],
    ids: Sequence[int],
    new: set[int],
    accounts: dict[AccountKey, int],
    balances: dict[int, int],
) -> None:
    """Write the postings of the new entries and move the balances with them."""
    lists: dict[str, list[int]] = {
        "entry_id": [],
        "account_id": [],
        "amount_micros": [],
        "after_micros": [],
    }
    for at, one in enumerate(entries):
        if at not in new:
            continue
        for posting in one.postings:
            account, amount = posting.account, posting.amount
            account_id = accounts[account.key(amount.currency)]
            balances[account_id] += amount.micros
            lists["entry_id"].append(ids[at])
            lists["account_id"].append(account_id)
            lists["amount_micros"].append(amount.micros)
            lists["after_micros"].append(balances[account_id])
    if not lists["entry_id"]:
        return
    engine = bulk_engine()
    taken = engine.take_ids("tollbook_posting", len(lists["entry_id"]))
    engine.insert("tollbook_posting", {"id": taken, **lists})
    moved = sorted(set(lists["account_id"]))
    with current_connection().cursor() as cursor:
        cursor.executemany(
            "UPDATE tollbook_balance SET balance_micros = %s WHERE account_id = %s",
            [(balances[account_id], account_id) for account_id in moved],
        )


def _by_key(keys: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return id and content hash of the entries with these keys."""
    return {
        key: (entry_id, content)
        for some in chunks(keys, _VALUES_A_STATEMENT)
        for key, entry_id, content in fetch(
            f"SELECT key, id, content_hash FROM tollbook_entry WHERE key IN ({marks(some)})", some
        )
    }


def _execute(statement: str, values: Sequence[Any]) -> None:
    with current_connection().cursor() as cursor:
        cursor.execute(statement, values)
