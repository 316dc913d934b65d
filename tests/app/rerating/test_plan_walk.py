"""Plans and time: whatever order calls come in, they end at the digits of call order."""

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.databases import Database, door, sqlite_copy
from support.effort import examples
from support.factories import make_run
from support.office import FIRST_CALL, NOON, TARIFF, Call, Office, calls_in_a_row, open_office
from support.planned import PLAN, add, charges_by_call, in_order
from support.post_entry import balance_micros
from tollbook.app.access.actor import Actor
from tollbook.app.pricing.explain_call import explain_call
from tollbook.app.pricing.plan_charge import asked_of
from tollbook.app.rerating.counter_proof import mend_counters, wrong_counters
from tollbook.app.rerating.late_calls import late_calls, rerate_late
from tollbook.app.rerating.plan_walk import Walk, store_walk, walk_dry
from tollbook.app.rerating.reprice import Repricer
from tollbook.app.rerating.run import begin_rerating, carry_on, dry_run
from tollbook.app.rerating.totals import Rerating
from tollbook.app.tariffs.publish import Published, publish_tariff
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import Charge, ChargeParts, Counter, LedgerEntry, RatingRun
from tollbook.storage.pricing.plan_counters import read_counters
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.rerating.planned_calls import effects_from

ALL = CallFilter()
GERMANY, BERLIN = TARIFF["rate"][0], TARIFF["rate"][1]  # type: ignore[index]  # a list of tables
DEARER = {**TARIFF, "rate": [{**GERMANY, "connect_fee": "0.20"}, BERLIN]}
# The calls of one morning that are charged: France has no rate.
CALLS = [
    c for c in calls_in_a_row(30, every_s=211) if c.talk_s and not c.dialled.startswith("0033")
]


# Some of one morning, then a month through a change of the clock: days, weeks and months end.
SPREAD = CALLS[:10] + [
    replace(call, number=500 + nth, start=FIRST_CALL + timedelta(hours=41 * nth))
    for nth, call in enumerate(CALLS[:17], start=1)
]


@pytest.fixture
def office(database: Database) -> Office:
    return open_office(database)


def late() -> Rerating | None:
    return rerate_late(by=Actor("test", NOON))


def rerate(wanted: CallFilter = ALL) -> Rerating:
    run = begin_rerating(wanted, words="all calls", by=Actor("test", NOON))
    return carry_on(run.id, now=lambda: NOON)


def amounts() -> dict[str, Decimal]:
    return {name: amount for name, (amount, _) in charges_by_call().items() if amount is not None}


def assert_counters_are_what_the_charges_in_force_say() -> None:
    sums: dict[str, tuple[Fraction, int]] = {}
    for effects in effects_from(0):
        for one in asked_of(effects):
            amount, seconds = sums.get(one.key, (Fraction(0), 0))
            sums[one.key] = (amount + one.add.amount, seconds + one.add.seconds)
    stored = read_counters(Counter.objects.values_list("key", flat=True))
    assert {key: (t.amount, t.seconds) for key, t in stored.items() if t.seconds or t.amount} == {
        key: pair for key, pair in sums.items() if any(pair)
    }


def test_a_late_call_moves_the_tiers_of_the_calls_after_it(office: Office) -> None:
    first, second, third = (Call(n, FIRST_CALL + timedelta(hours=n), 600) for n in range(3))
    plan = {
        "volume_discount": [
            {"name": "v", "tiers": [{"from": "0", "percent": "0"}, {"from": "1", "percent": "50"}]}
        ]
    }
    add(plan)
    # 0.10 + 0.12 + 9 * 0.06 = 0.76; of the second, what lies over 1.00 is halved: 0.52 of it.
    office.receive([first, third])
    assert list(amounts().values()) == [Decimal("0.76"), Decimal("0.50")]

    office.receive([second])
    assert late_calls() is not None
    rerating = late()

    assert rerating is not None
    assert amounts() == in_order([first, second, third], plan)
    assert sorted(amounts().values()) == [Decimal("0.38"), Decimal("0.50"), Decimal("0.76")]
    # The second arrived as if it were the third; only these two differ.
    assert (rerating.calls, rerating.changed) == (2, 2)
    assert late_calls() is None
    assert verify_balances() == []
    (total,) = rerating.totals
    assert balance_micros("system", "revenue", "EUR") == int(total.difference * 1_000_000)


def test_nothing_waits_where_calls_came_in_order(office: Office) -> None:
    add(PLAN)
    office.receive(CALLS)

    assert late_calls() is None
    assert late() is None
    assert RatingRun.objects.count() == 0


def test_a_late_call_that_moves_no_price_leaves_no_trace(office: Office) -> None:
    add({"volume_discount": [{"name": "v", "tiers": [{"from": "0", "percent": "10"}]}]})
    office.receive([Call(2, FIRST_CALL + timedelta(hours=1))])
    office.receive([Call(1, FIRST_CALL)])

    rerating = late()

    assert rerating is not None
    assert (rerating.changed, late_calls()) == (0, None)
    assert (RatingRun.objects.count(), LedgerEntry.objects.count()) == (0, 0)


def named(plan: dict[str, Any]) -> dict[str, Any]:
    """Give each bundle and each volume discount of a drawn plan a name of its own."""
    return plan | {
        key: [{"name": f"{key} {nth}", **one} for nth, one in enumerate(plan[key])]
        for key in ("bundle", "volume_discount")
    }


TIERS = st.lists(
    st.tuples(st.integers(1, 300), st.integers(1, 100)), max_size=3, unique_by=lambda tier: tier[0]
).map(
    lambda steps: [
        {"from": "0", "percent": "0"},
        *(
            {"from": f"{start / 100:.2f}", "percent": str(percent)}
            for (start, _), percent in zip(
                sorted(steps), sorted(percent for _, percent in steps), strict=True
            )
        ),
    ]
)
EVERY = st.sampled_from(["day", "week", "month"])
CALLERS = st.sampled_from([[], ["101"], ["102"], ["Sales"]])
PLANS = st.fixed_dictionaries(
    {
        "zone": st.sampled_from(["Europe/Berlin", "UTC", "Pacific/Kiritimati"]),
        "bundle": st.lists(
            st.fixed_dictionaries(
                {
                    "seconds": st.integers(1, 900),
                    "shared": st.booleans(),
                    "position": st.integers(0, 2),
                    "every": EVERY,
                    "callers": CALLERS,
                }
            ),
            max_size=3,
        ),
        "volume_discount": st.lists(
            st.fixed_dictionaries(
                {"tiers": TIERS, "whole": st.booleans(), "every": EVERY, "callers": CALLERS}
            ),
            max_size=2,
        ),
        "service_charge": st.just([{"name": "switchboard", "percent": "33.3", "callers": ["102"]}]),
    }
).map(named)


@given(
    order=st.permutations(SPREAD),
    cuts=st.sets(st.integers(1, len(SPREAD) - 1), max_size=4),
    plan=st.just(PLAN) | PLANS,
)
@settings(max_examples=examples(12), deadline=None)
def test_any_order_of_arrival_ends_at_the_same_digits(
    tmp_path_factory: pytest.TempPathFactory,
    order: list[Call],
    cuts: set[int],
    plan: dict[str, object],
) -> None:
    with sqlite_copy(tmp_path_factory.mktemp("office")) as sqlite:
        office = open_office(sqlite)
        add(plan)
        edges = [0, *sorted(cuts), len(order)]
        for begin, end in pairwise(edges):
            office.receive(order[begin:end])
            if begin % 2:
                late()
        late()

        assert amounts() == in_order(SPREAD, plan)
        assert late_calls() is None
        assert late() is None
        assert_counters_are_what_the_charges_in_force_say()
        assert verify_balances() == []
        for call_id in Charge.objects.values_list("call_id", flat=True).distinct():
            explained = explain_call(call_id)
            assert explained is not None
            assert explained.equal


def test_a_walk_that_is_broken_off_goes_on_where_it_stood(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tollbook.app.rerating.plan_walk.STEP_CALLS", 4)
    order = CALLS[:]
    random.Random(7).shuffle(order)
    add(PLAN)
    for call in order:
        office.receive([call])
    run = make_run()
    steps = store_walk(Walk(Repricer()), run.pk, at=NOON, note=lambda _: None)
    assert next(steps).until_us is not None
    steps.close()
    assert_counters_are_what_the_charges_in_force_say()

    # More comes before somebody goes on, some of it behind the walk.
    more = [Call(900, FIRST_CALL - timedelta(minutes=1), 77), Call(901, FIRST_CALL, 300, "102")]
    office.receive(more)
    late()

    assert amounts() == in_order([*CALLS, *more], PLAN)
    assert late_calls() is None
    assert_counters_are_what_the_charges_in_force_say()


def test_rerating_under_a_plan_counts_anew_in_call_order(office: Office) -> None:
    order = CALLS[:]
    random.Random(3).shuffle(order)
    for call in order:
        office.receive([call])
    before = amounts()
    add(PLAN)

    preview = dry_run(ALL)
    done = rerate()

    assert amounts() == in_order(CALLS, PLAN) != before
    assert (preview.changed, preview.totals) == (done.changed, done.totals)
    assert done.changed == len(CALLS)
    assert ChargeParts.objects.count() == len(CALLS)
    assert_counters_are_what_the_charges_in_force_say()
    assert verify_balances() == []
    assert rerate().changed == 0


def test_rerating_some_calls_lets_the_others_follow_their_counters(office: Office) -> None:
    add(PLAN)
    office.receive(CALLS)
    posted = sum(amounts().values())
    published = publish_tariff(DEARER, by=Actor("test", NOON), valid_from=FIRST_CALL)
    assert isinstance(published, Published)

    half = CALLS[len(CALLS) // 2].start
    rerate(CallFilter(from_us=int((half - timedelta(seconds=1)).timestamp()) * 1_000_000))

    dearer = {call.pbx_call_id for call in CALLS if call.start >= half}
    expected = in_order(CALLS, PLAN, dearer=DEARER, those=dearer)
    assert amounts() == expected
    assert balance_micros("system", "revenue", "EUR") == int(
        (sum(expected.values()) - posted) * 1_000_000
    )
    assert_counters_are_what_the_charges_in_force_say()


def test_a_plan_that_ends_leaves_base_prices_and_empty_counters(office: Office) -> None:
    office.receive(CALLS)
    base = amounts()
    add(PLAN)
    rerate()
    add({}, valid_from=FIRST_CALL - timedelta(days=1))

    rerate()

    assert amounts() == base
    assert_counters_are_what_the_charges_in_force_say()


def test_a_dry_walk_stores_nothing(office: Office) -> None:
    add(PLAN)
    office.receive([CALLS[5]])
    office.receive(CALLS[:5])
    before = list(Counter.objects.order_by("key").values())

    charged = list(walk_dry(Walk(Repricer())))

    assert charged
    assert list(Counter.objects.order_by("key").values()) == before


def test_the_doctor_finds_and_mends_a_counter_that_is_wrong(office: Office) -> None:
    add(PLAN)
    office.receive(CALLS)
    assert wrong_counters() == []
    with door.transaction():
        Counter.objects.filter(key__startswith="v").update(amount="1/3", seconds=7)
        Counter.objects.filter(key__startswith="b").delete()

    wrong = wrong_counters()
    mended = mend_counters()

    assert len(wrong) == mended > 2
    assert wrong_counters() == []
    assert_counters_are_what_the_charges_in_force_say()
    assert not Counter.objects.filter(until_us=None).exists()
