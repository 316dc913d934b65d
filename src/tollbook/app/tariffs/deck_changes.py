"""What a deck changes: which prefixes are new, dearer, cheaper, gone, against another list.

Two rates are one and the other's next if they are for the same numbers, band, callers and
trunks. Dearer is what costs more for some length of call and less for none; lengths are tried
with the one function that prices calls.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import chain

from tollbook.core.money import Rounding
from tollbook.core.rating import TalkedCall, charge_of
from tollbook.core.tariff import InitialAndUnit, Rate, TariffDefinition, compile_tariff

NEW, DEARER, CHEAPER, MIXED, GONE, SAME = "new", "dearer", "cheaper", "mixed", "gone", "same"
KINDS = (NEW, DEARER, CHEAPER, MIXED, GONE)
TRIED_S = (1, 30, 60, 180, 600, 3_600)
_SHOWN_S = 180
_TRIED_ALONE = 1_000
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)

RateKey = tuple[object, ...]
Costs = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RateChange:
    """One prefix that changes; the charges are those of a call of three minutes, in millionths.

    *before* is None for a new one, *after* for one that is gone.
    """

    kind: str
    rate: Rate
    before_micros: int | None
    after_micros: int | None

    @property
    def permille(self) -> int | None:
        """How much more those three minutes cost, in thousandths; None without a price before."""
        if not self.before_micros or self.after_micros is None:
            return None
        return round(Fraction(1_000 * (self.after_micros - self.before_micros), self.before_micros))


@dataclass(frozen=True, slots=True)
class DeckChanges:
    """How many prefixes change in which way, and the changes themselves, the greatest first."""

    counts: dict[str, int]
    changes: tuple[RateChange, ...]

    def of(self, kind: str) -> tuple[RateChange, ...]:
        """Return the changes of one kind."""
        return tuple(change for change in self.changes if change.kind == kind)


def compare_rates(before: Sequence[Rate], after: Sequence[Rate], *, at: datetime) -> DeckChanges:
    """Return what changes at the instant *at* when the rates *before* give way to *after*.

    Of prefixes that are new or gone the first thousand have their price tried.
    """
    old, new = in_force(before, at=at), in_force(after, at=at)
    repriced = [
        (was, new[key])
        for key, was in old.items()
        if key in new and not _priced_alike(was, new[key])
    ]
    added = _in_order(rate for key, rate in new.items() if key not in old)
    gone = _in_order(rate for key, rate in old.items() if key not in new)
    alone = (*added[:_TRIED_ALONE], *gone[:_TRIED_ALONE])
    costs = _CostTable(chain(alone, *repriced))
    changes = [
        RateChange(_kind(costs.of(was), costs.of(rate)), rate, costs.shown(was), costs.shown(rate))
        for was, rate in repriced
    ]
    changes.sort(key=_greatest_first)
    changes = [change for change in changes if change.kind != SAME]
    changes += [RateChange(NEW, rate, None, costs.shown(rate)) for rate in added]
    changes += [RateChange(GONE, rate, costs.shown(rate), None) for rate in gone]
    counts = Counter(change.kind for change in changes)
    counts[SAME] = len(old.keys() | new.keys()) - len(changes)
    return DeckChanges({kind: count for kind, count in counts.items() if count}, tuple(changes))


def in_force(rates: Iterable[Rate], *, at: datetime) -> dict[RateKey, Rate]:
    """Return the active rate of each key that holds at the instant *at*.

    Of several the later one wins; where none holds yet, the first that will.
    """
    found: dict[RateKey, Rate] = {}
    for rate in rates:
        if not rate.active or (rate.effective_to is not None and rate.effective_to <= at):
            continue
        key = rate_key(rate)
        other = found.get(key)
        if other is None or _comes_before(rate, other, at):
            found[key] = rate
    return found


def rate_key(rate: Rate) -> RateKey:
    """Return what a rate is for: two with the same key are versions of one."""
    return (
        rate.digits,
        rate.number_length,
        rate.band,
        rate.window,
        rate.callers and tuple(sorted(rate.callers)),
        rate.trunks and tuple(sorted(rate.trunks)),
    )


def amended(before: Sequence[Rate], deck: Sequence[Rate]) -> tuple[Rate, ...]:
    """Return *before* with the rates of *deck* in place of those for the same numbers.

    A rate that was in force earlier than the deck's one of its key stays until then.
    """
    earliest: dict[RateKey, datetime | None] = {}
    for rate in deck:
        key, begins = rate_key(rate), rate.effective_from
        known = earliest.get(key, begins)
        earliest[key] = None if known is None or begins is None else min(known, begins)
    kept = [rate for rate in before if _stays(rate, earliest)]
    return (*kept, *deck)


def _stays(rate: Rate, earliest: dict[RateKey, datetime | None]) -> bool:
    key = rate_key(rate)
    if key not in earliest:
        return True
    begins = earliest[key]
    return begins is not None and (rate.effective_from is None or rate.effective_from < begins)


def _comes_before(rate: Rate, other: Rate, at: datetime) -> bool:
    """Say whether of two rates of one key the first holds at *at*, or sooner than the other."""
    holds, other_holds = _begun(rate, at), _begun(other, at)
    if holds != other_holds:
        return holds
    begins, other_begins = rate.effective_from, other.effective_from
    if begins is None or other_begins is None:
        return holds and begins is not None and other_begins is None
    return begins > other_begins if holds else begins < other_begins


def _begun(rate: Rate, at: datetime) -> bool:
    return rate.effective_from is None or rate.effective_from <= at


class _CostTable:
    """What calls of some lengths cost by each rate; rates that are priced alike are tried once."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._place: dict[RateKey, int] = {}
        tried: list[Rate] = []
        for rate in rates:
            key = _price_key(rate)
            if key not in self._place:
                self._place[key] = len(tried)
                tried.append(_bare(rate, len(tried)))
        self._costs = _try(tried)

    def of(self, rate: Rate) -> Costs:
        return self._costs[self._place[_price_key(rate)]]

    def shown(self, rate: Rate) -> int | None:
        """Return what three minutes cost, None for a rate that was not tried."""
        place = self._place.get(_price_key(rate))
        return None if place is None else self._costs[place][TRIED_S.index(_SHOWN_S)]


def _price_key(rate: Rate) -> RateKey:
    # Forms are compared by what they are: hashing one takes longer than pricing by it.
    return (
        id(rate.form),
        rate.connect_fee,
        rate.free_s,
        rate.minimum_s,
        rate.minimum_charge,
        rate.maximum_charge,
    )


def _bare(rate: Rate, number: int) -> Rate:
    """Return the price of *rate* alone, under a prefix of its own and for everybody."""
    form = rate.form
    return Rate(
        prefix=f"{number:08d}",
        form=replace(form, window=None) if isinstance(form, InitialAndUnit) else form,
        connect_fee=rate.connect_fee,
        free_s=rate.free_s,
        minimum_s=rate.minimum_s,
        minimum_charge=rate.minimum_charge,
        maximum_charge=rate.maximum_charge,
    )


def _try(rates: Sequence[Rate]) -> list[Costs]:
    tariff = TariffDefinition("trial", "XXX", "UTC", Rounding("none", 6), tuple(rates))
    compiled = compile_tariff(tariff)
    found = []
    for rate in rates:
        costs = []
        for talk_s in TRIED_S:
            call = TalkedCall(_ANY_TIME, Decimal(talk_s), rate.prefix, pulses=talk_s)
            charge = charge_of(compiled, call)
            costs.append(0 if isinstance(charge, str) else charge[0])
        found.append(tuple(costs))
    return found


def _priced_alike(one: Rate, other: Rate) -> bool:
    return one.form == other.form and _price_key(one)[1:] == _price_key(other)[1:]


def _in_order(rates: Iterable[Rate]) -> list[Rate]:
    return sorted(rates, key=lambda rate: rate.digits)


def _kind(was: Costs, becomes: Costs) -> str:
    if was == becomes:
        return SAME
    pairs = list(zip(was, becomes, strict=True))
    if all(before <= after for before, after in pairs):
        return DEARER
    return CHEAPER if all(before >= after for before, after in pairs) else MIXED


def _greatest_first(change: RateChange) -> tuple[int, int, str]:
    before, after = change.before_micros or 0, change.after_micros or 0
    more = abs(after - before) * 1_000 // before if before else 0
    return KINDS.index(change.kind) if change.kind in KINDS else 0, -more, change.rate.digits
