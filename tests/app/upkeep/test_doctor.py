"""The doctor finds what is wrong where it is wrong, and nothing in a sound installation."""

from datetime import timedelta

import pytest

from support.databases import Database, connection, door
from support.factories import make_budget, make_snapshot
from support.office import FIRST_CALL, Call, Office, calls_in_a_row, open_office
from support.post_entry import post_entry
from tollbook.app.upkeep.doctor import ProofResult, examine, mend
from tollbook.core.ledger import AccountRef, EntryKind, transfer
from tollbook.core.money import Money
from tollbook.storage.models import (
    Balance,
    BudgetUse,
    CallPayer,
    Department,
    Extension,
    LedgerPosting,
    RawSegment,
)
from tollbook.storage.models import Call as StoredCall


@pytest.fixture
def office(database: Database) -> Office:
    made = open_office(database)
    with door.transaction():
        Extension.objects.update(billing=True)
        make_budget("department", Department.objects.get().pk, limit_micros=50_000_000)
    made.receive(calls_in_a_row(30))
    made.receive([Call(99, FIRST_CALL + timedelta(days=1), dialled="0033123456789")])
    return made


def checks(office: Office) -> dict[str, ProofResult]:
    return {one.name: one for one in examine()}


def only_fault(office: Office) -> tuple[str, str, str]:
    """Return check, code and message of the one fault that there is."""
    faults = [(name, fault) for name, one in checks(office).items() for fault in one.faults]
    ((name, fault),) = faults
    assert fault.message.count(". ") >= 2, "place and finding, consequence, next step"
    return name, fault.code, fault.message


def test_a_sound_installation_passes_every_proof(office: Office) -> None:
    found = checks(office)

    assert list(found) == [
        *("database", "guards", "ledger", "charges", "budgets", "counters"),
        *("snapshots", "columns", "raw log"),
    ]
    assert all(one.is_sound for one in found.values())


def test_a_balance_that_was_changed_by_hand_is_found(office: Office) -> None:
    Balance.objects.filter(account__kind="extension", account__name=number_of("101")).update(
        balance_micros=0
    )

    name, code, message = only_fault(office)

    assert (name, code) == ("ledger", "ledger.balance_differs")
    assert "the balance is not the sum of its postings" in message


def number_of(extension: str) -> str:
    return str(Extension.objects.get(number=extension).pk)


def test_a_call_that_was_paid_twice_is_found(office: Office) -> None:
    payer = CallPayer.objects.order_by("call").first()
    assert payer is not None
    again = transfer(
        Money(1, "EUR"),
        key="again",
        kind=EntryKind.CHARGE,
        at=FIRST_CALL,
        source=AccountRef(payer.account.kind, payer.account.name),
        target=AccountRef("system", "revenue"),
    )
    post_entry(again, call_id=payer.call_id)

    name, code, message = only_fault(office)

    assert (name, code) == ("charges", "charge.paid_otherwise")
    assert message.startswith(f"call {payer.call_id}, extension {payer.account.name}: ")


def test_a_call_that_nobody_was_charged_for_is_found(office: Office) -> None:
    free = StoredCall.objects.filter(answered=False).order_by("id").first()
    rated = CallPayer.objects.order_by("call").first()
    assert free is not None
    assert rated is not None
    CallPayer.objects.filter(pk=rated.pk).delete()

    _, code, message = only_fault(office)

    assert code == "charge.paid_otherwise"
    assert "0 EUR are charged and" in message


def test_a_budget_that_says_something_else_is_found_and_mended(office: Office) -> None:
    right = BudgetUse.objects.values_list("used_micros", "used_s").get()
    BudgetUse.objects.update(used_micros=1, held_s=5)

    name, code, message = only_fault(office)
    assert (name, code) == ("budgets", "budget.differs")
    assert "of Department Sales" in message

    mended = {one.name: one.is_sound for one in mend()}

    assert mended == {"budgets": False, "counters": True, "columns": True}
    assert BudgetUse.objects.values_list("used_micros", "used_s").get() == right
    assert all(one.is_sound for one in checks(office).values())


def test_a_snapshot_that_does_not_add_up_is_found(office: Office) -> None:
    posting = LedgerPosting.objects.order_by("-id").first()
    assert posting is not None
    make_snapshot(posting, day=FIRST_CALL.date(), balance_micros=posting.after_micros + 1)

    assert only_fault(office)[:2] == ("snapshots", "snapshot.differs")


def test_a_raw_file_that_is_cut_or_gone_is_found(office: Office) -> None:
    segment = RawSegment.objects.order_by("id").first()
    assert segment is not None
    path = office.database.data_dir / segment.path
    whole = path.read_bytes()

    path.write_bytes(whole[:-1])
    assert "are indexed" in only_fault(office)[2]
    path.unlink()
    assert "the file is not there" in only_fault(office)[2]
    path.write_bytes(whole)
    assert checks(office)["raw log"].is_sound


def test_a_guard_that_was_removed_is_found(sqlite: Database) -> None:
    made = open_office(sqlite)
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER tollbook_charge_only_grows_delete")

    assert only_fault(made)[:2] == ("guards", "guards.missing")
