"""Recharges, adjustments and what undoes them: once, all or none, and never lost."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from support.databases import Database
from support.effort import examples
from support.factories import make_extension, make_extensions, make_owner
from support.office import NOON, open_office
from support.post_entry import post_entry
from tollbook.app.access.actor import Actor
from tollbook.app.billing.recharge import (
    Booked,
    Gift,
    Purpose,
    post_gift,
    read_amount,
    undo_entries,
)
from tollbook.app.directory.extensions import count_recharges_anew
from tollbook.app.faults import RequestRefused
from tollbook.core.ledger import AccountRef, EntryKind, transfer
from tollbook.core.money import Money
from tollbook.storage.billing.balances import (
    HolderFilter,
    HolderKind,
    holders_by_id,
    list_holders,
)
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.billing.recharges import (
    Movement,
    MovementFilter,
    count_movements,
    every_movement,
    list_movements,
)
from tollbook.storage.models import AuditLog, Department, Extension, LedgerEntry

TEN = 10_000_000


def by(at: datetime = NOON, actor: str = "anna") -> Actor:
    return Actor(actor, at, "192.0.2.7")


def phones() -> tuple[int, ...]:
    return tuple(Extension.objects.order_by("number").values_list("pk", flat=True))


def give(
    ids: Sequence[int] | None = None,
    micros: int = TEN,
    *,
    key: str = "k1",
    kind: HolderKind = "extension",
    purpose: Purpose = "recharge",
    reason: str = "",
    sender: str = "user:1",
    at: datetime = NOON,
) -> Booked | RequestRefused:
    gift = Gift(
        kind=kind,
        ids=phones() if ids is None else tuple(ids),
        amount_micros=micros,
        sender=sender,
        key=key,
        reason=reason,
        purpose=purpose,
    )
    return post_gift(gift, by(at))


def booked(answer: Booked | RequestRefused) -> Booked:
    assert isinstance(answer, Booked), answer
    return answer


def refusal(answer: Booked | RequestRefused) -> RequestRefused:
    assert isinstance(answer, RequestRefused), answer
    assert "othing was" in answer.message or answer.field == "amount"
    return answer


def history() -> list[Movement]:
    return list_movements(MovementFilter(), count=100)


def balances() -> dict[str, tuple[int, int]]:
    """Return Total Recharges and balance of every extension, by number."""
    return {
        one.number: (one.recharged_micros, one.balance_micros)
        for one in list_holders(HolderFilter())
    }


def test_each_of_many_gets_the_amount_in_one_transaction(database: Database) -> None:
    open_office(database)

    done = booked(give())

    assert [(one.label, one.before_micros, one.amount_micros, one.after_micros) for one in (
        done.movements
    )] == [("Amir[101]", 0, TEN, TEN), ("Berta[102]", 0, TEN, TEN)]  # fmt: skip
    assert balances() == {"101": (TEN, TEN), "102": (TEN, TEN)}
    assert {(one.actor, one.action, one.address) for one in AuditLog.objects.filter(
        object_type="entry"
    )} == {("anna", "recharge.post", "192.0.2.7")}  # fmt: skip
    assert verify_balances() == []


def test_a_double_click_posts_once_and_gets_the_first_answer(database: Database) -> None:
    open_office(database)
    first = booked(give())

    again = booked(give(reversed(phones()), at=NOON + timedelta(seconds=2)))

    assert again.repeated
    assert {one.entry_id for one in again.movements} == {one.entry_id for one in first.movements}
    assert balances() == {"101": (TEN, TEN), "102": (TEN, TEN)}
    assert AuditLog.objects.filter(object_type="entry").count() == 2


@pytest.mark.parametrize(
    ("nth", "changes"),
    [
        ([0, 1], {"micros": TEN + 100}),
        ([0, 1], {"reason": "for November"}),
        ([0, 1], {"purpose": "adjustment", "reason": "gift"}),
        ([0], {}),
        ([1], {}),
        ([0, 1, 2], {}),
        ([0, 2], {}),
    ],
)
def test_a_key_is_for_one_request_only(database: Database, nth: list[int], changes: dict) -> None:  # type: ignore[type-arg]  # the keywords of `give`
    open_office(database)
    make_extension("103")
    known = phones()
    give(known[:2])

    answer = refusal(give([known[at] for at in nth], **changes))

    assert answer.code.endswith("key_conflict")
    assert balances() == {"101": (TEN, TEN), "102": (TEN, TEN), "103": (0, 0)}
    assert LedgerEntry.objects.count() == 2


def test_two_senders_may_use_one_key(database: Database) -> None:
    open_office(database)

    booked(give())
    assert not booked(give(sender="token:1")).repeated

    assert balances()["101"] == (2 * TEN, 2 * TEN)


@pytest.mark.parametrize(
    ("micros", "purpose", "words"),
    [
        (0, "recharge", "more than 0"),
        (-TEN, "recharge", "more than 0"),
        (10, "recharge", "four decimals"),
        (10**15 + 100, "recharge", "at most 1,000,000,000"),
        (0, "adjustment", "changes nothing"),
    ],
)
def test_an_amount_that_cannot_be_is_refused(
    sqlite: Database, micros: int, purpose: Purpose, words: str
) -> None:
    open_office(sqlite)

    assert words in refusal(give(micros=micros, purpose=purpose, reason="because")).message
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize(
    "text", ["", "ten", "1e3", "1,000", "10,50", "NaN", "\u0661\u0660", "1.00001"]
)
def test_what_is_no_amount_is_not_guessed(text: str) -> None:
    assert isinstance(read_amount(text), RequestRefused)


def test_somebody_unknown_among_many_leaves_all_as_they_were(database: Database) -> None:
    open_office(database)

    answer = refusal(give([*phones(), 999_999]))

    assert answer.code == "recharge.unknown"
    assert not LedgerEntry.objects.exists()


def test_nobody_twice_or_too_many_are_refused(sqlite: Database) -> None:
    open_office(sqlite)

    assert refusal(give([])).code == "recharge.nobody"
    assert refusal(give(range(1, 1_002))).code == "recharge.nobody"
    assert refusal(give([phones()[0]] * 2)).code == "recharge.twice"


def test_an_adjustment_takes_away_and_says_why(database: Database) -> None:
    open_office(database)
    give()

    assert refusal(give(micros=-TEN, purpose="adjustment", key="k2")).field == "reason"
    done = booked(give(micros=-2_500_000, purpose="adjustment", reason="typed twice", key="k2"))

    assert {one.after_micros for one in done.movements} == {7_500_000}
    assert balances()["101"] == (TEN, 7_500_000), "what was recharged stays recharged"
    assert {(one.kind, one.reason) for one in history()[:2]} == {("adjustment", "typed twice")}
    assert verify_balances() == []


def test_a_recharge_is_undone_once_and_stays_in_the_history(database: Database) -> None:
    open_office(database)
    first = booked(give())
    ids = [one.entry_id for one in first.movements]

    done = booked(undo_entries(ids, by(), reason="wrong office"))
    again = booked(undo_entries(ids, by(), reason="wrong office"))

    assert not done.repeated
    assert again.repeated
    assert balances() == {"101": (0, 0), "102": (0, 0)}
    assert [(one.kind, one.undoes, one.can_be_undone) for one in history()] == [
        *[("reversal", "recharge", False)] * 2,
        *[("recharge", "", False)] * 2,
    ]
    assert refusal(undo_entries(ids, by(), reason="other")).code == "undo.impossible"
    assert verify_balances() == []


def test_what_cannot_be_undone_leaves_its_neighbours_alone(database: Database) -> None:
    open_office(database)
    first = booked(give())
    one, two = (each.entry_id for each in first.movements)
    reversal = booked(undo_entries([one], by(), reason="")).movements[0]

    for wrong in (reversal.entry_id, 999_999):
        refusal(undo_entries([two, wrong], by(), reason=""))

    assert balances() == {"101": (0, 0), "102": (TEN, TEN)}


def test_total_recharges_counts_from_its_new_start_and_the_ledger_stays(
    database: Database,
) -> None:
    open_office(database)
    old = booked(give())

    count_recharges_anew("extension", phones()[:1], by(NOON + timedelta(hours=1)))
    give(micros=3_000_000, key="k2", at=NOON + timedelta(hours=2))
    undo_entries([one.entry_id for one in old.movements], by(NOON + timedelta(hours=3)), reason="")

    assert balances() == {"101": (3_000_000, 3_000_000), "102": (3_000_000, 3_000_000)}
    assert count_movements(MovementFilter()) == 6


def test_owners_and_departments_have_accounts_too(database: Database) -> None:
    open_office(database)
    owner = make_owner("Dr. Held")
    sales = Department.objects.get()

    give([owner.pk], kind="owner")
    give([sales.pk], kind="department", key="k2")

    assert [(one.holder_kind, one.label) for one in history()] == [
        ("department", "Sales"),
        ("owner", "Dr. Held"),
    ]
    for kind in ("owner", "department"):
        found = list_holders(HolderFilter(kind=kind))
        assert [one.balance_micros for one in found] == [TEN]


def test_the_history_is_searched_by_time_number_and_name(database: Database) -> None:
    open_office(database)
    give(at=NOON)
    odd = make_extension("990", name="100% _Ünal\\")
    give([odd.pk], key="k2", at=NOON + timedelta(days=1))
    start_us = history()[0].at_us

    def found(**wanted: object) -> list[str]:
        chosen = MovementFilter(**wanted)  # type: ignore[arg-type]  # as each case gives them
        rows = list_movements(chosen, count=100)
        assert rows == list(every_movement(chosen))
        assert len(rows) == count_movements(chosen)
        return [one.number for one in rows]

    assert found() == ["990", "102", "101"]
    assert found(keyword="10") == ["990", "102", "101"]
    assert found(keyword="%") == ["990"]
    assert found(keyword="_") == ["990"]
    assert found(keyword="\\") == ["990"]
    assert found(keyword="amIR") == ["101"]
    assert found(from_us=start_us) == ["990"]
    assert found(to_us=start_us) == ["102", "101"]
    assert found(holder_ids=(), kind="extension") == []
    assert found(holder_ids=(odd.pk,), kind="extension") == ["990"]
    assert found(kind="owner") == []


class Till(RuleBasedStateMachine):
    """Recharge, adjust, undo and retry in any order, beside a till kept by hand."""

    runs = 0  # Each has telephones of its own: nothing is ever deleted from a ledger.

    @initialize()
    def open(self) -> None:
        Till.runs += 1
        self.ids = tuple(make_extension(f"{Till.runs}-{nth}").pk for nth in range(2))
        self.held = dict.fromkeys(self.ids, 0)
        self.recharged = dict.fromkeys(self.ids, 0)
        self.posted: list[tuple[Gift, tuple[int, ...]]] = []
        self.undone: set[int] = set()

    @rule(
        chosen=st.sets(st.integers(0, 1), min_size=1),
        amount=st.integers(1, 10**7),
        purpose=st.sampled_from(["recharge", "adjustment"]),
        sign=st.sampled_from([1, -1]),
    )
    def post(self, chosen: set[int], amount: int, purpose: Purpose, sign: int) -> None:
        micros = amount * 100 * (sign if purpose == "adjustment" else 1)
        ids = tuple(self.ids[at] for at in chosen)
        key = f"{Till.runs}/{len(self.posted)}"
        gift = Gift("extension", ids, micros, "user:1", key, "why", purpose)
        done = booked(post_gift(gift, by()))
        for one in done.movements:
            assert one.before_micros == self.held[one.holder_id]
            self.held[one.holder_id] += micros
            assert one.after_micros == self.held[one.holder_id]
            if purpose == "recharge":
                self.recharged[one.holder_id] += micros
        self.posted.append((gift, tuple(one.entry_id for one in done.movements)))

    @rule(nth=st.integers(0, 30))
    def retry(self, nth: int) -> None:
        if self.posted:
            gift, entries = self.posted[nth % len(self.posted)]
            again = booked(post_gift(gift, by()))
            assert again.repeated
            assert tuple(one.entry_id for one in again.movements) == entries

    @rule(nth=st.integers(0, 30))
    def undo(self, nth: int) -> None:
        if not self.posted:
            return
        gift, entries = self.posted[nth % len(self.posted)]
        again = bool(self.undone & set(entries))
        done = booked(undo_entries(entries, by(), reason=""))
        assert done.repeated == again
        if again:
            return
        self.undone |= set(entries)
        for holder_id in gift.ids:
            self.held[holder_id] -= gift.amount_micros
            if gift.purpose == "recharge":
                self.recharged[holder_id] -= gift.amount_micros

    @invariant()
    def every_line_begins_where_the_one_before_ended(self) -> None:
        left = dict.fromkeys(self.ids, 0)
        own = MovementFilter(kind="extension", holder_ids=self.ids)
        for one in reversed(list(every_movement(own))):
            assert one.before_micros == left[one.holder_id]
            assert one.after_micros == one.before_micros + one.amount_micros
            left[one.holder_id] = one.after_micros
        assert left == self.held

    @invariant()
    def the_list_shows_what_the_till_holds(self) -> None:
        found = {one.id: one for one in holders_by_id("extension", self.ids)}
        assert {key: one.balance_micros for key, one in found.items()} == self.held
        assert {key: one.recharged_micros for key, one in found.items()} == self.recharged


def test_a_till_kept_by_hand_agrees_after_every_step(sqlite: Database) -> None:
    open_office(sqlite)

    run_state_machine_as_test(
        Till,
        settings=settings(
            max_examples=examples(15),
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

    assert verify_balances() == []


def test_the_list_is_ordered_by_what_was_recharged_also_of_many(database: Database) -> None:
    open_office(database)
    make_extensions(range(300, 320))
    ids = phones()
    give(ids, TEN)
    give(ids[3:5], TEN, key="k2")
    give(ids[4:5], TEN, key="k3")

    first = list_holders(HolderFilter(), sort="recharged", descending=True, count=3)
    last = list_holders(HolderFilter(), sort="recharged", first=20, count=5)

    assert [(one.id, one.recharged_micros) for one in first[:2]] == [
        (ids[4], 3 * TEN),
        (ids[3], 2 * TEN),
    ]
    assert [one.id for one in last] == [ids[3], ids[4]]
    of_many = {one.id: one.recharged_micros for one in list_holders(HolderFilter())}
    of_few = {one.id: one.recharged_micros for one in holders_by_id("extension", ids[:5])}
    assert of_few == {one: of_many[one] for one in ids[:5]}


def test_the_order_by_recharges_counts_the_currency_that_is_shown(database: Database) -> None:
    open_office(database)
    amir, berta = phones()
    give([amir], TEN)
    give([berta], 2 * TEN, key="k2")
    dollars = transfer(
        Money(50 * TEN, "USD"),
        key="dollars",
        kind=EntryKind.RECHARGE,
        at=NOON,
        source=AccountRef("system", "cash"),
        target=AccountRef("extension", str(amir)),
    )
    post_entry(dollars)

    found = list_holders(HolderFilter(), sort="recharged", descending=True)

    assert [(one.id, one.recharged_micros) for one in found] == [(berta, 2 * TEN), (amir, TEN)]


def test_recharges_of_more_holders_than_a_statement_names_are_added_up_alike(
    database: Database,
) -> None:
    open_office(database)
    make_extensions(range(1_000, 1_600))
    ids = phones()
    give(ids[::7], TEN)

    every = list_holders(HolderFilter())

    assert sum(one.recharged_micros for one in every) == len(ids[::7]) * TEN
    assert {one.id for one in every if one.recharged_micros} == set(ids[::7])
