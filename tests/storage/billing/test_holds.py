"""Holds in the database: they count when made, end once, and take budgets along."""

from datetime import UTC, datetime

import pytest

from support.databases import Database, door
from support.post_entry import balance_micros
from tollbook.core.instants import to_us
from tollbook.core.ledger import (
    AccountRef,
    BudgetPart,
    Capture,
    EntryKind,
    Hold,
    HoldEnded,
    Reserved,
    transfer,
)
from tollbook.core.money import Money
from tollbook.storage.billing.holds import (
    capture_holds,
    holds_by_key,
    lock_accounts,
    overdue_holds,
    place_holds,
    release_holds,
)
from tollbook.storage.billing.ledger import post_entries
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import Balance, Budget, BudgetUse, LedgerEntry, LedgerHold

NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)
NOON_US = to_us(NOON)
HOUR_US = 3_600_000_000
ACCOUNT = ("extension", "7", "EUR")


@pytest.fixture
def paid_in(database: Database) -> Database:
    """An account with 5.00."""
    with door.transaction():
        post_entries(
            [
                transfer(
                    Money(5_000_000, "EUR"),
                    key="first",
                    kind=EntryKind.RECHARGE,
                    at=NOON,
                    source=AccountRef("system", "cash"),
                    target=AccountRef("extension", "7"),
                )
            ]
        )
    return database


def place(key: str, micros: int, reserved: Reserved | None = None) -> Hold:
    with door.transaction():
        accounts = lock_accounts({ACCOUNT}, at_us=NOON_US)
        hold = Hold(
            key,
            "hash",
            ACCOUNT,
            micros,
            NOON_US,
            NOON_US + HOUR_US,
            reserved=reserved or Reserved(),
        )
        place_holds([hold], accounts)
    return holds_by_key([key])[key]


def held() -> int:
    return Balance.objects.get(account__kind="extension").held_micros


@pytest.mark.usefixtures("paid_in")
def test_the_page_s_example() -> None:
    hold = place("call-1", 3_000_000)
    assert held() == 3_000_000

    with door.transaction():
        done = Capture(hold, Money(1_200_000, "EUR"), at=NOON, talk_s=60)
        capture_holds([done])

    assert (done.captured_micros, done.excess_micros) == (1_200_000, 0)
    assert held() == 0
    assert balance_micros(*ACCOUNT) == 3_800_000
    assert LedgerHold.objects.get().entry_id == LedgerEntry.objects.get(key="hold:call-1").pk
    assert verify_balances() == []


@pytest.mark.usefixtures("paid_in")
def test_a_charge_above_the_hold_is_posted_whole() -> None:
    hold = place("call-1", 1_000_000)

    with door.transaction():
        done = Capture(hold, Money(6_000_000, "EUR"), at=NOON)
        capture_holds([done])

    assert (done.captured_micros, done.excess_micros) == (1_000_000, 5_000_000)
    assert balance_micros(*ACCOUNT) == -1_000_000
    assert verify_balances() == []


@pytest.mark.usefixtures("paid_in")
def test_a_call_that_cost_nothing_posts_nothing() -> None:
    hold = place("call-1", 1_000_000)

    with door.transaction():
        capture_holds([Capture(hold, None, at=NOON)])

    assert LedgerHold.objects.get().entry_id is None
    assert held() == 0
    assert balance_micros(*ACCOUNT) == 5_000_000


@pytest.mark.usefixtures("paid_in")
@pytest.mark.parametrize("ending", ["capture", "release", "expire"])
def test_a_hold_ends_once(ending: str) -> None:
    place("call-1", 1_000_000)
    hold = holds_by_key(["call-1"])["call-1"]

    def end() -> None:
        with door.transaction():
            if ending == "capture":
                capture_holds([Capture(hold, Money(1, "EUR"), at=NOON)])
            else:
                release_holds([hold], at_us=NOON_US, expired=ending == "expire")

    end()
    hold = holds_by_key(["call-1"])["call-1"]
    assert hold.state in {"captured", "released", "expired"}
    with pytest.raises(HoldEnded):
        end()
    assert held() == 0
    assert verify_balances() == []


@pytest.mark.usefixtures("paid_in")
def test_budgets_move_with_the_hold_and_are_used_by_the_charge() -> None:
    with door.transaction():
        budget = Budget.objects.create(
            kind="extension",
            holder=7,
            limit_micros=10_000_000,
            currency="EUR",
            zone="Europe/Berlin",
            created_us=0,
        )
        BudgetUse.objects.create(budget=budget, from_us=NOON_US)
    part = BudgetPart(budget.pk, NOON_US, 2_000_000, 120)
    first = place("call-1", 2_000_000, Reserved((part,)))
    second = place("call-2", 2_000_000, Reserved((part,)))
    use = BudgetUse.objects.get()
    assert (use.held_micros, use.held_s, use.used_micros, use.used_s) == (4_000_000, 240, 0, 0)

    with door.transaction():
        capture_holds([Capture(first, Money(500_000, "EUR"), at=NOON, talk_s=31)])
        release_holds([second], at_us=NOON_US)

    use = BudgetUse.objects.get()
    assert (use.held_micros, use.held_s, use.used_micros, use.used_s) == (0, 0, 500_000, 31)


@pytest.mark.usefixtures("paid_in")
def test_what_is_overdue_is_found_oldest_first() -> None:
    place("call-1", 1)
    place("call-2", 1)

    assert overdue_holds(NOON_US + HOUR_US - 1) == []
    assert [hold.key for hold in overdue_holds(NOON_US + HOUR_US)] == ["call-1", "call-2"]


@pytest.mark.usefixtures("database")
def test_money_is_not_held_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError):
        lock_accounts({ACCOUNT}, at_us=NOON_US)
