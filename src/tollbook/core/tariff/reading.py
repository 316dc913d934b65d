"""From a document's mapping to a `TariffDefinition`, or to every fault that it has.

Source: docs/manual/tariffs.md.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tollbook.core.calendar import Holidays, Window, holiday_test, zone_names
from tollbook.core.money import ROUNDING_RULES, Rounding
from tollbook.core.tariff.doubts import find_doubts
from tollbook.core.tariff.fields import Fault, FaultList, Fields
from tollbook.core.tariff.model import (
    Band,
    BandsApply,
    Block,
    Blocks,
    Form,
    InitialAndUnit,
    Pulse,
    Rate,
    Slot,
    Slots,
    TariffDefinition,
)

_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
# Slots read before, by how they were written: a deck of 200,000 prefixes repeats its prices.
KnownForms = dict[str, Form]
_BANDS_APPLY: tuple[BandsApply, ...] = ("start", "split")
_DEFAULT_ROUNDING = Rounding("half_up", 4)
_ZERO = Decimal(0)

# The keys by which a rate says which form its price has.
_FORM_KEYS = {
    "slots": ("slots",),
    "initial and unit": ("initial_cost", "initial_s", "unit_price", "unit_s", "window"),
    "blocks": ("blocks",),
    "pulse": ("pulse", "metered"),
}


@dataclass(frozen=True, slots=True)
class TariffReading:
    """A tariff and the doubts about it, or no tariff and all faults, in the document's order."""

    tariff: TariffDefinition | None
    faults: tuple[Fault, ...]


def read_tariff(document: Mapping[str, object]) -> TariffReading:
    """Read a whole tariff document. One error refuses all of it."""
    faults = FaultList()
    fields = Fields(document, "", faults)
    name = fields.text("name")
    currency = fields.text("currency", None)
    if fields.has("currency") and not _CURRENCY.fullmatch(currency):
        fields.error(
            "currency", "currency", f'is "{currency[:20]}"; expected three capitals, as EUR'
        )
    bands_apply = fields.choice("bands_apply", _BANDS_APPLY, "start")
    rounding = _rounding(fields)
    dates = _dates(fields)
    holidays = _holidays(fields)
    bands = _bands(fields)
    rates = _rates(fields, faults, {band.name for band in bands}, dates)
    has_windows = bool(bands) or any(rate.window is not None for rate in rates)
    zone = _zone(fields, must=has_windows)
    fields.refuse_unknown()
    if faults.has_errors:
        return TariffReading(None, tuple(faults.faults))
    tariff = TariffDefinition(
        name=name,
        currency=currency,
        zone=zone,
        rounding=rounding,
        rates=rates,
        bands=bands,
        bands_apply=bands_apply,
        holidays=holidays,
        effective_from=dates[0],
        effective_to=dates[1],
    )
    find_doubts(tariff, faults)
    return TariffReading(tariff, tuple(faults.faults))


def _zone(fields: Fields, *, must: bool) -> str:
    zone = fields.text("zone", None if must else "UTC")
    if fields.has("zone") and zone not in zone_names():
        fields.error("zone", "zone", f'is "{zone[:60]}"; expected a time zone, as "Europe/Berlin"')
    return zone


def _rounding(fields: Fields) -> Rounding:
    table = fields.table("rounding")
    if table is None:
        return _DEFAULT_ROUNDING
    rule = table.choice("rule", ROUNDING_RULES, None)
    decimals = table.whole("decimals", 6 if rule == "none" else None, -6, 6)
    table.refuse_unknown()
    return Rounding(rule, decimals)


def _dates(fields: Fields) -> tuple[datetime | None, datetime | None]:
    begins, ends = fields.instant("effective_from"), fields.instant("effective_to")
    if begins is not None and ends is not None and ends <= begins:
        fields.error("effective_to", "dates", "is not later than effective_from")
    return begins, ends


def _holidays(fields: Fields) -> Holidays | None:
    table = fields.table("holidays")
    if table is None:
        return None
    country, subdivision = table.text("country"), table.text("subdivision")
    holidays = Holidays(country or None, subdivision or None, table.dates("dates"))
    table.refuse_unknown()
    if subdivision and not country:
        table.error("subdivision", "holidays", "stands without its country")
        return None
    try:
        holiday_test(holidays)
    except ValueError as unknown:
        key = "subdivision" if "subdivision" in str(unknown) else "country"
        table.error(key, "holidays", f"is not known to the holidays library: {unknown}")
    return holidays


def _bands(fields: Fields) -> tuple[Band, ...]:
    bands: dict[str, Band] = {}
    for table in fields.tables("band"):
        name = table.text("name", None)
        if name in bands:
            table.error("name", "duplicate", f'is "{name}", as an earlier band is; rename one')
        from_s, to_s = table.window_edges()
        window = Window(
            from_s=from_s,
            to_s=to_s,
            days=table.wholes("days", 1, 7),
            months=table.wholes("months", 1, 12),
            month_days=table.wholes("month_days", 1, 31),
            holidays=table.flag("holidays", default=None),
        )
        bands[name] = Band(name, window, table.whole("weight", 0, -1_000_000, 1_000_000))
        table.refuse_unknown()
    return tuple(bands.values())


def _rates(
    fields: Fields,
    faults: FaultList,
    bands: set[str],
    inherited: tuple[datetime | None, datetime | None],
) -> tuple[Rate, ...]:
    if not fields.has("rate"):
        fields.error("rate", "missing", "is missing; a tariff needs at least one [[rate]]")
    rates = []
    known: KnownForms = {}
    for table in fields.each_table("rate"):
        before = len(faults.faults)
        rate = _rate(table, bands, inherited, known)
        table.refuse_unknown()
        if len(faults.faults) > before:
            faults.name_context(before, f'rate for prefix "{rate.prefix[:40]}"')
        rates.append(rate)
    return tuple(rates)


def _rate(
    table: Fields,
    bands: set[str],
    inherited: tuple[datetime | None, datetime | None],
    known: KnownForms,
) -> Rate:
    band = table.text("band", "") if table.has("band") else None
    if band is not None and band not in bands:
        table.error("band", "reference", f'is "{band[:40]}", which no [[band]] is named')
    begins, ends = _dates(table)
    if begins is None and ends is None:
        begins, ends = inherited
    limit = table.amount("maximum_charge", _ZERO) if table.has("maximum_charge") else None
    if not table.has("prefix"):
        table.warning("prefix", "missing", 'is missing, so every number fits; write prefix = ""')
    return Rate(
        prefix=table.text("prefix"),
        form=_form(table, known),
        number_length=table.whole("number_length", 0, 0, 1_000),
        destination=table.text("destination"),
        call_type=table.text("call_type"),
        band=band,
        effective_from=begins,
        effective_to=ends,
        connect_fee=table.amount("connect_fee", _ZERO),
        callers=table.texts("callers"),
        trunks=table.texts("trunks"),
        free_s=table.whole("free_s", 0),
        minimum_s=table.whole("minimum_s", 0),
        minimum_charge=table.amount("minimum_charge", _ZERO),
        maximum_charge=limit,
        active=table.flag("active", default=True) is not False,
        remark=table.text("remark"),
    )


def _form(table: Fields, known: KnownForms) -> Form:
    given = {form: [key for key in keys if table.is_set(key)] for form, keys in _FORM_KEYS.items()}
    forms = [form for form, keys in given.items() if keys]
    if len(forms) > 1:
        mixed = ", ".join(given[form][0] for form in forms)
        table.error("", "mixed_forms", f"mixes forms of price ({mixed}); keep one of them")
    if not forms:
        table.error("slots", "missing", "is missing, and no other form of price is given")
    read: dict[str, Callable[[Fields], Form]] = {
        "slots": _slots,
        "initial and unit": _initial_and_unit,
        "blocks": _blocks,
        "pulse": _pulse,
    }
    for keys in _FORM_KEYS.values():
        table.knows(keys)
    written = table.as_written("slots") if forms == ["slots"] else ""
    if written in known:
        return known[written]
    before = table.findings
    # Every form that is given is read, so that its own faults are listed too.
    found = [read[form](table) for form in forms]
    if written and table.findings == before:
        known[written] = found[0]
    return found[0] if found else Slots(())


def _slots(table: Fields) -> Slots:
    slots: list[Slot] = []
    tables = table.tables("slots")
    if not tables:
        table.error("slots", "missing", "is empty; a rate needs at least one slot, from 0 on")
    for at, fields in enumerate(tables):
        slot = Slot(
            from_s=fields.whole("from_s", 0 if at == 0 else None),
            price=fields.amount("price", None),
            per_s=fields.whole("per_s", None, 1),
            increment_s=fields.whole("increment_s", None, 1),
        )
        fields.refuse_unknown()
        if at == 0 and slot.from_s != 0:
            fields.error("from_s", "order", f"is {slot.from_s}; the first slot begins at 0")
        if at > 0 and slot.from_s <= slots[-1].from_s:
            fields.error("from_s", "order", f"is {slot.from_s}, not after the slot before it")
        slots.append(slot)
    return Slots(tuple(slots))


def _initial_and_unit(table: Fields) -> InitialAndUnit:
    unit_price = table.amount("unit_price", None)
    unit_s = table.whole("unit_s", None)
    if table.has("unit_s") and unit_s == 0 and unit_price:
        table.error("unit_s", "range", "is 0 although unit_price is not; expected 1 or more")
    window = None
    edges = table.table("window")
    if edges is not None:
        from_s, to_s = edges.window_edges(inclusive=True)
        edges.refuse_unknown()
        window = Window(from_s=from_s, to_s=to_s)
    return InitialAndUnit(
        initial_cost=table.amount("initial_cost", _ZERO),
        initial_s=table.whole("initial_s", 0),
        unit_price=unit_price,
        unit_s=unit_s,
        window=window,
    )


def _blocks(table: Fields) -> Blocks:
    blocks = []
    tables = table.tables("blocks")
    if not tables:
        table.error("blocks", "missing", "is empty; a rate needs at least one block")
    for at, fields in enumerate(tables):
        is_last = at == len(tables) - 1
        if is_last and fields.has("count"):
            fields.error("count", "order", "is given for the last block, which is for all the rest")
        count = None if is_last else fields.whole("count", None, 1)
        blocks.append(Block(count, fields.whole("block_s", None, 1), fields.amount("price", None)))
        fields.knows(("count",))
        fields.refuse_unknown()
    return Blocks(tuple(blocks))


def _pulse(table: Fields) -> Pulse:
    metered = table.flag("metered", default=False) is True
    fields = table.table("pulse")
    if fields is None:
        if not table.has("pulse"):
            table.error("pulse", "missing", 'is missing; expected {price = "0.05", every_s = 12}')
        return Pulse(_ZERO, None, metered)
    metered = fields.flag("metered", default=False) is True or metered
    pulse = Pulse(
        price=fields.amount("price", None),
        every_s=fields.whole("every_s", None, 1) if fields.has("every_s") or not metered else None,
        metered=metered,
    )
    fields.knows(("every_s",))
    fields.refuse_unknown()
    return pulse
