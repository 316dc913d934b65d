"""What the ledger says: a balance, the differences of a re-rating, and whether all of it agrees."""

from dataclasses import dataclass

from tollbook.storage.db.sql import fetch

MOST_FAULTS = 20  # Of each sort: the first ones tell what happened.


@dataclass(frozen=True, slots=True)
class LedgerFault:
    """Two figures of the ledger that should be equal and are not; `place` says whose."""

    code: str
    place: str
    stated_micros: int
    found_micros: int

    @property
    def finding(self) -> str:
        """What is not equal, in words."""
        return _FAULTS[self.code]

    @property
    def message(self) -> str:
        """The fault as a sentence."""
        return (
            f"{self.place}: {self.finding} ({self.stated_micros} and "
            f"{self.found_micros} millionths). Nothing was changed. Restore a backup, or post "
            "an adjustment that says why."
        )


@dataclass(frozen=True, slots=True)
class RerateDifference:
    """One entry of a re-rating: what its call costs more (or less) than before."""

    entry_id: int
    call_id: int
    begin_us: int
    callee: str
    extension: str
    currency: str
    difference_micros: int


_FAULTS = {
    "ledger.balance_differs": "the balance is not the sum of its postings",
    "ledger.held_differs": "what is held is not the sum of the pending holds",
    "ledger.entry_unbalanced": "the postings of an entry do not balance",
    "ledger.chain_broken": "a posting does not leave the balance that it says",
}

# Each selects the place in words, what is stated and what is found, where the two differ.
_CHECKS = {
    "ledger.balance_differs": """
        SELECT a.kind || ' ' || a.name || ' ' || a.currency, coalesce(b.balance_micros, 0),
            coalesce(s.micros, 0)
        FROM tollbook_account a LEFT JOIN tollbook_balance b ON b.account_id = a.id
        LEFT JOIN (SELECT account_id, CAST(sum(amount_micros) AS bigint) AS micros
            FROM tollbook_posting GROUP BY account_id) s ON s.account_id = a.id
        WHERE b.account_id IS NULL OR b.balance_micros <> coalesce(s.micros, 0)
        ORDER BY a.id
    """,
    "ledger.held_differs": """
        SELECT a.kind || ' ' || a.name || ' ' || a.currency, b.held_micros, coalesce(s.micros, 0)
        FROM tollbook_balance b JOIN tollbook_account a ON a.id = b.account_id
        LEFT JOIN (SELECT account_id, CAST(sum(amount_micros) AS bigint) AS micros
            FROM tollbook_hold WHERE state = 'pending' GROUP BY account_id) s
        ON s.account_id = a.id
        WHERE b.held_micros <> coalesce(s.micros, 0) ORDER BY a.id
    """,
    "ledger.entry_unbalanced": """
        SELECT 'entry ' || e.key || ' ' || a.currency, 0, CAST(sum(p.amount_micros) AS bigint)
        FROM tollbook_posting p JOIN tollbook_account a ON a.id = p.account_id
        JOIN tollbook_entry e ON e.id = p.entry_id
        GROUP BY e.id, e.key, a.currency HAVING sum(p.amount_micros) <> 0 ORDER BY e.id
    """,
    "ledger.chain_broken": """
        SELECT 'posting ' || CAST(r.id AS text), r.after_micros, CAST(r.micros AS bigint)
        FROM (SELECT id, after_micros, sum(amount_micros) OVER
            (PARTITION BY account_id ORDER BY id) AS micros FROM tollbook_posting) r
        WHERE r.after_micros <> r.micros ORDER BY r.id
    """,
}


def verify_balances() -> list[LedgerFault]:
    """Prove the ledger: every balance, hold and entry against its rows; [] if all agree."""
    return [
        LedgerFault(code, place, stated, found)
        for code, check in _CHECKS.items()
        for place, stated, found in fetch(f"{check} LIMIT {MOST_FAULTS}", ())
    ]


def differences(run: int, *, after: int = 0, limit: int = 50) -> list[RerateDifference]:
    """Return the differences that a re-rating posted, from the entry behind *after* on.

    A call whose currency changed has one difference in each.
    """
    rows = fetch(
        "SELECT e.id, e.call_id, c.begin_us, c.callee, coalesce(x.number, ''), a.currency, "
        "p.amount_micros FROM tollbook_entry e "
        "JOIN tollbook_posting p ON p.entry_id = e.id "
        "JOIN tollbook_account a ON a.id = p.account_id "
        "JOIN tollbook_call c ON c.id = e.call_id "
        "LEFT JOIN tollbook_extension x ON x.id = c.extension_id "
        "WHERE e.run = %s AND e.id > %s AND a.kind = 'system' AND a.name = 'revenue' "
        "ORDER BY e.id, a.currency LIMIT %s",
        (run, after, limit),
    )
    return [RerateDifference(*row) for row in rows]
