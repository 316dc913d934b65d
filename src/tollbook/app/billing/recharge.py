"""Puts money on accounts by hand: recharges, adjustments, and what undoes them.

One request is one transaction with one entry for each holder (AMB-23): all of them or none. It
carries its sender's key: sent again it moves nothing and gets the first answer; the same key with
another amount, reason or another set of holders is refused. What was posted stays; a mistake is
undone by a reversal that names it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import Change, record_changes
from tollbook.app.billing.stored_entries import stored_entries
from tollbook.app.directory.holders import HolderKind, account_of, plural
from tollbook.app.faults import RequestRefused
from tollbook.core.ledger import (
    AccountRef,
    Entry,
    EntryKind,
    KeyConflict,
    SystemAccount,
    reversal_of,
    transfer,
)
from tollbook.core.money import Money, parse_amount, to_micros
from tollbook.storage.billing.balances import HolderRow, holders_by_id
from tollbook.storage.billing.ledger import MOST_ENTRIES, NotReversible, Posted, post_entries
from tollbook.storage.billing.recharges import Movement, movements_of
from tollbook.storage.db.installation import door
from tollbook.storage.models import LedgerEntry

DECIMALS_MICROS = 100  # Money by hand has at most four decimals.
MOST_MICROS = 10**15  # A thousand million: more is a slip of the keyboard.
MOST_AT_ONCE = MOST_ENTRIES  # Holders of one request: it is one transaction.
LONGEST_KEY = 100
LONGEST_REASON = 500

Purpose = Literal["recharge", "adjustment"]
_CASH = AccountRef("system", SystemAccount.CASH)
_CORRECTIONS = AccountRef("system", SystemAccount.CORRECTIONS)


@dataclass(frozen=True, slots=True)
class Gift:
    """Money for each of several holders of one kind.

    `key` is the sender's own, `sender` who that is (keys of two senders never meet). An
    adjustment may be negative and says why; a recharge is above zero.
    """

    kind: HolderKind
    ids: tuple[int, ...]
    amount_micros: int
    sender: str
    key: str
    reason: str = ""
    purpose: Purpose = "recharge"


@dataclass(frozen=True, slots=True)
class Booked:
    """What was posted, by holder in the order asked; `repeated` if it had been posted before."""

    movements: tuple[Movement, ...]
    repeated: bool


def read_amount(text: str, *, purpose: Purpose = "recharge") -> int | RequestRefused:
    """Return the amount that *text* writes, in millionths.

    >>> read_amount("10.00")
    10000000
    >>> read_amount("0").message
    'a recharge is more than 0; to take money away, post an adjustment with its reason.'
    """
    try:
        micros = to_micros(parse_amount(text.strip()))
    except ValueError:
        return _refused(
            "amount", f'"{text.strip()[:40]}" is no amount. Write it as 10 or 10.50, with a point.'
        )
    return _faulty_amount(micros, purpose) or micros


def post_gift(gift: Gift, by: Actor) -> Booked | RequestRefused:
    """Post *gift* to every holder in one transaction, or say why nothing was posted."""
    fault = _faulty(gift)
    if fault is not None:
        return fault
    try:
        with door().transaction():
            return _posted(gift, by)
    except KeyConflict:
        return RequestRefused(
            f"{gift.purpose}.key_conflict",
            "key",
            f'the key "{gift.key}" was used for another request. Nothing was posted. '
            "Send new content under a new key.",
        )


def undo_entries(entry_ids: Sequence[int], by: Actor, *, reason: str) -> Booked | RequestRefused:
    """Reverse recharges and adjustments, all or none; undoing what is undone changes nothing."""
    reason = reason.strip()[:LONGEST_REASON]
    ids = tuple(dict.fromkeys(entry_ids))
    if not ids or len(ids) > MOST_ENTRIES:
        words = f"name 1 to {MOST_ENTRIES:,} recharges to undo; {len(ids):,} were named."
        return RequestRefused("undo.nothing", "entry", words)
    try:
        with door().transaction():
            return _undone(ids, by, reason=reason)
    except _EntryNotUndone as fault:
        return RequestRefused("undo.impossible", "entry", str(fault))


def _posted(gift: Gift, by: Actor) -> Booked | RequestRefused:
    holders = {one.id: one for one in holders_by_id(gift.kind, gift.ids)}
    unknown = [holder_id for holder_id in gift.ids if holder_id not in holders]
    if unknown:
        return RequestRefused(
            f"{gift.purpose}.unknown",
            gift.kind,
            f"{plural(gift.kind, len(unknown))} of {len(gift.ids):,} cannot be found any more. "
            "Nothing was posted. Choose again.",
        )
    # In the order of ids, so that the same request in another order is the same request.
    ordered = sorted(gift.ids)
    entries = [
        _entry(gift, holders[holder_id], at=by.at, nth=nth) for nth, holder_id in enumerate(ordered)
    ]
    posted = post_entries(entries)
    _refuse_other_holders(gift, posted)
    repeated = posted[0].repeated
    found = movements_of([one.entry_id for one in posted])
    of_holder = {
        holder_id: found[one.entry_id] for holder_id, one in zip(ordered, posted, strict=True)
    }
    if not repeated:
        _note(f"{gift.purpose}.post", list(of_holder.values()), by)
        of_holder = {key: replace(one, by=by.name) for key, one in of_holder.items()}
    return Booked(tuple(of_holder[holder_id] for holder_id in gift.ids), repeated)


def _refuse_other_holders(gift: Gift, posted: Sequence[Posted]) -> None:
    """Raise KeyConflict if the key came before with more holders or with fewer."""
    were_fewer = len({one.repeated for one in posted}) > 1
    one_more = _key(gift, nth=len(posted))
    if were_fewer or LedgerEntry.objects.filter(key=one_more).exists():
        raise KeyConflict(gift.key)


def _entry(gift: Gift, holder: HolderRow, *, at: datetime, nth: int) -> Entry:
    is_recharge = gift.purpose == "recharge"
    return transfer(
        Money(gift.amount_micros, holder.currency),
        key=_key(gift, nth=nth),
        kind=EntryKind.RECHARGE if is_recharge else EntryKind.ADJUSTMENT,
        at=at,
        source=_CASH if is_recharge else _CORRECTIONS,
        target=account_of(gift.kind, holder.id),
        reason=gift.reason.strip(),
    )


def _key(gift: Gift, *, nth: int) -> str:
    """Return the key of the entry of the *nth* holder; both purposes share the sender's keys."""
    return f"hand:{gift.sender}:{gift.key}:{nth}"


class _EntryNotUndone(Exception):
    """An entry that cannot be undone; raised so that its neighbours are not undone either."""


def _undone(ids: Sequence[int], by: Actor, *, reason: str) -> Booked:
    found = movements_of(ids)
    missing = [entry_id for entry_id in ids if entry_id not in found]
    if missing:
        raise _EntryNotUndone(
            f"there is no recharge or adjustment {missing[0]}. Nothing was undone. "
            "Look it up in the recharge history."
        )
    if any(one.kind == EntryKind.REVERSAL for one in found.values()):
        raise _EntryNotUndone(
            "a reversal cannot be undone. Nothing was changed. Post a new recharge instead."
        )
    stored = stored_entries(ids)
    entries = [
        reversal_of(stored[entry_id], key=f"undo:{entry_id}", at=by.at, reason=reason)
        for entry_id in ids
    ]
    try:
        posted = post_entries(entries)
    except (KeyConflict, NotReversible):
        raise _EntryNotUndone(
            "one of them was undone already, for another reason. Nothing was changed. "
            "See the recharge history."
        ) from None
    moved = movements_of([one.entry_id for one in posted])
    fresh = [moved[one.entry_id] for one in posted if not one.repeated]
    _note("recharge.undo", fresh, by)
    return Booked(
        tuple(replace(moved[one.entry_id], by=by.name) for one in posted), repeated=not fresh
    )


def _note(action: str, movements: Sequence[Movement], by: Actor) -> None:
    record_changes(
        [
            Change(
                object_id=str(one.entry_id),
                before={one.holder_kind: one.label, "balance_micros": one.before_micros},
                after={
                    "amount_micros": one.amount_micros,
                    "balance_micros": one.after_micros,
                    "currency": one.currency,
                    "reason": one.reason,
                },
            )
            for one in movements
        ],
        by,
        action,
        object_type="entry",
    )


def _faulty(gift: Gift) -> RequestRefused | None:
    """Return what is wrong with a request, whatever is stored; None if nothing is."""
    purpose = gift.purpose
    if not gift.ids or len(gift.ids) > MOST_ENTRIES:
        return RequestRefused(
            f"{purpose}.nobody",
            gift.kind,
            f"choose 1 to {plural(gift.kind, MOST_ENTRIES)}; {len(gift.ids):,} were chosen. "
            "Nothing was posted.",
        )
    if len(set(gift.ids)) < len(gift.ids):
        return RequestRefused(
            f"{purpose}.twice", gift.kind, f"one {gift.kind} was named twice. Nothing was posted."
        )
    if not gift.key or len(gift.key) > LONGEST_KEY or not gift.key.isprintable():
        return RequestRefused(
            f"{purpose}.key",
            "key",
            f"a key has 1 to {LONGEST_KEY} printable characters. Nothing was posted.",
        )
    if len(gift.reason.strip()) > LONGEST_REASON:
        return RequestRefused(
            f"{purpose}.reason", "reason", f"a reason has at most {LONGEST_REASON} characters."
        )
    if purpose == "adjustment" and not gift.reason.strip():
        return RequestRefused(
            "adjustment.reason", "reason", "an adjustment says why. Nothing was posted. Say it."
        )
    return _faulty_amount(gift.amount_micros, purpose)


def _faulty_amount(micros: int, purpose: Purpose) -> RequestRefused | None:
    if purpose == "recharge" and micros <= 0:
        words = "a recharge is more than 0; to take money away, post an adjustment with its reason."
        return _refused("amount", words)
    if micros == 0:
        return _refused("amount", "an adjustment of 0 changes nothing.")
    if micros % DECIMALS_MICROS:
        return _refused("amount", "an amount has at most four decimals.")
    if abs(micros) > MOST_MICROS:
        return _refused("amount", "an amount is at most 1,000,000,000.")
    return None


def _refused(field: str, message: str) -> RequestRefused:
    return RequestRefused(f"recharge.{field}", field, message)
