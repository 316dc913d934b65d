"""Classes of service: what callers may reach, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from tollbook.app.access.roles import Permission
from tollbook.app.directory.sites import find_site
from tollbook.app.policies.class_rules import NamedWindow, Objects
from tollbook.app.policies.classes import (
    ClassInfo,
    ClassText,
    PolicyRefused,
    delete_class,
    find_class,
    list_classes,
    save_class,
    serve_site,
    served_sites,
)
from tollbook.core.calendar import format_clock
from tollbook.core.dialplan import CALL_TYPES
from tollbook.core.policies import BarringRule
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import edited, form_page
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of
from tollbook.web.frame.row_ids import row_id

BLANK_LINES = 3
MOST_LINES = 200
LONGEST_CELL = 4_000
NEVER_WITH_CODE = frozenset({"internal", "emergency", "incoming"})
RULE_KEYS = ("bars", "prefixes", "countries", "call_types", "hours")
WINDOW_KEYS = ("name", "from", "to", "days")


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule as the form has it; lists are parted by commas, an empty cell asks nothing."""

    bars: str = "yes"
    prefixes: str = ""
    countries: str = ""
    call_types: str = ""
    hours: str = ""


@dataclass(frozen=True, slots=True)
class WindowLine:
    """One window as the form has it; `days` are numbers of weekdays, Monday 1, by comma."""

    name: str = ""
    begin: str = ""
    end: str = ""
    days: str = ""


@dataclass(frozen=True, slots=True)
class ClassForm:
    """What was typed for a class, and what is wrong with which field."""

    text: ClassText
    rules: Sequence[RuleLine]
    hours: Sequence[WindowLine]
    faults: Mapping[str, str]


@needs(Permission.SEE_POLICIES, to_change=Permission.CHANGE_POLICIES)
@require_http_methods(["GET", "HEAD", "POST"])
def classes(request: HttpRequest) -> HttpResponse:
    """Show all classes, and let one of them serve a site."""
    if request.method == "POST":
        site = find_site(row_id(request.POST.get("site", "")) or 0)
        class_id = row_id(request.POST.get("service_class", "")) or None
        if site is None or (class_id and find_class(class_id) is None):
            raise Http404("no such site or class")
        serve_site(site.id, class_id, by=by_of(request))
        say(request, f"Saved: it serves those at {site.name} who have no class of their own.")
        return redirect("classes")
    q = request.GET.get("q", "").strip()[:64]
    found = list_classes()
    context = {
        "classes": [info for info in found if q.lower() in info.name.lower()],
        "every": found,
        "q": q,
        "sites": served_sites() if found else [],
    }
    return render(request, "tollbook/policies/classes.html", context)


@needs(Permission.SEE_POLICIES, to_change=Permission.CHANGE_POLICIES)
@require_http_methods(["GET", "HEAD", "POST"])
def service_class(request: HttpRequest, class_id: int | None = None) -> HttpResponse:
    """Show one class, or an empty form; keep what was typed."""
    info = edited(find_class, class_id, "class of service")
    form = _form_of(info)
    if request.method == "POST":
        form = _typed(request.POST)
        try:
            text = replace(form.text, rules=_rules(form.rules), hours=_hours(form.hours))
            save_class(text, by=by_of(request), class_id=class_id)
        except PolicyRefused as refused:
            form = replace(form, faults=refused.by_field)
        else:
            say(
                request, f"Class {form.text.name.strip()} is saved. It holds from the next call on."
            )
            return redirect("classes")
    context = {
        "form": form,
        "info": info,
        "rules": [*form.rules, *[RuleLine()] * BLANK_LINES],
        "hours": [*form.hours, *[WindowLine()] * BLANK_LINES],
        "call_types": CALL_TYPES,
        "code_types": [each for each in CALL_TYPES if each not in NEVER_WITH_CODE],
    }
    return form_page(request, "tollbook/policies/class.html", context, refused=form.faults)


@needs(Permission.CHANGE_POLICIES)
@require_POST
def delete(request: HttpRequest, class_id: int) -> HttpResponse:
    """Delete a class that serves nobody."""
    try:
        if not delete_class(class_id, by=by_of(request)):
            raise Http404("no such class of service")
    except PolicyRefused as refused:
        say(request, f"Not deleted: {refused.faults[0].message}.", level="warn")
        return redirect("service_class", class_id)
    say(request, "The class is deleted.")
    return redirect("classes")


def _form_of(info: ClassInfo | None) -> ClassForm:
    if info is None:
        return ClassForm(ClassText(""), (), (), {})
    text = ClassText(
        name=info.name,
        bars_otherwise=info.bars_otherwise,
        code_required=info.code_required,
        code_required_types=info.code_required_types,
        authorisation_required=info.authorisation_required,
        when_away=info.when_away,
        away_limit_s="" if info.away_limit_s is None else str(info.away_limit_s),
    )
    rules, hours = map(_rule_line, info.rules), map(_window_line, info.hours)
    return ClassForm(text, tuple(rules), tuple(hours), {})


def _rule_line(rule: BarringRule) -> RuleLine:
    return RuleLine(
        bars="yes" if rule.bars else "no",
        prefixes=", ".join(rule.prefixes),
        countries=", ".join(rule.countries),
        call_types=", ".join(rule.call_types),
        hours=rule.hours,
    )


def _window_line(named: NamedWindow) -> WindowLine:
    window = named.window
    days = ", ".join(map(str, window.days))
    return WindowLine(named.name, format_clock(window.from_s), format_clock(window.to_s), days)


def _typed(given: QueryDict) -> ClassForm:
    text = ClassText(
        name=given.get("name", "")[:LONGEST_CELL],
        bars_otherwise=given.get("bars_otherwise") == "1",
        code_required=given.get("code_required") == "1",
        code_required_types=tuple(given.getlist("code_required_types")[:50]),
        authorisation_required=given.get("authorisation_required") == "1",
        when_away=given.get("when_away", ""),
        away_limit_s=given.get("away_limit_s", "")[:20],
    )
    rules = [RuleLine(*cells) for cells in _lines(given, "rule", RULE_KEYS) if any(cells[1:])]
    hours = [WindowLine(*cells) for cells in _lines(given, "window", WINDOW_KEYS) if any(cells)]
    return ClassForm(text, tuple(rules), tuple(hours), {})


def _lines(given: QueryDict, what: str, keys: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the cells of each line of a table of the form, as they were typed."""
    columns = [given.getlist(f"{what}_{key}")[:MOST_LINES] for key in keys]
    return [
        tuple(cell.strip()[:LONGEST_CELL] for cell in cells)
        for cells in zip(*columns, strict=False)
    ]


def _rules(lines: Sequence[RuleLine]) -> Objects:
    return [
        {
            "bars": line.bars == "yes",
            "prefixes": _parts(line.prefixes),
            "countries": [part.upper() for part in _parts(line.countries)],
            "call_types": _parts(line.call_types),
            "hours": line.hours,
        }
        for line in lines
    ]


def _hours(lines: Sequence[WindowLine]) -> Objects:
    return [
        {
            "name": line.name,
            **({"from": line.begin} if line.begin else {}),
            **({"to": line.end} if line.end else {}),
            "days": [int(part) if part.isdigit() else part for part in _parts(line.days)],
        }
        for line in lines
    ]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
