"""Volumes and bundles inside a transaction: what calls have used, and what one adds."""

from tollbook.app.pricing.plan_charge import PlannedCharge
from tollbook.core.discounts import Volume
from tollbook.storage.pricing.plan_counters import CounterState, read_counters, write_counters
from tollbook.storage.rerating.planned_calls import CallOrderKey


class PendingCounters:
    """Counters while a transaction works on them: read once, moved here, written at its end."""

    def __init__(self) -> None:
        self.tallies: dict[str, CounterState] = {}

    def volume(self, key: str) -> Volume:
        """Return what a counter stands at."""
        tally = self._tally(key)
        return Volume(tally.amount, tally.seconds)

    def count(self, planned: PlannedCharge, order: CallOrderKey) -> None:
        """Add what a call used; mark the counters that had counted later calls already."""
        place = order.text
        for one in planned.asked:
            tally = self._tally(one.key)
            tally.until_us = one.until_us
            tally.amount += one.add.amount
            tally.seconds += one.add.seconds
            if place < tally.latest:
                tally.mark_dirty(order.talk_us)
            else:
                tally.latest = place

    def write(self) -> None:
        """Store what the counters stand at now."""
        write_counters(self.tallies)

    def _tally(self, key: str) -> CounterState:
        tally = self.tallies.get(key)
        if tally is None:
            tally = self.tallies[key] = read_counters([key]).get(key) or CounterState()
        return tally
