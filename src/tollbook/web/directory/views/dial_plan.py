"""A site's dial plan: edited field by field, tested with a number, step by step."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from tollbook.app.access.roles import Permission
from tollbook.app.directory.sites import site_names
from tollbook.app.pricing.load_pbx_rules import reached, set_dial_plan, site_plan
from tollbook.core.dialplan import DialPlan, DialPlanFault, NumberStep, read_dial_plan
from tollbook.web.directory.pages.dial_plan_form import (
    LONGEST_TEXT,
    PLAN_FIELDS,
    form_texts,
    read_texts,
    shown_fields,
)
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page, present
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of

DIRECTION_WORDS = {
    "in": "comes in",
    "out": "goes out",
    "internal": "stays inside",
    "transit": "passes through",
    "": "has no direction that the numbers tell",
}


@dataclass(frozen=True, slots=True)
class DialPlanTest:
    """What a number was found to reach."""

    caller: str
    dialled: str
    finding: str
    callee: str
    call_type: str
    destination: str
    steps: tuple[NumberStep, ...]
    by_draft: bool


@needs(Permission.SEE_SETTINGS, to_change=Permission.CHANGE_SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def dial_plan(request: HttpRequest, site_id: int | None = None) -> HttpResponse:
    """Show a site's plan, the first site's without *site_id*; try it; store it."""
    site = present(site_plan(site_id), "site")
    plan = site.plan
    texts = form_texts(plan)
    faults: tuple[DialPlanFault, ...] = ()
    given = request.POST if request.method == "POST" else request.GET
    caller, dialled = (given.get(key, "").strip()[:64] for key in ("caller", "dialled"))
    trying = plan
    if request.method == "POST":
        texts = {field.key: given.get(field.key, "")[:LONGEST_TEXT] for field in PLAN_FIELDS}
        document = read_texts(texts)
        reading = read_dial_plan(document)
        faults = reading.faults
        if reading.plan is not None:
            trying = reading.plan
            if given.get("do") != "try":
                set_dial_plan(site_id=site.id, document=document, by=by_of(request))
                say(request, "The dial plan is saved. It reads the calls that come from now on.")
                return redirect("dial_plan_of", site.id)
    context = {
        "plan_site": site,
        "sites": site_names(by="id"),
        "fields": shown_fields(texts, faults),
        "fault_count": len(faults),
        "trial": _trial(trying, site.id, caller, dialled, by_draft=trying is not plan)
        if dialled and not faults
        else None,
        "caller": caller,
        "dialled": dialled,
    }
    return form_page(request, "tollbook/directory/dial_plan.html", context, refused=faults)


def _trial(
    plan: DialPlan, site_id: int, caller: str, dialled: str, *, by_draft: bool
) -> DialPlanTest:
    found = reached(plan, site_id=site_id, caller=caller, dialled=dialled)
    return DialPlanTest(
        caller=caller,
        dialled=dialled,
        finding=f"The call {DIRECTION_WORDS.get(found.direction, found.direction)}",
        callee=found.callee,
        call_type=found.call_type,
        destination=found.destination,
        steps=found.steps,
        by_draft=by_draft,
    )
