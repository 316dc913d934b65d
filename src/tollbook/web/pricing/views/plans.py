"""Plans: the versions that are in force, one of them in words, adding another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.directory.sites import site_names
from tollbook.app.pricing.plan_documents import CheckedPlan, check_plan
from tollbook.app.pricing.plans import (
    EVERY_SITE,
    PlanBook,
    PlanInfo,
    add_plan,
    list_plans,
    load_plans,
    open_plan,
    zone_for,
)
from tollbook.app.reports.period import PeriodError, moment
from tollbook.app.rerating.late_calls import LateCalls, late_calls
from tollbook.core.instants import to_us
from tollbook.documents.table import Cell, Column, Kind
from tollbook.web.frame.files import list_file
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import present
from tollbook.web.frame.listing import Head, ListQuery, asked_of, page_among
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, instant, site_facts
from tollbook.web.pricing.pages.plan import plan_sections, plan_summary
from tollbook.web.tariffs.views.tariffs import DocumentCheck

HEADS = (
    Head("Plan of", "site"),
    Head("Version", "version", is_number=True),
    Head("In force from", "from"),
    Head("State"),
    Head("What it consists of"),
    Head("By", "by"),
)
COLUMNS = (
    Column("site", "Plan of", width_chars=28),
    Column("version", "Version", Kind.NUMBER),
    Column("from", "In force from", Kind.INSTANT, width_chars=20),
    Column("state", "State"),
    Column("parts", "What it consists of", width_chars=48),
    Column("by", "By"),
)
STATES = ("in force", "to come", "followed")
_SORTS = {
    "site": lambda line: (line.info.site_id is not None, line.info.site, -line.info.number),
    "version": lambda line: (line.info.number, line.info.site),
    "from": lambda line: (line.starts_us, line.info.site),
    "by": lambda line: (line.info.created_by, line.info.site),
}


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A version in the list; `state` says whether calls of now are charged by it."""

    info: PlanInfo
    starts_us: int
    state: str
    summary: str


@dataclass(frozen=True, slots=True)
class PlanForm:
    """What was typed, and what is wrong with it as a whole."""

    sites: Sequence[tuple[int, str]]
    site: str = ""
    text: str = ""
    valid_from: str = ""
    fault: str = ""


@needs(Permission.SEE_TARIFFS)
@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """Show the versions that the filter holds."""
    asked = asked_of(request, filters=("site", "state"), sort="site")
    lines = _lines(asked)
    listing = page_among(asked, HEADS, lines)
    waiting: LateCalls | None = late_calls()
    sites = [EVERY_SITE, *(name for _, name in site_names())]
    context = {"list": listing, "sites": sites, "states": STATES, "late": waiting}
    return render(request, "tollbook/pricing/plans.html", context)


@needs(Permission.SEE_TARIFFS)
@require_safe
def plans_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send the versions that the filter holds."""
    lines = _lines(asked_of(request, filters=("site", "state"), sort="site"))
    return list_file("Plans", COLUMNS, _cells(lines), kind=kind)


@needs(Permission.SEE_TARIFFS)
@require_safe
def plan(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Show a version in words."""
    opened = present(open_plan(plan_id), "plan")
    siblings = [one for one in list_plans() if one.site_id == opened.info.site_id]
    context = {
        "opened": opened,
        "groups": plan_sections(opened.plan),
        "versions": siblings,
        "state": _state(opened.info, load_plans(), siblings),
    }
    return render(request, "tollbook/pricing/plan.html", context)


@needs(Permission.SEE_TARIFFS)
@require_safe
def plan_document(request: HttpRequest, plan_id: int) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """Return a version's document as it is stored."""
    opened = present(open_plan(plan_id), "plan")
    return HttpResponse(
        opened.document,
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="plan-{opened.info.id}.json"'},
    )


@needs(Permission.CHANGE_TARIFFS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_plan(request: HttpRequest) -> HttpResponse:
    """Take a document, check it, and put it in force if that was asked and it holds."""
    sites = tuple(site_names())
    given = request.POST
    form = PlanForm(
        sites=sites,
        site=given.get("site", ""),
        text=given.get("text", ""),
        valid_from=given.get("valid_from", ""),
    )
    if request.method != "POST":
        return render(request, "tollbook/pricing/new_plan.html", {"form": form})
    came = _take(request, form)
    if isinstance(came, HttpResponse):
        return came
    context: dict[str, object] = {"form": form}
    if isinstance(came, str):
        context["form"] = PlanForm(sites, form.site, form.text, form.valid_from, came)
    else:
        context["reading"] = came
    return render(request, "tollbook/pricing/new_plan.html", context, status=422)


def _take(request: HttpRequest, form: PlanForm) -> HttpResponse | DocumentCheck | str:
    """Check or add what was sent; return where to go, or why the form is shown again."""
    name, raw = _document_of(request, form)
    if not raw.strip():
        return "There is no document. Choose a file or paste its text."
    known = {str(row_id): row_id for row_id, _ in form.sites}
    if form.site and form.site not in known:
        return "There is no such site. Choose one of the list."
    site_id = known.get(form.site)
    checked = check_plan(raw, name=name, zone=zone_for(site_id))
    if checked.plan is None:
        errors = sum(fault.severity == "error" for fault in checked.faults)
        counted = "1 fault" if errors == 1 else f"{errors} faults"
        return DocumentCheck(
            checked.faults, f"Refused: {counted}", "Nothing was changed. Mend them all."
        )
    if request.POST.get("do") == "check":
        return DocumentCheck(
            checked.faults,
            "It holds",
            f"It has {plan_summary(checked.plan)}. Nothing was changed yet.",
        )
    return _added(request, form, checked, site_id)


def _added(
    request: HttpRequest, form: PlanForm, checked: CheckedPlan, site_id: int | None
) -> HttpResponse | str:
    try:
        starts = _valid_from(form.valid_from)
    except PeriodError as fault:
        return str(fault)
    added = add_plan(checked, site_id=site_id, by=by_of(request), valid_from=starts)
    whose = f"The plan of {added.info.site}, version {added.info.number},"
    if added.is_new:
        say(request, f"{whose} is added. Calls that are stored keep their charge until re-rated.")
    else:
        say(request, f"{whose} is this very document already.")
    return redirect("plan", added.info.id)


def _document_of(request: HttpRequest, form: PlanForm) -> tuple[str, bytes]:
    """Return the name and the bytes of the file, else of the pasted text."""
    file = request.FILES.get("file")
    if file is not None:
        return file.name or "plan.toml", file.read()
    name = "plan.json" if form.text.lstrip().startswith("{") else "plan.toml"
    return name, form.text.encode("utf-8")


def _valid_from(text: str) -> datetime | None:
    return moment(text, zone=site_facts().zone) if text else None


def _lines(asked: ListQuery) -> list[PlanLine]:
    """Return the versions that *asked* holds, in its order."""
    infos, book = list_plans(), load_plans()
    lines = [
        PlanLine(
            info=info,
            starts_us=to_us(info.valid_from) if info.valid_from else 0,
            state=_state(info, book, [one for one in infos if one.site_id == info.site_id]),
            summary=plan_summary(book.by_id[info.id].plan),
        )
        for info in infos
        if info.id in book.by_id
    ]
    words = asked.q.casefold()
    lines = [
        line
        for line in lines
        if (not asked.filters["site"] or line.info.site == asked.filters["site"])
        and (not asked.filters["state"] or line.state == asked.filters["state"])
        and words in f"{line.info.site} {line.summary} {line.info.created_by}".casefold()
    ]
    column = asked.sort.removeprefix("-")
    order = _SORTS.get(column, _SORTS["site"])
    return sorted(lines, key=order, reverse=asked.sort.startswith("-"))


def _state(info: PlanInfo, book: PlanBook, siblings: Sequence[PlanInfo]) -> str:
    """Say whether a version is in force, is still to come, or has been followed by another."""
    now_us = to_us(instant())
    if info.valid_from is not None and to_us(info.valid_from) > now_us:
        return "to come"
    here = book.own(info.site_id, now_us)
    if here is not None and here.version_id == info.id:
        return "in force"
    return "followed" if len(siblings) > 1 else "in force"


def _cells(lines: Sequence[PlanLine]) -> Iterator[tuple[Cell, ...]]:
    for line in lines:
        info = line.info
        yield (info.site, info.number, info.valid_from, line.state, line.summary, info.created_by)
