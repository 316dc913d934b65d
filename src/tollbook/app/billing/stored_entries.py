"""Ledger entries as they were posted, to be undone."""

from collections import defaultdict
from collections.abc import Collection

from tollbook.core.instants import from_us
from tollbook.core.ledger import AccountRef, Entry, EntryKind, Posting
from tollbook.core.money import Money
from tollbook.storage.models import LedgerEntry, LedgerPosting


def stored_entries(ids: Collection[int]) -> dict[int, Entry]:
    """Return the entries with these ids that are no reversals; ids that nobody has are left out."""
    postings: defaultdict[int, list[Posting]] = defaultdict(list)
    rows = LedgerPosting.objects.select_related("account")
    for one in rows.filter(entry_id__in=ids).order_by("id"):
        account = AccountRef(one.account.kind, one.account.name)
        amount = Money(one.amount_micros, one.account.currency)
        postings[one.entry_id].append(Posting(account, amount))
    entries = LedgerEntry.objects.filter(pk__in=ids)
    return {
        row.pk: Entry(
            key=row.key,
            kind=EntryKind(row.kind),
            at=from_us(row.at_us),
            postings=tuple(postings[row.pk]),
            reason=row.reason,
        )
        for row in entries.exclude(kind=EntryKind.REVERSAL).order_by("pk")
    }
