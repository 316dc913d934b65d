"""What if: last month's calls under other tariffs, side by side, drawn, listed and exported."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.reports.call_criteria import Criteria, CriteriaError, Selection, select
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
from tollbook.web.frame.files import table_file
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import instant
from tollbook.web.rerating.pages.asked_days import FormRefused, asked_days, day_after, require_few
from tollbook.web.rerating.pages.what_if import shown


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
    except FormRefused as fault:
        return render(request, "tollbook/rerating/parts/what_if_result.html", {"fault": str(fault)})
    context = {"found": shown(comparison), "form": form, "period": selection.period.words()}
    return render(request, "tollbook/rerating/parts/what_if_result.html", context)


@needs(Permission.CHANGE_TARIFFS)
@require_safe
def export(request: HttpRequest, kind: str, *, unrated: bool = False) -> HttpResponseBase:
    """Send the groups, or the numbers without a price."""
    form = _form(request)
    try:
        comparison, selection = _compare(form)
    except FormRefused as fault:
        return HttpResponseBadRequest(str(fault), content_type="text/plain; charset=utf-8")
    table = (unrated_table_of if unrated else table_of)(comparison, selection)
    name = f"what-if-{'without-a-price-' if unrated else ''}{form.first}-{form.last}"
    return table_file(table, name=name, kind=kind)


def _form(request: HttpRequest) -> WhatIfForm:
    given = request.GET
    numbers = [text for text in given.getlist("tariff") if text.isascii() and text.isdigit()]
    chosen = tuple(dict.fromkeys(int(text) for text in numbers if len(text) < 10))
    first, last = asked_days(given)
    return WhatIfForm(
        offered=tuple(
            (line.id, f"{line.name} ({line.currency})", line.id in chosen)
            for line in list_tariffs(at=instant())
            if line.versions
        ),
        chosen=chosen,
        first=first,
        last=last,
    )


def _compare(form: WhatIfForm) -> tuple[Comparison, Selection]:
    """Return the comparison; raises FormRefused."""
    if not form.chosen:
        raise FormRefused("Tick at least one tariff.")
    if len(form.chosen) > MOST_TARIFFS:
        raise FormRefused(f"Tick at most {MOST_TARIFFS} tariffs: more do not fit side by side.")
    try:
        selection = select(Criteria(start=form.first, end=day_after(form.last)))
        tariffs = [stored_alternative(tariff_id) for tariff_id in form.chosen]
    except (CriteriaError, WhatIfRefused) as fault:
        raise FormRefused(sentence(str(fault))) from fault
    require_few(selection, command="what-if")
    return compare(selection.filter, tariffs), selection
