"""What a price means for the ledger: the entry of a charge, and of the difference to a new one.

Source: docs/algorithms/ledger.md, "Charges and re-rating".
"""

from collections import defaultdict
from datetime import datetime

from tollbook.core.ledger.entries import AccountRef, Entry, EntryKind, Posting, SystemAccount
from tollbook.core.money import Money

REVENUE = AccountRef("system", SystemAccount.REVENUE)
UNPAID_CHARGES = AccountRef("system", SystemAccount.CHARGES)


def charge_entry(charge: Money, *, key: str, at: datetime, payer: AccountRef) -> Entry | None:
    """Return the entry by which *payer* pays *charge*; None for a call that costs nothing."""
    return _priced(EntryKind.CHARGE, None, charge, key=key, at=at, payer=payer)


def rerating_entry(
    old: Money | None, new: Money | None, *, key: str, at: datetime, payer: AccountRef
) -> Entry | None:
    """Return the entry of the difference between two prices of one call; None where there is none.

    None as a price is an unrated call, which costs nothing. Prices of two currencies differ in
    each of them: the old one is given back, the new one is charged.

    >>> from datetime import UTC
    >>> entry = rerating_entry(
    ...     Money(180_000, "EUR"), Money(140_000, "EUR"),
    ...     key="rerating:1:7", at=datetime(2026, 1, 1, tzinfo=UTC), payer=UNPAID_CHARGES,
    ... )
    >>> [(posting.account.name, posting.amount.micros) for posting in entry.postings]
    [('charges', 40000), ('revenue', -40000)]
    """
    return _priced(EntryKind.RERATING, old, new, key=key, at=at, payer=payer)


def _priced(
    kind: EntryKind,
    old: Money | None,
    new: Money | None,
    *,
    key: str,
    at: datetime,
    payer: AccountRef,
) -> Entry | None:
    more: defaultdict[str, int] = defaultdict(int)
    for money, sign in ((old, -1), (new, 1)):
        if money is not None:
            more[money.currency] += sign * money.micros
    postings = tuple(
        posting
        for currency, micros in sorted(more.items())
        if micros
        for posting in (
            Posting(payer, Money(-micros, currency)),
            Posting(REVENUE, Money(micros, currency)),
        )
    )
    return Entry(key=key, kind=kind, at=at, postings=postings) if postings else None
