"""Tariffs: the list, one version with its rates and its document, uploading another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.reports.period import PeriodError, moment
from tollbook.app.tariffs.overview import (
    OpenTariff,
    TariffLine,
    VersionLine,
    list_tariffs,
    open_tariff,
    version_document,
)
from tollbook.app.tariffs.publish import Faulty, check_tariff, publish
from tollbook.app.words import counted
from tollbook.core.tariff import Fault
from tollbook.documents.table import Column, Kind
from tollbook.web.frame.files import list_file
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import present
from tollbook.web.frame.listing import (
    Head,
    ListQuery,
    SortKey,
    asked_of,
    choice,
    has_word,
    in_order,
    page_among,
)
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, instant, site_facts
from tollbook.web.tariffs.pages.tariff import (
    RATES_A_PAGE,
    ShownBand,
    ShownRate,
    coming_holidays,
    holiday_words,
    matching_rates,
    shown_band,
    shown_rate,
)

HEADS = (
    Head("Tariff", "name"),
    Head("Currency", "currency"),
    Head("Bands read in", "zone"),
    Head("Versions", "versions", is_number=True),
    Head("In force since", "since"),
    Head("Rates", "rates", is_number=True),
    Head("Prices", "prices"),
)
ORDER: Mapping[str, SortKey[TariffLine]] = {
    "name": lambda line: line.name.casefold(),
    "currency": lambda line: line.currency,
    "zone": lambda line: line.zone,
    "versions": lambda line: line.versions,
    "since": lambda line: line.valid_from.timestamp() if line.valid_from else 0,
    "rates": lambda line: line.rates,
    "prices": lambda line: line.assignments,
}


@dataclass(frozen=True, slots=True)
class VersionTab:
    """One version in the row of tabs."""

    number: int
    href: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class TariffPage:
    """One version of a tariff as the page shows it, its rates a page at a time."""

    id: int
    name: str
    number: int
    currency: str
    zone: str
    bands_apply: str
    rounding: str
    valid_from_words: str
    download_href: str
    versions: tuple[VersionTab, ...]
    bands: tuple[ShownBand, ...]
    holidays: str
    coming_holidays: tuple[date, ...]
    rates: tuple[ShownRate, ...]
    q: str
    count_words: str
    previous: str
    next: str


@dataclass(frozen=True, slots=True)
class DocumentCheck:
    """What came of reading a document: its faults in order, and what they mean for it."""

    faults: Sequence[Fault]
    finding: str
    consequence: str


@needs(Permission.SEE_TARIFFS)
@require_safe
def tariffs(request: HttpRequest) -> HttpResponse:
    """Show the tariffs that the filter holds."""
    asked = _asked(request)
    listing = page_among(asked, HEADS, _fitting(asked), ORDER)
    return render(
        request, "tollbook/tariffs/tariffs.html", {"list": listing, "tariffs": listing.rows}
    )


@needs(Permission.SEE_TARIFFS)
@require_safe
def tariffs_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all tariffs that the filter holds, as they are in force now."""
    asked = _asked(request)
    return list_file(
        "Tariffs",
        columns=(
            Column("tariff", "Tariff"),
            Column("currency", "Currency"),
            Column("zone", "Bands read in"),
            Column("versions", "Versions", Kind.NUMBER),
            Column("since", "In force since", Kind.INSTANT),
            Column("rates", "Rates", Kind.NUMBER),
            Column("prices", "Prices"),
        ),
        rows=(
            (
                line.name,
                line.currency,
                line.zone,
                line.versions,
                line.valid_from,
                line.rates,
                "; ".join(line.assignments),
            )
            for line in in_order(asked, _fitting(asked), ORDER)
        ),
        kind=kind,
    )


def _asked(request: HttpRequest) -> ListQuery:
    return asked_of(request, filters=("assigned",))


def _fitting(asked: ListQuery) -> list[TariffLine]:
    is_assigned = choice(asked, "assigned")
    return [
        line
        for line in list_tariffs(at=instant())
        if has_word(asked, line.name, line.currency, line.zone, *line.assignments)
        and (is_assigned is None or is_assigned == bool(line.assignments))
    ]


@needs(Permission.SEE_TARIFFS)
@require_safe
def tariff(request: HttpRequest, tariff_id: int, number: int | None = None) -> HttpResponse:
    """Show a version of a tariff, the newest unless *number* names another."""
    opened = _found(tariff_id, number)
    page = _page(opened, request.GET.get("q", "")[:64], _first(request.GET.get("first", "")))
    return render(request, "tollbook/tariffs/tariff.html", {"tariff": page})


@needs(Permission.SEE_TARIFFS)
@require_safe
def document(request: HttpRequest, tariff_id: int, number: int) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """Return a version's document as it is stored."""
    opened = _found(tariff_id, number)
    stored = version_document(tariff_id, number)
    return HttpResponse(
        stored,
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{_file_name(opened)}.json"'},
    )


def _file_name(opened: OpenTariff) -> str:
    return f"{slugify(opened.tariff.name) or 'tariff'}-{opened.version.number}"


def _found(tariff_id: int, number: int | None) -> OpenTariff:
    return present(open_tariff(tariff_id, number=number), "tariff or version")


def _first(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _page(opened: OpenTariff, sought: str, first: int) -> TariffPage:
    tariff = opened.tariff
    found = matching_rates(tariff.rates, sought)
    first = min(first, max(0, len(found) - 1)) // RATES_A_PAGE * RATES_A_PAGE
    last = min(first + RATES_A_PAGE, len(found))
    here = _href(opened, opened.version)
    rounding = tariff.rounding
    return TariffPage(
        id=opened.id,
        name=tariff.name,
        number=opened.version.number,
        currency=tariff.currency,
        zone=tariff.zone,
        bands_apply=tariff.bands_apply,
        rounding="none"
        if rounding.rule == "none"
        else f"{rounding.rule.replace('_', ' ')} to {rounding.decimals} decimals",
        valid_from_words=valid_from_words(opened.version, site_facts().zone),
        download_href=reverse("tariff_document", args=[opened.id, opened.version.number]),
        versions=tuple(
            VersionTab(line.number, _href(opened, line), is_here=line == opened.version)
            for line in opened.versions
        ),
        bands=tuple(shown_band(band) for band in tariff.bands),
        holidays=holiday_words(tariff.holidays),
        coming_holidays=coming_holidays(
            tariff.holidays, today=instant().astimezone(ZoneInfo(tariff.zone)).date()
        ),
        rates=tuple(shown_rate(rate) for rate in found[first:last]),
        q=sought,
        count_words=f"{first + 1:,} to {last:,} of {counted(len(found), 'rate')}" if found else "",
        previous=_query(here, sought, first - RATES_A_PAGE) if first else "",
        next=_query(here, sought, last) if last < len(found) else "",
    )


def valid_from_words(version: VersionLine, zone: ZoneInfo) -> str:
    """Say from when on a version holds."""
    if version.valid_from is None:
        return "the first call"
    return f"{version.valid_from.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone.key}"


def _href(opened: OpenTariff, version: VersionLine) -> str:
    return reverse("tariff_version", args=[opened.id, version.number])


def _query(here: str, sought: str, first: int) -> str:
    query = {"q": sought, "first": str(first) if first else ""}
    kept = {key: value for key, value in query.items() if value}
    return f"{here}?{urlencode(kept)}" if kept else here


@needs(Permission.CHANGE_TARIFFS)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a document, check it, and publish it if that was asked and it holds."""
    if request.method != "POST":
        return render(request, "tollbook/tariffs/upload_tariff.html", {"form": {}})
    given = request.POST
    form: dict[str, object] = {
        "text": given.get("text", ""),
        "valid_from": given.get("valid_from", ""),
        "assign": "assign" in given,
    }
    came = _take(request)
    if isinstance(came, HttpResponse):
        return came
    context: dict[str, object] = {"form": form}
    if isinstance(came, str):
        form["fault"] = came
    else:
        context["reading"] = came
    return render(request, "tollbook/tariffs/upload_tariff.html", context, status=422)


def _take(request: HttpRequest) -> HttpResponse | DocumentCheck | str:
    """Check or publish what was sent; return where to go, or why the form is shown again."""
    name, raw = _document_of(request)
    if not raw.strip():
        return "There is no document. Choose a file or paste its text."
    tariff, faults = check_tariff(raw, name=name)
    errors = [fault for fault in faults if fault.severity == "error"]
    if tariff is None:
        return DocumentCheck(
            faults,
            f"Refused: {counted(len(errors), 'fault')}",
            "Nothing was changed. Mend them all.",
        )
    if request.POST.get("do") == "check":
        rates = counted(len(tariff.rates), "rate")
        doubts = "with these doubts" if faults else "without a fault"
        return DocumentCheck(faults, f"It holds, {doubts}", f"{rates}. Nothing was published yet.")
    try:
        starts = _valid_from(request.POST.get("valid_from", ""))
    except PeriodError as fault:
        return str(fault)
    came = publish(
        tariff,
        doubts=faults,
        valid_from=starts,
        default="assign" in request.POST,
        by=by_of(request),
    )
    if isinstance(came, Faulty):
        return DocumentCheck(came.faults, "Refused", "Nothing was changed.")
    if came.is_new:
        doubts = f" It has {len(came.doubts)} doubts; check it to see them." if came.doubts else ""
        say(request, f"{came.name}: version {came.number} is published.{doubts}")
    else:
        say(request, f"{came.name}: version {came.number} is this very document already.")
    return redirect("tariff_version", came.tariff_id, came.number)


def _document_of(request: HttpRequest) -> tuple[str, bytes]:
    """Return the name and the bytes of the file, else of the pasted text."""
    file = request.FILES.get("file")
    if file is not None:
        return file.name or "tariff.toml", file.read()
    text = request.POST.get("text", "")
    name = "tariff.json" if text.lstrip().startswith("{") else "tariff.toml"
    return name, text.encode("utf-8")


def _valid_from(text: str) -> datetime | None:
    return moment(text, zone=site_facts().zone) if text else None
