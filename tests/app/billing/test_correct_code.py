"""A code that was forgotten before the call is given after it: once, with its money, and back."""

import json
from datetime import timedelta

import pytest

from support.databases import Database, door
from support.factories import change_extension, make_budget, make_code, make_owner, make_run
from support.office import FIRST_CALL, NOON, TARIFF, Call, Office, open_office
from support.post_entry import balance_micros
from tollbook.app.access.actor import Actor
from tollbook.app.billing.correct_code import (
    NotCorrected,
    correct_codes,
    undo_correction,
    would_correct,
)
from tollbook.app.rerating.run import begin_rerating, carry_on
from tollbook.app.tariffs.publish import publish_tariff
from tollbook.app.upkeep.doctor import examine
from tollbook.storage.models import (
    AuditLog,
    BudgetUse,
    CodeChange,
    Extension,
    Fee,
    LedgerEntry,
    Owner,
)
from tollbook.storage.models import Call as StoredCall
from tollbook.storage.reports.call_filter import CallFilter

CHARGE = 220_000  # A minute to Germany.
ANNA = Actor("anna", NOON, "192.0.2.7")


@pytest.fixture
def office(database: Database) -> Office:
    made = open_office(database)
    with door.transaction():
        change_extension("101", billing=True)
        okafor = make_owner("Ms Okafor", billing=True)
        moss = make_owner("Mr Moss")
        make_code("4711", owner=okafor, fee_micros=120_000_000)
        make_code("4712", owner=moss)
    return made


def balances() -> tuple[int, int]:
    """Return what extension 101 and Ms Okafor have."""
    extension = Extension.objects.get(number="101").pk
    owner = Owner.objects.get(name="Ms Okafor").pk
    return (
        balance_micros("extension", str(extension), "EUR"),
        balance_micros("owner", str(owner), "EUR"),
    )


def call_id() -> int:
    return StoredCall.objects.get().pk


def is_whole(office: Office) -> bool:
    return all(one.is_sound for one in examine())


def test_a_forgotten_code_moves_the_charge_to_its_owner(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL)])
    assert balances() == (-CHARGE, 0)
    (effect,) = would_correct([call_id()], "4711")
    assert (effect.payer_before, effect.payer_after) == (
        "Extension 101 (Amir)",
        "Owner Ms Okafor",
    )
    assert (str(effect.amount), effect.currency) == ("0.22", "EUR")

    (made,) = correct_codes([call_id()], "4711", by=ANNA, reason="forgotten")

    assert balances() == (0, -CHARGE)
    call = StoredCall.objects.get()
    assert (call.account_code, call.owner.name if call.owner else "") == ("4711", "Ms Okafor")
    entry = LedgerEntry.objects.get(pk=made.entry_id or 0)
    assert (entry.kind, entry.reason) == ("adjustment", "account code none → 4711: forgotten")
    change = CodeChange.objects.get()
    assert (change.by, change.before_id, change.entry_id) == ("anna", None, entry.pk)
    audit = AuditLog.objects.get(action="call.account_code")
    assert (audit.actor, audit.address) == ("anna", "192.0.2.7")
    assert json.loads(audit.before) == {"call": call.pk, "account_code": ""}
    assert Fee.objects.get().amount_micros == 12_000_000
    assert is_whole(office)


def test_doing_it_twice_does_it_once(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL)])
    correct_codes([call_id()], "4711", by=ANNA)

    assert correct_codes([call_id()], "4711", by=ANNA) == []
    assert would_correct([call_id()], "4711") == []
    assert balances() == (0, -CHARGE)


def test_a_correction_is_taken_back_once(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL, account_code="0815")])  # A code that nobody has made.
    (made,) = correct_codes([call_id()], "4711", by=ANNA)

    back = undo_correction(made.change_id, by=ANNA)

    assert balances() == (-CHARGE, 0)
    call = StoredCall.objects.get()
    assert (call.account_code, call.account_code_ref_id, call.owner_id) == ("0815", None, None)
    assert CodeChange.objects.get(pk=back.change_id).undoes_id == made.change_id
    assert list(Fee.objects.order_by("run").values_list("units", flat=True)) == [1, 0]
    with pytest.raises(NotCorrected, match="is not the latest"):
        undo_correction(made.change_id, by=ANNA)
    assert is_whole(office)


def test_a_code_taken_off_lets_the_extension_pay_again(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL, account_code="4711")])
    assert balances() == (0, -CHARGE)

    correct_codes([call_id()], "", by=ANNA)

    assert balances() == (-CHARGE, 0)
    assert is_whole(office)


def test_where_nobody_paid_the_codes_owner_pays(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL, extension="102")])

    correct_codes([call_id()], "4711", by=ANNA)
    assert balances() == (0, -CHARGE)
    correct_codes([call_id()], "4712", by=ANNA)

    assert balances() == (0, 0)  # Mr Moss does not pay, and 102 does neither.
    assert is_whole(office)


def test_billing_that_was_switched_since_moves_no_money(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL, extension="102")])
    with door.transaction():
        change_extension("102", billing=True)

    (made,) = correct_codes([call_id()], "4712", by=ANNA)

    assert made.entry_id is None
    assert is_whole(office)


def test_a_later_price_is_paid_by_the_new_payer(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL)])
    correct_codes([call_id()], "4711", by=ANNA)
    dearer = {**TARIFF["rate"][0], "connect_fee": "0.20"}  # type: ignore[index]  # a list of tables
    publish_tariff({**TARIFF, "rate": [dearer]}, by=Actor("test", NOON), valid_from=FIRST_CALL)

    run = begin_rerating(CallFilter(), words="all calls", by=Actor("test", NOON))
    carry_on(run.id, now=lambda: NOON)

    assert balances() == (0, -CHARGE - 100_000)
    assert is_whole(office)


def test_owners_budgets_follow_the_code(office: Office) -> None:
    for name in ("Ms Okafor", "Mr Moss"):
        make_budget("owner", Owner.objects.get(name=name).pk, limit_micros=10_000_000)
    office.receive([Call(1, FIRST_CALL, account_code="4711")])
    office.receive([Call(2, FIRST_CALL + timedelta(hours=1), account_code="4712")])
    first = StoredCall.objects.order_by("id")[0].pk

    correct_codes([first], "4712", by=ANNA)

    assert list(BudgetUse.objects.order_by("id").values_list("used_micros", flat=True)) == [
        0,
        2 * CHARGE,
    ]
    assert is_whole(office)


@pytest.mark.parametrize(
    ("calls", "code", "field"),
    [([1], "4799", "account_code"), ([99], "4711", "calls"), (range(501), "4711", "calls")],
)
def test_what_cannot_be_corrected_changes_nothing(
    office: Office, calls: list[int], code: str, field: str
) -> None:
    office.receive([Call(1, FIRST_CALL)])

    with pytest.raises(NotCorrected) as refused:
        correct_codes(calls, code, by=ANNA)

    assert refused.value.field == field
    assert CodeChange.objects.count() == 0


def test_a_correction_waits_for_a_rerating(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL)])
    make_run(state="running")

    with pytest.raises(NotCorrected, match="re-rated now"):
        correct_codes([call_id()], "4711", by=ANNA)
