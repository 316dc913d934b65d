"""A tariff's bands and rates in the words of the screens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tollbook.app.words import counted
from tollbook.core.calendar import Holidays, format_clock, holiday_test
from tollbook.core.money import format_amount
from tollbook.core.tariff import Band, Blocks, InitialAndUnit, Pulse, Rate, Slots

RATES_A_PAGE = 100
DAYS_AHEAD = 366
DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class ShownBand:
    """One band of the table."""

    name: str
    days: str
    begins: str
    ends: str
    holidays: str
    weight: int


@dataclass(frozen=True, slots=True)
class ShownRate:
    """One rate of the table."""

    prefix_words: str
    destination: str
    call_type: str
    band: str
    connect_fee: str
    price_words: str
    dates: str
    more: str
    active: bool


def shown_band(band: Band) -> ShownBand:
    """Return *band* as the table shows it."""
    window = band.window
    days = [_runs(window.days, DAY_NAMES), _listed("months", window.months)]
    days.append(_listed("days of the month", window.month_days))
    holidays = {True: "only", False: "never", None: "either"}[window.holidays]
    return ShownBand(
        name=band.name,
        days=", ".join(filter(None, days)) or "every day",
        begins=format_clock(window.from_s),
        ends=format_clock(window.to_s),
        holidays=holidays,
        weight=band.weight,
    )


def holiday_words(holidays: Holidays | None) -> str:
    """Say which days a tariff takes for holidays; nothing if it names none."""
    if holidays is None:
        return ""
    place = "-".join(filter(None, (holidays.country, holidays.subdivision)))
    public = f"public holidays of {place}" if place else ""
    own = ", ".join(day.isoformat() for day in holidays.dates)
    return ", and ".join(filter(None, (public, own)))


def coming_holidays(holidays: Holidays | None, *, today: date) -> tuple[date, ...]:
    """Return the holidays of a year from *today* on."""
    is_holiday = holiday_test(holidays)
    days = (today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD))
    return tuple(day for day in days if is_holiday(day))


def matching_rates(rates: Sequence[Rate], words: str) -> list[Rate]:
    """Return the rates that *words* are about; see `matches_words`."""
    return [rate for rate in rates if matches_words(rate, words)]


def matches_words(rate: Rate, words: str) -> bool:
    """Say whether the prefix begins with *words*, or destination or call type have them."""
    sought = words.strip().casefold()
    digits = sought.lstrip("+").replace(" ", "")
    return (
        not sought
        or rate.digits.startswith(digits)
        or sought in rate.destination.casefold()
        or sought in rate.call_type.casefold()
    )


def shown_rate(rate: Rate) -> ShownRate:
    """Return *rate* as the table shows it."""
    more = [
        counted(rate.number_length, "digit") if rate.number_length else "",
        f"{rate.free_s} s free" if rate.free_s else "",
        f"at least {rate.minimum_s} s" if rate.minimum_s else "",
        f"at least {format_amount(rate.minimum_charge)}" if rate.minimum_charge else "",
        f"at most {format_amount(rate.maximum_charge)}" if rate.maximum_charge is not None else "",
        f"callers {', '.join(rate.callers)}" if rate.callers else "",
        f"trunks {', '.join(rate.trunks)}" if rate.trunks else "",
        "switched off" if not rate.active else "",
        rate.remark,
    ]
    begins = f"{rate.effective_from:%Y-%m-%d %H:%M}" if rate.effective_from else ""
    ends = f"{rate.effective_to:%Y-%m-%d %H:%M}" if rate.effective_to else ""
    return ShownRate(
        prefix_words=rate.prefix or "any number",
        destination=rate.destination,
        call_type=rate.call_type,
        band=rate.band or "always",
        connect_fee=format_amount(rate.connect_fee) if rate.connect_fee else "",
        price_words=price_words(rate),
        dates=f"{begins} to {ends}" if begins or ends else "always",
        more=" · ".join(filter(None, more)),
        active=rate.active,
    )


def price_words(rate: Rate) -> str:
    """Say a rate's prices in one line: "0.12 per 60 s, billed 60/1" where only steps differ."""
    match rate.form:
        case Slots(slots=slots) if len({(slot.price, slot.per_s) for slot in slots}) == 1:
            billed = "/".join(str(slot.increment_s) for slot in slots)
            return f"{format_amount(slots[0].price)} per {slots[0].per_s} s, billed {billed}"
        case Slots(slots=slots):
            return "; ".join(
                (f"from {slot.from_s} s: " if slot.from_s else "")
                + f"{format_amount(slot.price)} per {slot.per_s} s, steps of {slot.increment_s} s"
                for slot in slots
            )
        case InitialAndUnit() as form:
            first = f"{format_amount(form.initial_cost)} for the first {form.initial_s} s"
            return f"{first}, then {format_amount(form.unit_price)} per {form.unit_s} s begun"
        case Blocks(blocks=blocks):
            return "; ".join(
                f"{'then' if block.count is None else f'{block.count} times'} "
                f"{format_amount(block.price)} per {block.block_s} s begun"
                for block in blocks
            )
        case Pulse() as form:
            every = f", one every {form.every_s} s" if form.every_s else ""
            counted = ", as the PBX counts them" if form.metered else ""
            return f"{format_amount(form.price)} a pulse{every}{counted}"


def _runs(days: Sequence[int], names: Sequence[str]) -> str:
    """Say weekdays shortly: (1, 2, 3, 4, 5) is "Mon to Fri"."""
    ordered = sorted(days)
    if len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"{names[ordered[0] - 1]} to {names[ordered[-1] - 1]}"
    return ", ".join(names[day - 1] for day in ordered)


def _listed(words: str, numbers: Sequence[int]) -> str:
    return f"{words} {', '.join(str(number) for number in sorted(numbers))}" if numbers else ""
