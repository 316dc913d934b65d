"""Prices calls by the tariffs of their PBX: assignment, version in force, rate.

Pure: it works from `Rules`, so a worker process can do it. A call that is not priced at all
(internal, incoming, unanswered) gets no charge; one that no assignment, version or rate fits gets
a charge without amount that says why.

Source: docs/algorithms/mediation.md, "Which tariff".
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeVar

from tollbook.app.pricing.pbx_rules import BY_DIALLED, CHARGE, COST, Assignment, Rules, Version
from tollbook.app.pricing.tariff_documents import compiled, read_document
from tollbook.core.batch import ChargeValues
from tollbook.core.instants import from_us
from tollbook.core.rating import TalkedCall, charge_at, charge_of
from tollbook.core.rating.winner import asked_at, unrated_reason, winner
from tollbook.core.tariff import CompiledTariff, Rate
from tollbook.core.tariff.compiled import ALWAYS_FROM_US, ALWAYS_TO_US

UNRATED_REASONS = {
    "no_exchange_rate": "no exchange rate was known on the day of the call",
    "other_currency": "the plan charges in another currency",
    "amount_too_large": "the plan makes an amount that no account can hold",
    "no_talk_time": "the record does not say how long the call lasted",
    "no_assignment": "no tariff is assigned to this call",
    "no_version": "no version of the assigned tariff was in force yet",
}
_REMEMBERED = 200_000
_SECOND_US = 1_000_000
QUARTER_S = 900  # The windows of a tariff seldom change within one.
Key = TypeVar("Key")
Value = TypeVar("Value")
# The number, the windows open, and whatever else a tariff asks about.
_WinnerKey = tuple[str, int, *tuple[object, ...]]


class Billable(NamedTuple):
    """What pricing needs of a call: instants in µs, talk in ms, texts "" where unknown."""

    talk_us: int
    talk_ms: int | None
    callee: str
    dialled: str
    caller: str
    extension: str
    department: str
    trunk: str
    account_code: str
    source_ip: str
    pulses: int | None


class Rater:
    """The tariffs of one PBX, ready to price; each immutable version is compiled once."""

    def __init__(self, rules: Rules, *, before: "Rater | None" = None) -> None:
        """*before* is one whose compiled versions are taken over."""
        self._extensions: Mapping[str, str] = rules.extensions
        self._versions = rules.versions
        self._starts = {
            tariff_id: [version.valid_from_us for version in versions]
            for tariff_id, versions in rules.versions.items()
        }
        self._assignments = {
            kind: tuple((one, one.fits_all) for one in rules.assignments if one.kind == kind)
            for kind in (CHARGE, COST)
        }
        self.kinds = (CHARGE, COST) if self._assignments[COST] else (CHARGE,)
        self.pricers: dict[int, TariffPricer] = before.pricers if before else {}

    def charge(self, call: Billable, kind: str = CHARGE) -> ChargeValues:
        """Return what *call* is charged (or costs), or a charge that says why it has no price."""
        chosen = self.chosen(call, kind)
        if isinstance(chosen, str):
            return unrated(kind, chosen)
        pricer, by_dialled = chosen
        return pricer.charge(call, kind, by_dialled=by_dialled)

    def chosen(self, call: Billable, kind: str = CHARGE) -> "tuple[TariffPricer, bool] | str":
        """Return the version that prices *call*, and whether by the dialled digits; or why none."""
        one = self.assignment(call, kind)
        if one is None:
            return "no_assignment"
        if call.talk_ms is None:
            return "no_talk_time"
        version = self.version(one.tariff_id, call.talk_us)
        if version is None:
            return "no_version"
        return self.pricer(version), one.matches == BY_DIALLED

    def pricer(self, version: Version) -> "TariffPricer":
        """Return a version, ready to price; it is compiled when it is first asked for."""
        known = self.pricers.get(version.version_id)
        if known is None:
            known = self.pricers[version.version_id] = TariffPricer(version)
        return known

    def sole_assignment(self, kind: str) -> Assignment | None:
        """Return the assignment that every call falls under, if there is one."""
        first = next(iter(self._assignments[kind]), None)
        return first[0] if first and first[1] else None

    def versions(self, tariff_id: int) -> Sequence[Version]:
        """Return the versions of a tariff, ascending by the instant from which they hold."""
        return self._versions.get(tariff_id, ())

    def assignment(self, call: Billable, kind: str = CHARGE) -> Assignment | None:
        """Return the first assignment that fits *call*."""
        for one, fits_all in self._assignments[kind]:
            if fits_all or _fits(one, call):
                return one
        return None

    def department_of(self, extension: str) -> str:
        """Return the department of a telephone, "" without one."""
        return self._extensions.get(extension, "")

    def version(self, tariff_id: int, talk_us: int) -> Version | None:
        """Return the version of a tariff that is in force at the talk instant."""
        place = bisect_right(self._starts.get(tariff_id, ()), talk_us)
        return self._versions[tariff_id][place - 1] if place else None


class TariffPricer:
    """One version of a tariff, compiled, ready to price.

    Which rate wins depends on the number and whoever else the rates ask about, on the windows
    open and the rates in effect; what a won rate charges depends on the whole seconds of talk.
    Both repeat over many calls, so both are memoised. Where a call's length decides more (bands
    that split it, metering pulses), nothing is (`repeats` is false).
    """

    def __init__(self, version: Version) -> None:
        self.version_id = version.version_id
        self.compiled = compiled_document(version.document)
        rates = self.compiled.rates
        self.repeats = not self.compiled.splits and all(rate.pulse is None for rate in rates)
        self.asks_caller = any(rate.callers for rate in rates)
        self.asks_trunk = any(rate.trunks for rate in rates)
        edges = {edge for rate in rates for edge in (rate.from_us, rate.to_us)}
        self.edges_us = sorted(edges - {ALWAYS_FROM_US, ALWAYS_TO_US})
        self._open: dict[int, int] = {}
        self._winners: dict[_WinnerKey, int | str] = {}
        self._charges: dict[tuple[int | str, int, str], ChargeValues] = {}

    def charge(self, call: Billable, kind: str, *, by_dialled: bool) -> ChargeValues:
        """Return the charge of *call*, of which the talk is known."""
        number = call.dialled if by_dialled else call.callee
        if not self.repeats or call.talk_ms is None:
            return self._priced(self._charge_of(call, number), kind)
        return self.charge_at(self.rate_of(call, number), -(-call.talk_ms // 1000), kind)

    def rate_of(self, call: Billable, number: str) -> int | str:
        """Return the index of the rate that wins, or why none does; where `repeats` only."""
        who = self._asked(call, number)
        won = self._winners.get(who)
        if won is None:
            won = _remember(self._winners, who, self._winner(call, number, who[1]))
        return won

    def charge_at(self, won: int | str, talk_s: int, kind: str) -> ChargeValues:
        """Return the charge by a rate (or that there is none) for whole seconds of talk."""
        if isinstance(won, str):
            return unrated(kind, won, self.version_id, self.compiled.currency)
        known = self._charges.get((won, talk_s, kind))
        if known is None:
            found = charge_at(self.compiled, self.compiled.rates[won], talk_s)
            known = _remember(self._charges, (won, talk_s, kind), self._priced(found, kind))
        return known

    def _asked(self, call: Billable, number: str) -> "_WinnerKey":
        """Return all on which it depends which rate wins."""
        who: _WinnerKey = (number, self.open_at(call.talk_us // _SECOND_US))
        if self.edges_us:
            who = (*who, bisect_right(self.edges_us, call.talk_us))
        if self.asks_caller:
            who = (*who, call.extension or call.caller, call.department)
        if self.asks_trunk:
            who = (*who, call.trunk)
        return who

    def open_at(self, epoch_s: int) -> int:
        """Return the windows open at an instant; mostly they are for a whole quarter of an hour."""
        windows = self.open_in(epoch_s // QUARTER_S)
        return self.compiled.calendar.open_at(epoch_s) if windows is None else windows

    def open_in(self, quarter: int) -> int | None:
        """Return the windows open in a quarter of an hour since 1970, None if they change in it."""
        known = self._open.get(quarter)
        if known is not None:
            return known
        windows, until_s = self.compiled.calendar.open_until(quarter * QUARTER_S)
        if until_s is not None and until_s < (quarter + 1) * QUARTER_S:
            return None
        return _remember(self._open, quarter, windows)

    def _winner(self, call: Billable, number: str, windows_open: int) -> int | str:
        """Return the index of the rate that wins, or why none does."""
        asked = asked_at(
            self.compiled,
            number,
            call.talk_us,
            caller=call.extension or call.caller,
            department=call.department or None,
            trunk=call.trunk,
        )
        rate = winner(asked, windows_open)
        return unrated_reason(asked, windows_open) if rate is None else rate.index

    def _charge_of(self, call: Billable, number: str) -> tuple[int, int, int] | str:
        return charge_of(self.compiled, talked_call(call, number))

    def _priced(self, found: tuple[int, int, int] | str, kind: str) -> ChargeValues:
        currency = self.compiled.currency
        if isinstance(found, str):
            return unrated(kind, found, self.version_id, currency)
        micros, billed_s, rate_index = found
        rate = self.compiled.rates[rate_index].rate
        return priced_charge(kind, self.version_id, rate_index, rate, billed_s, micros, currency)


def talked_call(call: Billable, number: str) -> TalkedCall:
    """Return *call* as the core prices it, *number* being the one to find a prefix for."""
    return TalkedCall(
        start=from_us(call.talk_us),
        talk_s=Decimal(call.talk_ms or 0).scaleb(-3),
        dialled=number,
        caller=call.extension or call.caller,
        department=call.department or None,
        trunk=call.trunk,
        account_code=call.account_code or None,
        source_ip=call.source_ip or None,
        pulses=call.pulses,
    )


def compiled_document(document: str) -> CompiledTariff:
    """Return a stored version's document ready for pricing.

    Raises ValueError if it is no longer a tariff: a version is checked before it is stored.
    """
    return compiled(read_document(document))


def _fits(one: Assignment, call: Billable) -> bool:
    return (
        one.trunk in ("", call.trunk)
        and one.extension in ("", call.extension)
        and one.department in ("", call.department)
        and one.account_code in ("", call.account_code)
        and one.source_ip in ("", call.source_ip)
        and (one.from_us is None or one.from_us <= call.talk_us)
        and (one.to_us is None or call.talk_us < one.to_us)
    )


def priced_charge(
    kind: str,
    version_id: int | None,
    index: int,
    rate: Rate,
    billed_s: int,
    micros: int,
    currency: str,
) -> ChargeValues:
    """Return the charge that *rate*, the one at *index* of its version, comes to."""
    band = rate.band or ""
    return ChargeValues(kind, version_id, index, rate.prefix, band, billed_s, micros, currency, "")


def unrated(
    kind: str, reason: str, version_id: int | None = None, currency: str = ""
) -> ChargeValues:
    """Return the charge of a call that has no price, for a reason."""
    return ChargeValues(kind, version_id, None, "", "", 0, None, currency, reason)


def _remember(known: dict[Key, Value], key: Key, value: Value) -> Value:
    if len(known) >= _REMEMBERED:
        known.clear()  # Rare, cheap, and memory stays bounded.
    known[key] = value
    return value
