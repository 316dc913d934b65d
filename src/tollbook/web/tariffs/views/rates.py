"""The rates of a tariff, edited one by one in the words that PBX users know (ZYC-30).

Every change publishes a new version; the one before stays as it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.directory.choices import (
    distinct_department_names,
    distinct_extension_labels,
)
from tollbook.app.faults import FieldFault
from tollbook.app.reports.period import PeriodError, moment
from tollbook.app.tariffs.decks import DeckBase, DeckRefused, base_in_force, new_base, publish_deck
from tollbook.app.tariffs.edit_rates import (
    USUAL,
    changed,
    doubts_about,
    form_texts,
    is_editable,
    read_rate,
    with_rate,
)
from tollbook.app.tariffs.overview import later_version
from tollbook.app.tariffs.publish import Faulty, Published
from tollbook.app.words import sentence
from tollbook.core.tariff import Rate, TariffDefinition
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, instant, site_facts
from tollbook.web.frame.row_ids import row_id
from tollbook.web.tariffs.pages.tariff import matches_words, price_words

RATES_A_PAGE = 100
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥", "JPY": "¥"}
ALL, SOME = "all", "some"
DONE_WORDS = {"on": "switched on", "off": "switched off", "delete": "deleted"}


@dataclass(frozen=True, slots=True)
class RateRow:
    """One rate of the list; `texts` are the form's, empty cells for another form of price."""

    index: int
    texts: Mapping[str, str]
    extensions: str
    other_price: str
    active: bool


@dataclass(frozen=True, slots=True)
class RateForm:
    """What was typed for one rate, and what is wrong with which field."""

    texts: Mapping[str, str]
    extensions: str
    chosen: Sequence[str]
    valid_from: str = ""
    tariff: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""


@needs(Permission.SEE_TARIFFS)
@require_safe
def rates(request: HttpRequest, tariff_id: int) -> HttpResponse:
    """List the rates of a tariff as it is in force."""
    base = _base(tariff_id)
    sought = request.GET.get("q", "").strip()[:64]
    found = [
        (index, rate)
        for index, rate in enumerate(base.tariff.rates)
        if matches_words(rate, sought) or sought.casefold() in rate.remark.casefold()
    ]
    first = request.GET.get("first", "")
    start = int(first) if first.isascii() and first.isdigit() and len(first) < 8 else 0
    shown = found[start : start + RATES_A_PAGE]
    context = {
        "base": base,
        "sign": _sign(base.tariff),
        "rows": [_row(index, rate) for index, rate in shown],
        "q": sought,
        "count": len(found),
        "first": start + 1,
        "last": start + len(shown),
        "previous": _query(tariff_id, sought, start - RATES_A_PAGE) if start else "",
        "next": _query(tariff_id, sought, start + RATES_A_PAGE)
        if start + RATES_A_PAGE < len(found)
        else "",
        "later": later_version(tariff_id, at=instant()),
    }
    return render(request, "tollbook/tariffs/rates.html", context)


@needs(Permission.CHANGE_TARIFFS)
@require_POST
def change_rates(request: HttpRequest, tariff_id: int) -> HttpResponse:
    """Switch rates on or off, or delete them: all that were ticked, in one new version."""
    base = _base(tariff_id)
    do = request.POST.get("do", "")
    indexes = {
        index for text in request.POST.getlist("rate") if (index := row_id(text)) is not None
    }
    if do not in DONE_WORDS or not indexes or max(indexes) >= len(base.tariff.rates):
        say(request, "No rate was ticked, so nothing was changed.", level="warn")
        return redirect("rates", tariff_id)
    if request.POST.get("version") != str(base.version_id):
        say(request, _overtaken(base), level="warn")
        return redirect("rates", tariff_id)
    came = _publish(request, changed(base.tariff, indexes, do=do), base, None)
    if isinstance(came, Faulty):
        say(request, f"{came.faults[0].message}.", level="danger")
    else:
        rates = "1 rate is" if len(indexes) == 1 else f"{len(indexes):,} rates are"
        say(request, f"{rates} {DONE_WORDS[do]}, in a new version that holds from now on.")
    return redirect("rates", tariff_id)


@needs(Permission.CHANGE_TARIFFS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_tariff(request: HttpRequest) -> HttpResponse:
    """Make a tariff with its first rate."""
    site = site_facts()
    usual = {"name": "", "currency": site.currency, "zone": site.zone_name}
    if request.method != "POST":
        return _form_page(request, RateForm(USUAL, "", (), tariff=usual), None, None)
    given = {key: request.POST.get(key, "").strip()[:120] for key in usual}
    form = _typed(request, tariff=given)
    try:
        base = new_base(given["name"], currency=given["currency"], zone=given["zone"])
    except DeckRefused as refusal:
        return _form_page(request, _refused(form, str(refusal)), None, None)
    return _save(request, form, base, None)


@needs(Permission.SEE_TARIFFS, to_change=Permission.CHANGE_TARIFFS)
@require_http_methods(["GET", "HEAD", "POST"])
def rate(request: HttpRequest, tariff_id: int, index: int | None = None) -> HttpResponse:
    """Add a rate, or edit the one at *index* of the version in force."""
    base = _base(tariff_id)
    before = None
    if index is not None:
        if index >= len(base.tariff.rates):
            raise Http404("no such rate")
        before = base.tariff.rates[index]
        if not is_editable(before):
            say(request, "This rate has another form of price. Edit it as a deck.", level="warn")
            return redirect("rates", tariff_id)
    if request.method != "POST":
        return _form_page(request, _form_of(before), base, index)
    form = _typed(request)
    if request.POST.get("version") != str(base.version_id):
        return _form_page(request, _refused(form, _overtaken(base)), base, index)
    return _save(request, form, base, index)


def _save(request: HttpRequest, form: RateForm, base: DeckBase, index: int | None) -> HttpResponse:
    faults: list[FieldFault] = []
    before = None if index is None else base.tariff.rates[index]
    read = read_rate(form.texts, form.chosen, base=base.tariff, before=before)
    if not isinstance(read, Rate):
        faults += read
    if form.extensions not in (ALL, SOME):
        faults.append(FieldFault("callers", "is not chosen: all extensions, or some of them?"))
    elif form.extensions == SOME and not form.chosen:
        faults.append(FieldFault("callers", "are some, but none is chosen; choose them, or all"))
    valid_from = None
    try:
        valid_from = moment(form.valid_from, zone=site_facts().zone) if form.valid_from else None
    except PeriodError as fault:
        faults.append(FieldFault("valid_from", str(fault)))
    if faults or not isinstance(read, Rate):
        told = {fault.field: fault.message for fault in reversed(faults)}
        return _form_page(request, _refused(form, "", told), base, index)
    tariff = with_rate(base.tariff, read, index=index)
    came = _publish(request, tariff, base, valid_from)
    if isinstance(came, Faulty):
        return _form_page(request, _refused(form, f"{came.faults[0].message}."), base, index)
    place = len(tariff.rates) - 1 if index is None else index
    say(request, f"The rate for {read.prefix or 'any number'} is saved in a new version.")
    for doubt in doubts_about(tariff, place):
        say(request, f"{sentence(doubt.message)}.", level="warn")
    return redirect("rates", came.tariff_id)


def _publish(
    request: HttpRequest, tariff: TariffDefinition, base: DeckBase, valid_from: datetime | None
) -> Published | Faulty:
    """Publish an edited tariff."""
    return publish_deck(tariff, base, by=by_of(request), valid_from=valid_from)


def _base(tariff_id: int) -> DeckBase:
    try:
        return base_in_force(tariff_id, at=instant())
    except DeckRefused as refusal:
        raise Http404("no such tariff") from refusal


def _typed(request: HttpRequest, *, tariff: Mapping[str, str] | None = None) -> RateForm:
    given = cast("Mapping[str, str]", request.POST)
    extensions = given.get("extensions", "")
    texts = {key: given.get(key, "")[:200] for key in (*USUAL, "remark", "prefix", "unit_price")}
    texts["active"] = "yes" if given.get("active") else "no"
    chosen = [text[:64] for text in request.POST.getlist("callers")] if extensions == SOME else []
    return RateForm(
        texts=texts,
        extensions=extensions,
        chosen=chosen,
        valid_from=given.get("valid_from", "").strip()[:40],
        tariff=tariff or {},
    )


def _form_of(before: Rate | None) -> RateForm:
    if before is None:
        return RateForm({**USUAL}, "", ())
    return RateForm(form_texts(before), SOME if before.callers else ALL, before.callers)


def _refused(form: RateForm, refusal: str, faults: Mapping[str, str] | None = None) -> RateForm:
    refusal = sentence(refusal) or "Nothing was saved. Mend what is marked."
    return replace(form, faults=faults or {}, refusal=refusal)


def _form_page(
    request: HttpRequest, form: RateForm, base: DeckBase | None, index: int | None
) -> HttpResponse:
    tariff = base.tariff if base else None
    currency = tariff.currency if tariff else form.tariff.get("currency", "")
    context = {
        "form": form,
        "base": base if base and base.tariff_id is not None else None,
        "index": index,
        "sign": SIGNS.get(currency, currency),
        "choices": _choices(form.chosen),
        "back": reverse("rates", args=[base.tariff_id])
        if base and base.tariff_id is not None
        else reverse("tariffs"),
    }
    return form_page(request, "tollbook/tariffs/rate.html", context, refused=form.refusal)


def _choices(chosen: Sequence[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what a rate can be for: extensions, departments, and names no longer known."""
    extensions, departments = distinct_extension_labels(), distinct_department_names()
    known = {value for value, _ in extensions} | set(departments)
    groups = [
        ("Extensions", extensions),
        ("Departments", [(name, name) for name in departments]),
        ("Not known any more", [(value, value) for value in chosen if value not in known]),
    ]
    return [(title, members) for title, members in groups if members]


def _row(index: int, rate: Rate) -> RateRow:
    editable = is_editable(rate)
    return RateRow(
        index=index,
        texts=form_texts(rate),
        extensions=", ".join(rate.callers) or "all",
        other_price="" if editable else price_words(rate),
        active=rate.active,
    )


def _sign(tariff: TariffDefinition) -> str:
    return SIGNS.get(tariff.currency, tariff.currency)


def _overtaken(base: DeckBase) -> str:
    return (
        f"Version {base.number} was published while you looked. Nothing was changed. "
        "Look at its rates, then change them."
    )


def _query(tariff_id: int, sought: str, first: int) -> str:
    query = {"q": sought, "first": str(first) if first > 0 else ""}
    kept = urlencode({key: value for key, value in query.items() if value})
    here = reverse("rates", args=[tariff_id])
    return f"{here}?{kept}" if kept else here
