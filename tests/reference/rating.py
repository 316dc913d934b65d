"""The nine rules of `rate`, read plainly: one increment at a time, in fractions.

Slow on purpose, and written from the rules alone: it shares no code with what it judges. It takes
a tariff document and a call as JSON would hold them, both sound.
"""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from math import ceil, floor
from zoneinfo import ZoneInfo

import holidays as public_holidays

Tariff = dict
Call = dict


def price(tariff: Tariff, call: Call) -> dict:
    """Return {"charge", "billed_s", "index"} or {"unrated": True}."""
    start = datetime.fromisoformat(call.get("answer") or call["start"])
    return price_talk(tariff, call, start, ceil(Fraction(str(call["talk_s"]))))


def longest(tariff: Tariff, call: Call, upper_s: int) -> int | None:
    """Return the largest n <= upper_s such that every m <= n costs <= credit; None: unrated."""
    start = datetime.fromisoformat(call["start"])
    credit = Fraction(call["credit"])
    if winner(tariff, call, start, start) is None:
        return None
    longest_s = 0
    for talk_s in range(upper_s + 1):
        answer = price_talk(tariff, call, start, talk_s)
        if "unrated" in answer or answer["charge"] > credit:
            break
        longest_s = talk_s
    return longest_s


def price_talk(tariff: Tariff, call: Call, start: datetime, talk_s: int) -> dict:
    first = winner(tariff, call, start, start)
    if first is None:
        return {"unrated": True}
    rate = tariff["rate"][first]
    free_s = rate.get("free_s", 0)
    if talk_s <= 0 or talk_s <= free_s:
        return {"charge": Fraction(0), "billed_s": 0, "index": first}
    billable_s = max(talk_s - free_s, rate.get("minimum_s", 0))

    pulse = rate.get("pulse", {})
    is_metered = rate.get("metered", False) or pulse.get("metered", False)
    if is_metered and call.get("pulses") is None and "every_s" not in pulse:
        return {"unrated": True}
    if is_metered and call.get("pulses") is not None:
        total, position_s = Fraction(pulse["price"]) * call["pulses"], billable_s
    else:
        total, position_s = Fraction(0), 0
        fitting, slots_by_rate = fitting_rates(tariff, call, start), {}
        while position_s < billable_s:
            at = first
            if tariff.get("bands_apply") == "split":
                now = start.astimezone(UTC) + timedelta(seconds=free_s + position_s)
                at = best_of(tariff, fitting, start, now)
                if at is None:
                    return {"unrated": True}
            if at not in slots_by_rate:
                slots_by_rate[at] = slots_of(tariff["rate"][at])
            slots = slots_by_rate[at]
            if not slots:
                return {"unrated": True}
            _, cost, per_s, increment_s = [slot for slot in slots if slot[0] <= position_s][-1]
            total += cost * increment_s / per_s
            position_s += increment_s

    return {
        "charge": rounded(tariff, closed(rate, total)),
        "billed_s": position_s,
        "index": first,
    }


def closed(rate: dict, total: Fraction) -> Fraction:
    """Return *total* after connect fee, minimum and maximum."""
    total += Fraction(rate.get("connect_fee", "0"))
    if "initial_cost" in rate and rate.get("initial_s", 0) == 0:
        total += Fraction(rate["initial_cost"])
    total = max(total, Fraction(rate.get("minimum_charge", "0")))
    if "maximum_charge" in rate:
        total = min(total, Fraction(rate["maximum_charge"]))
    return total


def rounded(tariff: Tariff, amount: Fraction) -> Fraction:
    rule, decimals = tariff["rounding"]["rule"], tariff["rounding"].get("decimals", 6)
    if rule == "none":
        rule, decimals = "half_up", 6
    scaled = amount * Fraction(10) ** decimals
    whole = {
        "up": ceil(scaled),
        "down": floor(scaled),
        "half_up": floor(scaled + Fraction(1, 2)),
        "half_even": round(scaled),  # Fraction rounds halves to even, exactly.
    }[rule]
    return whole / Fraction(10) ** decimals


exact = cache(Fraction)  # Reading texts again is most of the time: each is read once.
instant = cache(datetime.fromisoformat)


def slots_of(rate: dict) -> list[tuple[int, Fraction, int, int]]:
    """Return (from_s, price, per_s, increment_s) of any form."""
    if "slots" in rate:
        return [
            (slot["from_s"], exact(slot["price"]), slot["per_s"], slot["increment_s"])
            for slot in rate["slots"]
        ]
    if "blocks" in rate:
        slots, from_s = [], 0
        for block in rate["blocks"]:
            slots.append((from_s, exact(block["price"]), block["block_s"], block["block_s"]))
            from_s += block["block_s"] * block.get("count", 0)
        return slots
    if "pulse" in rate:
        every_s = rate["pulse"].get("every_s")
        return [(0, exact(rate["pulse"]["price"]), every_s, every_s)] if every_s else []
    initial_s, unit_s = rate.get("initial_s", 0), rate["unit_s"] or 1
    slots = [(initial_s, exact(rate["unit_price"]), unit_s, unit_s)]
    if initial_s:
        slots.insert(0, (0, exact(rate["initial_cost"]), initial_s, initial_s))
    return slots


def winner(tariff: Tariff, call: Call, talk: datetime, now: datetime) -> int | None:
    """Return the index of the rate in force at *now* for a call that was answered at *talk*."""
    return best_of(tariff, fitting_rates(tariff, call, talk), talk, now)


def fitting_rates(tariff: Tariff, call: Call, talk: datetime) -> list[int]:
    """Return the indexes of the rates that fit, whatever the clock shows."""
    number, fitting = bare(call["dialled"]), []
    for index, rate in enumerate(tariff["rate"]):
        begins, ends = effective(tariff, rate)
        callers, trunks = rate.get("callers", []), rate.get("trunks", [])
        if (
            rate.get("active", True)
            and number.startswith(bare(rate["prefix"]))
            and rate.get("number_length", 0) in (0, len(number))
            and (not callers or call.get("caller") in callers or call.get("department") in callers)
            and (not trunks or call.get("trunk") in trunks)
            and (begins is None or begins <= talk)
            and (ends is None or talk < ends)
        ):
            fitting.append(index)
    return fitting


def best_of(tariff: Tariff, fitting: list[int], talk: datetime, now: datetime) -> int | None:
    """Return which of the rates that fit has precedence among those in force at *now*."""
    best, best_key = None, None
    for index in fitting:
        rate = tariff["rate"][index]
        if not in_force(tariff, rate, now):
            continue
        band, (begins, _) = band_of(tariff, rate), effective(tariff, rate)
        key = (
            len(bare(rate["prefix"])),
            bool(rate.get("callers")),
            bool(rate.get("trunks")),
            rate.get("number_length", 0) > 0,
            (band is not None, band.get("weight", 0) if band else 0),
            (begins is not None, begins or talk),
            -index,
        )
        if best_key is None or key > best_key:
            best, best_key = index, key
    return best


@cache
def bare(number: str) -> str:
    for symbol in " -./()":
        number = number.replace(symbol, "")
    return number[1:] if number.startswith("+") else number


def effective(tariff: Tariff, rate: dict) -> tuple[datetime | None, datetime | None]:
    holder = rate if "effective_from" in rate or "effective_to" in rate else tariff
    begins, ends = holder.get("effective_from"), holder.get("effective_to")
    return (
        instant(begins) if begins else None,
        instant(ends) if ends else None,
    )


def band_of(tariff: Tariff, rate: dict) -> dict | None:
    return next((band for band in tariff.get("band", []) if band["name"] == rate.get("band")), None)


def in_force(tariff: Tariff, rate: dict, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(tariff["zone"]))
    second = local.hour * 3600 + local.minute * 60 + local.second
    band = band_of(tariff, rate)
    if band is not None:
        from_s, to_s = clock(band.get("from", "00:00:00")), clock(band.get("to", "24:00:00"))
        if not is_open(tariff, band, local.date(), second, from_s, to_s):
            return False
    window = rate.get("window")
    if window is not None:
        from_s, to_s = clock(window["from"]), clock(window["to"]) + 1
        return is_open(tariff, {}, local.date(), second, from_s, to_s)
    return True


def is_open(tariff: Tariff, band: dict, today: date, second: int, from_s: int, to_s: int) -> bool:
    if from_s < to_s:
        return from_s <= second < to_s and opens(tariff, band, today)
    yesterday = today - timedelta(days=1)
    return (second >= from_s and opens(tariff, band, today)) or (
        second < to_s and opens(tariff, band, yesterday)
    )


def opens(tariff: Tariff, band: dict, day: date) -> bool:
    if band.get("days") and day.isoweekday() not in band["days"]:
        return False
    if band.get("months") and day.month not in band["months"]:
        return False
    if band.get("month_days") and day.day not in band["month_days"]:
        return False
    return "holidays" not in band or band["holidays"] == is_holiday(tariff, day)


def is_holiday(tariff: Tariff, day: date) -> bool:
    known = tariff.get("holidays", {})
    if day.isoformat() in known.get("dates", []):
        return True
    if "country" not in known:
        return False
    key = (known["country"], known.get("subdivision"))
    if key not in _PUBLIC:
        _PUBLIC[key] = public_holidays.country_holidays(key[0], subdiv=key[1])
    return day in _PUBLIC[key]


_PUBLIC: dict = {}


@cache
def clock(text: str) -> int:
    hours, minutes, seconds = map(int, text.split(":"))
    return hours * 3600 + minutes * 60 + seconds
