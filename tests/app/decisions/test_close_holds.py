"""Holds without a record: an estimate after a while, corrected when it comes."""

from datetime import timedelta

import pytest

from support.databases import Database
from support.deciding import authorise, settle
from support.office import Call, Office
from support.prepaid import CENT, NOW, asking, balance, open_prepaid
from tollbook.app.decisions.close_holds import close_holds
from tollbook.app.decisions.decider import Settlement
from tollbook.app.upkeep.doctor import examine
from tollbook.storage.models import Alarm, LedgerHold, Pbx

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


def test_a_settlement_is_an_estimate_until_the_record_comes(office: Office) -> None:
    key = ask(office)
    settle(Settlement(key, at=NOW + timedelta(minutes=2), talk_s=60))

    close_holds(at=NOW + timedelta(minutes=12))
    assert LedgerHold.objects.get().estimated is True
    record(office)

    assert balance() == (100 * CENT - PRICE, 0)
    assert is_whole(office)


def test_a_hold_whose_end_nobody_told_runs_out_and_is_reported(office: Office) -> None:
    ask(office)

    closed = close_holds(at=NOW + timedelta(days=2))

    assert closed == 1
    assert Alarm.objects.get().kind == "hold_expired"
    record(office)
    assert balance() == (100 * CENT - PRICE, 0)
    assert LedgerHold.objects.get().call_id is not None
    assert is_whole(office)
