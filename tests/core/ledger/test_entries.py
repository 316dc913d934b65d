"""Entries balance, name their reasons, and are recognised when they come again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.core.ledger import (
    AccountRef,
    Entry,
    EntryKind,
    Posting,
    SystemAccount,
    content_hash,
    reversal_of,
    transfer,
)
from tollbook.core.money import Money

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PHONE = AccountRef("extension", "101")
CASH = AccountRef("system", SystemAccount.CASH)


def recharge(micros: int = 20_000_000, key: str = "till-1") -> Entry:
    return transfer(
        Money(micros, "EUR"), key=key, kind=EntryKind.RECHARGE, at=NOON, source=CASH, target=PHONE
    )


def test_a_recharge_comes_from_the_till_and_goes_to_the_phone() -> None:
    assert [(p.account.name, p.amount.micros) for p in recharge().postings] == [
        ("cash", -20_000_000),
        ("101", 20_000_000),
    ]


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"key": ""}, "without a key"),
        ({"at": NOON.replace(tzinfo=None)}, "no time zone"),
        ({"postings": recharge().postings[:1]}, "go to another"),
        ({"kind": EntryKind.ADJUSTMENT, "reason": "  "}, "gives its reason"),
        ({"kind": EntryKind.REVERSAL}, "names what it undoes"),
        ({"reverses": "till-0"}, "names what it undoes"),
        (
            {"postings": (Posting(CASH, Money(-2, "EUR")), Posting(PHONE, Money(1, "EUR")))},
            "differ by -1",
        ),
        (
            {"postings": (Posting(CASH, Money(-1, "EUR")), Posting(PHONE, Money(1, "USD")))},
            "differ by",
        ),
    ],
)
def test_an_entry_that_is_not_whole_is_refused(change: dict[str, object], finding: str) -> None:
    with pytest.raises(ValueError, match=finding):
        replace(recharge(), **change)


def test_a_posting_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Posting(PHONE, Money(0, "EUR"))


def test_a_retry_has_the_same_hash_and_other_content_another() -> None:
    first = recharge()

    assert content_hash(replace(first, at=NOON + timedelta(minutes=1))) == content_hash(first)
    assert content_hash(recharge(micros=20_000_001)) != content_hash(first)
    assert content_hash(replace(first, reason="gift")) != content_hash(first)


@given(amounts=st.lists(st.integers(-(10**15), 10**15).filter(bool), min_size=1, max_size=6))
def test_an_entry_and_its_reversal_leave_nothing(amounts: list[int]) -> None:
    others = tuple(
        Posting(AccountRef("extension", str(n)), Money(micros, "EUR"))
        for n, micros in enumerate(amounts)
    )
    rest = -sum(amounts)
    if rest == 0:
        others += (Posting(PHONE, Money(1, "EUR")),)
        rest = -1
    entry = Entry("k", EntryKind.RERATING, NOON, (*others, Posting(CASH, Money(rest, "EUR"))))

    undone = reversal_of(entry, key="k-undo", at=NOON)

    for first, second in zip(entry.postings, undone.postings, strict=True):
        assert first.account == second.account
        assert first.amount.micros + second.amount.micros == 0
    with pytest.raises(ValueError, match="is a reversal"):
        reversal_of(undone, key="k-undo-2", at=NOON)
