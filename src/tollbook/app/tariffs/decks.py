"""Rate decks: a carrier's sheet looked at, read into a tariff's rates, compared, published.

All or nothing: one fault refuses the deck, and the tariff in force stays as it is. What is
published is a new version of the tariff, in force from an instant on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from tollbook.app.access.actor import Actor
from tollbook.app.pricing.tariff_documents import uncollected
from tollbook.app.tariffs.deck_changes import DeckChanges, amended, compare_rates
from tollbook.app.tariffs.deck_mappings import SuggestedLayout, suggest_layout
from tollbook.app.tariffs.overview import open_tariff, version_in_force
from tollbook.app.tariffs.publish import Faulty, Published, publish
from tollbook.core.calendar import zone_names
from tollbook.core.money import Rounding
from tollbook.core.tariff import Fault, TariffDefinition
from tollbook.core.tariff.deck import DeckLayout, DeckReading, read_deck
from tollbook.core.tariff.doubts import find_doubts
from tollbook.core.tariff.fields import FaultList
from tollbook.documents.sheet_reading import SheetError, sheet_rows

FIRST_ROWS = 40
DOUBTS_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class DeckLook:
    """The first rows of a deck, each as wide as the widest, and the layout they suggest."""

    rows: tuple[tuple[str, ...], ...]
    suggested: SuggestedLayout


@dataclass(frozen=True, slots=True)
class DeckBase:
    """What a deck's rates go into: a tariff as it is in force, or a new one without rates.

    *version_id* is None for a new one.
    """

    tariff: TariffDefinition
    tariff_id: int | None = None
    version_id: int | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class DeckDraft:
    """A deck that was read: the tariff that it makes, or None and the faults (*fault_count*)."""

    tariff: TariffDefinition | None
    rows: int
    faults: tuple[Fault, ...]
    fault_count: int
    doubts: tuple[Fault, ...] = ()
    doubt_count: int = 0


class DeckRefused(ValueError):
    """A deck that cannot even be looked at; the message names finding and next step."""


def look_at_deck(file: BinaryIO, *, carrier: str) -> DeckLook:
    """Return the first rows of *file*. Raises DeckRefused if it is no table."""
    try:
        found = dict(islice(sheet_rows(file), FIRST_ROWS))
    except SheetError as fault:
        raise DeckRefused(f"{fault}. Nothing was imported.") from None
    # A workbook leaves out its empty rows; here each stands at its number.
    rows = [
        found.get(number, []) for number in range(1, min(max(found, default=0), FIRST_ROWS) + 1)
    ]
    if not any(map(any, rows)):
        raise DeckRefused("the file holds no rows. Nothing was imported.")
    width = max(map(len, rows))
    even = tuple(tuple(cells) + ("",) * (width - len(cells)) for cells in rows)
    return DeckLook(even, suggest_layout(even, carrier=carrier))


def new_base(name: str, *, currency: str, zone: str) -> DeckBase:
    """Return a tariff without rates for a first deck. Raises DeckRefused for a wrong value."""
    if not name or len(name) > 120 or not name.isprintable():
        raise DeckRefused("a tariff needs a name of 1 to 120 printable characters.")
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise DeckRefused(f'"{currency[:20]}" is no currency. Write three capitals, as EUR.')
    if zone not in zone_names():
        raise DeckRefused(f'"{zone[:60]}" is no time zone. Write it as Europe/Berlin.')
    return DeckBase(TariffDefinition(name, currency, zone, Rounding("half_up", 4), ()))


def base_in_force(tariff_id: int, *, at: datetime) -> DeckBase:
    """Return a tariff as it is in force at *at*, else its newest version.

    Raises DeckRefused if there is no such tariff.
    """
    version = version_in_force(tariff_id, at=at)
    opened = open_tariff(tariff_id, number=version.number if version else None)
    if opened is None:
        raise DeckRefused("there is no such tariff. Choose one of the list.")
    return DeckBase(opened.tariff, tariff_id, opened.version.id, opened.version.number)


def draft_deck(
    file: BinaryIO, layout: DeckLayout, base: DeckBase, *, amends: bool = False
) -> DeckDraft:
    """Read the deck in *file* into a tariff.

    Its rates take the place of all rates of *base*; with *amends* only of those for the same
    numbers, and the others stay.
    """
    try:
        with uncollected():
            reading = read_deck(sheet_rows(file), layout, base=base.tariff)
    except SheetError as fault:
        return _refused(DeckReading(), Fault(fault.place, "deck.sheet", fault.message))
    if reading.fault_count:
        return _refused(reading)
    rates = amended(base.tariff.rates, reading.rates) if amends else tuple(reading.rates)
    tariff = replace(base.tariff, rates=rates)
    doubts = FaultList()
    with uncollected():
        find_doubts(tariff, doubts)
    rows = [0] * (len(rates) - len(reading.rates)) + reading.row_of
    return DeckDraft(
        tariff=tariff,
        rows=reading.rows,
        faults=(),
        fault_count=0,
        doubts=tuple(_by_row(doubt, rows) for doubt in doubts.faults[:DOUBTS_KEPT]),
        doubt_count=len(doubts),
    )


def compare_deck(base: DeckBase, tariff: TariffDefinition, *, at: datetime) -> DeckChanges:
    """Return what *tariff* changes against *base* at the instant from which it holds."""
    with uncollected():
        return compare_rates(base.tariff.rates, tariff.rates, at=at)


def publish_deck(
    tariff: TariffDefinition, base: DeckBase, *, by: Actor, valid_from: datetime | None = None
) -> Published | Faulty:
    """Publish a drafted tariff as the next version, unless another came since *base* was read.

    It prices calls whose talk begins at *valid_from* or later; None: from *at* on, or for all
    calls if it is the first version.
    """
    if base.tariff_id is not None:
        now = version_in_force(base.tariff_id, at=valid_from or by.at)
        if now is not None and now.id != base.version_id:
            return Faulty((_overtaken(base, now.number),))
    return publish(tariff, by=by, valid_from=valid_from)


def _refused(reading: DeckReading, *more: Fault) -> DeckDraft:
    return DeckDraft(
        tariff=None,
        rows=reading.rows,
        faults=(*reading.faults, *more),
        fault_count=reading.fault_count + len(more),
    )


def _by_row(doubt: Fault, rows: Sequence[int]) -> Fault:
    """Return *doubt* with the deck's row in place of the rate's index, where it has one."""
    index = doubt.place.removeprefix("rate[").partition("]")[0]
    if not doubt.place.startswith("rate[") or not rows[int(index)]:
        return doubt
    return replace(doubt, place=f"row {rows[int(index)]}")


def _overtaken(base: DeckBase, number: int) -> Fault:
    return Fault(
        "the tariff",
        "deck.overtaken",
        f"version {number} of it was published after you compared with version {base.number}. "
        "Nothing was changed. Compare again, then publish",
    )
