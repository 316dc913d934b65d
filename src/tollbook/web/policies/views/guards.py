"""Guards against fraud, and the alarms that they and budgets raise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.directory.choices import department_names, extension_labels
from tollbook.app.directory.sites import site_names
from tollbook.app.policies.alarm_list import KIND_WORDS as ALARM_WORDS
from tollbook.app.policies.alarm_list import (
    AlarmFilter,
    count_alarms,
    count_unseen,
    every_alarm,
    lift,
    list_alarms,
    mark_seen,
)
from tollbook.app.policies.class_rules import read_hours
from tollbook.app.policies.classes import PolicyRefused
from tollbook.app.policies.fraud_guards import (
    KIND_WORDS,
    GuardInfo,
    GuardText,
    find_guard,
    list_guards,
    save_guard,
)
from tollbook.core.calendar import format_clock
from tollbook.documents.table import Cell, Column, Kind
from tollbook.web.frame.files import list_file
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import edited, form_page, valued
from tollbook.web.frame.listing import Head, ListQuery, asked_of, choice, page_by
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, site_facts
from tollbook.web.frame.row_ids import row_id

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
    found = [info for info in every if q.lower() in info.name.lower()]
    return render(
        request, "tollbook/policies/guards.html", {"guards": found, "count": len(every), "q": q}
    )


@needs(Permission.SEE_POLICIES, to_change=Permission.CHANGE_POLICIES)
@require_http_methods(["GET", "HEAD", "POST"])
def guard(request: HttpRequest, guard_id: int | None = None) -> HttpResponse:
    """Show one guard, or an empty form; keep what was typed."""
    row = edited(find_guard, guard_id, "guard")
    form = _form_of(row)
    if request.method == "POST":
        form = _typed(request)
        try:
            save_guard(form.text, by=by_of(request), guard_id=guard_id)
        except PolicyRefused as refused:
            form = replace(form, faults=refused.by_field)
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
    return form_page(request, "tollbook/policies/guard.html", context, refused=form.faults)


@needs(Permission.SEE_POLICIES)
@require_safe
def alarms(request: HttpRequest) -> HttpResponse:
    """Show the alarms that the filter holds, newest first."""
    asked = asked_of(request, filters=ALARM_FILTERS, sort="-at")
    wanted = _wanted(asked)
    listing = page_by(
        asked, ALARM_HEADS, total=count_alarms(wanted), read=partial(list_alarms, wanted)
    )
    context = {
        "list": listing,
        "kinds": ALARM_WORDS.items(),
        "unseen": count_unseen(),
    }
    return render(request, "tollbook/policies/alarms.html", context)


@needs(Permission.SEE_POLICIES)
@require_safe
def alarms_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all alarms that the filter holds."""
    wanted = _wanted(asked_of(request, filters=ALARM_FILTERS, sort="-at"))
    return list_file("Alarms", ALARM_COLUMNS, _cells(wanted), kind=kind)


@needs(Permission.CHANGE_POLICIES)
@require_POST
def see(request: HttpRequest) -> HttpResponse:
    """Mark the ticked alarms as seen."""
    ids = [(row_id(text) or 0) for text in request.POST.getlist("alarm")[:1000]]
    count = mark_seen(ids, by=by_of(request))
    say(request, f"{count} alarm{'' if count == 1 else 's'} marked as seen.")
    return redirect("alarms")


@needs(Permission.CHANGE_POLICIES)
@require_POST
def lift_one(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """Open the extension that an alarm closed."""
    if not lift(alarm_id, by=by_of(request)):
        raise Http404("no such alarm closes anything")
    say(request, "Lifted: the extension may call again, unless it was locked by hand.")
    return redirect("alarms")


def _wanted(asked: ListQuery) -> AlarmFilter:
    kind = asked.filters.get("kind", "")
    return AlarmFilter(
        q=asked.q,
        kind=kind if kind in ALARM_WORDS else "",
        seen=choice(asked, "seen"),
        closing=choice(asked, "closing"),
        sort=asked.sort,
    )


def _cells(wanted: AlarmFilter) -> Iterator[tuple[Cell, ...]]:
    for alarm in every_alarm(wanted):
        closes = "yes" if alarm.closes and not alarm.is_lifted else ""
        what = (alarm.at, alarm.kind, alarm.message)
        yield (*what, alarm.number, closes, alarm.seen_by, alarm.lifted_by)


def _form_of(row: GuardInfo | None) -> GuardForm:
    if row is None:
        return GuardForm(GuardText("", "calls", ""), "", "", "", {})
    text = GuardText(
        name=row.name,
        kind=row.kind,
        threshold=row.threshold,
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
    place_id = row_id(number)
    begin, end = given.get("from", "")[:8], given.get("to", "")[:8]
    hours = [{"name": "hours", "from": begin or "00:00:00", "to": end or "24:00:00"}]
    text = GuardText(
        name=given.get("name", "")[:200],
        kind=given.get("kind", "")[:10],
        threshold=given.get("threshold", "")[:40],
        window_s=given.get("window_s", "")[:20],
        site_id=place_id if kind == "site" else None,
        department_id=place_id if kind == "department" else None,
        extension_id=place_id if kind == "extension" else None,
        hours=hours if begin or end else (),
        closes=given.get("closes") == "1",
        active=given.get("active") == "1",
    )
    return GuardForm(text, place, begin, end, {})


def _places() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what a guard may watch, by kind: the form's value and words."""
    return [
        ("Sites", valued("site", site_names())),
        ("Departments, each member for himself", valued("department", department_names())),
        ("Extensions", valued("extension", extension_labels())),
    ]
