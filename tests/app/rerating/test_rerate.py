"""Stored calls are priced again: what differs is a new charge and an entry, once, to the digit."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.databases import Database
from support.effort import examples
from support.office import FIRST_CALL, NOON, TARIFF, Call, Office, calls_in_a_row, open_office
from support.post_entry import account_of_extension, balance_micros, post_entry
from tollbook.app.access.actor import Actor
from tollbook.app.rerating import reprice
from tollbook.app.rerating import run as rerate_app
from tollbook.app.rerating.reprice import Repricer
from tollbook.app.rerating.run import (
    RunTaken,
    Unfinished,
    begin_rerating,
    carry_on,
    dry_run,
    find_run,
    unfinished_run,
)
from tollbook.app.rerating.totals import Rerating, document_of, rerating_from
from tollbook.app.tariffs.publish import Published, publish_tariff
from tollbook.core.instants import to_us
from tollbook.core.ledger import charge_entry
from tollbook.core.money import Money
from tollbook.storage.billing.ledger_queries import differences, verify_balances
from tollbook.storage.models import (
    AuditLog,
    Charge,
    Extension,
    LedgerEntry,
    LedgerPosting,
    RatingRun,
)
from tollbook.storage.models import Call as StoredCall
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.columnar import queries as columns
from tollbook.storage.reports.columnar.refresh import refresh

ALL = CallFilter()
GERMANY, BERLIN = TARIFF["rate"][0], TARIFF["rate"][1]  # type: ignore[index]  # a list of tables
# 0.10 for being connected becomes 0.20: every call to Germany is dearer by 0.10.
DEARER = {**TARIFF, "rate": [{**GERMANY, "connect_fee": "0.20"}, BERLIN]}
# Berlin has no rate any more, and Germany's does not hold for it.
WITHOUT_BERLIN = {**TARIFF, "rate": [{**GERMANY, "prefix": "4940"}]}


@pytest.fixture
def office(database: Database) -> Office:
    return open_office(database)


def publish(document: Mapping[str, object]) -> None:
    """Correct the tariff for all calls, those of the past too."""
    published = publish_tariff(document, by=Actor("test", NOON), valid_from=FIRST_CALL)
    assert isinstance(published, Published)


def begin(wanted: CallFilter = ALL) -> int:
    return begin_rerating(wanted, words="all calls", by=Actor("test", NOON)).id


def rerate(wanted: CallFilter = ALL) -> Rerating:
    return carry_on(begin(wanted), now=lambda: NOON)


def current_micros() -> int:
    """Return the sum of the charges in force, in plain Python."""
    newest = {}
    for charge in Charge.objects.filter(kind="charge").order_by("run"):
        newest[charge.call_id] = charge.amount_micros or 0
    return sum(newest.values())


def posted_micros() -> int:
    """Return what all entries have added to our revenue."""
    return balance_micros("system", "revenue", "EUR")


def test_a_dearer_rate_posts_its_difference_for_each_call(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL), Call(2, FIRST_CALL, dialled="00493020123456")])
    publish(DEARER)

    rerating = rerate()

    assert (rerating.calls, rerating.changed, rerating.unrated) == (2, 2, 0)
    (total,) = rerating.totals
    assert (total.old, total.new, total.difference) == (
        Decimal("0.23"),  # 0.10 + 0.12 to Germany, 0.01 to Berlin
        Decimal("0.33"),
        Decimal("0.10"),
    )
    assert [(one.difference_micros, one.callee) for one in differences(rerating.run or 0)] == [
        (100_000, "494020123456")
    ]
    assert balance_micros("system", "charges", "EUR") == -100_000
    assert verify_balances() == []


def test_a_charge_that_stays_gets_no_row(office: Office) -> None:
    office.receive(calls_in_a_row(40))
    before = Charge.objects.count()

    rerating = rerate()

    assert rerating.calls == before
    assert (rerating.changed, Charge.objects.count(), LedgerEntry.objects.count()) == (0, before, 0)


def test_a_new_version_at_the_same_price_is_a_new_charge_without_an_entry(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL, dialled="00493020123456")])
    publish(DEARER)

    rerating = rerate()

    assert (rerating.changed, rerating.totals[0].difference) == (1, Decimal(0))
    assert [charge.run for charge in Charge.objects.order_by("run")] == [0, rerating.run]
    assert LedgerEntry.objects.count() == 0


def test_rerating_again_moves_nothing(office: Office) -> None:
    office.receive(calls_in_a_row(40))
    publish(DEARER)
    first = rerate()
    posted, charges = posted_micros(), Charge.objects.count()

    again = rerate()

    assert again.run != first.run
    assert (again.changed, posted_micros(), Charge.objects.count()) == (0, posted, charges)


def test_a_call_that_loses_its_price_is_given_back_and_listed(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL, dialled="00493020123456")])
    publish(WITHOUT_BERLIN)

    rerating = rerate()

    assert (rerating.unrated, rerating.lost) == (1, 1)
    assert posted_micros() == -10_000
    assert Charge.objects.get(run=rerating.run or 0).unrated_reason == "no_prefix"


def test_a_call_that_had_no_price_is_charged_as_a_whole(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL, dialled="0033123456789")])
    publish({**TARIFF, "rate": [{**GERMANY, "prefix": "33"}]})

    rerating = rerate(CallFilter(unrated=True))

    assert (rerating.calls, rerating.unrated) == (1, 0)
    assert (rerating.totals[0].old, rerating.totals[0].new) == (Decimal(0), Decimal("0.22"))
    assert posted_micros() == 220_000


def test_a_charge_that_an_account_paid_is_corrected_on_that_account(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL)])
    call_id = StoredCall.objects.get().pk
    phone = account_of_extension(Extension.objects.get(number="101").pk)
    paid = charge_entry(Money(220_000, "EUR"), key="charge:1", at=NOON, payer=phone)
    assert paid is not None
    post_entry(paid, call_id=call_id)
    publish(DEARER)

    rerate()

    assert balance_micros("extension", phone.name, "EUR") == -320_000
    assert balance_micros("system", "charges", "EUR") == 0
    assert posted_micros() == current_micros() == 320_000


def test_another_currency_is_given_back_in_the_one_and_charged_in_the_other(
    office: Office,
) -> None:
    office.receive([Call(1, FIRST_CALL)])
    dollars = {**TARIFF, "name": "Dollars", "currency": "USD"}
    publish_tariff(dollars, by=Actor("test", NOON), default=True)

    rerating = rerate()

    assert balance_micros("system", "revenue", "EUR") == -220_000
    assert balance_micros("system", "revenue", "USD") == 220_000
    assert {(line.currency, line.old, line.new) for line in rerating.totals} == {
        ("EUR", Decimal("0.22"), Decimal(0)),
        ("USD", Decimal(0), Decimal("0.22")),
    }
    assert verify_balances() == []


def test_the_dry_run_says_what_the_run_then_does_and_stores_nothing(office: Office) -> None:
    office.receive(calls_in_a_row(150))
    publish(DEARER)
    before = Charge.objects.count()

    foretold = dry_run(ALL)

    assert (Charge.objects.count(), RatingRun.objects.count()) == (before, 0)
    done = rerate()
    assert replace(foretold, run=done.run) == done
    assert foretold.changed > 50


def test_only_the_calls_of_the_filter_are_priced_again(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL), Call(2, FIRST_CALL, extension="102")])
    publish(DEARER)

    rerating = rerate(CallFilter(extension_id=Extension.objects.get(number="102").pk))

    assert [(line.name, line.calls) for line in rerating.groups["extension"]] == [("102", 1)]
    assert posted_micros() == 100_000


def test_what_a_run_came_to_is_kept_and_audited(office: Office) -> None:
    office.receive(calls_in_a_row(20))
    publish(DEARER)

    rerating = rerate()

    run = find_run(rerating.run or 0)
    assert run is not None
    assert (run.state, run.result) == ("done", rerating)
    assert rerating_from(document_of(rerating)) == rerating
    audited = AuditLog.objects.filter(object_type="rerating").values_list("action", "actor")
    assert list(audited.order_by("id")) == [("rerate.start", "test"), ("rerate.done", "test")]


class Broken(Exception):
    """What stands for a power cut."""


def broken_off(run_id: int, *, after_steps: int) -> None:
    """Carry on with a run until some of its steps are stored."""
    steps = 0

    def progress(done: int, total: int) -> None:
        nonlocal steps
        steps += 1
        if steps >= after_steps:
            raise Broken

    with pytest.raises(Broken):
        carry_on(run_id, now=lambda: NOON, progress=progress)


@pytest.fixture
def small_steps() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reprice, "STEP_CHANGED", 7)
        yield


@pytest.mark.usefixtures("small_steps")
def test_a_broken_run_goes_on_where_it_stood(office: Office) -> None:
    office.receive(calls_in_a_row(150))
    publish(DEARER)
    before, foretold = current_micros(), dry_run(ALL)
    run_id = begin()
    broken_off(run_id, after_steps=2)
    broken_off(run_id, after_steps=1)

    unfinished = unfinished_run()
    assert unfinished is not None
    assert 0 < unfinished.calls_done < unfinished.calls
    assert begin() == run_id

    assert carry_on(run_id, now=lambda: NOON) == replace(foretold, run=run_id)
    assert posted_micros() == current_micros() - before
    assert unfinished_run() is None


@pytest.mark.usefixtures("small_steps")
def test_one_run_at_a_time(office: Office) -> None:
    office.receive(calls_in_a_row(60))
    publish(DEARER)
    broken_off(begin(), after_steps=1)

    with pytest.raises(Unfinished, match="Carry on with that one first"):
        begin(CallFilter(to_us=0))


@pytest.mark.usefixtures("small_steps")
def test_of_two_that_carry_on_with_one_run_one_stops(office: Office) -> None:
    office.receive(calls_in_a_row(150))
    publish(DEARER)
    before, foretold = current_micros(), dry_run(ALL)
    run_id = begin()
    other: list[Rerating] = []

    def overtaken(done: int, total: int) -> None:
        if not other:
            other.append(carry_on(run_id, now=lambda: NOON))

    with pytest.raises(RunTaken, match="nothing is stored twice"):
        carry_on(run_id, now=lambda: NOON, progress=overtaken)

    assert other == [replace(foretold, run=run_id)]
    assert posted_micros() == current_micros() - before


@pytest.mark.usefixtures("small_steps")
def test_tariffs_that_change_meanwhile_start_a_new_run_over_all_its_calls(office: Office) -> None:
    office.receive(calls_in_a_row(100))
    publish(DEARER)
    before = current_micros()
    stopped = begin()
    broken_off(stopped, after_steps=2)
    publish({**TARIFF, "rate": [{**GERMANY, "connect_fee": "0.50"}, BERLIN]})

    rerating = carry_on(stopped, now=lambda: NOON)

    assert rerating.run == stopped + 1
    first = find_run(stopped)
    assert first is not None
    assert first.state == "stopped"
    assert posted_micros() == current_micros() - before
    versions = Charge.objects.filter(run=rerating.run).values_list("tariff_version_id", flat=True)
    assert len(set(versions) - {None}) == 1


def test_calls_that_come_after_a_run_began_are_not_its_own(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL)])
    publish(DEARER)
    run_id = begin()
    office.receive([Call(2, FIRST_CALL + timedelta(minutes=1))])

    rerating = carry_on(run_id, now=lambda: NOON)

    assert (rerating.calls, posted_micros()) == (1, 100_000)


@settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    fees=st.lists(st.tuples(st.integers(0, 99_999), st.integers(0, 99_999)), min_size=1, max_size=4)
)
def test_entries_add_up_to_new_less_old_whatever_the_tariffs(
    reused_office: Office, fees: list[tuple[int, int]]
) -> None:
    before, posted = current_micros(), posted_micros()
    for germany, berlin in fees:
        rates = [
            {**GERMANY, "connect_fee": f"0.{germany:05}"},
            {**BERLIN, "connect_fee": f"0.{berlin:05}"},
        ]
        publish({**TARIFF, "rate": rates})
        foretold = dry_run(ALL)
        done = rerate()
        assert done == replace(foretold, run=done.run)

    assert posted_micros() - posted == current_micros() - before
    assert sum(LedgerPosting.objects.values_list("amount_micros", flat=True)) == 0
    assert verify_balances() == []


@pytest.fixture
def reused_office(sqlite: Database) -> Office:
    """An office whose examples follow each other, as re-ratings do in life."""
    office = open_office(sqlite)
    office.receive(calls_in_a_row(60))
    return office


def test_instants_of_the_run_are_those_of_the_clock(office: Office) -> None:
    office.receive([Call(1, FIRST_CALL)])
    publish(DEARER)
    later: list[datetime] = [NOON + timedelta(seconds=nth) for nth in range(9)]
    ticking = iter(later)

    rerating = carry_on(begin(), now=lambda: next(ticking))

    run = find_run(rerating.run or 0)
    assert run is not None
    assert run.started == NOON
    assert run.finished in later[1:]


def test_a_dry_run_from_the_columnar_copy_says_the_same(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rerate_app, "WORTH_ARRAYS", 0)
    monkeypatch.setattr(columns, "WORTH_CALLS", 0)
    office.receive(calls_in_a_row(60))
    publish(DEARER)
    # A re-rated part, and calls that are newer than the copy.
    rerate(CallFilter(to_us=to_us(FIRST_CALL) + 20 * 60_000_000))
    refresh()
    office.receive([Call(900, FIRST_CALL), Call(901, FIRST_CALL, dialled="0033123456789")])
    publish(WITHOUT_BERLIN)
    assert Repricer().reprice_charges(ALL) is not None

    from_copy = dry_run(ALL)

    monkeypatch.setattr(columns, "WORTH_CALLS", 10**9)
    assert Repricer().reprice_charges(ALL) is None
    from_tables = dry_run(ALL)
    assert document_of(from_copy) == document_of(from_tables)
    assert from_copy.changed > 0
    assert document_of(from_copy)["totals"] == document_of(rerate())["totals"]
