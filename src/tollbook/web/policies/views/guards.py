"""Guards against fraud, and the alarms that they and budgets raise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.policies import alarm_list
from tollbook.app.policies.alarm_list import KIND_WORDS as ALARM_WORDS
from tollbook.app.policies.alarm_list import alarms_matching, count_unseen, lift, mark_seen
from tollbook.app.policies.class_rules import read_hours
from tollbook.app.policies.classes import PolicyRefused
from tollbook.app.policies.fraud_guards import (
    KIND_WORDS,
    GuardText,
    find_guard,
    list_guards,
    save_guard,
    threshold_text,
)
from tollbook.core.calendar import format_clock
from tollbook.core.instants import from_us
from tollbook.documents.table import Cell, Column, Kind, Table
from tollbook.storage.db.door import door
from tollbook.storage.models import Department, Extension, FraudGuard, Site
from tollbook.web.frame.files import table_file
from tollbook.web.frame.flash import say
from tollbook.web.frame.listing import Head, ListQuery, asked_of, choice, page_of
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import address_of, instant, site_facts, user_of

ALARM_HEADS = (
    Head("When", "at"), Head("Kind"), Head("What happened"), Head("Extension"), Head("State"),
)  # fmt: skip
ALARM_FILTERS = ("kind", "seen", "closing")
ALARM_COLUMNS = (
    Column("at", "When", Kind.INSTANT),
    Column("kind", "Kind"),
    Column("message", "What happened", width_chars=60),
    Column("extension", "Extension"),
    Column("closes", "Closes"),
    Column("seen_by", "Seen by"),
    Column("lifted_by", "Lifted by"),
)


@dataclass(frozen=True, slots=True)
class GuardForm:
    """What was typed for a guard, and what is wrong with which field."""

    text: GuardText
    place: str
    begin: str
    end: str
    faults: Mapping[str, str]


@needs(Permission.SEE_POLICIES)
@require_safe
def guards(request: HttpRequest) -> HttpResponse:
    """Show all guards."""
    q = request.GET.get("q", "").strip()[:64]
    every = list_guards()
    rows = [
        (row, KIND_WORDS.get(row.kind, row.kind), threshold_text(row), _place_words(row))  # type: ignore[call-overload]
        for row in every
        if q.lower() in row.name.lower()
    ]
    return render(
        request, "tollbook/policies/guards.html", {"guards": rows, "count": len(every), "q": q}
    )


@needs(Permission.SEE_POLICIES, to_change=Permission.CHANGE_POLICIES)
@require_http_methods(["GET", "HEAD", "POST"])
def guard(request: HttpRequest, guard_id: int | None = None) -> HttpResponse:
    """Show one guard, or an empty form; keep what was typed."""
    row = None if guard_id is None else find_guard(guard_id)
    if guard_id is not None and row is None:
        raise Http404("no such guard")
    form = _form_of(row)
    if request.method == "POST":
        form = _typed(request)
        actor, address = user_of(request).get_username(), address_of(request)
        try:
            save_guard(
                door, form.text, at=instant(), actor=actor, address=address, guard_id=guard_id
            )
        except PolicyRefused as refused:
            form = replace(form, faults={each.field: each.message for each in refused.faults})
        else:
            say(request, f"Guard {form.text.name.strip()} is saved. It watches calls from now on.")
            return redirect("guards")
    context = {
        "form": form,
        "row": row,
        "kinds": [(str(kind), words) for kind, words in KIND_WORDS.items()],
        "places": _places(),
        "currency": site_facts().currency,
    }
    return render(
        request, "tollbook/policies/guard.html", context, status=422 if form.faults else 200
    )


@needs(Permission.SEE_POLICIES)
@require_safe
def alarms(request: HttpRequest) -> HttpResponse:
    """Show the alarms that the filter holds, newest first."""
    asked = asked_of(request, filters=ALARM_FILTERS, sort="-at")
    listing = page_of(asked, alarms_matching(_wanted(asked)), ALARM_HEADS)
    context = {
        "list": listing,
        "alarms": [
            (row, from_us(row.at_us), ALARM_WORDS.get(row.kind, row.kind), _call_of(row.details))
            for row in listing.rows
        ],
        "kinds": ALARM_WORDS.items(),
        "unseen": count_unseen(),
    }
    return render(request, "tollbook/policies/alarms.html", context)


@needs(Permission.SEE_POLICIES)
@require_safe
def alarms_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all alarms that the filter holds."""
    wanted = _wanted(asked_of(request, filters=ALARM_FILTERS, sort="-at"))
    table = Table(
        title="Alarms", columns=ALARM_COLUMNS, rows=_cells(wanted), zone=site_facts().zone
    )
    return table_file(table, name="alarms", kind=kind)


@needs(Permission.CHANGE_POLICIES)
@require_POST
def see(request: HttpRequest) -> HttpResponse:
    """Mark the ticked alarms as seen."""
    ids = [_row_id(text) for text in request.POST.getlist("alarm")[:1000]]
    actor, address = user_of(request).get_username(), address_of(request)
    count = mark_seen(door, ids, at=instant(), actor=actor, address=address)
    say(request, f"{count} alarm{'' if count == 1 else 's'} marked as seen.")
    return redirect("alarms")


@needs(Permission.CHANGE_POLICIES)
@require_POST
def lift_one(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """Open the extension that an alarm closed."""
    actor, address = user_of(request).get_username(), address_of(request)
    if not lift(door, alarm_id, at=instant(), actor=actor, address=address):
        raise Http404("no such alarm closes anything")
    say(request, "Lifted: the extension may call again, unless it was locked by hand.")
    return redirect("alarms")


def _wanted(asked: ListQuery) -> alarm_list.AlarmFilter:
    kind = asked.filters.get("kind", "")
    return alarm_list.AlarmFilter(
        q=asked.q,
        kind=kind if kind in ALARM_WORDS else "",
        seen=choice(asked, "seen"),
        closing=choice(asked, "closing"),
        sort=asked.sort,
    )


def _cells(wanted: alarm_list.AlarmFilter) -> Iterator[tuple[Cell, ...]]:
    for row in alarms_matching(wanted):
        extension = row.extension.number if row.extension else ""
        closes = "yes" if row.closes and row.lifted_us is None else ""
        what = (from_us(row.at_us), row.kind, row.message)
        yield (*what, extension, closes, row.seen_by, row.lifted_by)


def _call_of(details: Mapping[str, object]) -> int | None:
    call = details.get("call")
    return call if isinstance(call, int) else None


def _form_of(row: FraudGuard | None) -> GuardForm:
    if row is None:
        return GuardForm(GuardText("", "calls", ""), "", "", "", {})
    text = GuardText(
        name=row.name,
        kind=row.kind,
        threshold=threshold_text(row),
        window_s=str(row.window_s),
        closes=row.closes,
        active=row.active,
    )
    windows = [named.window for named in read_hours(row.hours)]
    begin, end = (
        (format_clock(windows[0].from_s), format_clock(windows[0].to_s)) if windows else ("", "")
    )
    for kind in ("site", "department", "extension"):
        if getattr(row, f"{kind}_id"):
            return GuardForm(text, f"{kind}:{getattr(row, f'{kind}_id')}", begin, end, {})
    return GuardForm(text, "", begin, end, {})


def _typed(request: HttpRequest) -> GuardForm:
    given = request.POST
    place = given.get("place", "")[:40]
    kind, _, number = place.partition(":")
    row_id = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None
    begin, end = given.get("from", "")[:8], given.get("to", "")[:8]
    hours = [{"name": "hours", "from": begin or "00:00:00", "to": end or "24:00:00"}]
    text = GuardText(
        name=given.get("name", "")[:200],
        kind=given.get("kind", "")[:10],
        threshold=given.get("threshold", "")[:40],
        window_s=given.get("window_s", "")[:20],
        site_id=row_id if kind == "site" else None,
        department_id=row_id if kind == "department" else None,
        extension_id=row_id if kind == "extension" else None,
        hours=hours if begin or end else (),
        closes=given.get("closes") == "1",
        active=given.get("active") == "1",
    )
    return GuardForm(text, place, begin, end, {})


def _places() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what a guard may watch, by kind: the form's value and words."""
    extensions = Extension.objects.order_by("number").values_list("pk", "name", "number")
    return [
        ("Sites", [(f"site:{row.pk}", row.name) for row in Site.objects.order_by("name")]),
        (
            "Departments, each member for himself",
            [(f"department:{row.pk}", row.name) for row in Department.objects.order_by("name")],
        ),
        (
            "Extensions",
            [
                (f"extension:{row_id}", f"{name}[{number}]" if name else number)
                for row_id, name, number in extensions
            ],
        ),
    ]


def _place_words(row: FraudGuard) -> str:
    if row.extension:
        return f"{row.extension.name}[{row.extension.number}]"
    place = row.department or row.site
    return place.name if place else "every extension"


def _row_id(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
