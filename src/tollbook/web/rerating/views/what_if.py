"""What if: last month's calls under other tariffs, side by side, drawn, listed and exported."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.reports.call_criteria import Criteria, CriteriaError, Selection, select
from tollbook.app.reports.spend import call_totals
from tollbook.app.rerating.what_if import (
    MOST_TARIFFS,
    Comparison,
    WhatIfRefused,
    compare,
    stored_alternative,
)
from tollbook.app.rerating.what_if_table import table_of, unrated_table_of
from tollbook.app.tariffs.overview import list_tariffs
from tollbook.app.words import sentence
from tollbook.documents.csv_text import stream_csv
from tollbook.documents.table import Table
from tollbook.documents.xlsx_book import stream_xlsx
from tollbook.web.frame.periods import named_days
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import instant, site_facts
from tollbook.web.frame.streaming import download
from tollbook.web.rerating.pages.what_if import shown

MOST_CALLS_ON_SCREEN = 300_000  # Some seconds of work; more is the command line's.
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class WhatIfForm:
    """What was asked, as typed, and what the page offers; `last` is within the period."""

    offered: tuple[tuple[int, str, bool], ...]
    chosen: tuple[int, ...]
    first: str
    last: str

    @property
    def query(self) -> str:
        """What was asked, as the address says it."""
        asked = [("tariff", str(one)) for one in self.chosen]
        return urlencode([*asked, ("from", self.first), ("to", self.last)])


class WhatIfFormError(ValueError):
    """What was asked cannot be compared; the message says why and what fits."""


@needs(Permission.CHANGE_TARIFFS)
@require_safe
def what_if(request: HttpRequest) -> HttpResponse:
    """Ask for tariffs and a period; the answer is worked out when the page stands."""
    return render(request, "tollbook/rerating/what_if.html", {"form": _form(request)})


@needs(Permission.CHANGE_TARIFFS)
@require_safe
def result(request: HttpRequest) -> HttpResponse:
    """Compare, and return the chart and the tables."""
    form = _form(request)
    try:
        comparison, selection = _compare(form)
    except WhatIfFormError as fault:
        return render(request, "tollbook/rerating/parts/what_if_result.html", {"fault": str(fault)})
    context = {"found": shown(comparison), "form": form, "period": selection.period.words()}
    return render(request, "tollbook/rerating/parts/what_if_result.html", context)


@needs(Permission.CHANGE_TARIFFS)
@require_safe
def export_csv(request: HttpRequest) -> HttpResponseBase:
    """Send the groups as CSV."""
    return _sent(request, unrated=False, is_xlsx=False)


@needs(Permission.CHANGE_TARIFFS)
@require_safe
def export_xlsx(request: HttpRequest) -> HttpResponseBase:
    """Send the groups as a workbook."""
    return _sent(request, unrated=False, is_xlsx=True)


@needs(Permission.CHANGE_TARIFFS)
@require_safe
def export_unrated(request: HttpRequest) -> HttpResponseBase:
    """Send the numbers without a price as CSV."""
    return _sent(request, unrated=True, is_xlsx=False)


def _sent(
    request: HttpRequest, *, unrated: bool, is_xlsx: bool
) -> StreamingHttpResponse | HttpResponse:
    form = _form(request)
    try:
        comparison, selection = _compare(form)
    except WhatIfFormError as fault:
        return HttpResponseBadRequest(str(fault), content_type="text/plain; charset=utf-8")
    table: Table = (unrated_table_of if unrated else table_of)(comparison, selection)
    name = f"what-if-{'without-a-price-' if unrated else ''}{form.first}-{form.last}"
    if is_xlsx:
        return download(stream_xlsx(table), name=f"{name}.xlsx", content_type=XLSX_TYPE)
    pieces = stream_csv(table, byte_order_mark=True)
    return download(pieces, name=f"{name}.csv", content_type="text/csv; charset=utf-8")


def _form(request: HttpRequest) -> WhatIfForm:
    given = request.GET
    numbers = [text for text in given.getlist("tariff") if text.isascii() and text.isdigit()]
    chosen = tuple(dict.fromkeys(int(text) for text in numbers if len(text) < 10))
    today = instant().astimezone(site_facts().zone).date()
    before = named_days("last-month", today=today)
    first, last = (before.first, before.after - timedelta(days=1)) if before else (today, today)
    return WhatIfForm(
        offered=tuple(
            (line.id, f"{line.name} ({line.currency})", line.id in chosen)
            for line in list_tariffs(at=instant())
            if line.versions
        ),
        chosen=chosen,
        first=given.get("from", "")[:10] or first.isoformat(),
        last=given.get("to", "")[:10] or last.isoformat(),
    )


def _compare(form: WhatIfForm) -> tuple[Comparison, Selection]:
    """Return the comparison; raises WrongAsked."""
    if not form.chosen:
        raise WhatIfFormError("Tick at least one tariff.")
    if len(form.chosen) > MOST_TARIFFS:
        raise WhatIfFormError(f"Tick at most {MOST_TARIFFS} tariffs: more do not fit side by side.")
    try:
        selection = select(Criteria(start=form.first, end=_day_after(form.last)))
        tariffs = [stored_alternative(tariff_id) for tariff_id in form.chosen]
    except (CriteriaError, WhatIfRefused) as fault:
        raise WhatIfFormError(sentence(str(fault))) from fault
    calls = call_totals(selection.filter).calls
    if calls > MOST_CALLS_ON_SCREEN:
        raise WhatIfFormError(
            f"The period holds {calls:,} calls, and a page waits for at most "
            f"{MOST_CALLS_ON_SCREEN:,}. Choose a shorter one, or run `tollbook what-if`."
        )
    return compare(selection.filter, tariffs), selection


def _day_after(day: str) -> str:
    try:
        return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError) as fault:
        raise WhatIfFormError(f'"{day}" is not a day. Write it as 2026-10-31.') from fault
