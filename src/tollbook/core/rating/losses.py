"""Prefixes that a tariff sells below what another one costs: a warning, never a refusal.

Both tariffs are asked for the same calls: to a number of every prefix that either has, of several
lengths, at an instant of each set of windows that is open in a week. Rates for certain callers,
trunks or lengths of numbers alone are not among those that answer. Reported of a prefix is
the call on which most is lost.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from tollbook.core.calendar import epoch_seconds
from tollbook.core.money import from_micros
from tollbook.core.rating.batch import BatchTariff, batch_tariff, price_columns
from tollbook.core.rating.model import TalkedCall
from tollbook.core.tariff import CompiledTariff

TALKS_S = (1, 60, 180, 1_800)
WEEK_S = 7 * 86_400
MOST_MOMENTS = 12  # Of a week: at most so many sets of windows are tried.
PREFIXES_AT_ONCE = 2_000
LEAST_DIGITS, FILL = 12, "0"  # A number is its prefix, filled up.


@dataclass(frozen=True, slots=True)
class Loss:
    """A call that costs more than it is charged: the worst of its prefix, as far as was tried."""

    prefix: str
    destination: str
    at: datetime
    talk_s: int
    charge: Decimal
    cost: Decimal

    @property
    def talk_ms(self) -> int:
        """How long it talks, as screens show it."""
        return self.talk_s * 1_000

    @property
    def lost(self) -> Decimal:
        """What the call costs more than it brings."""
        return self.cost - self.charge


def compared(charge: CompiledTariff, cost: CompiledTariff, *, since: datetime) -> tuple[Loss, ...]:
    """Return the prefixes on which *charge* brings less than *cost* asks, the worst first.

    Calls that either cannot price are left out. Both must be in one currency.
    """
    prefixes = sorted(prefixes_of(charge, cost))
    moments = _moments((charge, cost), since)
    ready = batch_tariff(charge), batch_tariff(cost)
    losses = [
        loss
        for first in range(0, len(prefixes), PREFIXES_AT_ONCE)
        for loss in _losses(ready, prefixes[first : first + PREFIXES_AT_ONCE], moments)
    ]
    return tuple(sorted(losses, key=lambda one: (-one.lost, one.prefix)))


def prefixes_of(*tariffs: CompiledTariff) -> set[str]:
    """Return the prefixes of all rates that are switched on."""
    return {rate.rate.digits for one in tariffs for rate in one.rates if rate.rate.active}


def _moments(tariffs: Sequence[CompiledTariff], since: datetime) -> list[datetime]:
    """Return instants of the week from *since* on, one for each set of windows that is open."""
    begin_s, _ = epoch_seconds(since)
    seen: dict[tuple[int, ...], int] = {}
    position_s = begin_s
    while position_s < begin_s + WEEK_S and len(seen) < MOST_MOMENTS:
        open_now, changes = zip(
            *(tariff.calendar.open_until(position_s) for tariff in tariffs), strict=True
        )
        seen.setdefault(open_now, position_s)
        position_s = min(
            (change for change in changes if change is not None), default=begin_s + WEEK_S
        )
    return [since + timedelta(seconds=second - begin_s) for second in seen.values()]


def _losses(
    ready: tuple[BatchTariff, BatchTariff], prefixes: Iterable[str], moments: Sequence[datetime]
) -> Iterator[Loss]:
    asked = [(prefix, at, talk_s) for prefix in prefixes for at in moments for talk_s in TALKS_S]
    calls = [
        TalkedCall(at, Decimal(talk_s), prefix.ljust(LEAST_DIGITS, FILL))
        for prefix, at, talk_s in asked
    ]
    charges, costs = (price_columns(one, calls) for one in ready)
    worst: dict[str, int] = {}
    for place, (prefix, _, _) in enumerate(asked):
        if charges.reason[place] or costs.reason[place]:
            continue
        lost = costs.amount_micros[place] - charges.amount_micros[place]
        before = worst.get(prefix)
        if lost > 0 and (
            before is None or lost > costs.amount_micros[before] - charges.amount_micros[before]
        ):
            worst[prefix] = place
    rates = ready[0].compiled.rates
    for prefix, place in worst.items():
        _, at, talk_s = asked[place]
        yield Loss(
            prefix,
            rates[charges.rate_index[place]].rate.destination,
            at,
            talk_s,
            from_micros(charges.amount_micros[place]),
            from_micros(costs.amount_micros[place]),
        )
