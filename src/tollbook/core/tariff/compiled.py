"""A tariff made ready for pricing: prefix index, window masks, and prices as whole numbers.

All prices of a tariff are integers of one unit, 1 / *denominator* of its currency, chosen so
that every step of every rate is whole: adding them is exact and fast. A batch form can take
flat arrays from here (divide a rate's numbers by their common divisor first).

Source: docs/algorithms/rating.md, "Arithmetic".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from math import gcd, lcm

from tollbook.core.calendar import Calendar, Window, epoch_us
from tollbook.core.money import MICRO, Rounding
from tollbook.core.tariff.model import (
    Band,
    Blocks,
    InitialAndUnit,
    Precedence,
    Pulse,
    Rate,
    Slot,
    Slots,
    TariffDefinition,
    precedence,
)

ALWAYS_FROM_US, ALWAYS_TO_US = -(2**62), 2**62


@dataclass(frozen=True, slots=True)
class CompiledSlot:
    """From *from_s* on, each begun step of *increment_s* costs *units*; *price* a *per_s*."""

    from_s: int
    increment_s: int
    units: int
    kind: str
    price: Decimal
    per_s: int


@dataclass(frozen=True, slots=True)
class CompiledRate:
    """One rate, its conditions and prices as numbers; *index* is its place in the tariff.

    It holds from *from_us* until before *to_us* (microseconds since 1970) and while all windows
    of the mask *needs* are open. Money is in units of the tariff's denominator; *maximum* None:
    no maximum; *pulse* not None: the call's own pulses are priced, and *slots* is what stands in
    where it reports none (empty: nothing does).
    """

    index: int
    rate: Rate
    number_length: int
    callers: frozenset[str]
    trunks: frozenset[str]
    from_us: int
    to_us: int
    needs: int
    order: Precedence
    slots: tuple[CompiledSlot, ...]
    fee: int
    minimum: int
    maximum: int | None
    free_s: int
    minimum_s: int
    pulse: int | None


@dataclass(frozen=True, slots=True)
class PrefixEntry:
    """The active rates of one prefix in order of precedence, the same with the inactive ones, and
    the entry of the next shorter prefix that has any."""

    digits: str
    rates: tuple[CompiledRate, ...]
    with_inactive: tuple[CompiledRate, ...]
    shorter: "PrefixEntry | None"


@dataclass(frozen=True, slots=True)
class CompiledTariff:
    """A tariff, immutable and ready; *entries* finds a prefix, *lengths* says which to try."""

    tariff: TariffDefinition
    currency: str
    rounding: Rounding
    splits: bool
    denominator: int
    calendar: Calendar
    rates: tuple[CompiledRate, ...]
    entries: dict[str, PrefixEntry]
    lengths: tuple[int, ...]

    def entry_for(self, number: str) -> PrefixEntry | None:
        """Return the entry of the longest prefix that *number* (without decoration) begins with."""
        for length in self.lengths:
            # A number shorter than the length is looked up whole: no prefix of it is longer.
            entry = self.entries.get(number[:length])
            if entry is not None:
                return entry
        return None


def compile_tariff(tariff: TariffDefinition) -> CompiledTariff:
    """Return *tariff* ready for pricing."""
    windows = _Windows(tariff)
    # Rates of a deck share the few prices there are: the steps of each are made once.
    of_form = {id(rate.form): rate for rate in tariff.rates}
    steps = {form: slots_of(rate) for form, rate in of_form.items()}
    prices = (_step_price(slot) for slots in steps.values() for _, slot in slots)
    amounts = (amount for rate in tariff.rates for amount in _amounts(rate))
    denominator = lcm(MICRO, *{bottom for _, bottom in chain(prices, amounts)})
    slots = {form: _compile_slots(slots, denominator) for form, slots in steps.items()}
    rates = tuple(
        _compile_rate(index, rate, slots[id(rate.form)], denominator, windows)
        for index, rate in enumerate(tariff.rates)
    )
    entries = _index(rates)
    return CompiledTariff(
        tariff=tariff,
        currency=tariff.currency,
        rounding=tariff.rounding,
        splits=tariff.bands_apply == "split" and bool(windows.windows),
        denominator=denominator,
        calendar=Calendar(tariff.zone, tariff.holidays, windows.windows),
        rates=rates,
        entries=entries,
        lengths=tuple(sorted({len(digits) for digits in entries}, reverse=True)),
    )


def slots_of(rate: Rate) -> tuple[tuple[str, Slot], ...]:
    """Return any form of price as slots with a word for their kind; none if only pulses count."""
    form = rate.form
    if isinstance(form, Slots):
        return tuple(("slot", slot) for slot in form.slots)
    if isinstance(form, Blocks):
        return tuple(("block", slot) for slot in _block_slots(form))
    if isinstance(form, Pulse):
        if form.every_s is None:
            return ()
        return (("pulse", Slot(0, form.price, form.every_s, form.every_s)),)
    return _initial_and_unit_slots(form)


def connect_fee_of(rate: Rate) -> Decimal:
    """Return what a talked call owes at once: the fee, and an initial cost without time."""
    form = rate.form
    if isinstance(form, InitialAndUnit) and form.initial_s == 0:
        return rate.connect_fee + form.initial_cost
    return rate.connect_fee


def _block_slots(form: Blocks) -> Iterable[Slot]:
    from_s = 0
    for block in form.blocks:
        yield Slot(from_s, block.price, block.block_s, block.block_s)
        from_s += block.block_s * (block.count or 0)


def _initial_and_unit_slots(form: InitialAndUnit) -> tuple[tuple[str, Slot], ...]:
    # Without a unit nothing more is owed (AMB-13): that is steps of one second at price 0.
    unit_s = form.unit_s or 1
    unit = ("unit", Slot(form.initial_s, form.unit_price, unit_s, unit_s))
    if form.initial_s == 0:
        return (unit,)
    return (("initial", Slot(0, form.initial_cost, form.initial_s, form.initial_s)), unit)


# A numerator and a denominator without common divisor; Fraction takes ten times as long to make.
_Ratio = tuple[int, int]


def _amounts(rate: Rate) -> Iterable[_Ratio]:
    yield connect_fee_of(rate).as_integer_ratio()
    yield rate.minimum_charge.as_integer_ratio()
    if rate.maximum_charge is not None:
        yield rate.maximum_charge.as_integer_ratio()
    if isinstance(rate.form, Pulse):
        yield rate.form.price.as_integer_ratio()


def _step_price(slot: Slot) -> _Ratio:
    numerator, denominator = slot.price.as_integer_ratio()
    numerator, denominator = numerator * slot.increment_s, denominator * slot.per_s
    common = gcd(numerator, denominator)
    return numerator // common, denominator // common


class _Windows:
    """The distinct windows of a tariff, each a bit; bands first, in their order."""

    def __init__(self, tariff: TariffDefinition) -> None:
        self.windows: list[Window] = []
        self._bits: dict[Window, int] = {}
        self._bands = {band.name: band for band in tariff.bands}

    def needs(self, rate: Rate) -> int:
        mask = self._bit(rate.window) if rate.window else 0
        return mask | self._bit(self._bands[rate.band].window) if rate.band is not None else mask

    def band_of(self, rate: Rate) -> Band | None:
        return None if rate.band is None else self._bands[rate.band]

    def _bit(self, window: Window) -> int:
        if window not in self._bits:
            self._bits[window] = 1 << len(self.windows)
            self.windows.append(window)
        return self._bits[window]


def _compile_slots(
    steps: tuple[tuple[str, Slot], ...], denominator: int
) -> tuple[CompiledSlot, ...]:
    return tuple(
        CompiledSlot(
            slot.from_s,
            slot.increment_s,
            _units(_step_price(slot), denominator),
            kind,
            slot.price,
            slot.per_s,
        )
        for kind, slot in steps
    )


def _units(amount: _Ratio, denominator: int) -> int:
    top, bottom = amount
    return top * (denominator // bottom)


def _compile_rate(
    index: int,
    rate: Rate,
    slots: tuple[CompiledSlot, ...],
    denominator: int,
    windows: _Windows,
) -> CompiledRate:
    def units(amount: Decimal) -> int:
        return _units(amount.as_integer_ratio(), denominator)

    limit, form = rate.maximum_charge, rate.form
    pulse = form.price if isinstance(form, Pulse) and form.metered else None
    return CompiledRate(
        index=index,
        rate=rate,
        number_length=rate.number_length,
        callers=frozenset(rate.callers),
        trunks=frozenset(rate.trunks),
        from_us=ALWAYS_FROM_US if rate.effective_from is None else epoch_us(rate.effective_from),
        to_us=ALWAYS_TO_US if rate.effective_to is None else epoch_us(rate.effective_to),
        needs=windows.needs(rate),
        order=precedence(rate, windows.band_of(rate), index),
        slots=slots,
        fee=units(connect_fee_of(rate)),
        minimum=units(rate.minimum_charge),
        maximum=None if limit is None else units(limit),
        free_s=rate.free_s,
        minimum_s=rate.minimum_s,
        pulse=None if pulse is None else units(pulse),
    )


def _index(rates: tuple[CompiledRate, ...]) -> dict[str, PrefixEntry]:
    """Return the entry of each prefix, linked to the next shorter one."""
    groups: dict[str, list[CompiledRate]] = {}
    for rate in rates:
        groups.setdefault(rate.rate.digits, []).append(rate)
    entries: dict[str, PrefixEntry] = {}
    for digits in sorted(groups, key=len):
        ordered = sorted(groups[digits], key=lambda rate: rate.order)
        lengths = range(len(digits) - 1, -1, -1)
        entries[digits] = PrefixEntry(
            digits=digits,
            rates=tuple(rate for rate in ordered if rate.rate.active),
            with_inactive=tuple(ordered),
            shorter=next(
                (entries[digits[:length]] for length in lengths if digits[:length] in entries), None
            ),
        )
    return entries
