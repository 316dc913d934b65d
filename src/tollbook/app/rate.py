"""Prices calls by the tariffs of their PBX: assignment, version in force, rate.

Pure: it works from `Rules`, so a worker process can do it. A call that is not priced at all
(internal, incoming, unanswered) gets no charge; one that no assignment, version or rate fits gets
a charge without amount that says why.

Source: docs/algorithms/mediation.md, "Which tariff".
"""

import json
from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal

from tollbook.app.rules import BY_DIALLED, CHARGE, COST, Assignment, Rules, Version
from tollbook.core.rating import TalkedCall, charge_of
from tollbook.core.tariff import CompiledTariff, compile_tariff, read_tariff
from tollbook.storage.batch import ChargeColumns
from tollbook.storage.instants import from_us

UNRATED_REASONS = {
    "no_talk_time": "the record does not say how long the call lasted",
    "no_assignment": "no tariff is assigned to this call",
    "no_version": "no version of the assigned tariff was in force yet",
}


@dataclass(frozen=True, slots=True)
class PricedCall:
    """What pricing needs of a call: instants in µs, talk in ms, texts "" where unknown."""

    talk_us: int
    talk_ms: int | None
    callee: str
    dialled: str
    caller: str
    extension: str
    trunk: str
    account_code: str
    source_ip: str
    pulses: int | None


class Rater:
    """The tariffs of one PBX at work; compiles each version once, for it never changes."""

    def __init__(self, rules: Rules, *, before: "Rater | None" = None) -> None:
        """*before* is one whose compiled versions are taken over."""
        self._extensions = rules.extensions
        self._versions = rules.versions
        self._starts = {
            tariff_id: [version.valid_from_us for version in versions]
            for tariff_id, versions in rules.versions.items()
        }
        self._assignments = {
            kind: tuple(one for one in rules.assignments if one.kind == kind)
            for kind in (CHARGE, COST)
        }
        self.compiled: dict[int, CompiledTariff] = before.compiled if before else {}

    def add(self, charges: ChargeColumns, index: int, call: PricedCall) -> None:
        """Append what the call with *index* is charged, and what it costs where that is asked."""
        self._add_kind(charges, index, call, CHARGE)
        if self._assignments[COST]:
            self._add_kind(charges, index, call, COST)

    def assignment(self, call: PricedCall, kind: str = CHARGE) -> Assignment | None:
        """Return the first assignment that fits *call*."""
        for one in self._assignments[kind]:
            if one.fits_all or self._fits(one, call):
                return one
        return None

    def version(self, tariff_id: int, talk_us: int) -> Version | None:
        """Return the version of a tariff that is in force at the talk instant."""
        place = bisect_right(self._starts.get(tariff_id, ()), talk_us)
        return self._versions[tariff_id][place - 1] if place else None

    def _fits(self, one: Assignment, call: PricedCall) -> bool:
        department = self._extensions.get(call.extension, "")
        return (
            one.trunk in ("", call.trunk)
            and one.extension in ("", call.extension)
            and one.department in ("", department)
            and one.account_code in ("", call.account_code)
            and one.source_ip in ("", call.source_ip)
            and (one.from_us is None or one.from_us <= call.talk_us)
            and (one.to_us is None or call.talk_us < one.to_us)
        )

    def _add_kind(self, charges: ChargeColumns, index: int, call: PricedCall, kind: str) -> None:
        one = self.assignment(call, kind)
        if one is None:
            _unrated(charges, index, kind, "no_assignment")
            return
        if call.talk_ms is None:
            _unrated(charges, index, kind, "no_talk_time")
            return
        version = self.version(one.tariff_id, call.talk_us)
        if version is None:
            _unrated(charges, index, kind, "no_version")
            return
        compiled = self._compile(version)
        priced = charge_of(
            compiled,
            TalkedCall(
                start=from_us(call.talk_us),
                talk_s=Decimal(call.talk_ms).scaleb(-3),
                dialled=call.dialled if one.matches == BY_DIALLED else call.callee,
                caller=call.extension or call.caller,
                department=self._extensions.get(call.extension),
                trunk=call.trunk,
                pulses=call.pulses,
            ),
        )
        if isinstance(priced, str):
            _unrated(charges, index, kind, priced, version.version_id, compiled.currency)
            return
        micros, billed_s, rate_index = priced
        rate = compiled.rates[rate_index].rate
        charges.call.append(index)
        charges.kind.append(kind)
        charges.tariff_version_id.append(version.version_id)
        charges.rate_index.append(rate_index)
        charges.prefix.append(rate.prefix)
        charges.band.append(rate.band or "")
        charges.billed_s.append(billed_s)
        charges.amount_micros.append(micros)
        charges.currency.append(compiled.currency)
        charges.unrated_reason.append("")

    def _compile(self, version: Version) -> CompiledTariff:
        compiled = self.compiled.get(version.version_id)
        if compiled is None:
            compiled = self.compiled[version.version_id] = compiled_document(version.document)
        return compiled


def compiled_document(document: str) -> CompiledTariff:
    """Return a stored version's document ready for pricing.

    Raises ValueError if it is no longer a tariff: a version is checked before it is stored.
    """
    reading = read_tariff(json.loads(document, parse_float=str))
    if reading.tariff is None:
        raise ValueError(f"a stored tariff cannot be read: {reading.faults[0].message}")
    return compile_tariff(reading.tariff)


def _unrated(
    charges: ChargeColumns,
    index: int,
    kind: str,
    reason: str,
    version_id: int | None = None,
    currency: str = "",
) -> None:
    charges.call.append(index)
    charges.kind.append(kind)
    charges.tariff_version_id.append(version_id)
    charges.rate_index.append(None)
    charges.prefix.append("")
    charges.band.append("")
    charges.billed_s.append(0)
    charges.amount_micros.append(None)
    charges.currency.append(currency)
    charges.unrated_reason.append(reason)
