"""What a price means for the ledger: the entry of a charge, and of the difference to a new one.

Source: docs/algorithms/ledger.md, "Charges and re-rating".
"""

from datetime import datetime

from tollbook.core.ledger.entries import AccountRef, Entry, EntryKind, Posting, SystemAccount
from tollbook.core.money import Money

REVENUE = AccountRef("system", SystemAccount.REVENUE)
UNPAID_CHARGES = AccountRef("system", SystemAccount.CHARGES)


def charge_entry(
    charge: Money | None, *, key: str, at: datetime, payer: AccountRef, call_id: int | None = None
) -> Entry | None:
    """Return the entry by which *payer* pays *charge*; None for a call that costs nothing."""
    return _priced(EntryKind.CHARGE, None, charge, key=key, at=at, payer=payer, call_id=call_id)


def rerating_entry(
    old: Money | None,
    new: Money | None,
    *,
    key: str,
    at: datetime,
    payer: AccountRef,
    call_id: int | None = None,
    run: int | None = None,
) -> Entry | None:
    """Return the entry of the difference between two prices of one call; None where there is none.

    None as a price is an unrated call, which costs nothing. Prices of two currencies differ in
    each of them: the old one is given back, the new one is charged.

    >>> from datetime import UTC
    >>> entry = rerating_entry(
    ...     Money(180_000, "EUR"), Money(140_000, "EUR"),
    ...     key="rerating:1:7", at=datetime(2026, 1, 1, tzinfo=UTC), payer=UNPAID_CHARGES,
    ... )
    >>> [(str(posting.account.name), posting.amount.micros) for posting in entry.postings]
    [('charges', 40000), ('revenue', -40000)]
    """
    return _priced(
        EntryKind.RERATING, old, new, key=key, at=at, payer=payer, call_id=call_id, run=run
    )


def correction_entry(
    old: Money | None,
    new: Money | None,
    *,
    key: str,
    at: datetime,
    payer: AccountRef,
    reason: str,
    call_id: int | None = None,
) -> Entry | None:
    """Return the adjustment from an estimate to what the call cost; None where they agree.

    None as a price is a call that costs nothing. Raises ValueError without a reason.
    """
    return _priced(
        EntryKind.ADJUSTMENT, old, new, key=key, at=at, payer=payer, reason=reason, call_id=call_id
    )


def _priced(
    kind: EntryKind,
    old: Money | None,
    new: Money | None,
    *,
    key: str,
    at: datetime,
    payer: AccountRef,
    reason: str = "",
    call_id: int | None = None,
    run: int | None = None,
) -> Entry | None:
    if old is not None and new is not None and old.currency == new.currency:
        postings = _owed(payer, new.micros - old.micros, new.currency)
    else:
        given_back = () if old is None else _owed(payer, -old.micros, old.currency)
        charged = () if new is None else _owed(payer, new.micros, new.currency)
        postings = given_back + charged
    if not postings:
        return None
    return Entry(
        key=key, kind=kind, at=at, postings=postings, reason=reason, call_id=call_id, run=run
    )


def _owed(payer: AccountRef, micros: int, currency: str) -> tuple[Posting, ...]:
    """Return the postings by which *payer* owes *micros* more, or gets them back."""
    if not micros:
        return ()
    return (
        Posting(payer, Money(-micros, currency)),
        Posting(REVENUE, Money(micros, currency)),
    )
