"""Re-rating: a period, its dry run, the run itself, what it came to and each difference."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.reports.call_criteria import Criteria, CriteriaError, Selection, select
from tollbook.app.rerating.run import (
    RunInfo,
    Unfinished,
    begin_rerating,
    dry_run,
    find_run,
    list_runs,
    posted_differences,
    unfinished_run,
)
from tollbook.app.rerating.totals import RerateLine, Rerating
from tollbook.app.words import counted, sentence
from tollbook.core.instants import from_us
from tollbook.core.money import from_micros
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page, present
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of
from tollbook.web.frame.row_ids import row_id
from tollbook.web.reports.pages.log_choices import LogChoices, load_choices, offered
from tollbook.web.rerating.pages.asked_days import FormRefused, asked_days, day_after, require_few
from tollbook.web.rerating.pages.rerate_jobs import is_broken_off, work_on

LINES_SHOWN = 50
DIFFERENCES_A_PAGE = 50
LONGEST = 64
FILTERS = ("extension", "department", "trunk", "pbx")
GROUP_TITLES = (
    ("extension", "By extension", "Extension"),
    ("call_type", "By call type", "Call type"),
    ("destination", "By destination", "Destination"),
)


@dataclass(frozen=True, slots=True)
class RerateForm:
    """What was asked, as typed; `last` is within the period."""

    first: str
    last: str
    filters: Mapping[str, str]
    unrated: bool
    is_asked: bool

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What was asked, key by key, as addresses and hidden fields say it."""
        given = [("from", self.first), ("to", self.last), *self.filters.items()]
        pairs = [(key, value) for key, value in given if value]
        return [*pairs, ("unrated", "yes")] if self.unrated else pairs

    @property
    def query(self) -> str:
        """What was asked, as an address."""
        return urlencode(self.pairs)


@dataclass(frozen=True, slots=True)
class ShownRerateGroup:
    """One table of a comparison."""

    key: str
    title: str
    heading: str
    lines: tuple[RerateLine, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class ShownRerating:
    """A comparison as a page shows it."""

    rerating: Rerating
    finding: str
    groups: tuple[ShownRerateGroup, ...]


@needs(Permission.CHANGE_TARIFFS)
@require_http_methods(["GET", "HEAD", "POST"])
def rerate(request: HttpRequest) -> HttpResponse:
    """Ask for a period; begin the run once its dry run was seen."""
    fault = ""
    form = _form(request.POST if request.method == "POST" else request.GET)
    if request.method == "POST":
        try:
            run = _begin(request, form)
        except (FormRefused, Unfinished) as refusal:
            fault = str(refusal)
        else:
            return redirect("rerating", run.id)
    choices = load_choices()
    context = {
        "form": form,
        "fault": fault,
        "selects": _selects(form, choices),
        "extensions": offered(choices.extensions),
        "runs": list_runs(),
        "unfinished": unfinished_run(),
    }
    return form_page(request, "tollbook/rerating/rerate.html", context, refused=fault)


@needs(Permission.CHANGE_TARIFFS)
@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """Price the calls again, store nothing, and show what it would come to."""
    form = _form(request.GET)
    context: dict[str, object] = {"form": form}
    try:
        selection = _selection(form)
        require_few(selection, command="rerate")
        context |= {"found": shown(dry_run(selection.filter)), "period": selection.period.words()}
    except FormRefused as fault:
        context["fault"] = str(fault)
    return render(request, "tollbook/rerating/parts/rerate_preview.html", context)


@needs(Permission.SEE_TARIFFS)
@require_safe
def rerating(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show how far a run is, or what came of it."""
    run = _found(run_id)
    context = {
        "run": run,
        "percent": 100 * run.calls_done // max(1, run.calls),
        "is_broken_off": is_broken_off(run),
        "found": shown(run.result) if run.result else None,
    }
    return render(request, "tollbook/rerating/rerating.html", context)


@needs(Permission.CHANGE_TARIFFS)
@require_POST
def resume(request: HttpRequest, run_id: int) -> HttpResponse:
    """Carry on with a run that was broken off."""
    run = _found(run_id)
    if is_broken_off(run):
        work_on(run.id)
        say(
            request,
            f"Carrying on with re-rating {run.id} behind {counted(run.calls_done, 'call')}.",
        )
    return redirect("rerating", run.id)


@needs(Permission.SEE_TARIFFS)
@require_safe
def run_differences(request: HttpRequest, run_id: int) -> HttpResponse:
    """List the entries of a run, a page at a time."""
    run = _found(run_id)
    after = row_id(request.GET.get("after", "")) or 0
    found = posted_differences(run.id, after=after, limit=DIFFERENCES_A_PAGE + 1)
    rows = found[:DIFFERENCES_A_PAGE]
    context = {
        "run": run,
        "rows": [(one, from_us(one.begin_us), from_micros(one.difference_micros)) for one in rows],
        "is_first": not after,
        "next": rows[-1].entry_id if len(found) > DIFFERENCES_A_PAGE else None,
    }
    return render(request, "tollbook/rerating/differences.html", context)


def shown(rerating: Rerating) -> ShownRerating:
    """Return a comparison ready for the page, its longest tables cut."""
    return ShownRerating(
        rerating=rerating,
        finding=_finding(rerating),
        groups=tuple(
            ShownRerateGroup(
                key,
                title,
                heading,
                rerating.groups[key][:LINES_SHOWN],
                max(0, len(rerating.groups[key]) - LINES_SHOWN),
            )
            for key, title, heading in GROUP_TITLES
        ),
    )


def _finding(rerating: Rerating) -> str:
    if not rerating.calls:
        return "No call of this period is priced"
    if not rerating.changed:
        return "No charge changes"
    counted = (
        "1 charge changes" if rerating.changed == 1 else f"{rerating.changed:,} charges change"
    )
    lost = f", {rerating.lost:,} lose their price" if rerating.lost else ""
    return counted + lost


def _begin(request: HttpRequest, form: RerateForm) -> RunInfo:
    """Open the run and let it be worked on; raises FormRefused and Unfinished."""
    selection = _selection(form)
    run = begin_rerating(
        selection.filter,
        words=", ".join([selection.period.words(), *selection.words]),
        by=by_of(request),
    )
    if run.calls_done == 0 or is_broken_off(run):
        work_on(run.id)
    return run


def _form(given: Mapping[str, str]) -> RerateForm:
    first, last = asked_days(given)
    return RerateForm(
        first=first,
        last=last,
        filters={key: given.get(key, "").strip()[:LONGEST] for key in FILTERS},
        unrated="unrated" in given,
        is_asked="from" in given,
    )


def _selects(form: RerateForm, choices: LogChoices) -> list[tuple[str, str, str, list[str]]]:
    """Return the lists to choose from: key, label, what is chosen, and the names."""
    labels = (("department", "Department"), ("trunk", "Trunk"), ("pbx", "PBX"))
    return [
        (key, label, form.filters[key], [name for _, name in choices.of(key)])
        for key, label in labels
    ]


def _selection(form: RerateForm) -> Selection:
    """Return which calls were asked for; raises FormRefused."""
    chosen = {key: value or None for key, value in form.filters.items()}
    try:
        return select(
            Criteria(
                start=form.first,
                end=day_after(form.last),
                extension=chosen["extension"],
                department=chosen["department"],
                trunk=chosen["trunk"],
                pbx=chosen["pbx"],
                unrated=form.unrated,
            )
        )
    except CriteriaError as fault:
        raise FormRefused(sentence(str(fault))) from fault


def _found(run_id: int) -> RunInfo:
    return present(find_run(run_id), "re-rating")
