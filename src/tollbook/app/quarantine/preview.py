"""Calls as they would be stored: what a page shows before anything is written."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tollbook.app.pricing.pbx_rules import CHARGE
from tollbook.app.reports.call_table import NO_CHARGE_WORDS
from tollbook.core.batch import CallBatch
from tollbook.core.calls import DIRECTIONS
from tollbook.core.dialplan import unbilled_reason
from tollbook.core.instants import from_us
from tollbook.core.money import from_micros


@dataclass(frozen=True, slots=True)
class ReadCall:
    """A call that a record tells of; `dedupe_hash` is what the same call again would have.

    `charge_micros` is null for a call without a price; `no_charge` says why in words.
    """

    offset: int
    begin_us: int
    caller: str
    callee: str
    talk_ms: int | None
    charge_micros: int | None
    currency: str
    no_charge: str
    dedupe_hash: int

    @property
    def begin(self) -> datetime:
        """When it began."""
        return from_us(self.begin_us)

    @property
    def charge(self) -> Decimal | None:
        """Its price."""
        return None if self.charge_micros is None else from_micros(self.charge_micros)


def read_calls(draft: CallBatch) -> list[ReadCall]:
    """Return the calls of a priced draft, in its order."""
    calls, charges = draft.calls, draft.charges
    priced = {
        index: (micros, currency, reason)
        for index, kind, micros, currency, reason in zip(
            charges.call,
            charges.kind,
            charges.amount_micros,
            charges.currency,
            charges.unrated_reason,
            strict=True,
        )
        if kind == CHARGE
    }
    found = []
    for index, record in enumerate(calls.record):
        micros, currency, reason = priced.get(index, (None, "", ""))
        if micros is None and not reason:
            reason = unbilled_reason(
                DIRECTIONS[calls.direction[index]],
                answered=calls.answered[index],
                talk_ms=calls.talk_ms[index],
            )
        found.append(
            ReadCall(
                offset=draft.records.offset[record],
                begin_us=calls.begin_us[index],
                caller=calls.caller[index],
                callee=calls.callee[index] or calls.dialled[index],
                talk_ms=calls.talk_ms[index],
                charge_micros=micros,
                currency=currency,
                no_charge=NO_CHARGE_WORDS.get(reason, reason.replace("_", " ")),
                dedupe_hash=calls.dedupe_hash[index],
            )
        )
    return found


def total_charges(calls: Iterable[ReadCall]) -> list[tuple[Decimal, str]]:
    """Return what *calls* are charged together, an amount for each currency, by its name."""
    totals: Counter[str] = Counter()
    for call in calls:
        if call.charge_micros is not None:
            totals[call.currency] += call.charge_micros
    return [(from_micros(micros), currency) for currency, micros in sorted(totals.items())]
