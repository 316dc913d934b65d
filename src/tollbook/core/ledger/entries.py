"""Entries and postings: what moves money, and the key and hash that make a retry idempotent."""

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from tollbook.core.money import Money

AccountKey: TypeAlias = tuple[str, str, str]  # kind, name, currency
_CANONICAL = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), sort_keys=True)


class EntryKind(StrEnum):
    """Why money moved."""

    RECHARGE = "recharge"
    CHARGE = "charge"
    ADJUSTMENT = "adjustment"
    RERATING = "rerating"
    REVERSAL = "reversal"
    CONVERSION = "conversion"


class SystemAccount(StrEnum):
    """The system's own accounts.

    `charges` stands for all customers whose calls are priced but not posted to an account.
    """

    CASH = "cash"
    CHARGES = "charges"
    REVENUE = "revenue"
    CORRECTIONS = "corrections"
    EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True, order=True)
class AccountRef:
    """An account, identified by its holder: `kind` is extension, owner, department or system.

    `name` is a `SystemAccount`, or the row id of the holder as digits: people are renamed and
    telephones renumbered, their accounts stay.
    """

    kind: str
    name: str

    def key(self, currency: str) -> AccountKey:
        """Return by what storage knows the account in one currency."""
        return self.kind, self.name, currency


@dataclass(frozen=True, slots=True)
class Posting:
    """One account, one signed amount, never zero."""

    account: AccountRef
    amount: Money

    def __post_init__(self) -> None:
        if self.amount.micros == 0:
            raise ValueError(f"a posting of nothing to {self.account.kind} {self.account.name}")


@dataclass(frozen=True, slots=True)
class Entry:
    """Postings that balance in every currency, under the key of whoever sent them.

    A reversal names the key of the entry that it undoes; an adjustment gives its reason. The
    call that it is about and the re-rating that found the difference are no part of its content.
    Raises ValueError for postings that do not balance and for a missing key, reason or name.
    """

    key: str
    kind: EntryKind
    at: datetime
    postings: tuple[Posting, ...]
    reason: str = ""
    reverses: str = ""
    call_id: int | None = None
    run: int | None = None

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("an entry without a key cannot be recognised when it is sent again")
        if self.at.tzinfo is None:
            raise ValueError(f"entry {self.key}: its instant has no time zone")
        if len(self.postings) < 2:
            raise ValueError(
                f"entry {self.key}: money must come from one account and go to another"
            )
        if self.kind is EntryKind.ADJUSTMENT and not self.reason.strip():
            raise ValueError(f"entry {self.key}: an adjustment gives its reason")
        if (self.kind is EntryKind.REVERSAL) != bool(self.reverses):
            raise ValueError(
                f"entry {self.key}: a reversal, and nothing else, names what it undoes"
            )
        sums: defaultdict[str, int] = defaultdict(int)
        for posting in self.postings:
            sums[posting.amount.currency] += posting.amount.micros
        for currency, micros in sums.items():
            if micros:
                raise ValueError(
                    f"entry {self.key}: {currency} postings differ by {micros} millionths"
                )


class KeyConflict(ValueError):
    """A key that came again with other content: neither a retry nor a new entry."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"key {key!r} was used for another entry. Nothing was posted. "
            "Send new content under a new key."
        )
        self.key = key


def content_hash(entry: Entry) -> str:
    """Return the SHA-256 of what *entry* does, in hex: the same for a retry at a later instant."""
    content = {
        "kind": entry.kind.value,
        "postings": [
            [
                posting.account.kind,
                posting.account.name,
                posting.amount.micros,
                posting.amount.currency,
            ]
            for posting in entry.postings
        ],
        "reason": entry.reason,
        "reverses": entry.reverses,
    }
    return hashlib.sha256(_CANONICAL.encode(content).encode("ascii")).hexdigest()


def transfer(
    amount: Money,
    *,
    key: str,
    kind: EntryKind,
    at: datetime,
    source: AccountRef,
    target: AccountRef,
    reason: str = "",
) -> Entry:
    """Return the entry that moves *amount* from *source* to *target*, a negative one back."""
    return Entry(
        key=key,
        kind=kind,
        at=at,
        postings=(
            Posting(source, Money(-amount.micros, amount.currency)),
            Posting(target, amount),
        ),
        reason=reason,
    )


def reversal_of(
    entry: Entry, *, key: str, at: datetime, reason: str = "", call_id: int | None = None
) -> Entry:
    """Return the entry that undoes *entry*; raises ValueError for one that is itself a reversal."""
    if entry.kind is EntryKind.REVERSAL:
        raise ValueError(f"entry {entry.key} is a reversal: post the first entry anew instead")
    return Entry(
        key=key,
        kind=EntryKind.REVERSAL,
        at=at,
        postings=tuple(
            Posting(posting.account, Money(-posting.amount.micros, posting.amount.currency))
            for posting in entry.postings
        ),
        reason=reason,
        reverses=entry.key,
        call_id=call_id,
    )
