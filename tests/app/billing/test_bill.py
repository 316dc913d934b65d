"""Records and money: each call is paid once, at its price, by whoever pays it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.databases import Database, door
from support.factories import change_code, change_extension, make_budget, make_code, make_owner
from support.office import FIRST_CALL, NOON, TARIFF, Call, Office, calls_in_a_row, open_office
from support.post_entry import balance_micros, post_entry
from tollbook.app.access.actor import Actor
from tollbook.app.rerating.run import begin_rerating, carry_on
from tollbook.app.tariffs.publish import publish_tariff
from tollbook.core.ledger import AccountRef, EntryKind, SystemAccount, transfer
from tollbook.core.money import Money
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import (
    Alarm,
    Budget,
    BudgetUse,
    CallPayer,
    Charge,
    Department,
    Extension,
    Fee,
    LedgerEntry,
    LedgerPosting,
)
from tollbook.storage.models import Call as StoredCall
from tollbook.storage.reports.call_filter import CallFilter

CHARGE = 220_000  # A minute to Germany: 0.10 and 0.12.


@pytest.fixture
def office(database: Database) -> Office:
    return open_office(database)


def phone(number: str = "101") -> Extension:
    return Extension.objects.get(number=number)


def bill(number: str = "101", *, credit_micros: int = 0) -> Extension:
    """Let a telephone pay from now on."""
    with door.transaction():
        change_extension(number, billing=True, credit_micros=credit_micros)
    return phone(number)


def recharge(kind: str, row_id: int, micros: int) -> None:
    entry = transfer(
        Money(micros, "EUR"),
        key=f"recharge:{kind}:{row_id}",
        kind=EntryKind.RECHARGE,
        at=NOON,
        source=AccountRef("system", SystemAccount.CASH),
        target=AccountRef(kind, str(row_id)),
    )
    post_entry(entry)


def balance(kind: str, row_id: int) -> int:
    return balance_micros(kind, str(row_id), "EUR")


def budget(kind: str, row_id: int, **limits: Any) -> Budget:
    with door.transaction():
        return make_budget(kind, row_id, **limits)


def test_a_call_is_paid_by_its_extension(office: Office) -> None:
    amir = bill()
    recharge("extension", amir.pk, 5_000_000)

    office.receive([Call(1, FIRST_CALL)])

    assert balance("extension", amir.pk) == 5_000_000 - CHARGE
    entry = LedgerEntry.objects.get(kind="charge")
    call = StoredCall.objects.get()
    assert (entry.key, entry.call_id) == (f"charge:{call.pk}", call.pk)
    assert entry.at_us == call.begin_us
    assert CallPayer.objects.get().account.kind == "extension"
    assert verify_balances() == []


def test_nobody_pays_where_billing_is_off(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL)])

    assert (LedgerEntry.objects.count(), CallPayer.objects.count()) == (0, 0)


def test_the_codes_owner_pays_before_the_extension_and_it_before_the_department(
    office: Office,
) -> None:
    bill("101")
    with door.transaction():
        Department.objects.update(billing=True)
        change_extension("102", department=Department.objects.get())
        okafor = make_owner("Ms Okafor", billing=True)
        moss = make_owner("Mr Moss")
        make_code("4711", owner=okafor)
        make_code("4712", owner=moss)

    office.receive(
        [
            Call(1, FIRST_CALL, account_code="4711"),
            Call(2, FIRST_CALL, account_code="4712"),
            Call(3, FIRST_CALL, extension="102"),
        ]
    )

    assert balance("owner", okafor.pk) == -CHARGE
    assert balance("extension", phone("101").pk) == -CHARGE
    assert balance("department", Department.objects.get().pk) == -CHARGE


def test_what_is_not_answered_not_outbound_or_not_rated_moves_nothing(office: Office) -> None:
    bill()

    office.receive(
        [
            Call(1, FIRST_CALL, talk_s=0),
            Call(2, FIRST_CALL, dialled="102"),
            Call(3, FIRST_CALL, dialled="0033123456789"),
        ]
    )

    assert LedgerEntry.objects.count() == 0
    assert [payer.call.callee for payer in CallPayer.objects.all()] == ["33123456789"]


def test_the_same_file_again_moves_money_once(office: Office) -> None:
    amir = bill()
    calls = [Call(number, FIRST_CALL + timedelta(minutes=number)) for number in range(5)]

    office.receive(calls)
    office.receive([*calls, Call(9, FIRST_CALL)])

    assert balance("extension", amir.pk) == -6 * CHARGE
    assert verify_balances() == []


def test_a_call_that_had_no_price_is_paid_by_its_payer_once_it_has_one(office: Office) -> None:
    amir = bill()
    office.receive([Call(1, FIRST_CALL, dialled="0033123456789")])
    with door.transaction():
        Extension.objects.update(billing=False)  # He pays what he owed then all the same.
    france = {**TARIFF["rate"][0], "prefix": "33"}  # type: ignore[index]  # a list of tables
    publish_tariff({**TARIFF, "rate": [france]}, by=Actor("test", NOON), valid_from=FIRST_CALL)

    rerate()

    assert balance("extension", amir.pk) == -CHARGE
    assert balance_micros("system", "charges", "EUR") == 0


def test_an_account_that_falls_below_its_credit_is_told_of_once(office: Office) -> None:
    bill(credit_micros=300_000)

    for number in range(4):
        office.receive([Call(number, FIRST_CALL + timedelta(minutes=number))])

    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.extension_id) == ("below_zero", phone().pk)
    assert "Extension 101 (Amir)" in alarm.message
    assert "-0.44 EUR" in alarm.message
    assert "0.3 EUR" in alarm.message


def test_budgets_count_calls_that_nobody_pays(office: Office) -> None:
    sales = Department.objects.get()
    of_amir = budget("extension", phone().pk, limit_micros=1_000_000)
    of_sales = budget("department", sales.pk, limit_s=600)

    office.receive([Call(1, FIRST_CALL), Call(2, FIRST_CALL, talk_s=61)])
    office.receive([Call(3, FIRST_CALL, extension="102")])

    use = BudgetUse.objects.get(budget=of_amir)
    assert (use.used_micros, use.used_s) == (2 * CHARGE + 1_000, 121)
    assert BudgetUse.objects.get(budget=of_sales).used_s == 121


def test_a_budget_made_in_mid_month_knows_its_first_half(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL)])
    late = budget("extension", phone().pk, limit_micros=1_000_000)

    office.receive([Call(2, FIRST_CALL + timedelta(hours=1))])

    assert BudgetUse.objects.get(budget=late).used_micros == 2 * CHARGE


def test_shares_are_warned_of_once_and_the_limit_closes(office: Office) -> None:
    budget("extension", phone().pk, limit_micros=3 * CHARGE)

    for number in range(5):
        office.receive([Call(number, FIRST_CALL + timedelta(minutes=number))])

    shares = [alarm.message for alarm in Alarm.objects.filter(kind="budget").order_by("id")]
    assert len(shares) == 2
    assert "80 % of its monthly budget: 0.66 of 0.66 EUR used" in shares[0]
    assert "100 %" in shares[1]
    use = BudgetUse.objects.get()
    assert (use.warned, use.closed_us is None) == (100, False)


def test_a_call_under_way_at_midnight_counts_in_the_month_in_which_it_began(
    office: Office,
) -> None:
    amir = bill()
    budget("extension", amir.pk, limit_micros=10_000_000)
    # Midnight of the first of November in Berlin.
    midnight = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    soon = timedelta(minutes=12)

    office.receive([Call(1, midnight - soon)], at=midnight - timedelta(minutes=1))
    office.receive([Call(2, midnight - timedelta(seconds=30), talk_s=61)], at=midnight + soon)
    office.receive([Call(3, midnight)], at=midnight + soon)

    uses = BudgetUse.objects.order_by("from_us")
    assert [use.used_micros for use in uses] == [2 * CHARGE + 1_000, CHARGE]
    at = LedgerEntry.objects.order_by("id").values_list("at_us", flat=True)
    assert list(at) == list(StoredCall.objects.order_by("id").values_list("begin_us", flat=True))


def test_the_night_on_which_the_clock_goes_back_has_25_hours_of_budget(office: Office) -> None:
    of_day = budget("extension", phone().pk, every="day", limit_micros=10_000_000)
    # 25 October 2026 in Berlin: from 22:00 UTC of the 24th to 23:00 UTC of the 25th.
    day = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)

    for number, hour in enumerate((0, 2, 3, 24, 25)):
        start = day + timedelta(hours=hour)
        office.receive([Call(number, start)], at=start + timedelta(minutes=2))

    uses = BudgetUse.objects.filter(budget=of_day).order_by("from_us")
    assert [use.used_s for use in uses] == [4 * 60, 60]


def rerate() -> None:
    run = begin_rerating(CallFilter(), words="all calls", by=Actor("test", NOON))
    carry_on(run.id, now=lambda: NOON)


def test_every_billed_call_is_paid_at_its_charge(office: Office) -> None:
    bill("101")
    office.receive(calls_in_a_row(60))

    paid = {
        posting.entry.call_id: -posting.amount_micros
        for posting in LedgerPosting.objects.filter(account__kind="extension")
    }
    charged = {
        charge.call_id: charge.amount_micros
        for charge in Charge.objects.filter(call__extension__number="101", amount_micros__gt=0)
    }
    assert paid == charged
    assert verify_balances() == []


def test_a_code_with_a_fee_charges_begun_units_of_talk(office: Office) -> None:
    with door.transaction():
        make_code("4711", fee_micros=120_000_000)

    office.receive(
        [
            Call(1, FIRST_CALL, talk_s=361, account_code="4711"),
            Call(2, FIRST_CALL, talk_s=0, account_code="4711"),
            Call(3, FIRST_CALL, talk_s=361),
        ]
    )

    fee = Fee.objects.get()
    assert (fee.units, fee.amount_micros, fee.currency) == (2, 24_000_000, "EUR")
    assert LedgerEntry.objects.count() == 0  # A fee is an item of an invoice, not a posting.


def test_a_new_price_moves_the_budget_too(office: Office) -> None:
    of_amir = budget("extension", phone().pk, limit_micros=10_000_000)
    office.receive([Call(1, FIRST_CALL), Call(2, FIRST_CALL, extension="102")])
    dearer = {**TARIFF["rate"][0], "connect_fee": "0.20"}  # type: ignore[index]  # a list of tables
    publish_tariff({**TARIFF, "rate": [dearer]}, by=Actor("test", NOON), valid_from=FIRST_CALL)

    rerate()
    rerate()

    use = BudgetUse.objects.get(budget=of_amir)
    assert (use.used_micros, use.used_s) == (CHARGE + 100_000, 60)


def test_a_fee_that_was_changed_is_a_new_line_once_calls_are_rated_again(office: Office) -> None:
    with door.transaction():
        code = make_code("4711", fee_micros=120_000_000)
    office.receive([Call(1, FIRST_CALL, talk_s=361, account_code="4711")])

    rerate()
    change_code(code.code, fee_micros=60_000_000)
    rerate()
    change_code(code.code, fee_micros=None)
    rerate()
    rerate()

    lines = Fee.objects.order_by("run").values_list("run", "amount_micros")
    assert list(lines) == [(0, 24_000_000), (1, 12_000_000), (2, 0)]
