"""Statistics by day, month and year: calls, talk, average and cost (ZYC-44, ZYC-45)."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.directory.choices import extension_called, extensions_within
from tollbook.app.directory.currency import sign_of
from tollbook.app.reports.call_log import CallFilter
from tollbook.app.reports.period import PeriodError, TimeRange, moment
from tollbook.app.reports.statistics import (
    EVERY,
    Statistic,
    StatisticsInterval,
    hours_text,
    statistics,
    statistics_table,
    total_of,
)
from tollbook.core.instants import from_us, to_us
from tollbook.web.frame.files import table_file
from tollbook.web.frame.listing import Head, ListQuery, asked_of, page_by
from tollbook.web.frame.permissions import needs, reach_of, visible_calls
from tollbook.web.frame.request import site_facts
from tollbook.web.frame.site_choice import calls_of_site

TITLES = {"day": "By Day", "month": "By Month", "year": "By Year"}


@dataclass(frozen=True, slots=True)
class ShownStatistic:
    """One line as text; costs in another currency than the site's name it."""

    date: str
    extension: str
    calls: int
    total_time: str
    average_time: str
    costs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatisticsQuery:
    """What the address asks, as far as it can be read."""

    asked: ListQuery
    every: StatisticsInterval
    wanted: CallFilter
    faults: tuple[str, ...]
    filters: tuple[str, ...]


@needs(Permission.SEE_REPORTS)
@require_safe
def statistics_page(request: HttpRequest) -> HttpResponse:
    """Show the statistics that the address asks for, the newest first."""
    asked = _asked(request)
    lines = statistics(asked.wanted, every=asked.every, zone=site_facts().zone)
    newest_first = lines[::-1]
    sign = sign_of(site_facts().currency)
    heads = (
        Head("Date"),
        Head("Extension"),
        Head("Calls", is_number=True),
        Head("Total Call Time", is_number=True),
        Head("Average Call Time", is_number=True),
        Head(f"Total Cost({sign})", is_number=True),
    )
    shown = page_by(
        asked.asked,
        heads,
        total=len(lines),
        read=lambda *, first, count: [_shown(line) for line in newest_first[first : first + count]],
    )
    context = {
        "list": shown,
        "total": _shown(total_of(lines)),
        "sign": sign,
        "every": asked.every,
        "tabs": [(one, TITLES[one], asked.asked.address(every=one, page=1)) for one in EVERY],
        "faults": asked.faults,
        "extensions": extensions_within(reach_of(request), site_id=site_facts().id),
        "is_narrowed": bool(asked.filters or asked.faults),
    }
    return render(request, "tollbook/reports/statistics.html", context)


@needs(Permission.SEE_REPORTS)
@require_safe
def statistics_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all lines, the oldest first."""
    asked = _asked(request)
    zone = site_facts().zone
    edges = (asked.wanted.from_us, asked.wanted.to_us)
    start, end = (None if edge is None else from_us(edge) for edge in edges)
    table = statistics_table(
        statistics(asked.wanted, every=asked.every, zone=zone),
        zone=zone,
        period=TimeRange(start, end, zone).words(),
        filters=asked.filters,
    )
    return table_file(table, name=f"statistics-by-{asked.every}", kind=kind)


def _asked(request: HttpRequest) -> StatisticsQuery:
    asked = asked_of(request, filters=("every", "from", "to", "extension"))
    every = asked.filters["every"]
    edges: dict[str, int] = {}
    faults, words = [], []
    for key, title in (("from", "From"), ("to", "Before")):
        if asked.filters[key]:
            try:
                edges[key] = to_us(moment(asked.filters[key], zone=site_facts().zone))
                words.append(f"{title} {asked.filters[key]}")
            except PeriodError as fault:
                faults.append(str(fault))
    extension_id = None
    number = asked.filters["extension"]
    if number:
        extension_id = extension_called(reach_of(request), number, site_id=site_facts().id)
        words.append(f"Extension {number}")
        if extension_id is None:
            faults.append(f'There is no extension "{number}". Nothing is counted.')
            extension_id = 0
    wanted = CallFilter(from_us=edges.get("from"), to_us=edges.get("to"), extension_id=extension_id)
    return StatisticsQuery(
        asked,
        every if every in EVERY else "day",
        visible_calls(request, calls_of_site(wanted)),
        tuple(faults),
        tuple(words),
    )


def _shown(line: Statistic) -> ShownStatistic:
    own = site_facts().currency
    return ShownStatistic(
        line.date,
        line.extension,
        line.calls,
        hours_text(line.talk_s),
        hours_text(line.average_s),
        tuple(
            f"{amount:,.2f}" if currency == own else f"{amount:,.2f} {currency}"
            for currency, amount in line.costs
        ),
    )
