"""Calls of before billing was switched on are billed when somebody asks, once."""

from datetime import timedelta
from decimal import Decimal

from support.databases import Database
from support.office import FIRST_CALL, NOON, Call, open_office
from tollbook.app.bill_past import PastBill, bill_past, would_bill
from tollbook.app.correct_code import By
from tollbook.app.doctor import examine
from tollbook.storage.door import door
from tollbook.storage.models import AuditLog, Extension, LedgerEntry
from tollbook.storage.queries.ledger import balance_micros

DAY = timedelta(days=1)


def test_the_past_is_billed_from_a_day_on_and_once(database: Database) -> None:
    office = open_office(database)
    days = [Call(number, FIRST_CALL + number * DAY) for number in range(4)]
    office.receive([*days, Call(9, FIRST_CALL + 3 * DAY, extension="102")])
    with door.transaction():
        Extension.objects.filter(number="101").update(billing=True)
    amir = str(Extension.objects.get(number="101").pk)
    assert balance_micros("extension", amir, "EUR") == 0, "switching it on bills nothing"
    since, until = FIRST_CALL + 2 * DAY, NOON

    foretold = would_bill(since=since, until=until)
    assert LedgerEntry.objects.count() == 0
    done = bill_past(door, since=since, until=until, at=NOON, by=By("anna"))
    again = bill_past(door, since=since, until=until, at=NOON, by=By("anna"))

    assert foretold == done == [PastBill("Extension 101 (Amir)", 2, Decimal("0.44"), "EUR")]
    assert again == []
    assert balance_micros("extension", amir, "EUR") == -440_000
    assert AuditLog.objects.filter(action="billing.past", actor="anna").count() == 2
    assert all(one.is_sound for one in examine(door, data_dir=database.data_dir))


def test_a_call_without_a_price_is_noted_for_whoever_would_pay_it(database: Database) -> None:
    office = open_office(database)
    office.receive([Call(1, FIRST_CALL, dialled="0033123456789")])
    with door.transaction():
        Extension.objects.filter(number="101").update(billing=True)

    (done,) = bill_past(door, since=FIRST_CALL, until=NOON, at=NOON, by=By("anna"))

    assert (done.calls, done.amount) == (1, Decimal(0))
    assert would_bill(since=FIRST_CALL, until=NOON) == []
