"""Proves that volumes and bundles stand at what the charges in force count; makes them so."""

from dataclasses import dataclass

from tollbook.app.pricing.plan_charge import asked_of
from tollbook.core.discounts import Volume
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.installation import door
from tollbook.storage.pricing.plan_counters import CounterState, all_counters, write_counters
from tollbook.storage.rerating.planned_calls import effects_from


@dataclass(frozen=True, slots=True)
class WrongCounter:
    """A counter by its key, what its row says, and what charges in force come to."""

    key: str
    stated: Volume
    found: Volume


def wrong_counters() -> list[WrongCounter]:
    """Return the counters whose row says something else than the charges in force."""
    stated = {key: Volume(tally.amount, tally.seconds) for key, tally in all_counters().items()}
    found = _counted()
    return [
        WrongCounter(key, stated.get(key, Volume()), found.get(key, Volume()))
        for key in sorted(stated.keys() | found.keys())
        if stated.get(key, Volume()) != found.get(key, Volume())
    ]


def mend_counters() -> int:
    """Make the counters what the charges in force come to; return how many were wrong."""
    with door().transaction():
        bulk_engine().begin_batch()
        wrong = {one.key: one.found for one in wrong_counters()}
        known = all_counters()
        missing = wrong.keys() - known.keys()
        if missing:
            ends = _ends()
            known |= {key: ends[key] for key in missing}
        for key, found in wrong.items():
            known[key].amount, known[key].seconds = found.amount, found.seconds
        write_counters({key: known[key] for key in wrong})
    return len(wrong)


def _counted() -> dict[str, Volume]:
    found: dict[str, Volume] = {}
    for effects in effects_from(0):
        for one in asked_of(effects):
            before = found.get(one.key, Volume())
            found[one.key] = Volume(
                before.amount + one.add.amount, before.seconds + one.add.seconds
            )
    return found


def _ends() -> dict[str, CounterState]:
    """Return an empty row for every counter that a charge asked, with the end of its period."""
    return {
        one.key: CounterState(until_us=one.until_us)
        for effects in effects_from(0)
        for one in asked_of(effects)
    }
