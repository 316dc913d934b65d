"""Spend by day with the month before behind it, and who spent most: the figures of Home."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from tollbook.app.directory.sites import sites_of_extensions
from tollbook.app.reports.call_log import EVERYTHING, CallFilter
from tollbook.app.reports.spend import DaySpend, GroupTotal, charges_summary, spend_by_day
from tollbook.core.instants import to_us
from tollbook.core.money import MICRO, from_micros
from tollbook.documents.charts import Bar, bars_with_before, nice_scale
from tollbook.web.frame.periods import midnight, next_month
from tollbook.web.templatetags.tollbook import money

TOP = 8
SPENDERS = (("extension", "Extensions"), ("department", "Departments"))


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day in the chart's table twin."""

    day: date
    href: str
    calls: int
    spent: Decimal
    before: Decimal | None


@dataclass(frozen=True, slots=True)
class Spend:
    """This month's spend: today, so far, the month before to the same day, drawn and as lines."""

    today: Decimal
    today_calls: int
    today_href: str
    month: Decimal
    month_calls: int
    month_href: str
    finding: str
    compared: str
    chart: SafeString
    days: Sequence[DayLine]
    others: Sequence[tuple[str, Decimal]]


@dataclass(frozen=True, slots=True)
class Spender:
    """One line of who spent most; `share` is of the first, in percent.

    `calls` are all calls of the month, as the list behind it shows them, charged or not.
    """

    label: str
    name: str
    href: str
    calls: int
    spent: Decimal
    share: int


def month_spend(
    today: date, *, zone: ZoneInfo, currency: str, wanted: CallFilter = EVERYTHING
) -> Spend:
    """Return the spend of *wanted* in the month of *today*.

    Sums are in *currency*, others stand apart.
    """
    first = today.replace(day=1)
    before_first = (first - timedelta(days=1)).replace(day=1)
    month, before = _days_of(first, zone, wanted), _days_of(before_first, zone, wanted)
    spent = [_in(day, currency) for day in month]
    spent_before = [_in(day, currency) for day in before]
    so_far = sum(spent)
    before_so_far = sum(spent_before[: today.day])
    days = [first + timedelta(days=index) for index in range(len(month))]
    matched: list[int | None] = [*spent_before, *([None] * len(month))][: len(month)]
    finding = _finding(so_far, before_so_far, before_first, today)
    here = month[today.day - 1]
    return Spend(
        today=from_micros(spent[today.day - 1]),
        today_calls=here.calls,
        today_href=_log(period="today"),
        month=from_micros(so_far),
        month_calls=sum(day.calls for day in month),
        month_href=_log(period="month"),
        finding=finding,
        compared=f"{before_first:%B} to the {today.day}: {money(from_micros(before_so_far))}",
        chart=_chart(days, spent, matched, title=finding, currency=currency),
        days=[
            DayLine(
                day=day,
                href=_day_href(day),
                calls=found.calls,
                spent=from_micros(now),
                before=None if then is None else from_micros(then),
            )
            for day, found, now, then in zip(days, month, spent, matched, strict=True)
            if day <= today
        ],
        others=_others(month, currency),
    )


def spenders(
    today: date, *, zone: ZoneInfo, currency: str, group_by: str, wanted: CallFilter = EVERYTHING
) -> list[Spender]:
    """Return what of *wanted* cost most in the month of *today*, by a group of the summaries."""
    first = today.replace(day=1)
    this_month = replace(
        wanted,
        from_us=to_us(midnight(first, zone)),
        to_us=to_us(midnight(next_month(first), zone)),
    )
    totals = charges_summary(this_month, group_by=group_by)
    calls: Counter[int | str | None] = Counter()
    for total in totals:
        calls[total.key] += total.calls
    found = [
        total
        for total in totals
        if total.currency == currency and total.key not in (None, "") and total.charge_micros
    ][:TOP]
    most = max((total.charge_micros for total in found), default=1)
    sites = _sites_of(found) if group_by == "extension" else {}
    return [
        _spender(total, group_by, most, calls=calls[total.key], of_site=sites.get(total.key, {}))
        for total in found
    ]


def _sites_of(found: Sequence[GroupTotal]) -> dict[int | str | None, dict[str, str]]:
    """Return what an address needs besides the number of each extension: where sites may number
    alike, its site.
    """
    own = sites_of_extensions([total.key for total in found if total.key is not None])
    return {extension: {"site": str(site)} for extension, site in own.items()}


def _spender(
    total: GroupTotal, group_by: str, most: int, *, calls: int, of_site: Mapping[str, str]
) -> Spender:
    value = total.label if group_by == "extension" else str(total.key)
    return Spender(
        label=total.label,
        name=total.name,
        href=_log(period="month", **{group_by: value}, **of_site),
        calls=calls,
        spent=from_micros(total.charge_micros),
        share=100 * total.charge_micros // max(1, most),
    )


def _days_of(first: date, zone: ZoneInfo, wanted: CallFilter) -> list[DaySpend]:
    after = next_month(first)
    count = (after - first).days
    bounds = [to_us(midnight(first + timedelta(days=index), zone)) for index in range(count + 1)]
    return spend_by_day(bounds, wanted)


def _in(day: DaySpend, currency: str) -> int:
    return dict(day.charges).get(currency, 0)


def _others(month: Sequence[DaySpend], currency: str) -> list[tuple[str, Decimal]]:
    sums: dict[str, int] = {}
    for day in month:
        for other, micros in day.charges:
            if other != currency:
                sums[other] = sums.get(other, 0) + micros
    return [(other, from_micros(micros)) for other, micros in sorted(sums.items())]


def _finding(now: int, before: int, before_first: date, today: date) -> str:
    """State in one sentence how this month compares with the one before, to the same day."""
    month = f"{before_first:%B}"
    if not now and not before:
        return "Nothing spent yet this month"
    if not before:
        return f"Nothing was spent in {month} up to the {today.day}"
    change = 100 * (now - before) // before
    if change == 0:
        return f"As much as in {month} up to the {today.day}"
    if change >= 200:
        return f"{now // before} times as much as in {month} to this day"
    return f"{abs(change)} % {'more' if change > 0 else 'less'} than in {month} to this day"


def _chart(
    days: Sequence[date],
    spent: Sequence[int],
    before: Sequence[int | None],
    *,
    title: str,
    currency: str,
) -> SafeString:
    bars = []
    for day, now, then in zip(days, spent, before, strict=True):
        says = f"{day:%a %d %B}: {money(from_micros(now))} {currency}"
        if then is not None:
            says += f", a month before {money(from_micros(then))}"
        bars.append(Bar(str(day.day), now, then, says, _day_href(day)))
    largest = max([*spent, *(then or 0 for then in before), MICRO])
    peak = money(from_micros(max(spent))) if any(spent) else ""
    scale = nice_scale(largest, unit=MICRO, decimals=2)
    # The drawing escapes every word itself: documents.charts.
    return mark_safe(bars_with_before(bars, scale, title=title, peak=peak))  # noqa: S308


def _day_href(day: date) -> str:
    after = day + timedelta(days=1)
    return _log(**{"from": day.isoformat(), "to": after.isoformat()})


def _log(**filters: str) -> str:
    return f"{reverse('calls')}?{urlencode(filters)}"
