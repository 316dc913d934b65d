"""Statements add up from any day on, with snapshots and without."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.databases import Database
from support.effort import examples
from support.office import open_office
from support.post_entry import post_entry
from tollbook.app.billing.snapshots import take_snapshots
from tollbook.app.billing.statements import LineFilter, book_of
from tollbook.core.instants import to_us
from tollbook.core.ledger import AccountRef, EntryKind, charge_entry, transfer
from tollbook.core.money import Money, from_micros
from tollbook.storage.models import BalanceSnapshot, Site
from tollbook.storage.upkeep.proofs import snapshots_otherwise

PHONE = AccountRef("extension", "7")
CASH = AccountRef("system", "cash")
# Midnight of 1 March 2026 in Berlin.
FIRST = datetime(2026, 2, 28, 23, 0, tzinfo=UTC)
DAY = timedelta(days=1)
KEYS = count()
FORTNIGHTS = count(1)


def post(micros: int, *, at: datetime) -> None:
    key = f"entry {next(KEYS)}"
    if micros > 0:
        entry = transfer(
            Money(micros, "EUR"),
            key=key,
            kind=EntryKind.RECHARGE,
            at=at,
            source=CASH,
            target=PHONE,
        )
        post_entry(entry)
    else:
        charged = charge_entry(Money(-micros, "EUR"), key=key, at=at, payer=PHONE)
        assert charged is not None
        post_entry(charged)


@dataclass(frozen=True)
class Shown:
    """A statement in money: opening, (kind, amount, what it leaves) of each line, closing."""

    opening: Decimal
    lines: list[tuple[str, Decimal, Decimal]]
    closing: Decimal


def of_days(first: int, last: int) -> Shown:
    book = book_of("extension", int(PHONE.name), currency="EUR")
    found = book.statement(LineFilter(to_us(FIRST + first * DAY), to_us(FIRST + last * DAY)))
    lines = [
        (line.kind, from_micros(line.amount_micros), from_micros(line.after_micros))
        for line in book.lines(found)
    ]
    return Shown(from_micros(found.opening_micros), lines, from_micros(found.closing_micros))


def test_a_statement_opens_with_what_was_before_and_closes_with_what_is_left(
    database: Database,
) -> None:
    open_office(database)
    post(20_000_000, at=FIRST)
    post(-180_000, at=FIRST + timedelta(hours=5))
    assert take_snapshots(at=FIRST + DAY) == 3  # The telephone, cash and revenue.
    post(-220_000, at=FIRST + DAY + timedelta(hours=1))

    second = of_days(1, 2)

    assert (second.opening, second.closing) == (Decimal("19.82"), Decimal("19.6"))
    assert second.lines == [("charge", Decimal("-0.22"), Decimal("19.6"))]
    assert of_days(0, 1).closing == second.opening
    assert snapshots_otherwise() == []


def test_a_charge_that_is_posted_late_counts_in_the_day_in_which_its_call_began(
    database: Database,
) -> None:
    open_office(database)
    post(20_000_000, at=FIRST)
    take_snapshots(at=FIRST + DAY)
    post(-180_000, at=FIRST + DAY - timedelta(seconds=30))

    assert of_days(0, 1).closing == Decimal("19.82")
    assert of_days(1, 2).opening == Decimal("19.82")


def test_a_night_has_one_snapshot_and_an_account_that_rests_none(database: Database) -> None:
    open_office(database)
    post(20_000_000, at=FIRST)

    taken = [take_snapshots(at=FIRST + hours * timedelta(hours=1)) for hours in (24, 25, 48)]

    assert taken == [2, 0, 0]
    days = BalanceSnapshot.objects.values_list("day", flat=True)
    assert {str(day) for day in days} == {"2026-03-01"}


def test_an_account_that_nobody_used_is_empty(database: Database) -> None:
    open_office(database)

    assert of_days(0, 9) == Shown(Decimal(0), [], Decimal(0))


moves = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from([-500_000, -1, 3_000_000])), max_size=12
)


@settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(moved=moves, nights=st.sets(st.integers(1, 9)), split=st.integers(0, 10))
def test_statements_of_neighbouring_periods_meet(
    database: Database, moved: list[tuple[int, int]], nights: set[int], split: int
) -> None:
    open_office_once(database)
    base = 20 * next(FORTNIGHTS)  # One database serves all examples, and time goes on.
    before = of_days(base - 100, base).closing
    for day in range(base, base + 10):
        if day - base in nights:
            take_snapshots(at=FIRST + day * DAY)
        for on, micros in moved:
            if on == day - base:
                post(micros, at=FIRST + day * DAY + timedelta(hours=1))

    whole = of_days(base, base + 10)
    left, right = of_days(base, base + split), of_days(base + split, base + 10)

    assert left.closing == right.opening
    assert [*left.lines, *right.lines] == whole.lines
    assert whole.opening == before
    total = sum(micros for _, micros in moved)
    assert whole.closing == before + Decimal(total).scaleb(-6)
    assert snapshots_otherwise() == []


def open_office_once(database: Database) -> None:
    if not Site.objects.exists():
        open_office(database)
