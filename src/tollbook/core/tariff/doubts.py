"""What a sound tariff may still have got wrong: warnings, each with its place.

A band that never matches, a rate that can never win, a slot that never begins, hours and dates
that nothing covers. None of it refuses the tariff.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from tollbook.core.calendar import Calendar, Window, format_clock
from tollbook.core.tariff.fields import FaultList
from tollbook.core.tariff.model import Band, Rate, Slots, TariffDefinition, precedence

_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

# Gaps are looked for over four years, a leap year among them: every weekday and month is there.
_FIRST_DAY = date(2024, 1, 1).toordinal() - date(1970, 1, 1).toordinal()
_DAYS = 1_461

# A group of rates for one prefix is compared pair by pair up to here; dated decks stay below.
_MOST_COMPARED = 100


@dataclass(frozen=True, slots=True)
class _Placed:
    index: int
    rate: Rate
    band: Band | None

    @property
    def windows(self) -> tuple[Window, ...]:
        found = (self.band.window if self.band else None, self.rate.window)
        return tuple(window for window in found if window is not None)


def find_doubts(tariff: TariffDefinition, faults: FaultList) -> None:
    """Add a warning to *faults* for each doubt about *tariff*."""
    _bands_that_never_match(tariff, faults)
    bands = {band.name: band for band in tariff.bands}
    groups: dict[str, list[_Placed]] = defaultdict(list)
    for index, rate in enumerate(tariff.rates):
        _doubt_rate(index, rate, faults)
        if rate.active:
            band = None if rate.band is None else bands[rate.band]
            groups[rate.digits].append(_Placed(index, rate, band))
    for group in groups.values():
        if len(group) > 1:
            _rates_that_never_win(group, faults)
            _gaps_between_dates(group, faults)
    if tariff.bands or any(rate.window for rate in tariff.rates):
        _gaps_in_time(tariff, groups, faults)


def _bands_that_never_match(tariff: TariffDefinition, faults: FaultList) -> None:
    for at, band in enumerate(tariff.bands):
        window = band.window
        months = window.months or range(1, 13)
        if window.month_days and not any(
            day <= _LONGEST_MONTHS[month - 1] for month in months for day in window.month_days
        ):
            faults.warning(
                f"band[{at}].month_days", "never_matches", "no month of the band has such a day"
            )
        if window.holidays:
            known = tariff.holidays
            dates = known.dates if known else ()
            if not (known and known.country) and not any(
                window.opens_on(day, is_holiday=True) for day in dates
            ):
                faults.warning(
                    f"band[{at}].holidays", "never_matches", "no holiday is named for the band"
                )


def _doubt_rate(index: int, rate: Rate, faults: FaultList) -> None:
    place = f"rate[{index}]"
    named = f'(rate for prefix "{rate.prefix[:40]}")'
    if 0 < rate.number_length < len(rate.digits):
        faults.warning(
            f"{place}.number_length",
            "never_wins",
            f"is less than the prefix has digits, so no number fits {named}",
        )
    odd = next((symbol for symbol in rate.digits if not symbol.isascii()), None)
    if odd is not None:
        # Digits of other scripts look the same on a screen, and no switch writes them.
        faults.warning(
            f"{place}.prefix",
            "never_wins",
            f"holds {odd!r}, which no number is written with: it takes 0 to 9, * and # {named}",
        )
    if rate.maximum_charge is not None and rate.maximum_charge < rate.minimum_charge:
        faults.warning(
            f"{place}.maximum_charge", "minimum_charge", f"is below the minimum charge {named}"
        )
    if isinstance(rate.form, Slots):
        for at in _skipped_slots(rate.form):
            faults.warning(
                f"{place}.slots[{at}]",
                "never_begins",
                f"never begins: the slot before it always runs past it {named}",
            )


def _skipped_slots(form: Slots) -> list[int]:
    skipped = []
    position_s, current = 0, form.slots[0]
    for at, (slot, following) in enumerate(pairwise((*form.slots[1:], None)), start=1):
        if slot is None:
            break
        steps = -(-(slot.from_s - position_s) // current.increment_s)
        end_s = position_s + max(0, steps) * current.increment_s
        if following is not None and following.from_s <= end_s:
            skipped.append(at)
        else:
            position_s, current = end_s, slot
    return skipped


def _rates_that_never_win(group: list[_Placed], faults: FaultList) -> None:
    ordered = sorted(group, key=lambda each: precedence(each.rate, each.band, each.index))
    for at, later in enumerate(ordered):
        for earlier in ordered[max(0, at - _MOST_COMPARED) : at]:
            if _covers(earlier, later):
                faults.warning(
                    f"rate[{later.index}]",
                    "never_wins",
                    f"can never win: rate[{earlier.index}] comes first wherever it fits "
                    f'(rate for prefix "{later.rate.prefix[:40]}")',
                )
                break


def _covers(first: _Placed, second: _Placed) -> bool:
    """Say whether *first* fits every call that *second* fits; both have the same digits."""
    one, two = first.rate, second.rate
    return (
        _admits(one.callers, two.callers)
        and _admits(one.trunks, two.trunks)
        and one.number_length in (0, two.number_length)
        and set(first.windows) <= set(second.windows)
        and (
            one.effective_from is None
            or (two.effective_from is not None and one.effective_from <= two.effective_from)
        )
        and (
            one.effective_to is None
            or (two.effective_to is not None and one.effective_to >= two.effective_to)
        )
    )


def _admits(wider: Sequence[str], narrower: Sequence[str]) -> bool:
    return not wider or (bool(narrower) and set(narrower) <= set(wider))


def _gaps_between_dates(group: list[_Placed], faults: FaultList) -> None:
    series: dict[object, list[_Placed]] = defaultdict(list)
    for each in group:
        rate = each.rate
        alike = (rate.callers, rate.trunks, rate.number_length, each.windows)
        series[alike].append(each)
    for versions in series.values():
        dated = [each for each in versions if each.rate.effective_from is not None]
        if len(dated) < len(versions):
            continue
        dated.sort(key=lambda each: precedence(each.rate, each.band, each.index)[6], reverse=True)
        for before, after in pairwise(dated):
            ends, begins = before.rate.effective_to, after.rate.effective_from
            if ends is not None and begins is not None and ends < begins:
                faults.warning(
                    f"rate[{after.index}].effective_from",
                    "gap",
                    f"begins after rate[{before.index}] ended, and nothing like it holds between "
                    f'(rate for prefix "{after.rate.prefix[:40]}")',
                )


def _gaps_in_time(
    tariff: TariffDefinition, groups: dict[str, list[_Placed]], faults: FaultList
) -> None:
    """Warn where a prefix, with all shorter ones, leaves hours of some day without a rate."""
    seen: dict[frozenset[tuple[Window, ...]], str | None] = {}
    for digits, group in groups.items():
        chain = [
            each
            for length in range(len(digits) + 1)
            for each in groups.get(digits[:length], ())
            if not (each.rate.callers or each.rate.trunks or each.rate.number_length)
        ]
        covers = frozenset(each.windows for each in chain)
        if not covers or () in covers or covers in seen:
            continue
        gap = seen[covers] = _first_gap(tariff, sorted(covers, key=repr))
        if gap:
            faults.warning(
                f"rate[{group[0].index}].band",
                "gap",
                f"leaves hours without any rate, the first at {gap}: calls then are unrated "
                f'(rate for prefix "{group[0].rate.prefix[:40]}", and others like it)',
            )


def _first_gap(tariff: TariffDefinition, covers: Sequence[tuple[Window, ...]]) -> str | None:
    windows = sorted({window for each in covers for window in each}, key=repr)
    needs = [sum(1 << windows.index(window) for window in set(each)) for each in covers]
    calendar = Calendar(tariff.zone, tariff.holidays, windows)
    seen = set()
    for day in range(_FIRST_DAY, _FIRST_DAY + _DAYS):
        opening = calendar.opening_on(day), calendar.opening_on(day - 1)
        if opening in seen:
            continue
        seen.add(opening)
        for at, edge_s in enumerate(calendar.edges_s):
            today, yesterday = calendar.opened_today[at], calendar.opened_yesterday[at]
            mask = opening[0] & today | opening[1] & yesterday
            if not any(mask & need == need for need in needs):
                return f"{date.fromordinal(day + 719_163)} {format_clock(edge_s)}"
    return None
