"""A comparison of tariffs as its page shows it: the finding, the chart, the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from tollbook.app.rerating.what_if import Alternative, Comparison, TariffOutcome, WhatIfLine
from tollbook.app.words import counted
from tollbook.core.money import MICRO, from_micros
from tollbook.documents.charts import Rod, nice_scale, rods_with_mark
from tollbook.web.pricing.pages.why import reason_words
from tollbook.web.templatetags.tollbook import call_type_words, money

ROWS_SHOWN = 25
NUMBERS_SHOWN = 20
_HEADINGS = (
    ("call_type", "By call type", "Call type"),
    ("destination", "By destination", "Destination"),
    ("department", "By department", "Department"),
)


@dataclass(frozen=True, slots=True)
class ShownOutcome:
    """One tariff's cells in a row; `saving_words` says the sign in a word too."""

    charge: Decimal
    saving_words: str
    unrated: int


@dataclass(frozen=True, slots=True)
class ShownWhatIfLine:
    """One row of a table."""

    name: str
    calls: int
    charges: tuple[tuple[str, Decimal], ...]
    outcomes: tuple[ShownOutcome, ...]


@dataclass(frozen=True, slots=True)
class ShownWhatIfGroup:
    """One table; `left_out` rows are only in the export."""

    key: str
    title: str
    heading: str
    lines: tuple[ShownWhatIfLine, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """A number that a tariff has no price for."""

    tariff: str
    number: str
    destination: str
    reason: str
    calls: int
    href: str


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The result of a comparison."""

    finding: str
    tariffs: tuple[Alternative, ...]
    charts: tuple[tuple[str, SafeString], ...]
    total: ShownWhatIfLine
    groups: tuple[ShownWhatIfGroup, ...]
    numbers: tuple[ShownNumber, ...]
    numbers_left_out: int


def shown(comparison: Comparison) -> WhatIf:
    """Return *comparison* as the page shows it."""
    return WhatIf(
        finding=_finding(comparison),
        tariffs=comparison.tariffs,
        charts=tuple(_charts(comparison)),
        total=_line(comparison.total, "All calls"),
        groups=tuple(_group(comparison, *heading) for heading in _HEADINGS),
        numbers=tuple(
            ShownNumber(
                one.tariff,
                one.number,
                one.destination,
                reason_words(one.reason),
                one.calls,
                reverse("call", args=[one.call_id]),
            )
            for one in comparison.unrated[:NUMBERS_SHOWN]
        ),
        numbers_left_out=max(0, len(comparison.unrated) - NUMBERS_SHOWN),
    )


def _finding(comparison: Comparison) -> str:
    """State which tariff saves most, over the calls that have a price on both sides."""
    if not comparison.total.calls:
        return "No call of this period has a price"
    outcomes = list(zip(comparison.tariffs, comparison.total.outcomes, strict=True))
    comparable = [(tariff, outcome) for tariff, outcome in outcomes if outcome.compared]
    if not comparable:
        return "No call has a price now and under these tariffs in one currency"
    tariff, outcome = max(comparable, key=lambda pair: pair[1].saving_micros)
    what = money(from_micros(abs(outcome.saving_micros)))
    way = "less" if outcome.saving_micros >= 0 else "more"
    if not outcome.saving_micros:
        return f"{tariff.name} would have cost the same"
    return (
        f"{tariff.name} would have cost {what} {tariff.currency} {way}{_share(outcome)} for "
        f"{counted(outcome.compared, 'call')}"
    )


def _share(outcome: TariffOutcome) -> str:
    if outcome.before_micros <= 0:
        return ""
    share = Decimal(abs(outcome.saving_micros) * 100) / outcome.before_micros
    return f" ({share.quantize(Decimal('0.1'), ROUND_HALF_UP)} %)"


def _charts(comparison: Comparison) -> Sequence[tuple[str, SafeString]]:
    """Return a drawing for each currency, since no axis has two."""
    by_currency: dict[str, list[Rod]] = {}
    largest: dict[str, int] = {}
    for tariff, outcome in zip(comparison.tariffs, comparison.total.outcomes, strict=True):
        if not outcome.compared:
            continue
        words = _saving_words(outcome.saving_micros)
        rod = Rod(
            label=tariff.name,
            now=outcome.after_micros,
            before=outcome.before_micros,
            ends_with=words,
            says=f"{tariff.name}: {money(from_micros(outcome.after_micros))} instead of "
            f"{money(from_micros(outcome.before_micros))} {tariff.currency}, {words}",
        )
        by_currency.setdefault(tariff.currency, []).append(rod)
        biggest = max(outcome.after_micros, outcome.before_micros, 1)
        largest[tariff.currency] = max(largest.get(tariff.currency, 1), biggest)
    return [
        (
            currency,
            mark_safe(  # noqa: S308 - the chart escapes every word it writes
                rods_with_mark(
                    rods,
                    nice_scale(largest[currency], unit=MICRO, decimals=2),
                    title=". ".join(rod.says for rod in rods),
                )
            ),
        )
        for currency, rods in by_currency.items()
    ]


def _saving_words(saving_micros: int) -> str:
    if not saving_micros:
        return "the same"
    return f"{money(from_micros(abs(saving_micros)))} {'less' if saving_micros > 0 else 'more'}"


def _group(comparison: Comparison, key: str, title: str, heading: str) -> ShownWhatIfGroup:
    lines = comparison.groups[key]
    none = "No department" if key == "department" else "Not known"
    words = call_type_words if key == "call_type" else str
    return ShownWhatIfGroup(
        key,
        title,
        heading,
        tuple(_line(line, words(line.name) if line.name else none) for line in lines[:ROWS_SHOWN]),
        max(0, len(lines) - ROWS_SHOWN),
    )


def _line(line: WhatIfLine, name: str) -> ShownWhatIfLine:
    return ShownWhatIfLine(
        name,
        line.calls,
        tuple((currency, from_micros(micros)) for currency, micros in line.charges),
        tuple(
            ShownOutcome(
                charge=from_micros(outcome.charge_micros),
                saving_words=_saving_words(outcome.saving_micros) if outcome.compared else "",
                unrated=outcome.unrated,
            )
            for outcome in line.outcomes
        ),
    )
