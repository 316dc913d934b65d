"""Decks in use: to the second in force, compared with what holds, remembered, on both engines."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.databases import Database
from support.office import FIRST_CALL, NOON, Call, Office, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.rerating.run import begin_rerating, carry_on
from tollbook.app.tariffs.deck_changes import (
    CHEAPER,
    DEARER,
    GONE,
    MIXED,
    NEW,
    SAME,
    amended,
    compare_rates,
    in_force,
)
from tollbook.app.tariffs.deck_mappings import remember_layout, suggest_layout
from tollbook.app.tariffs.decks import (
    DeckRefused,
    base_in_force,
    compare_deck,
    draft_deck,
    look_at_deck,
    new_base,
    publish_deck,
)
from tollbook.app.tariffs.publish import Faulty, Published
from tollbook.core.tariff import Rate, Slot, Slots
from tollbook.core.tariff.deck import DeckLayout, DeckOptions
from tollbook.storage.models import Charge, Tariff, TariffVersion
from tollbook.storage.reports.call_filter import CallFilter

SHEET = b"Prefix,Destination,Price\n49,Germany,0.20\n4930,Berlin,0.03\n"
LAYOUT = DeckLayout({"prefix": 0, "destination": 1, "price": 2})
MAY = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def office(database: Database) -> Office:
    return open_office(database)


def rate(prefix: str, price: str = "0.1", *, first_s: int = 60, **more: object) -> Rate:
    slots = Slots((Slot(0, Decimal(price), 60, first_s),))
    return Rate(prefix, slots, **more)  # type: ignore[arg-type]  # named as the rate names them


def published(sheet: bytes = SHEET, *, valid_from: datetime | None = None) -> Published:
    base = base_in_force(Tariff.objects.get(name="Carrier A").pk, at=valid_from or NOON)
    draft = draft_deck(io.BytesIO(sheet), LAYOUT, base)
    assert draft.tariff is not None
    came = publish_deck(draft.tariff, base, by=Actor("test", NOON), valid_from=valid_from)
    assert isinstance(came, Published)
    return came


def test_a_call_pays_the_price_of_its_second_also_when_it_is_rerated_later(
    office: Office,
) -> None:
    """CAB-10."""
    begins = FIRST_CALL + timedelta(hours=1)
    published(valid_from=begins)
    talks = [begins - timedelta(seconds=1), begins, begins + timedelta(seconds=1)]
    office.receive([Call(at, talk - timedelta(seconds=5)) for at, talk in enumerate(talks, 1)])
    charged = [one.amount_micros for one in Charge.objects.order_by("call__answer_us")]
    assert charged == [220_000, 200_000, 200_000]

    # A third version, for later calls only: those of before are priced as they were.
    published(SHEET.replace(b"0.20", b"9"), valid_from=begins + timedelta(days=1))
    run = begin_rerating(CallFilter(), words="all calls", by=Actor("test", NOON))
    rerating = carry_on(run.id, now=lambda: NOON)

    assert (rerating.calls, rerating.changed) == (3, 0)


def test_the_tariff_in_force_stays_as_it_was_when_a_deck_is_refused(office: Office) -> None:
    base = base_in_force(Tariff.objects.get().pk, at=NOON)
    draft = draft_deck(io.BytesIO(SHEET + b"44,England,free\n,x,1\n"), LAYOUT, base)

    assert draft.tariff is None
    assert [fault.place for fault in draft.faults] == [
        "row 4, column C, price",
        "row 5, column A, prefix",
    ]
    assert TariffVersion.objects.count() == 1


def test_a_deck_whose_base_was_overtaken_is_not_published(office: Office) -> None:
    base = base_in_force(Tariff.objects.get().pk, at=NOON)
    draft = draft_deck(io.BytesIO(SHEET), LAYOUT, base)
    assert draft.tariff is not None
    published(SHEET.replace(b"0.20", b"0.30"))

    came = publish_deck(draft.tariff, base, by=Actor("test", NOON))

    assert isinstance(came, Faulty)
    assert "version 2 of it was published after you compared" in came.faults[0].message
    assert TariffVersion.objects.count() == 2


def test_bands_zone_and_rounding_of_the_tariff_stay(office: Office) -> None:
    before = base_in_force(Tariff.objects.get().pk, at=NOON).tariff
    published()
    after = base_in_force(Tariff.objects.get().pk, at=NOON).tariff

    assert (after.zone, after.rounding, after.bands) == (
        before.zone, before.rounding, before.bands,
    )  # fmt: skip
    assert [one.prefix for one in after.rates] == ["49", "4930"]


def test_doubts_name_the_row_of_the_deck(office: Office) -> None:
    base = base_in_force(Tariff.objects.get().pk, at=NOON)

    draft = draft_deck(io.BytesIO(SHEET + b"49,twin,0.30\n"), LAYOUT, base)

    assert [doubt.place for doubt in draft.doubts] == ["row 4"]
    assert draft.doubt_count == 1


def test_a_new_tariff_compares_with_nothing(office: Office) -> None:
    base = new_base("Carrier C", currency="USD", zone="UTC")
    draft = draft_deck(io.BytesIO(SHEET), LAYOUT, base)
    assert draft.tariff is not None

    changes = compare_deck(base, draft.tariff, at=NOON)

    assert changes.counts == {NEW: 2}
    assert [change.after_micros for change in changes.of(NEW)] == [600_000, 90_000]
    with pytest.raises(DeckRefused, match="there is no such tariff"):
        base_in_force(99, at=NOON)


def test_what_changes_is_told_by_what_calls_cost() -> None:
    before = [rate("1"), rate("2"), rate("3"), rate("4"), rate("5"), rate("6")]
    after = [
        rate("1", remark="renamed"),
        rate("2", "0.2"),
        rate("3", "0.05"),
        rate("4", "0.11", first_s=1),
        rate("6", "0.1", first_s=30),
        rate("7"),
    ]

    changes = compare_rates(before, after, at=MAY)

    assert {change.rate.digits: change.kind for change in changes.changes} == {
        "2": DEARER,
        "3": CHEAPER,
        "4": MIXED,  # by the second: cheaper for one second, dearer for a whole minute
        "5": GONE,
        "6": CHEAPER,
        "7": NEW,
    }
    assert changes.counts[SAME] == 1
    (dearer,) = changes.of(DEARER)
    assert (dearer.before_micros, dearer.after_micros, dearer.permille) == (300_000, 600_000, 1_000)


def test_rates_are_compared_as_they_are_in_force_at_the_moment() -> None:
    old = rate("1", "0.1", effective_to=MAY)
    new = rate("1", "0.2", effective_from=MAY)
    later = rate("1", "0.3", effective_from=MAY + timedelta(days=1))

    def price(at: datetime) -> str:
        (found,) = in_force([later, new, old], at=at).values()
        assert isinstance(found.form, Slots)
        return str(found.form.slots[0].price)

    assert price(MAY - timedelta(microseconds=1)) == "0.1"
    assert price(MAY) == "0.2"
    assert price(MAY + timedelta(days=2)) == "0.3"


def test_a_deck_of_changes_keeps_what_held_before_it_begins() -> None:
    before = [rate("1"), rate("2"), rate("1", band="night"), rate("2", effective_from=MAY)]
    deck = [rate("1", "0.2", effective_from=MAY), rate("2", "0.2", effective_from=MAY)]

    assert amended(before, deck) == (rate("1"), rate("2"), rate("1", band="night"), *deck)
    assert amended(before, [rate("1", "0.2")]) == (
        rate("2"), rate("1", band="night"), rate("2", effective_from=MAY), rate("1", "0.2"),
    )  # fmt: skip


prefixes = st.text("123", min_size=1, max_size=2)
prices = st.sampled_from(["0.1", "0.2", "0.05"])
lists = st.lists(st.builds(rate, prefixes, prices), max_size=8, unique_by=lambda one: one.digits)


@given(lists, lists)
def test_changes_mirror_each_other(before: list[Rate], after: list[Rate]) -> None:
    there, back = compare_rates(before, after, at=MAY), compare_rates(after, before, at=MAY)

    for kind, opposite in ((NEW, GONE), (DEARER, CHEAPER), (SAME, SAME)):
        assert there.counts.get(kind, 0) == back.counts.get(opposite, 0)
    assert sum(there.counts.values()) == len({one.digits for one in (*before, *after)})


def test_a_remembered_layout_finds_its_columns_where_they_have_moved(office: Office) -> None:
    options = DeckOptions(decimal=",", dates="dmy", per_s=1, several=True)
    chosen = DeckLayout({"prefix": 1, "price": 0}, 1, options)
    remember_layout(chosen, ["Our gift", "Ours"], carrier="Carrier B", at=NOON)

    found = suggest_layout([["Letter"], ["x", "Ours", "Our gift"]], carrier="Carrier B")

    assert found.remembered
    assert found.layout == DeckLayout({"prefix": 1, "price": 2}, 2, options)
    assert not suggest_layout([["x", "Ours"]], carrier="Carrier B").remembered
    assert not suggest_layout([["Ours", "Our gift"]], carrier="Carrier C").remembered


def test_columns_without_headings_are_not_remembered(office: Office) -> None:
    remember_layout(DeckLayout({"prefix": 0}, 0), [], carrier="Carrier B", at=NOON)

    assert not suggest_layout([["49", "0.1"]], carrier="Carrier B").remembered


@pytest.mark.parametrize("raw", [b"", b"\x00", b"\n\n\n", b"PK\x03\x04"])
def test_what_is_no_table_is_not_looked_at(office: Office, raw: bytes) -> None:
    with pytest.raises(DeckRefused, match="Nothing was imported"):
        look_at_deck(io.BytesIO(raw), carrier="")
