"""Rates of a tariff edited one by one, in the form that PBX users know (ZYC-30).

Every change is a new version of the tariff. A rate is read by the same reader as a row of a deck;
what the form does not ask about (destination, band, dates …) stays as it was.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tollbook.app.faults import FieldFault
from tollbook.core.calendar import DAY_S
from tollbook.core.tariff import Fault, InitialAndUnit, Rate, TariffDefinition
from tollbook.core.tariff.deck import DECK_FIELDS, DeckLayout, rate_cells, read_deck
from tollbook.core.tariff.doubts import find_doubts
from tollbook.core.tariff.fields import FaultList

FORM_FIELDS = (
    "active",
    "remark",
    "prefix",
    "number_length",
    "initial_cost",
    "initial_s",
    "unit_price",
    "unit_s",
    "window_from",
    "window_to",
    "callers",
)
USUAL = {
    "active": "yes",
    "number_length": "0",
    "initial_cost": "0",
    "initial_s": "0",
    "unit_s": "60",
    "window_from": "00:00:00",
    "window_to": "23:59:59",
}
# A finding about the price as a whole is shown where it can be mended.
_FIELD_OF_CODE = {"deck.price_form": "unit_s", "deck.window": "window_from"}


def is_editable(rate: Rate) -> bool:
    """Say whether the form can show the whole price of *rate*."""
    return isinstance(rate.form, InitialAndUnit)


def form_texts(rate: Rate) -> dict[str, str]:
    """Return the texts of the form for *rate*, by field."""
    cells = {**USUAL, **{key: cell for key, cell in rate_cells(rate).items() if cell}}
    cells["active"] = "yes" if rate.active else "no"
    cells["prefix"] = rate.prefix
    cells["remark"] = rate.remark
    return {key: cells.get(key, "") for key in FORM_FIELDS}


def read_rate(
    given: Mapping[str, str],
    callers: Sequence[str],
    *,
    base: TariffDefinition,
    before: Rate | None = None,
) -> Rate | tuple[FieldFault, ...]:
    """Return the rate that the form's texts describe, or what is wrong with which field.

    *callers* are the extensions (or departments) chosen, none for all. *before* is the rate that
    it replaces.
    """
    cells = {
        key: given.get(key, "").strip() for key in FORM_FIELDS if key not in ("callers", "remark")
    }
    if not cells["prefix"]:
        cells["prefix"] = '""'  # Blank matches all (AMB-12).
    keys = list(cells)
    layout = DeckLayout({key: at for at, key in enumerate(keys)}, header_row=0)
    reading = read_deck([(1, list(cells.values()))], layout, base=base)
    if reading.faults:
        return tuple(FieldFault(_field(fault), fault.message) for fault in reading.faults)
    (rate,) = reading.rates
    kept = before or rate
    return replace(
        kept,
        prefix=rate.prefix,
        form=_without_whole_day(rate),
        number_length=rate.number_length,
        callers=tuple(callers),
        active=rate.active,
        remark=given.get("remark", "").strip(),
        effective_from=kept.effective_from,
        effective_to=kept.effective_to,
    )


def with_rate(tariff: TariffDefinition, rate: Rate, *, index: int | None) -> TariffDefinition:
    """Return *tariff* with *rate* in place of the one at *index*; None: behind all."""
    rates = list(tariff.rates)
    if index is None:
        rates.append(rate)
    else:
        rates[index] = rate
    return replace(tariff, rates=tuple(rates))


def changed(tariff: TariffDefinition, indexes: Collection[int], *, do: str) -> TariffDefinition:
    """Return *tariff* with the rates at *indexes* switched "on" or "off", or "delete"d."""
    chosen = frozenset(indexes)
    if do == "delete":
        rates = (rate for at, rate in enumerate(tariff.rates) if at not in chosen)
    else:
        rates = (
            replace(rate, active=do == "on") if at in chosen else rate
            for at, rate in enumerate(tariff.rates)
        )
    return replace(tariff, rates=tuple(rates))


def doubts_about(tariff: TariffDefinition, index: int) -> tuple[Fault, ...]:
    """Return the doubts about one rate: that it can never win, that hours are not covered."""
    found = FaultList()
    find_doubts(tariff, found)
    place = f"rate[{index}]"
    return tuple(doubt for doubt in found.faults if doubt.place.partition(".")[0] == place)


def _field(fault: Fault) -> str:
    title = fault.place.rpartition(", ")[2]
    found = next((field.key for field in DECK_FIELDS if field.title.lower() == title), "")
    return found or _FIELD_OF_CODE.get(fault.code, "unit_price")


def _without_whole_day(rate: Rate) -> InitialAndUnit:
    form = rate.form
    if not isinstance(form, InitialAndUnit):
        raise TypeError(f"the form asks for initial and unit, not for {type(form).__name__}")
    window = form.window
    if window is not None and (window.from_s, window.to_s) == (0, DAY_S):
        return replace(form, window=None)
    return form
