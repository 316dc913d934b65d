"""Posts one entry to the ledger: idempotent, by its key.

The same key with the same content gets the first answer; the same key with other content raises
`KeyConflict` and moves nothing. Source: docs/algorithms/ledger.md, "Entries".
"""

from dataclasses import replace
from functools import partial

from tollbook.core.ledger import AccountRef, Entry
from tollbook.storage.billing.ledger import Posted, post_entries
from tollbook.storage.db.installation import door
from tollbook.storage.db.sql import fetch_one


def account_of_extension(extension_id: int) -> AccountRef:
    """Return the account of a telephone."""
    return AccountRef("extension", str(extension_id))


def post_entry(entry: Entry, *, call_id: int | None = None) -> Posted:
    """Post *entry* and return where it stands, once it is on disk; *call_id* is what it is about.

    Raises KeyConflict; NotReversible for a reversal of what was never posted or is undone.
    """
    return door().decide(partial(_post_one, replace(entry, call_id=call_id)))


def _post_one(entry: Entry) -> Posted:
    return post_entries([entry])[0]


def balance_micros(kind: str, name: str, currency: str) -> int:
    """Return what an account holds, in millionths; 0 for one that was never posted to."""
    row = fetch_one(
        "SELECT b.balance_micros FROM tollbook_account a "
        "JOIN tollbook_balance b ON b.account_id = a.id "
        "WHERE a.kind = %s AND a.name = %s AND a.currency = %s",
        (kind, name, currency),
    )
    return int(row[0]) if row else 0
