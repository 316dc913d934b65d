"""A `TariffDefinition` as a document again, for storing and sending."""

from datetime import datetime
from decimal import Decimal

from tollbook.core.calendar import DAY_S, Window, format_clock, format_instant
from tollbook.core.money import format_amount
from tollbook.core.tariff.model import (
    Band,
    Blocks,
    InitialAndUnit,
    Pulse,
    Rate,
    Slots,
    TariffDefinition,
)

TariffDocument = dict[str, object]


def tariff_document(tariff: TariffDefinition) -> TariffDocument:
    """Return *tariff* as texts, whole numbers, lists and tables that JSON can hold.

    Reading it again gives an equal tariff. What is at its default is left out of rates.
    """
    document: TariffDocument = {
        "name": tariff.name,
        "currency": tariff.currency,
        "zone": tariff.zone,
        "bands_apply": tariff.bands_apply,
        "rounding": {"rule": tariff.rounding.rule, "decimals": tariff.rounding.decimals},
    }
    document |= _dates(tariff.effective_from, tariff.effective_to)
    if tariff.holidays is not None:
        holidays: TariffDocument = {"dates": [day.isoformat() for day in tariff.holidays.dates]}
        if tariff.holidays.country is not None:
            holidays["country"] = tariff.holidays.country
        if tariff.holidays.subdivision is not None:
            holidays["subdivision"] = tariff.holidays.subdivision
        document["holidays"] = holidays
    document["band"] = [_band(band) for band in tariff.bands]
    document["rate"] = [_rate(rate) for rate in tariff.rates]
    return document


def _band(band: Band) -> TariffDocument:
    window = band.window
    document: TariffDocument = {
        "name": band.name,
        "from": format_clock(window.from_s),
        "to": format_clock(window.to_s),
        "weight": band.weight,
    }
    for key, values in (
        ("days", window.days),
        ("months", window.months),
        ("month_days", window.month_days),
    ):
        if values:
            document[key] = list(values)
    if window.holidays is not None:
        document["holidays"] = window.holidays
    return document


def _rate(rate: Rate) -> TariffDocument:
    optional: TariffDocument = {
        "number_length": rate.number_length or None,
        "destination": rate.destination or None,
        "call_type": rate.call_type or None,
        "band": rate.band,
        "connect_fee": _nonzero(rate.connect_fee),
        "callers": list(rate.callers) or None,
        "trunks": list(rate.trunks) or None,
        "free_s": rate.free_s or None,
        "minimum_s": rate.minimum_s or None,
        "minimum_charge": _nonzero(rate.minimum_charge),
        "active": None if rate.active else False,
        "remark": rate.remark or None,
    }
    document: TariffDocument = {"prefix": rate.prefix}
    document |= {key: value for key, value in optional.items() if value is not None}
    if rate.maximum_charge is not None:
        document["maximum_charge"] = format_amount(rate.maximum_charge)
    return document | _dates(rate.effective_from, rate.effective_to) | _form(rate)


def _form(rate: Rate) -> TariffDocument:
    match rate.form:
        case Slots(slots):
            return {
                "slots": [
                    {
                        "from_s": slot.from_s,
                        "price": format_amount(slot.price),
                        "per_s": slot.per_s,
                        "increment_s": slot.increment_s,
                    }
                    for slot in slots
                ]
            }
        case Blocks(blocks):
            return {
                "blocks": [
                    ({} if block.count is None else {"count": block.count})
                    | {"block_s": block.block_s, "price": format_amount(block.price)}
                    for block in blocks
                ]
            }
        case Pulse(price, every_s, metered):
            pulse: TariffDocument = {"price": format_amount(price), "metered": metered}
            return {"pulse": pulse if every_s is None else pulse | {"every_s": every_s}}
        case InitialAndUnit(initial_cost, initial_s, unit_price, unit_s, window):
            form: TariffDocument = {
                "initial_cost": format_amount(initial_cost),
                "initial_s": initial_s,
                "unit_price": format_amount(unit_price),
                "unit_s": unit_s,
            }
            return form if window is None else form | {"window": _inclusive(window)}


def _inclusive(window: Window) -> TariffDocument:
    last_s = (window.to_s - 1) % DAY_S
    return {"from": format_clock(window.from_s), "to": format_clock(last_s)}


def _dates(begins: datetime | None, ends: datetime | None) -> TariffDocument:
    document: TariffDocument = {}
    if begins is not None:
        document["effective_from"] = format_instant(begins)
    if ends is not None:
        document["effective_to"] = format_instant(ends)
    return document


def _nonzero(amount: Decimal) -> str | None:
    return format_amount(amount) if amount else None
