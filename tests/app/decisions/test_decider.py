"""The decision through the whole use case: what is asked, what is answered, what is set aside."""

from datetime import timedelta

import pytest

from support.databases import Database, door
from support.deciding import authorise, release, renew, settle
from support.factories import change_extension, make_extensions
from support.prepaid import CENT, NOW, PARIS, asking, balance, open_prepaid
from tollbook.app.decisions.decider import (
    Release,
    Renewal,
    Settlement,
    UnknownHold,
    ask,
    expire_due,
)
from tollbook.core.ledger import HoldEnded, KeyConflict
from tollbook.core.policies import Reason
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import Alarm, Extension, LedgerHold, Refusal, Site


@pytest.mark.parametrize(
    ("cents", "limit_s"), [(9, None), (10, 60), (13, 115), (14, 170), (18, 280)]
)
def test_the_limit_is_what_the_money_pays(
    database: Database, cents: int, limit_s: int | None
) -> None:
    """RUL-06 and RUL-07, through the database."""
    open_prepaid(database, cents=cents)

    answer = authorise(asking())

    if limit_s is None:
        assert (answer.allowed, answer.reason) == (False, Reason.NO_MONEY)
        assert Refusal.objects.get().reason == "no_money"
        assert balance() == (cents * CENT, 0)
    else:
        assert (answer.allowed, answer.limit_s, answer.hold) == (True, limit_s, "k1")
        assert answer.number == "8888" + PARIS
        assert answer.caller_id == "+493012345101"
        assert answer.account == "extension 101"
        assert balance() == (cents * CENT, 2 * CENT * (cents // 2))
    assert verify_balances() == []


def test_the_same_question_gets_the_first_answer(database: Database) -> None:
    open_prepaid(database)
    first = authorise(asking())
    refused = authorise(asking("k2"))

    assert authorise(asking(at=NOW + timedelta(minutes=5))) == first
    assert authorise(asking("k2")) == refused
    assert refused.reason is Reason.NO_MONEY
    assert LedgerHold.objects.count() == Refusal.objects.count() == 1
    for key in ("k1", "k2"):
        with pytest.raises(KeyConflict):
            authorise(asking(key, dialled="0033999"))


def test_a_question_holds_nothing(database: Database) -> None:
    open_prepaid(database)

    answer = ask(asking())

    assert (answer.allowed, answer.hold, answer.limit_s) == (True, None, 2535)
    assert LedgerHold.objects.count() == Refusal.objects.count() == 0
    assert balance() == (100 * CENT, 0)


def test_a_settled_call_costs_exactly_its_price(database: Database) -> None:
    open_prepaid(database)
    authorise(asking())

    settled = settle(Settlement("k1", at=NOW + timedelta(minutes=3), talk_s=116))

    assert str(settled.charge) == "0.14"
    assert balance() == (86 * CENT, 0)
    assert settle(Settlement("k1", at=NOW, talk_s=116)) == settled
    with pytest.raises(KeyConflict):
        settle(Settlement("k1", at=NOW, talk_s=117))
    with pytest.raises(HoldEnded):
        release(Release("k1", at=NOW))
    assert verify_balances() == []


def test_a_call_that_nobody_answered_gives_everything_back(database: Database) -> None:
    open_prepaid(database)
    authorise(asking())

    settled = settle(Settlement("k1", at=NOW, talk_s=0))

    assert (settled.state, settled.charge) == ("released", None)
    assert balance() == (100 * CENT, 0)
    assert release(Release("k1", at=NOW)).state == "released"


def test_a_renewal_holds_for_talk_beyond_what_was_talked(database: Database) -> None:
    open_prepaid(database)
    with door.transaction():
        Site.objects.update(hold_s=60)
    assert authorise(asking()).limit_s == 60
    assert balance() == (100 * CENT, 10 * CENT)

    longer = renew(Renewal("k1", at=NOW + timedelta(seconds=50), talked_s=55))

    assert longer.limit_s == 115
    assert balance() == (100 * CENT, 12 * CENT)
    again = renew(Renewal("k1", at=NOW + timedelta(seconds=50), talked_s=55))
    assert again.limit_s == 115
    assert balance() == (100 * CENT, 12 * CENT)
    assert str(settle(Settlement("k1", at=NOW, talk_s=100)).charge) == "0.12"
    assert balance() == (88 * CENT, 0)


def test_a_renewal_without_money_leaves_the_limit_as_it_is(database: Database) -> None:
    open_prepaid(database, cents=10)
    assert authorise(asking()).limit_s == 60

    same = renew(Renewal("k1", at=NOW, talked_s=55))

    assert (same.allowed, same.limit_s) == (True, 60)
    assert same.steps[-1].rule == "renew"


def test_a_lock_set_during_a_call_stops_its_renewal_not_the_call(database: Database) -> None:
    open_prepaid(database)
    with door.transaction():
        Site.objects.update(hold_s=60)
    authorise(asking())
    with door.transaction():
        change_extension("101", locked=True)

    same = renew(Renewal("k1", at=NOW, talked_s=55))

    assert (same.allowed, same.limit_s) == (True, 60)
    assert authorise(asking("k2")).reason is Reason.LOCKED


def test_a_charge_above_the_hold_is_posted_whole_and_reported(database: Database) -> None:
    open_prepaid(database, cents=10)
    authorise(asking())

    settled = settle(Settlement("k1", at=NOW, talk_s=170))

    assert (str(settled.charge), str(settled.excess)) == ("0.14", "0.04")
    assert balance() == (-4 * CENT, 0)
    assert Alarm.objects.get().kind == "above_hold"
    assert verify_balances() == []


def test_a_hold_whose_call_never_ends_expires_and_is_reported(database: Database) -> None:
    open_prepaid(database, cents=10)
    authorise(asking())
    later = NOW + timedelta(seconds=60 + 300 + 600)

    assert expire_due(later - timedelta(seconds=1)) == 0
    assert expire_due(later) == 1
    assert expire_due(later) == 0

    assert balance() == (10 * CENT, 0)
    assert Alarm.objects.get().kind == "hold_expired"
    # Its end is told late: it is charged all the same.
    assert str(settle(Settlement("k1", at=later, talk_s=20)).charge) == "0.1"
    assert str(settle(Settlement("k1", at=later, talk_s=20)).charge) == "0.1"
    assert balance() == (0, 0)
    assert verify_balances() == []


@pytest.mark.parametrize("number", ["112", "110"])
def test_emergency_numbers_pass_whatever_stands_against_them(
    database: Database, number: str
) -> None:
    open_prepaid(database, cents=0)
    with door.transaction():
        Extension.objects.update(locked=True, active=False)

    for caller in ("101", "nobody"):
        answer = authorise(asking(caller=caller, dialled=number))
        assert (answer.allowed, answer.number, answer.hold) == (True, number, None)
    assert authorise(asking(dialled="", typed=number)).allowed


def test_calls_inside_the_house_cost_nothing(database: Database) -> None:
    open_prepaid(database, cents=0)

    answer = authorise(asking(dialled="102"))

    assert (answer.allowed, answer.number, answer.hold, answer.limit_s) == (True, "102", None, None)


def test_a_stranger_needs_a_code(database: Database) -> None:
    open_prepaid(database)

    answer = authorise(asking(caller="777"))

    assert answer.reason is Reason.AUTHORISATION_MISSING
    assert "777 is no extension of Main office" in [step.outcome for step in answer.steps]


def test_a_telephone_that_is_not_billed_calls_without_a_limit(database: Database) -> None:
    open_prepaid(database)

    answer = authorise(asking(caller="102"))

    assert (answer.allowed, answer.limit_s, answer.account) == (True, None, None)
    assert LedgerHold.objects.get().amount_micros == 0


def test_a_change_of_the_rules_counts_at_once(database: Database) -> None:
    open_prepaid(database)
    assert ask(asking()).allowed

    with door.transaction():
        change_extension("101", locked=True)

    assert ask(asking()).reason is Reason.LOCKED
    assert authorise(asking()).reason is Reason.LOCKED


def test_a_telephone_that_an_import_has_just_met_is_known(database: Database) -> None:
    open_prepaid(database)
    assert ask(asking(caller="31", dialled="990099")).reason is Reason.AUTHORISATION_MISSING

    with door.transaction():
        make_extensions(("31", "32", "990099"))

    assert ask(asking(caller="31")).allowed
    assert authorise(asking("a", caller="32")).allowed
    assert authorise(asking("b", dialled="990099")).number == "990099"


def test_an_unknown_hold_is_said_to_be_unknown(database: Database) -> None:
    open_prepaid(database)

    for event in (Renewal("x", NOW, 1), Settlement("x", NOW, 1)):
        with pytest.raises(UnknownHold):
            (renew if isinstance(event, Renewal) else settle)(event)  # type: ignore[operator]
    with pytest.raises(UnknownHold):
        release(Release("x", NOW))


def test_numbers_that_are_no_digits_never_reach_a_switch(database: Database) -> None:
    open_prepaid(database)

    for number in ("0033;drop", "Dial(SIP/x)", "0033\r\n", "٠٠٣٣١٢٣"):
        answer = authorise(asking(number)._replace(dialled=number))
        assert (answer.allowed, answer.number) == (False, "")
