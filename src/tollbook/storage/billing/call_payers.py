"""Who pays a call: noted with its charge, asked by whatever changes its price or its code later.

Source: docs/algorithms/ledger.md, "Records and money".
"""

from collections.abc import Iterable, Sequence

from tollbook.core.ledger import AccountRef
from tollbook.storage.db.current import current_connection
from tollbook.storage.db.sql import chunks, fetch

_VALUES_A_STATEMENT = 500


def payers_of(call_ids: Sequence[int]) -> dict[int, AccountRef]:
    """Return the account that pays each of these calls; calls that nobody pays are left out."""
    return {
        call_id: AccountRef(kind, name)
        for some in chunks(call_ids, _VALUES_A_STATEMENT)
        for call_id, kind, name in fetch(
            "SELECT p.call_id, a.kind, a.name FROM tollbook_call_payer p "
            "JOIN tollbook_account a ON a.id = p.account_id "
            f"WHERE p.call_id IN ({', '.join(['%s'] * len(some))})",
            some,
        )
    }


def set_payers(pairs: Iterable[tuple[int, int]]) -> None:
    """Note, by pairs of ids, which account pays each call."""
    with current_connection().cursor() as cursor:
        cursor.executemany(
            "INSERT INTO tollbook_call_payer (call_id, account_id) VALUES (%s, %s) "
            "ON CONFLICT (call_id) DO UPDATE SET account_id = excluded.account_id",
            sorted(pairs),
        )


def drop_payers(call_ids: Iterable[int]) -> None:
    """Note that nobody pays these calls any more."""
    with current_connection().cursor() as cursor:
        cursor.executemany(
            "DELETE FROM tollbook_call_payer WHERE call_id = %s",
            [(call_id,) for call_id in call_ids],
        )
