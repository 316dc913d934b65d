"""How each carrier writes its rate decks: suggested by its headings, remembered once chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import get_args

from tollbook.core.instants import to_us
from tollbook.core.tariff.deck import (
    FIELD_OF,
    DateOrder,
    DecimalSign,
    DeckLayout,
    DeckOptions,
    find_header,
    suggest_columns,
)
from tollbook.storage.db.installation import door
from tollbook.storage.models import CarrierMapping

MAX_CARRIER = 120


@dataclass(frozen=True, slots=True)
class SuggestedLayout:
    """A layout to begin with; *remembered* says that the carrier's last deck suggested it."""

    layout: DeckLayout
    remembered: bool


def suggest_layout(rows: Sequence[Sequence[str]], *, carrier: str) -> SuggestedLayout:
    """Return the layout that the first *rows* of a deck of *carrier* suggest."""
    row = CarrierMapping.objects.filter(carrier=carrier).first() if carrier else None
    if row is not None:
        known: Mapping[str, object] = row.mapping
        titles = _titles(known)
        for number, cells in enumerate(rows, start=1):
            columns = suggest_columns(cells, titles)
            if columns and len(columns) == len(titles):
                return SuggestedLayout(
                    DeckLayout(columns, number, _options(known)), remembered=True
                )
    header = find_header(rows)
    headings = rows[header - 1] if header else ()
    return SuggestedLayout(DeckLayout(suggest_columns(headings), header), remembered=False)


def remember_layout(
    layout: DeckLayout, headings: Sequence[str], *, carrier: str, at: datetime
) -> None:
    """Remember *layout* for the carrier's next deck, by the headings of its columns."""
    titles = {
        field: headings[column]
        for field, column in layout.columns.items()
        if column < len(headings) and headings[column].strip()
    }
    if not carrier or len(carrier) > MAX_CARRIER or len(titles) < len(layout.columns):
        return  # Columns without a heading could not be found again.
    mapping = {"titles": titles, "options": asdict(layout.options)}
    with door().transaction():
        CarrierMapping.objects.update_or_create(
            carrier=carrier, defaults={"mapping": mapping, "changed_us": to_us(at)}
        )


def known_carriers() -> tuple[str, ...]:
    """Return the carriers of which a layout is remembered, by name."""
    return tuple(CarrierMapping.objects.order_by("carrier").values_list("carrier", flat=True))


def _titles(known: Mapping[str, object]) -> dict[str, str]:
    titles = known.get("titles")
    if not isinstance(titles, dict):
        return {}
    return {field: str(title) for field, title in titles.items() if field in FIELD_OF}


def _options(known: Mapping[str, object]) -> DeckOptions:
    given = known.get("options")
    kept: dict[str, object] = given if isinstance(given, dict) else {}
    return read_options({key: str(value) for key, value in kept.items()})


def read_options(given: Mapping[str, str]) -> DeckOptions:
    """Return the options that *given* texts write; what is wrong or absent is at its default."""
    usual = DeckOptions()
    decimals: tuple[DecimalSign, ...] = get_args(DecimalSign)
    orders: tuple[DateOrder, ...] = get_args(DateOrder)
    return DeckOptions(
        decimal=next((one for one in decimals if one == given.get("decimal")), usual.decimal),
        dates=next((one for one in orders if one == given.get("dates")), usual.dates),
        per_s=_seconds(given.get("per_s"), usual.per_s),
        first_s=_seconds(given.get("first_s"), usual.first_s),
        increment_s=_seconds(given.get("increment_s"), usual.increment_s),
        several=given.get("several", "") in ("1", "on", "True"),
    )


def _seconds(text: str | None, usual: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and int(text[:6]) > 0 else usual
