"""Exchange rates: the list, one by hand, the European Central Bank's file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.pricing.ecb_rates import LARGEST_BYTES, EcbError
from tollbook.app.pricing.exchange_rates import (
    SORTS,
    RateQuery,
    RateRefused,
    RatesAdded,
    add_ecb,
    add_rate,
    count_rates,
    each_rate,
    find_rates,
    known_currencies,
)
from tollbook.app.words import counted
from tollbook.core.instants import from_us
from tollbook.core.tariff import Fault
from tollbook.documents.table import Cell, Column, Kind
from tollbook.web.frame.files import list_file
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page
from tollbook.web.frame.listing import Head, ListQuery, asked_of, page_by
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, instant, site_facts

FILTERS = ("source", "target", "from", "to", "origin", "all")
HEADS = (
    Head("Day", "day"),
    Head("One", "source"),
    Head("is so much", "rate", is_number=True),
    Head("of", "target"),
    Head("From", "origin"),
    Head("Added", "created_us"),
    Head("By"),
)
COLUMNS = (
    Column("day", "Day", width_chars=12),
    Column("source", "Source", width_chars=9),
    Column("target", "Target", width_chars=9),
    Column("rate", "Rate", Kind.MONEY, width_chars=16),
    Column("origin", "Origin", width_chars=9),
    Column("in_force", "In force", width_chars=9),
    Column("added", "Added", Kind.INSTANT, width_chars=20),
    Column("by", "By"),
)
ORIGINS = (("ecb", "the central bank"), ("hand", "by hand"), ("plan", "a plan"))


@dataclass(frozen=True, slots=True)
class ExchangeRateForm:
    """What was typed for a rate, and what is wrong with which field."""

    source: str = ""
    target: str = ""
    rate: str = ""
    day: str = ""
    faults: dict[str, str] = field(default_factory=dict)


@needs(Permission.SEE_TARIFFS)
@require_safe
def exchange_rates(request: HttpRequest) -> HttpResponse:
    """Show the rates that the filter holds."""
    asked = asked_of(request, filters=FILTERS, sort="-day")
    wanted = _wanted(asked)
    listing = page_by(asked, HEADS, total=count_rates(wanted), read=partial(find_rates, wanted))
    shown = [(rate, Decimal(rate.rate), from_us(rate.created_us)) for rate in listing.rows]
    context = {
        "list": listing,
        "rates": shown,
        "currencies": known_currencies(),
        "origins": ORIGINS,
    }
    return render(request, "tollbook/pricing/exchange_rates.html", context)


@needs(Permission.SEE_TARIFFS)
@require_safe
def exchange_rates_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send the rates that the filter holds."""
    wanted = _wanted(asked_of(request, filters=FILTERS, sort="-day"))
    rows = _cells(wanted)
    return list_file("Exchange rates", COLUMNS, rows, kind=kind)


@needs(Permission.CHANGE_TARIFFS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_rates(request: HttpRequest) -> HttpResponse:
    """Add a rate by hand, or take the central bank's file."""
    form, fault = ExchangeRateForm(day=f"{instant().astimezone(site_facts().zone):%Y-%m-%d}"), None
    if request.method == "POST":
        came = _take_file(request) if request.POST.get("do") == "file" else _take_form(request)
        if isinstance(came, HttpResponse):
            return came
        if isinstance(came, Fault):
            fault = came
        else:
            form = came
    wrong = fault is not None or bool(form.faults)
    context = {"form": form, "fault": fault, "currencies": known_currencies()}
    return form_page(request, "tollbook/pricing/new_rates.html", context, refused=wrong)


def _take_form(request: HttpRequest) -> HttpResponse | ExchangeRateForm:
    given = {name: request.POST.get(name, "").strip()[:40] for name in ("rate", "day")}
    source, target = (
        request.POST.get(name, "").strip().upper()[:10] for name in ("source", "target")
    )
    try:
        day = date.fromisoformat(given["day"])
    except ValueError:
        faults = {"day": f'"{given["day"]}" is no day; expected as 2026-10-30'}
        return ExchangeRateForm(source, target, **given, faults=faults)
    added = add_rate(source=source, target=target, rate=given["rate"], day=day, by=by_of(request))
    if isinstance(added, RateRefused):
        return ExchangeRateForm(source, target, **given, faults={added.field: added.message})
    words = f"1 {source} is {given['rate']} {target} from {day} on"
    say(request, f"{words}." if added.new else f"{words}: this was known already.")
    return redirect("exchange_rates")


def _take_file(request: HttpRequest) -> HttpResponse | Fault:
    file = request.FILES.get("file")
    if file is None:
        return Fault("the file", "exchange.missing", "is not there. Choose eurofxref-daily.xml.")
    try:
        added = add_ecb(file.read(LARGEST_BYTES + 1), by=by_of(request))
    except EcbError as refused:
        return Fault(f"line {refused.line}", "exchange.refused", f"{refused.message}.")
    say(request, _words(added))
    return redirect("exchange_rates")


def _words(added: RatesAdded) -> str:
    days = f"{added.first}" if added.first == added.last else f"{added.first} to {added.last}"
    return f"{counted(added.count, 'rate')} of {days} were read, {added.new:,} of them new."


def _wanted(asked: ListQuery) -> RateQuery:
    given = asked.filters
    sort = asked.sort if asked.sort.removeprefix("-") in SORTS else "-day"
    return RateQuery(
        word=asked.q.upper(),
        source=given["source"],
        target=given["target"],
        from_day=_day(given["from"]),
        to_day=_day(given["to"]),
        origin=given["origin"],
        superseded=given["all"] == "yes",
        sort=sort,
    )


def _day(text: str) -> date | None:
    """Return the day that a filter names; one that is none leaves everything in."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _cells(wanted: RateQuery) -> Iterator[tuple[Cell, ...]]:
    for rate in each_rate(wanted):
        yield (
            rate.day.isoformat(),
            rate.source,
            rate.target,
            Decimal(rate.rate),
            rate.origin,
            "yes" if rate.in_force else "corrected",
            from_us(rate.created_us),
            rate.created_by,
        )
