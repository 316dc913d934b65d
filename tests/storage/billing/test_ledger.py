"""Entries in the tables: once by key, balanced, undone once, and proven."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import DatabaseError, IntegrityError, connections
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from support.databases import Database, connection, door
from support.effort import examples
from support.post_entry import account_of_extension, balance_micros, post_entry
from tollbook.core.ledger import (
    REVENUE,
    AccountRef,
    Entry,
    EntryKind,
    KeyConflict,
    SystemAccount,
    charge_entry,
    reversal_of,
    transfer,
)
from tollbook.core.money import Money
from tollbook.storage.billing.ledger import NotReversible, Posted, post_entries
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import Account, Balance, LedgerEntry, LedgerHold, LedgerPosting

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PHONE = account_of_extension(7)
CASH = AccountRef("system", SystemAccount.CASH)


def recharge(micros: int = 20_000_000, key: str = "till-1", currency: str = "EUR") -> Entry:
    return transfer(
        Money(micros, currency),
        key=key,
        kind=EntryKind.RECHARGE,
        at=NOON,
        source=CASH,
        target=PHONE,
    )


def phone_micros() -> int:
    return balance_micros(PHONE.kind, PHONE.name, "EUR")


def test_a_recharge_and_a_call_leave_what_is_left(database: Database) -> None:
    post_entry(recharge())
    call = charge_entry(Money(180_000, "EUR"), key="call-1", at=NOON, payer=PHONE)
    assert call is not None
    post_entry(call)

    assert phone_micros() == 19_820_000
    assert balance_micros("system", "cash", "EUR") == -20_000_000
    assert balance_micros(REVENUE.kind, REVENUE.name, "EUR") == 180_000
    afters = LedgerPosting.objects.filter(account__kind="extension").order_by("id")
    assert list(afters.values_list("after_micros", flat=True)) == [20_000_000, 19_820_000]
    assert verify_balances() == []


def test_a_retry_gets_the_first_answer_and_moves_nothing(database: Database) -> None:
    first = post_entry(recharge())

    again = post_entry(recharge())

    assert again == Posted(first.entry_id, repeated=True)
    assert (phone_micros(), LedgerEntry.objects.count()) == (20_000_000, 1)


def test_the_same_key_with_other_content_is_a_conflict(database: Database) -> None:
    post_entry(recharge())

    with pytest.raises(KeyConflict, match="Nothing was posted"):
        post_entry(recharge(micros=1))

    assert (phone_micros(), LedgerPosting.objects.count()) == (20_000_000, 2)


def test_one_key_twice_in_one_transaction_is_one_entry(database: Database) -> None:
    with door.transaction():
        first, again = post_entries([recharge(), recharge()])

    assert again == Posted(first.entry_id, repeated=True)
    assert phone_micros() == 20_000_000


def test_a_conflict_undoes_what_stands_beside_it_in_its_transaction(database: Database) -> None:
    post_entry(recharge())

    with pytest.raises(KeyConflict), door.transaction():
        post_entries([recharge(key="till-2"), recharge(micros=1)])

    assert phone_micros() == 20_000_000
    assert verify_balances() == []


def test_currencies_have_accounts_of_their_own(database: Database) -> None:
    post_entry(recharge())
    post_entry(recharge(key="till-2", currency="USD"))

    assert Account.objects.count() == Balance.objects.count() == 4
    assert phone_micros() == balance_micros(PHONE.kind, PHONE.name, "USD") == 20_000_000


def test_a_reversal_undoes_once(database: Database) -> None:
    first = recharge()
    post_entry(first)
    undo = reversal_of(first, key="undo-1", at=NOON)
    posted = post_entry(undo)

    assert phone_micros() == 0
    assert post_entry(undo) == Posted(posted.entry_id, repeated=True)
    with pytest.raises(NotReversible, match="undone by 'undo-1' already"):
        post_entry(reversal_of(first, key="undo-2", at=NOON))
    assert (phone_micros(), verify_balances()) == (0, [])


def test_a_reversal_of_what_was_never_posted_is_refused(database: Database) -> None:
    with pytest.raises(NotReversible, match="never posted"):
        post_entry(reversal_of(recharge(), key="undo-1", at=NOON))


def test_entries_are_posted_in_a_transaction_only(database: Database) -> None:
    with pytest.raises(RuntimeError, match="use the door"):
        post_entries([recharge()])


def test_writers_beside_each_other_leave_every_balance_right(database: Database) -> None:
    faults: list[BaseException] = []

    def post_some(writer: int) -> None:
        try:
            for nth in range(8):
                entry = recharge(1_000 + writer, key=f"till-{writer}-{nth}")
                with door.transaction():
                    post_entries([entry])
        except BaseException as fault:  # noqa: BLE001 - the test itself says what came
            faults.append(fault)
        finally:
            connections.close_all()

    writers = [Thread(target=post_some, args=(writer,)) for writer in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join(60)

    assert faults == []
    assert phone_micros() == 8 * (4_000 + 0 + 1 + 2 + 3)
    assert Account.objects.count() == 2
    assert verify_balances() == []


def break_balance() -> None:
    Balance.objects.filter(account__kind="extension").update(balance_micros=1)


def break_hold() -> None:
    Balance.objects.filter(account__kind="extension").update(held_micros=1)


def break_entry() -> None:
    entry = LedgerEntry.objects.get()
    account = Account.objects.get(kind="extension")
    after = Balance.objects.get(account=account).balance_micros + 1
    LedgerPosting.objects.create(entry=entry, account=account, amount_micros=1, after_micros=after)
    Balance.objects.filter(account=account).update(balance_micros=after)


def break_chain() -> None:
    post_entry(recharge(key="till-2"))
    for posting in LedgerPosting.objects.filter(entry__key="till-2"):
        LedgerPosting.objects.create(
            entry=posting.entry,
            account=posting.account,
            amount_micros=posting.amount_micros,
            after_micros=0,
        )
        Balance.objects.filter(account=posting.account).update(
            balance_micros=posting.after_micros + posting.amount_micros
        )


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (break_balance, "ledger.balance_differs"),
        (break_hold, "ledger.held_differs"),
        (break_entry, "ledger.entry_unbalanced"),
        (break_chain, "ledger.chain_broken"),
    ],
)
def test_each_fault_is_found_by_its_name(
    database: Database, break_it: Callable[[], None], code: str
) -> None:
    post_entry(recharge())
    assert verify_balances() == []

    break_it()

    assert {fault.code for fault in verify_balances()} == {code}
    assert "Nothing was changed" in verify_balances()[0].message


@pytest.mark.parametrize(
    "change",
    [
        {"amount_micros": -1},
        {"captured_micros": 1},  # while it is pending
        {"state": "captured", "captured_micros": 11, "ended_us": 1},
        {"state": "released"},  # without an end
        {"state": "lost"},
    ],
)
def test_a_hold_that_cannot_be_is_refused_by_the_database(
    database: Database, change: dict[str, object]
) -> None:
    post_entry(recharge())
    account = Account.objects.get(kind="extension")
    hold = {"key": "call-1", "content_hash": "", "account": account, "amount_micros": 10}

    with pytest.raises(IntegrityError):
        LedgerHold.objects.create(**{**hold, "placed_us": 0, "expires_us": 1, **change})


def test_a_posted_amount_cannot_be_corrected_in_place(database: Database) -> None:
    post_entry(recharge())

    with pytest.raises(DatabaseError, match="only grows"), connection.cursor() as cursor:
        cursor.execute("UPDATE tollbook_posting SET amount_micros = 1")


class Books(RuleBasedStateMachine):
    """Recharges, charges, reversals and retries in any order, against sums kept by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.posted: dict[str, Entry] = {}
        self.undone: set[str] = set()
        self.paid_in = 0
        self.spent = 0
        self.start_micros = phone_micros()

    @initialize()
    def open_the_books(self) -> None:
        self.prefix = f"{LedgerEntry.objects.count()}-"

    def _post(self, entry: Entry) -> None:
        posted = post_entry(entry)
        assert not posted.repeated
        retried = replace(entry, at=entry.at + timedelta(minutes=5))
        assert post_entry(retried) == Posted(posted.entry_id, repeated=True)
        self.posted[entry.key] = entry

    @rule(micros=st.integers(1, 10**9), key=st.integers(0, 20))
    def recharge(self, micros: int, key: int) -> None:
        entry = recharge(micros, key=f"{self.prefix}r{key}")
        known = self.posted.get(entry.key)
        if known is None:
            self._post(entry)
            self.paid_in += micros
        elif known.postings != entry.postings:
            with pytest.raises(KeyConflict):
                post_entry(entry)

    @rule(micros=st.integers(1, 10**7))
    def charge(self, micros: int) -> None:
        key = f"{self.prefix}c{len(self.posted)}"
        entry = charge_entry(Money(micros, "EUR"), key=key, at=NOON, payer=PHONE)
        assert entry is not None
        self._post(entry)
        self.spent += micros

    @rule(nth=st.integers(0, 30))
    def undo(self, nth: int) -> None:
        firsts = [key for key in self.posted if not self.posted[key].reverses]
        if not firsts:
            return
        first = self.posted[firsts[nth % len(firsts)]]
        undo = reversal_of(first, key=f"{first.key}-undo", at=NOON)
        if first.key in self.undone:
            assert post_entry(undo).repeated
            return
        self._post(undo)
        self.undone.add(first.key)
        (moved,) = (p.amount.micros for p in first.postings if p.account == PHONE)
        if first.kind is EntryKind.RECHARGE:
            self.paid_in -= moved
        else:
            self.spent += moved

    @invariant()
    def the_books_agree(self) -> None:
        assert phone_micros() - self.start_micros == self.paid_in - self.spent
        assert verify_balances() == []


def test_books_agree_after_every_step(sqlite: Database) -> None:
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=examples(15),
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
