"""A call's record meets its hold once, whatever comes first, late or twice."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.databases import Database, door
from support.effort import examples
from support.factories import begin_budget, change_extension, make_budget, make_code, make_owner
from support.office import FIRST_CALL, NOON, Call, Office, open_office
from support.post_entry import balance_micros
from tollbook.core.instants import to_us
from tollbook.core.ledger import BudgetPart, Capture, Hold, Reserved
from tollbook.core.money import Money
from tollbook.storage.billing.holds import (
    capture_holds,
    holds_by_key,
    lock_accounts,
    place_holds,
    release_holds,
)
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import (
    Balance,
    BudgetUse,
    CallPayer,
    Extension,
    LedgerEntry,
    LedgerHold,
)
from tollbook.storage.models import Call as StoredCall

CHARGE = 220_000  # A minute to Germany.
OCTOBER_US = to_us(datetime.fromisoformat("2026-10-01T00:00:00+02:00"))


@pytest.fixture
def office(database: Database) -> Office:
    made = open_office(database)
    with door.transaction():
        change_extension("101", billing=True)
    return made


def phone() -> Extension:
    return Extension.objects.get(number="101")


def hold(key: str, start: datetime, *, micros: int = 1_000_000, **others: Any) -> None:
    """Set money aside for a call of extension 101 that is about to begin."""
    account = ("extension", str(phone().pk), "EUR")
    new = Hold(
        key=key,
        content_hash="",
        account=account,
        amount_micros=micros,
        placed_us=to_us(start),
        expires_us=to_us(start + timedelta(hours=4)),
        extension_id=phone().pk,
        caller="101",
        number="494020123456",
    )
    with door.transaction():
        place_holds([new._replace(**others)], lock_accounts({account}, at_us=to_us(start)))


def estimate(key: str, micros: int, *, talk_s: int = 60) -> None:
    """Settle a hold before its record comes."""
    with door.transaction():
        capture_holds(
            [
                Capture(
                    hold=holds_by_key([key])[key],
                    charge=Money(micros, "EUR"),
                    at=NOON,
                    talk_s=talk_s,
                    estimated=True,
                )
            ]
        )


def state_of(key: str) -> tuple[str, int, int | None]:
    row = LedgerHold.objects.get(key=key)
    return row.state, row.captured_micros, row.call_id


def balance() -> int:
    return balance_micros("extension", str(phone().pk), "EUR")


def held() -> int:
    return sum(Balance.objects.values_list("held_micros", flat=True))


def uniqueid(number: int) -> str:
    """What the switch calls a call, in its records too."""
    return f"{1_700_000_000 + number}.{number}"


def test_a_record_captures_its_hold_and_lets_the_rest_go(office: Office) -> None:
    hold("first", FIRST_CALL, switch_call_id=uniqueid(1))
    assert held() == 1_000_000

    office.receive([Call(1, FIRST_CALL)])

    call = StoredCall.objects.get()
    assert state_of("first") == ("captured", CHARGE, call.pk)
    assert (balance(), held()) == (-CHARGE, 0)
    assert LedgerEntry.objects.get().key == f"charge:{call.pk}"
    assert verify_balances() == []


@pytest.mark.parametrize(
    ("placed_s", "meets"),
    [(-61, False), (-60, True), (0, True), (5, True), (6, False)],  # It is answered after 5 s.
)
def test_without_an_id_caller_number_and_time_decide(
    office: Office, placed_s: int, meets: bool
) -> None:
    start = FIRST_CALL + timedelta(seconds=7)
    hold("first", start + timedelta(seconds=placed_s))

    office.receive([Call(1, start)])

    assert (state_of("first")[0] == "captured") is meets
    assert balance() == -CHARGE


@pytest.mark.parametrize("other", [{"caller": "102"}, {"number": "494020999999"}])
def test_another_caller_or_number_is_another_call(office: Office, other: dict[str, str]) -> None:
    hold("first", FIRST_CALL, **other)

    office.receive([Call(1, FIRST_CALL)])

    assert state_of("first") == ("pending", 0, None)
    assert (balance(), held()) == (-CHARGE, 1_000_000)


def test_the_switchs_id_decides_between_calls_that_look_alike(office: Office) -> None:
    for number in (1, 2):
        hold(f"hold {number}", FIRST_CALL, switch_call_id=uniqueid(number))

    office.receive([Call(2, FIRST_CALL, talk_s=61)])

    assert state_of("hold 1")[0] == "pending"
    assert state_of("hold 2")[:2] == ("captured", CHARGE + 1_000)


def test_an_unanswered_call_lets_its_hold_go(office: Office) -> None:
    hold("first", FIRST_CALL, switch_call_id=uniqueid(1))

    office.receive([Call(1, FIRST_CALL, talk_s=0)])

    assert state_of("first")[:2] == ("released", 0)
    assert (balance(), held(), LedgerEntry.objects.count()) == (0, 0, 0)


def test_a_call_dearer_than_its_hold_is_charged_whole(office: Office) -> None:
    hold("first", FIRST_CALL, micros=100_000, switch_call_id=uniqueid(1))

    office.receive([Call(1, FIRST_CALL)])

    assert state_of("first")[:2] == ("captured", 100_000)
    assert (balance(), held()) == (-CHARGE, 0)


@pytest.mark.parametrize("estimated", [100_000, CHARGE, 500_000])
def test_a_late_record_corrects_what_was_estimated(office: Office, estimated: int) -> None:
    hold("first", FIRST_CALL, switch_call_id=uniqueid(1))
    estimate("first", estimated)
    assert balance() == -estimated

    office.receive([Call(1, FIRST_CALL)])
    office.receive([Call(1, FIRST_CALL), Call(9, FIRST_CALL, talk_s=0)])

    assert balance() == -CHARGE
    assert StoredCall.objects.filter(pk=state_of("first")[2] or 0).exists()
    corrections = LedgerEntry.objects.filter(kind="adjustment")
    assert corrections.count() == (estimated != CHARGE)
    assert verify_balances() == []


def test_a_late_record_of_an_unanswered_call_gives_the_estimate_back(office: Office) -> None:
    hold("first", FIRST_CALL, switch_call_id=uniqueid(1))
    estimate("first", 500_000)

    office.receive([Call(1, FIRST_CALL, talk_s=0)])

    assert balance() == 0


def test_a_record_after_its_hold_was_let_go_is_charged_as_a_whole(office: Office) -> None:
    hold("first", FIRST_CALL, switch_call_id=uniqueid(1))
    with door.transaction():
        release_holds([holds_by_key(["first"])["first"]], at_us=to_us(NOON), expired=True)

    office.receive([Call(1, FIRST_CALL)])

    assert state_of("first")[0] == "expired"
    assert state_of("first")[2] == StoredCall.objects.get().pk
    assert balance() == -CHARGE


def test_the_code_that_was_keyed_counts_where_the_record_has_none(office: Office) -> None:
    with door.transaction():
        okafor = make_owner("Ms Okafor", billing=True)
        code = make_code("4711", owner=okafor)
    hold(
        "first",
        FIRST_CALL,
        switch_call_id=uniqueid(1),
        account=("extension", str(phone().pk), "EUR"),
        account_code_id=code.pk,
        micros=0,
    )

    office.receive([Call(1, FIRST_CALL)])

    call = StoredCall.objects.get()
    assert (call.account_code, call.account_code_ref_id, call.owner_id) == (
        "4711",
        code.pk,
        okafor.pk,
    )
    assert balance_micros("owner", str(okafor.pk), "EUR") == -CHARGE
    assert CallPayer.objects.get().account.kind == "owner"


def test_what_a_hold_set_aside_of_a_budget_becomes_its_use(office: Office) -> None:
    with door.transaction():
        of_amir = make_budget("extension", phone().pk, limit_micros=10_000_000)
        begin_budget(of_amir, from_us=OCTOBER_US)
    part = BudgetPart(of_amir.pk, OCTOBER_US, 1_000_000, 600)
    hold("first", FIRST_CALL, switch_call_id=uniqueid(1), reserved=Reserved((part,)))
    hold("other", FIRST_CALL, switch_call_id=uniqueid(2), reserved=Reserved((part,)))
    estimate("other", 500_000, talk_s=300)

    office.receive([Call(1, FIRST_CALL)])
    office.receive([Call(2, FIRST_CALL)])

    use = BudgetUse.objects.get()
    assert (use.used_micros, use.used_s) == (2 * CHARGE, 120)
    assert (use.held_micros, use.held_s) == (0, 0)


@dataclass(frozen=True, slots=True)
class Story:
    """What became of one call: its hold and its record, and what happened between."""

    number: int
    talk_s: int
    has_hold: bool
    has_id: bool
    ended: str  # "", "estimated" or "expired": how the hold ended before the record came

    @property
    def cost(self) -> int:
        """What it costs by the tariff."""
        return CHARGE + 1_000 * max(0, self.talk_s - 60) if self.talk_s else 0


NUMBERS = count(100)  # No two calls of a run are the same, so that one database serves all.

stories = st.builds(
    Story,
    number=st.just(0),
    talk_s=st.sampled_from([0, 1, 60, 61, 600]),
    has_hold=st.booleans(),
    has_id=st.booleans(),
    ended=st.sampled_from(["", "estimated", "expired"]),
)


@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    told=st.lists(stories, min_size=1, max_size=6),
    estimates=st.lists(st.integers(0, 2_000_000), min_size=6, max_size=6),
    batches=st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=6), max_size=4),
    last=st.permutations(range(6)),
)
def test_money_moves_once_in_any_order(
    office: Office,
    told: list[Story],
    estimates: list[int],
    batches: list[list[int]],
    last: list[int],
) -> None:
    """Each call is paid at its price, however records come: late, in any order, or again.

    All is drawn beforehand: an example that was given up half-way would leave its holds behind.
    """
    before = balance()
    calls = [replace(one, number=next(NUMBERS)) for one in told]
    for one, micros in zip(calls, estimates, strict=False):
        if one.has_hold:
            key, switch_id = f"hold {one.number}", uniqueid(one.number) if one.has_id else ""
            hold(key, start_of(one), switch_call_id=switch_id)
            if one.ended == "estimated":
                estimate(key, micros)
            elif one.ended == "expired":
                with door.transaction():
                    release_holds([holds_by_key([key])[key]], at_us=to_us(NOON), expired=True)

    for batch in [*batches, last]:
        some = [calls[at] for at in batch if at < len(calls)]
        office.receive([Call(one.number, start_of(one), talk_s=one.talk_s) for one in some])

    assert balance() - before == -sum(one.cost for one in calls)
    assert held() == 0
    assert not LedgerHold.objects.filter(call=None).exists()
    assert verify_balances() == []


def start_of(one: Story) -> datetime:
    return FIRST_CALL + timedelta(seconds=97 * one.number)
