"""Holds without a record: settled as estimated after a while, corrected when it comes."""

from datetime import timedelta

import pytest

from support.databases import Database
from support.office import Call, Office
from support.prepaid import CENT, NOW, asking, balance, open_prepaid
from tollbook.app.decisions.close_holds import GRACE, Closed, close_holds, note_end
from tollbook.app.decisions.decider import Settlement, authorise, settle
from tollbook.app.upkeep.doctor import examine
from tollbook.storage.models import Alarm, LedgerHold, Pbx
from tollbook.storage.models import Call as StoredCall

TALK_S = 100  # 0.10 and one begun step of 55 s: 0.12.
PRICE = 12 * CENT


@pytest.fixture
def office(database: Database) -> Office:
    made = open_prepaid(database)
    Pbx.objects.update(dial_prefix="")
    return made


def ask(office: Office) -> str:
    answer = authorise(asking(switch_call_id="1700000001.1", pbx=office.pbx.name))
    assert answer.hold is not None, answer
    return answer.hold


def record(office: Office, *, talk_s: int = TALK_S) -> None:
    """Let the switch's record come: answered 5 s after its beginning."""
    call = Call(1, NOW, talk_s=talk_s, dialled="0033123456789")
    office.receive([call], at=NOW + timedelta(days=1))


def is_whole(office: Office) -> bool:
    return all(one.is_sound for one in examine())


def test_a_told_end_waits_for_its_record(office: Office) -> None:
    key = ask(office)
    assert note_end(key, talk_s=TALK_S, answered=NOW + timedelta(seconds=5))

    assert close_holds(at=NOW + timedelta(minutes=9)) == Closed()
    record(office)

    assert balance() == (100 * CENT - PRICE, 0)
    assert LedgerHold.objects.get().estimated is False
    assert is_whole(office)


def test_after_a_while_the_switchs_word_counts_until_the_record_corrects_it(
    office: Office,
) -> None:
    key = ask(office)
    note_end(key, talk_s=50, answered=NOW + timedelta(seconds=5))
    late = NOW + timedelta(seconds=55) + GRACE

    assert close_holds(at=late) == Closed(estimated=1)
    assert close_holds(at=late + GRACE) == Closed()
    assert balance() == (90 * CENT, 0)
    assert LedgerHold.objects.get().estimated is True
    assert is_whole(office)

    record(office)
    record(office)

    assert balance() == (100 * CENT - PRICE, 0)
    assert LedgerHold.objects.get().call_id == StoredCall.objects.get().pk
    assert is_whole(office)


def test_a_settlement_is_an_estimate_until_the_record_comes(office: Office) -> None:
    key = ask(office)
    settle(Settlement(key, at=NOW + timedelta(minutes=2), talk_s=60))

    close_holds(at=NOW + timedelta(minutes=12))
    assert LedgerHold.objects.get().estimated is True
    record(office)

    assert balance() == (100 * CENT - PRICE, 0)
    assert is_whole(office)


def test_a_call_that_was_told_to_be_unanswered_costs_nothing(office: Office) -> None:
    note_end(ask(office), talk_s=0)

    close_holds(at=NOW + GRACE)

    assert LedgerHold.objects.get().state == "released"
    assert balance() == (100 * CENT, 0)


def test_a_hold_whose_end_nobody_told_runs_out_and_is_reported(office: Office) -> None:
    ask(office)

    closed = close_holds(at=NOW + timedelta(days=2))

    assert closed == Closed(expired=1)
    assert Alarm.objects.get().kind == "hold_expired"
    record(office)
    assert balance() == (100 * CENT - PRICE, 0)
    assert LedgerHold.objects.get().call_id is not None
    assert is_whole(office)


def test_an_end_that_comes_behind_the_record_changes_nothing(office: Office) -> None:
    key = ask(office)
    record(office)

    assert note_end(key, talk_s=7) is False
    assert close_holds(at=NOW + timedelta(days=2)) == Closed()
    assert balance() == (100 * CENT - PRICE, 0)


def test_talk_is_never_negative(office: Office) -> None:
    with pytest.raises(ValueError, match="talk of -1"):
        note_end("any", talk_s=-1)
