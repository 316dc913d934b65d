"""Exchange rates: added by hand or from the central bank's file, looked up by a call's local day.

A rate that was wrong is corrected by a newer row for the same day; calls that used the wrong one
keep it, with its digits, until they are re-rated. Source: CAB-11, AMB-42; docs/manual/plans.md.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.pricing.ecb_rates import BASE, read_ecb
from tollbook.app.pricing.plan_charge import FindRate
from tollbook.core.charging import DatedExchangeRate
from tollbook.core.instants import to_us
from tollbook.core.money import format_amount, parse_amount
from tollbook.storage.db.installation import door
from tollbook.storage.pricing.exchange_rates import (
    SORTS,
    ExchangeRateRow,
    RateQuery,
    add_rates,
    count_rates,
    each_rate,
    find_rates,
    known_currencies,
    newest_rate_id,
    rates_of_pair,
)

__all__ = [
    "ECB",
    "HAND",
    "SORTS",
    "RateQuery",
    "RateRefused",
    "RateTable",
    "RatesAdded",
    "add_ecb",
    "add_rate",
    "count_rates",
    "each_rate",
    "find_rate_in",
    "find_rates",
    "known_currencies",
]

HAND, ECB = "hand", "ecb"
# An inverse has no last digit: twelve that count are kept, and kept with the charge.
_TWELVE_DIGITS = Context(prec=12)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_FURTHEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class RateRefused:
    """Why a rate was not stored: the field and what is wrong with it."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class RatesAdded:
    """How many rates a file or a form held, how many of them said something new."""

    count: int
    new: int
    first: date
    last: date


def add_rate(
    *, source: str, target: str, rate: str, day: date, by: Actor
) -> RatesAdded | RateRefused:
    """Store that one *source* is *rate* of *target* from *day* on, in place of what was given."""
    for field, currency in (("source", source), ("target", target)):
        if not _CURRENCY.fullmatch(currency):
            return RateRefused(field, f'is "{currency[:20]}"; expected three capitals, as EUR')
    if source == target:
        return RateRefused("target", "is the same currency; a rate is between two")
    try:
        amount = parse_amount(rate)
    except ValueError as fault:
        return RateRefused("rate", str(fault))
    if amount <= 0:
        return RateRefused("rate", f'is "{rate}"; expected more than zero')
    if (day - by.at.date()).days > _FURTHEST_DAYS:
        return RateRefused("day", f"is {day}, more than a year ahead; is the year right?")
    row = ExchangeRateRow(source, target, day, format_amount(amount))
    return _add([row], origin=HAND, by=by)


def add_ecb(raw: bytes, *, by: Actor) -> RatesAdded:
    """Store the rates of the European Central Bank's file. Raises EcbError: nothing was stored."""
    return _add(read_ecb(raw), origin=ECB, by=by)


def _add(rows: Sequence[ExchangeRateRow], *, origin: str, by: Actor) -> RatesAdded:
    days = [row.day for row in rows]
    with door().transaction():
        new = add_rates(rows, origin=origin, at_us=to_us(by.at), by=by.name)
        added = RatesAdded(len(rows), new, min(days), max(days))
        if new:
            after = {
                "origin": origin,
                "new": new,
                "first": added.first.isoformat(),
                "last": added.last.isoformat(),
            }
            if len(rows) == 1:
                after |= {"pair": f"{rows[0].source} to {rows[0].target}", "rate": rows[0].rate}
            record_change(
                by,
                "exchange_rate.add",
                of=("exchange rate", origin),
                after=after,
            )
    return added


class RateTable:
    """The exchange rates in force, read pair by pair as they are asked for."""

    def __init__(self) -> None:
        self.newest_id = newest_rate_id()
        self._pairs: dict[tuple[str, str], tuple[list[date], list[str]]] = {}
        self._found: dict[tuple[str, str, date], DatedExchangeRate | None] = {}

    def is_current(self) -> bool:
        """Say whether no rate was added since this table was opened."""
        return newest_rate_id() == self.newest_id

    def rate(self, source: str, target: str, day: date) -> DatedExchangeRate | None:
        """Return the newest rate of the pair by *day*, None where there is none.

        What is not given for the pair itself follows from its reverse, else from both against
        the euro, to twelve digits; of several the one of the newest day holds, and of one day
        the one that is given outright. `on` is the day that it was set for: of two, the earlier.
        """
        key = (source, target, day)
        if key not in self._found:
            self._found[key] = self._newest(source, target, day)
        return self._found[key]

    def _newest(self, source: str, target: str, day: date) -> DatedExchangeRate | None:
        ways = (
            self._given(source, target, day),
            self._reverse(source, target, day),
            self._crossed(source, target, day),
        )
        found = [way for way in ways if way is not None]
        return max(found, key=lambda way: way.on, default=None)  # Of equals, max takes the first.

    def _given(self, source: str, target: str, day: date) -> DatedExchangeRate | None:
        pair = self._pairs.get((source, target))
        if pair is None:
            rates = rates_of_pair(source, target)
            pair = self._pairs[source, target] = list(rates), list(rates.values())
        days, texts = pair
        place = bisect_right(days, day)
        if not place:
            return None
        return DatedExchangeRate(source, target, Decimal(texts[place - 1]), days[place - 1])

    def _reverse(self, source: str, target: str, day: date) -> DatedExchangeRate | None:
        given = self._given(target, source, day)
        if given is None:
            return None
        rate = _TWELVE_DIGITS.divide(Decimal(1), given.rate)
        return DatedExchangeRate(source, target, rate, given.on) if rate else None

    def _crossed(self, source: str, target: str, day: date) -> DatedExchangeRate | None:
        if BASE in (source, target):
            return None
        of_source, of_target = self._given(BASE, source, day), self._given(BASE, target, day)
        if of_source is None or of_target is None:
            return None
        rate = _TWELVE_DIGITS.divide(of_target.rate, of_source.rate)
        return DatedExchangeRate(source, target, rate, min(of_source.on, of_target.on))


def find_rate_in(table: RateTable) -> FindRate:
    """Return the way to the rate of a call's local day."""

    def find(source: str, target: str, local: datetime) -> DatedExchangeRate | None:
        return table.rate(source, target, local.date())

    return find
