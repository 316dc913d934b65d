"""What if: past calls under other tariffs, side by side with what they were charged.

Nothing is stored. A saving is never made of calls that a tariff cannot price: both sides of it
count the same calls, those that have a charge now and would have one then, in one currency. Calls
that a plan is in force for are compared under it.

Source: docs/decisions/0009-rows-and-columns.md.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import compress
from pathlib import Path

from tollbook.app.pricing.rater import compiled_document, talked_call
from tollbook.app.rerating.reprice import billable
from tollbook.app.rerating.what_if_plan import PlansTried
from tollbook.app.tariffs.publish import check_tariff
from tollbook.core.calls import DIRECTIONS
from tollbook.core.dialplan import unbilled_reason
from tollbook.core.rating import TalkedCall
from tollbook.core.rating.batch import BatchTariff, batch_tariff, price_columns
from tollbook.core.tariff import compile_tariff
from tollbook.storage.models import TariffVersion
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.rerating.charged_calls import ChargedCall, charged_calls
from tollbook.storage.rerating.rated_calls import Names, RatedCall, names_of_calls

DIMENSIONS = ("call_type", "destination", "department")
MOST_TARIFFS = 8  # Side by side on a screen, and in a table that people read.
MOST_UNRATED_NUMBERS = 100_000  # Kept apart by tariff; beyond it calls are still counted.
NO_TALK_TIME = "no_talk_time"
OTHER_CURRENCY = "other_currency"

WhatIfProgress = Callable[[int], None]


class WhatIfRefused(ValueError):
    """A tariff that cannot be compared; the message names it, the finding and what is expected."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A tariff to price past calls by, all of them by this one version."""

    name: str
    currency: str
    tariff: BatchTariff


@dataclass(slots=True)
class TariffOutcome:
    """What one tariff makes of a group of calls; it grows while they are counted.

    `charge_micros` is over all calls that it prices, `unrated` counts the others. `compared`
    calls have a charge in its currency now and then: `before_micros` and `after_micros` of those.
    """

    charge_micros: int = 0
    unrated: int = 0
    compared: int = 0
    before_micros: int = 0
    after_micros: int = 0

    @property
    def saving_micros(self) -> int:
        """What the compared calls would have cost less; negative: more."""
        return self.before_micros - self.after_micros


@dataclass(frozen=True, slots=True)
class WhatIfLine:
    """A group of calls: what they are charged by currency, and the outcome of each tariff.

    `rated_now` of `calls` have a charge now. `outcomes` are in the order of the tariffs.
    """

    name: str
    calls: int
    talk_ms: int
    rated_now: int
    charges: tuple[tuple[str, int], ...]
    outcomes: tuple[TariffOutcome, ...]


@dataclass(frozen=True, slots=True)
class UnratedNumber:
    """Calls to one number that a tariff cannot price, and why; `call_id` is one of them."""

    tariff: str
    number: str
    destination: str
    reason: str
    calls: int
    talk_ms: int
    call_id: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Past calls under other tariffs. Groups and numbers come with the most money or calls first.

    Only calls that are priced at all are here: no internal, incoming or unanswered ones.
    """

    tariffs: tuple[Alternative, ...]
    total: WhatIfLine
    groups: dict[str, tuple[WhatIfLine, ...]]
    unrated: tuple[UnratedNumber, ...]


def alternatives(names: Sequence[str]) -> tuple[Alternative, ...]:
    """Return the tariffs called *names*: files of tariff documents, or stored ones by name.

    A stored tariff is taken in its newest version. Raises WhatIfRefused.
    """
    if not names:
        raise WhatIfRefused("no tariff to compare with was given. Name a stored one or a file.")
    if len(set(names)) < len(names):
        raise WhatIfRefused("a tariff is named twice. Name each once.")
    if len(names) > MOST_TARIFFS:
        raise WhatIfRefused(f"{len(names)} tariffs were given, at most {MOST_TARIFFS} fit.")
    return tuple(_from_file(name) if Path(name).is_file() else _stored(name) for name in names)


def stored_alternative(tariff_id: int) -> Alternative:
    """Return a stored tariff in its newest version; raises WhatIfRefused if there is none."""
    versions = TariffVersion.objects.filter(tariff_id=tariff_id).select_related("tariff")
    newest = versions.order_by("-number").first()
    if newest is None:
        raise WhatIfRefused(f"there is no tariff {tariff_id}. Choose another.")
    compiled = compiled_document(newest.document)
    return Alternative(newest.tariff.name, compiled.currency, batch_tariff(compiled))


def compare(
    wanted: CallFilter, tariffs: Sequence[Alternative], *, progress: WhatIfProgress | None = None
) -> Comparison:
    """Price the calls that *wanted* admits by each of *tariffs*."""
    counting = _Counting(tuple(tariffs), names_of_calls())
    done = 0
    for calls in charged_calls(wanted):
        counting.add(calls)
        done += len(calls)
        if progress:
            progress(done)
    counting.add_planned()
    return counting.comparison()


@dataclass(slots=True)
class _CallGroup:
    """Calls of one type, destination, department and currency charged."""

    call_type: str
    destination: str
    department_id: int | None
    currency: str
    sums: tuple[TariffOutcome, ...]
    calls: int = 0
    talk_ms: int = 0
    rated_now: int = 0
    now_micros: int = 0


@dataclass(slots=True)
class _Counting:
    """A comparison as it grows."""

    tariffs: tuple[Alternative, ...]
    names: Names
    cells: dict[tuple[str, str, int | None, str], _CallGroup] = field(default_factory=dict)
    unrated: dict[tuple[int, str, str, str], list[int]] = field(default_factory=dict)
    plans: PlansTried = field(default_factory=PlansTried)
    planned: list[tuple[ChargedCall, _CallGroup]] = field(default_factory=list)

    def add(self, calls: Iterable[ChargedCall]) -> None:
        """Count those of *calls* that are priced at all."""
        priced = [
            one
            for one in calls
            if not unbilled_reason(
                DIRECTIONS[one.call.direction],
                answered=one.call.answered,
                talk_ms=one.call.talk_ms,
            )
        ]
        cells = [self._count(one) for one in priced]
        under = [
            one.call.talk_ms is not None and self.plans.plan_of(one.call) is not None
            for one in (priced if self.plans else ())
        ]
        if any(under):
            self.planned += compress(zip(priced, cells, strict=True), under)
            base = [not is_under for is_under in under]
            priced, cells = list(compress(priced, base)), list(compress(cells, base))
        timed = [place for place, one in enumerate(priced) if one.call.talk_ms is not None]
        talked = [self._talked(priced[place].call) for place in timed]
        for nth, tariff in enumerate(self.tariffs):
            charges = price_columns(tariff.tariff, talked)
            reasons = [NO_TALK_TIME] * len(priced)
            amounts = [0] * len(priced)
            for place, micros, reason in zip(
                timed, charges.amount_micros, charges.reason, strict=True
            ):
                reasons[place], amounts[place] = reason, micros
            for one, cell, micros, reason in zip(priced, cells, amounts, reasons, strict=True):
                if reason:
                    self._count_unrated(nth, one.call, cell, reason)
                else:
                    _count_rated(cell.sums[nth], one, tariff.currency, micros)

    def add_planned(self) -> None:
        """Price the calls that have a plan, in call order, once all of them are known.

        A tariff under whose plan every call comes out in one other currency is in that one; of
        several currencies only its own is compared.
        """
        if not self.planned:
            return
        calls = [one.call for one, _ in self.planned]
        for nth, tariff in enumerate(self.tariffs):
            prices = self.plans.prices(tariff.tariff.compiled, calls, self._talked)
            currencies = {price.currency for price in prices if not price.unrated_reason}
            if len(currencies) == 1 and len(self.planned) == self._calls():
                (currency,) = currencies
                self.tariffs = tuple(
                    replace(one, currency=currency) if at == nth else one
                    for at, one in enumerate(self.tariffs)
                )
            for (one, cell), price in zip(self.planned, prices, strict=True):
                reason = price.unrated_reason
                if not reason and price.currency != self.tariffs[nth].currency:
                    reason = OTHER_CURRENCY
                if reason or price.amount_micros is None:
                    self._count_unrated(nth, one.call, cell, reason)
                else:
                    _count_rated(cell.sums[nth], one, price.currency, price.amount_micros)

    def _calls(self) -> int:
        return sum(cell.calls for cell in self.cells.values())

    def comparison(self) -> Comparison:
        """Return what was counted."""
        groups = {
            "call_type": self._lines(lambda cell: cell.call_type),
            "destination": self._lines(lambda cell: cell.destination),
            "department": self._lines(
                lambda cell: self.names.departments.get(cell.department_id or 0, "")
            ),
        }
        total = self._line("", list(self.cells.values()))
        unrated = [
            UnratedNumber(self.tariffs[nth].name, number, destination, reason, *counts)
            for (nth, number, destination, reason), counts in self.unrated.items()
        ]
        unrated.sort(key=lambda one: (-one.calls, one.number, one.tariff))
        return Comparison(self.tariffs, total, groups, tuple(unrated))

    def _count(self, charged: ChargedCall) -> _CallGroup:
        call, amount_micros, currency = charged
        key = (call.call_type, call.destination, call.department_id, currency)
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = _CallGroup(*key, tuple(TariffOutcome() for _ in self.tariffs))
        cell.calls += 1
        cell.talk_ms += call.talk_ms or 0
        if amount_micros is not None:
            cell.rated_now += 1
            cell.now_micros += amount_micros
        return cell

    def _count_unrated(self, nth: int, call: RatedCall, cell: _CallGroup, reason: str) -> None:
        cell.sums[nth].unrated += 1
        key = (nth, call.callee or call.dialled, call.destination, reason)
        counts = self.unrated.get(key)
        if counts is None:
            if len(self.unrated) >= MOST_UNRATED_NUMBERS:
                return
            counts = self.unrated[key] = [0, 0, call.id]
        counts[0] += 1
        counts[1] += call.talk_ms or 0

    def _talked(self, call: RatedCall) -> TalkedCall:
        return talked_call(billable(call, self.names), call.callee or call.dialled)

    def _lines(self, name_of: Callable[[_CallGroup], str]) -> tuple[WhatIfLine, ...]:
        grouped: dict[str, list[_CallGroup]] = {}
        for cell in self.cells.values():
            grouped.setdefault(name_of(cell), []).append(cell)
        lines = [self._line(name, cells) for name, cells in grouped.items()]
        return tuple(sorted(lines, key=_by_weight))

    def _line(self, name: str, cells: list[_CallGroup]) -> WhatIfLine:
        charges: dict[str, int] = {}
        for cell in cells:
            if cell.currency and cell.rated_now:
                charges[cell.currency] = charges.get(cell.currency, 0) + cell.now_micros
        return WhatIfLine(
            name=name,
            calls=sum(cell.calls for cell in cells),
            talk_ms=sum(cell.talk_ms for cell in cells),
            rated_now=sum(cell.rated_now for cell in cells),
            charges=tuple(sorted(charges.items())),
            outcomes=tuple(
                _outcome([cell.sums[nth] for cell in cells]) for nth in range(len(self.tariffs))
            ),
        )


def _count_rated(total: TariffOutcome, charged: ChargedCall, currency: str, micros: int) -> None:
    total.charge_micros += micros
    if charged.amount_micros is not None and charged.currency == currency:
        total.compared += 1
        total.before_micros += charged.amount_micros
        total.after_micros += micros


def _outcome(sums: list[TariffOutcome]) -> TariffOutcome:
    return TariffOutcome(
        *(sum(getattr(one, each.name) for one in sums) for each in fields(TariffOutcome))
    )


def _by_weight(line: WhatIfLine) -> tuple[int, int, str]:
    """Order lines by what they are charged, then by their calls, then by name."""
    return -sum(micros for _, micros in line.charges), -line.calls, line.name


def _from_file(name: str) -> Alternative:
    path = Path(name)
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise WhatIfRefused(f"{name}: cannot be read: {fault.strerror}.") from fault
    tariff, faults = check_tariff(raw, name=path.name)
    if tariff is None:
        raise WhatIfRefused(
            f"{name}: {faults[0].place}: {faults[0].message}. Nothing was compared; "
            "see all faults with `tollbook tariff check`."
        )
    compiled = compile_tariff(tariff)
    return Alternative(tariff.name, compiled.currency, batch_tariff(compiled))


def _stored(name: str) -> Alternative:
    versions = TariffVersion.objects.filter(tariff__name=name)
    tariff_id = versions.values_list("tariff_id", flat=True).first()
    if tariff_id is None:
        known = TariffVersion.objects.order_by("tariff__name").values_list(
            "tariff__name", flat=True
        )
        words = ", ".join(f'"{one}"' for one in list(dict.fromkeys(known))[:5]) or "none"
        raise WhatIfRefused(
            f'"{name[:120]}" is neither a file nor a stored tariff. Stored: {words}.'
        )
    return stored_alternative(tariff_id)
