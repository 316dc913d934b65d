"""The ledger's rules: entries whose postings balance, and holds that count when made.

Source: docs/algorithms/ledger.md. Pure: storage keeps the rows, these functions decide.

Signs: a customer's account (an extension's, an owner's, a department's) grows by what is paid in
and shrinks by what is used. The system's accounts take the other side, so that the sum of all
postings is always zero in every currency.
"""

from tollbook.core.ledger.call_to_bill import CallToBill, holders_of
from tollbook.core.ledger.entries import (
    AccountKey,
    AccountRef,
    Entry,
    EntryKind,
    KeyConflict,
    Posting,
    SystemAccount,
    content_hash,
    reversal_of,
    transfer,
)
from tollbook.core.ledger.holds import (
    AccountState,
    BudgetPart,
    Capture,
    Funds,
    Hold,
    HoldEnded,
    Reserved,
)
from tollbook.core.ledger.pricing import (
    REVENUE,
    UNPAID_CHARGES,
    charge_entry,
    correction_entry,
    rerating_entry,
)

__all__ = [
    "REVENUE",
    "UNPAID_CHARGES",
    "AccountKey",
    "AccountRef",
    "AccountState",
    "BudgetPart",
    "CallToBill",
    "Capture",
    "Entry",
    "EntryKind",
    "Funds",
    "Hold",
    "HoldEnded",
    "KeyConflict",
    "Posting",
    "Reserved",
    "SystemAccount",
    "charge_entry",
    "content_hash",
    "correction_entry",
    "holders_of",
    "rerating_entry",
    "reversal_of",
    "transfer",
]
