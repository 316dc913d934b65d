"""Prices many calls at once: by arrays where a version of a tariff has them, else one by one.

The answers are those of `Rater.charge`, to the digit; only the way there differs.
"""

from collections.abc import Sequence

from tollbook.app.pricing.rater import Billable, Rater, TariffPricer, priced_charge, unrated
from tollbook.core.batch import ChargeValues
from tollbook.core.rating.arrays import LONGEST_S
from tollbook.core.rating.batch import (
    BatchTariff,
    batch_tariff,
    call_arrays,
    price_batch,
)
from tollbook.core.rating.batch_loop import NO_PREFIX, PRICED

WORTH_ARRAYS = 50  # Calls of one version; fewer are priced sooner than their arrays are made.


class ManyPrices:
    """Versions of tariffs made ready for arrays, each once."""

    def __init__(self) -> None:
        self._ready: dict[int, BatchTariff] = {}

    def charges(self, rater: Rater, calls: Sequence[Billable], kind: str) -> list[ChargeValues]:
        """Return what each of *calls* is charged or costs, in their order."""
        found: dict[int, ChargeValues] = {}
        groups: dict[tuple[int, bool], tuple[TariffPricer, list[int]]] = {}
        for at, call in enumerate(calls):
            chosen = rater.chosen(call, kind)
            if isinstance(chosen, str):
                found[at] = unrated(kind, chosen)
                continue
            pricer, by_dialled = chosen
            group = groups.get((pricer.version_id, by_dialled))
            if group is None:
                group = groups[pricer.version_id, by_dialled] = pricer, []
            group[1].append(at)
        for (_, by_dialled), (pricer, places) in groups.items():
            some = [calls[at] for at in places]
            found.update(
                zip(places, self._priced(pricer, some, kind, by_dialled=by_dialled), strict=True)
            )
        return [found[at] for at in range(len(calls))]

    def _priced(
        self, pricer: TariffPricer, calls: Sequence[Billable], kind: str, *, by_dialled: bool
    ) -> list[ChargeValues]:
        ready = self._tariff(pricer) if len(calls) >= WORTH_ARRAYS else None
        if ready is None or not ready.is_fast:
            return [pricer.charge(call, kind, by_dialled=by_dialled) for call in calls]
        priced = price_batch(
            ready,
            call_arrays(
                ready.names,
                start_us=[call.talk_us for call in calls],
                talk_s=[min(-(-(call.talk_ms or 0) // 1000), LONGEST_S + 1) for call in calls],
                dialled=[call.dialled if by_dialled else call.callee for call in calls],
                callers=[call.extension or call.caller for call in calls],
                departments=[call.department for call in calls],
                trunks=[call.trunk for call in calls],
            ),
        )
        version_id, currency, rates = (
            pricer.version_id,
            pricer.compiled.currency,
            pricer.compiled.rates,
        )
        without_prefix = unrated(kind, "no_prefix", version_id, currency)
        charges = []
        for at, (state, micros, billed_s, index) in enumerate(
            zip(
                priced.state.tolist(),
                priced.amount_micros.tolist(),
                priced.billed_s.tolist(),
                priced.rate_index.tolist(),
                strict=True,
            )
        ):
            if state == PRICED:
                rate = rates[index].rate
                charges.append(
                    priced_charge(kind, version_id, index, rate, billed_s, micros, currency)
                )
            elif state == NO_PREFIX:
                charges.append(without_prefix)
            else:
                charges.append(pricer.charge(calls[at], kind, by_dialled=by_dialled))
        return charges

    def _tariff(self, pricer: TariffPricer) -> BatchTariff:
        ready = self._ready.get(pricer.version_id)
        if ready is None:
            ready = self._ready[pricer.version_id] = batch_tariff(pricer.compiled)
        return ready
