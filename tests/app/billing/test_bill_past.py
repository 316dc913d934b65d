"""Calls of before billing was switched on are billed when somebody asks, once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from support.databases import Database, door
from support.factories import change_extension, make_code, make_owner
from support.office import FIRST_CALL, NOON, TARIFF, Call, Office, open_office
from support.post_entry import balance_micros
from tollbook.app.access.actor import Actor
from tollbook.app.billing.bill_past import PastBill, bill_past, would_bill
from tollbook.app.billing.correct_code import correct_codes
from tollbook.app.billing.undo_past import NotUndone, past_runs, undo_past
from tollbook.app.rerating.run import begin_rerating, carry_on
from tollbook.app.tariffs.publish import publish_tariff
from tollbook.app.upkeep.doctor import examine
from tollbook.core.money import from_micros
from tollbook.storage.models import AuditLog, CallPayer, Extension, LedgerEntry, Owner
from tollbook.storage.models import Call as StoredCall
from tollbook.storage.reports.call_filter import CallFilter

DAY = timedelta(days=1)


def test_the_past_is_billed_from_a_day_on_and_once(database: Database) -> None:
    office = open_office(database)
    days = [Call(number, FIRST_CALL + number * DAY) for number in range(4)]
    office.receive([*days, Call(9, FIRST_CALL + 3 * DAY, extension="102")])
    with door.transaction():
        change_extension("101", billing=True)
    amir = str(Extension.objects.get(number="101").pk)
    assert balance_micros("extension", amir, "EUR") == 0, "switching it on bills nothing"
    since, until = FIRST_CALL + 2 * DAY, NOON

    foretold = would_bill(since=since, until=until)
    assert LedgerEntry.objects.count() == 0
    done = bill_past(since=since, until=until, by=Actor("anna", NOON))
    again = bill_past(since=since, until=until, by=Actor("anna", NOON))

    assert foretold == done == [PastBill("Extension 101 (Amir)", 2, Decimal("0.44"), "EUR")]
    assert again == []
    assert balance_micros("extension", amir, "EUR") == -440_000
    assert AuditLog.objects.filter(action="billing.past", actor="anna").count() == 2
    assert all(one.is_sound for one in examine())


def test_a_call_without_a_price_is_noted_for_whoever_would_pay_it(database: Database) -> None:
    office = open_office(database)
    office.receive([Call(1, FIRST_CALL, dialled="0033123456789")])
    with door.transaction():
        change_extension("101", billing=True)

    (done,) = bill_past(since=FIRST_CALL, until=NOON, by=Actor("anna", NOON))

    assert (done.calls, done.amount) == (1, Decimal(0))
    assert would_bill(since=FIRST_CALL, until=NOON) == []


def billed_office(database: Database) -> Office:
    """Two calls of 0.22 and one without a price, received before billing was switched on."""
    office = open_office(database)
    days = [Call(number, FIRST_CALL + number * DAY) for number in range(2)]
    office.receive([*days, Call(7, FIRST_CALL, dialled="0033123456789")])
    with door.transaction():
        change_extension("101", billing=True)
        make_code("4711", owner=make_owner("Smith"))
    return office


def bill() -> list[PastBill]:
    return bill_past(since=FIRST_CALL, until=NOON, by=Actor("anna", NOON))


def left() -> Decimal:
    amir = Extension.objects.get(number="101")
    return from_micros(balance_micros("extension", str(amir.pk), "EUR"))


def is_sound(database: Database) -> bool:
    return all(one.is_sound for one in examine())


def test_a_billing_is_undone_as_one_and_can_be_done_again(database: Database) -> None:
    billed_office(database)
    done = bill()
    assert left() == Decimal("-0.44")
    run = past_runs()[0]

    undone = undo_past(run.id, by=Actor("berta", NOON))

    assert (left(), undone.calls, undone.left) == (Decimal(0), 3, 0)
    assert undone.bills == [PastBill("Extension 101 (Amir)", 2, Decimal("0.44"), "EUR")]
    assert CallPayer.objects.count() == 0, "the call without a price is nobody's again too"
    assert LedgerEntry.objects.filter(kind="reversal").count() == 2
    assert AuditLog.objects.get(action="billing.past_undo").actor == "berta"
    assert past_runs()[0].is_undone
    assert is_sound(database)

    assert bill() == done
    assert left() == Decimal("-0.44")
    assert [one.is_undone for one in past_runs()] == [False, True]
    assert is_sound(database)


def test_a_billing_is_undone_once(database: Database) -> None:
    billed_office(database)
    bill()
    run = past_runs()[0].id
    undo_past(run, by=Actor("anna", NOON))

    for number, words in ((run, "already"), (run + 10_000, "there is no billing")):
        with pytest.raises(NotUndone, match=words):
            undo_past(number, by=Actor("anna", NOON))
    assert left() == Decimal(0)


def test_a_price_that_was_changed_since_is_given_back_whole(database: Database) -> None:
    billed_office(database)
    bill()
    dearer = {**TARIFF, "rate": [{**TARIFF["rate"][0], "connect_fee": "1.00"}]}  # type: ignore[index]
    publish_tariff(dearer, by=Actor("test", NOON), valid_from=FIRST_CALL - DAY)
    run = begin_rerating(CallFilter(), words="all", by=Actor("test", NOON))
    carry_on(run.id, now=lambda: NOON)
    assert left() == Decimal("-2.24")

    undone = undo_past(past_runs()[0].id, by=Actor("anna", NOON))

    assert (left(), undone.bills[0].amount) == (Decimal(0), Decimal("2.24"))
    assert is_sound(database)


def test_a_call_whose_code_was_corrected_since_stays_billed(database: Database) -> None:
    billed_office(database)
    with door.transaction():
        Owner.objects.update(billing=True)
    bill()
    first = StoredCall.objects.order_by("begin_us").exclude(callee__startswith="33").first()
    assert first is not None
    correct_codes([first.pk], "4711", by=Actor("anna", NOON))

    undone = undo_past(past_runs()[0].id, by=Actor("anna", NOON))

    assert undone.left == 1
    assert undone.bills[0].calls == 1
    assert left() == Decimal(0), "the other call's money went to its code's owner"
    assert is_sound(database)
