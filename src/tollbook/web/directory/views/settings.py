"""Settings: the site, its dial plan, and a tester that shows what a number reaches."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from tollbook.app.access.roles import Permission
from tollbook.app.directory.pbxs import list_pbxs
from tollbook.app.pricing.load_pbx_rules import SitePlan, set_dial_plan, site_plan
from tollbook.core.dialplan import DialPlanFault, dial_plan_document
from tollbook.web.directory.pages.reached import reach
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of

LONGEST_DOCUMENT = 262_144


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """What the page shows beside the site."""

    pbxs: tuple[str, ...]
    dial_plan: str
    caller: str
    dialled: str
    faults: Sequence[DialPlanFault] = ()


@needs(Permission.SEE_SETTINGS, to_change=Permission.CHANGE_SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Show the site and its dial plan; store another plan; say what a number reaches."""
    site = site_plan()
    if site is None:
        raise RuntimeError("an installation has a site from its first start on")
    text = json.dumps(dial_plan_document(site.plan), indent=2, ensure_ascii=False)
    faults: tuple[DialPlanFault, ...] = ()
    if request.method == "POST":
        text = request.POST.get("dial_plan", "")[:LONGEST_DOCUMENT]
        faults = _store(request, site, text)
        if not faults:
            say(request, "The dial plan is saved. It reads the calls that come from now on.")
            return redirect("settings")
    caller, dialled = (request.GET.get(key, "").strip()[:64] for key in ("caller", "dialled"))
    page = SettingsPage(
        pbxs=tuple(pbx.name for pbx in list_pbxs()),
        dial_plan=text,
        caller=caller,
        dialled=dialled,
        faults=faults,
    )
    reached = reach(site.plan, caller=caller, dialled=dialled) if dialled else None
    context = {"page": page, "reached": reached}
    return form_page(request, "tollbook/directory/settings.html", context, refused=faults)


def _store(request: HttpRequest, site: SitePlan, text: str) -> tuple[DialPlanFault, ...]:
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as fault:
        place = f"line {fault.lineno}" if isinstance(fault, json.JSONDecodeError) else "document"
        return (DialPlanFault(place, "dial_plan.syntax", f"This is not JSON: {fault}. Mend it."),)
    if not isinstance(document, dict):
        return (DialPlanFault("document", "dial_plan.shape", "Expected one JSON object."),)
    return set_dial_plan(site_id=site.id, document=document, by=by_of(request))
