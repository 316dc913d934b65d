"""The call log: a page of it, its totals, what came since, and all of it as a file."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.billing.call_money import call_money
from tollbook.app.pricing.explain_call import ExplainedCall, explain_call
from tollbook.app.reports.call_criteria import Selection
from tollbook.app.reports.call_detail import CallDetail, visible_call
from tollbook.app.reports.call_log import CursorError, call_log, calls_after, newest_call_id
from tollbook.app.reports.call_table import no_charge_reason, no_charge_words
from tollbook.app.reports.period import TimeRange
from tollbook.app.reports.report import call_log_table
from tollbook.app.reports.spend import call_totals
from tollbook.core.instants import from_us
from tollbook.core.money import from_micros
from tollbook.storage.db.installation import current
from tollbook.web.frame.files import table_file
from tollbook.web.frame.forms import present
from tollbook.web.frame.permissions import access_of, needs, reach_of, visible_calls
from tollbook.web.frame.request import instant, site_facts
from tollbook.web.frame.site_choice import chosen_site
from tollbook.web.pricing.pages.why import Why, why_of_call
from tollbook.web.reports.pages.call import call_page
from tollbook.web.reports.pages.log_choices import LogChoices, load_choices, matching
from tollbook.web.reports.pages.log_page import ORDERS, Live, ShownCall, log_page, shown_call
from tollbook.web.reports.pages.log_query import LONGEST, SITE, LogQuery, read_query

LIVE_ROWS = 50


@needs(Permission.SEE_CALLS)
@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    """Show one page of the calls that the address asks for; it names the chosen site."""
    site = chosen_site()
    if site is not None and SITE not in request.GET and reach_of(request).is_everything:
        asked = request.GET.copy()
        asked[SITE] = str(site.id)
        return HttpResponseRedirect(f"{request.path}?{asked.urlencode()}")
    choices = load_choices(reach_of(request))
    query = _query(request, choices)
    order = ORDERS[query.sort]
    cursor = request.GET.get("at", "")[:100]
    # Read first: a call that arrives while the page is found is then shown by the next question.
    newest = newest_call_id()
    try:
        found = call_log(query.filter, cursor=cursor or None, page_size=query.size, order=order)
    except CursorError:
        cursor = ""
        found = call_log(query.filter, page_size=query.size, order=order)
    is_live = not cursor and query.sort == ""
    page = log_page(
        query,
        found,
        choices=choices,
        currency=site_facts().currency,
        live=Live(query.address(since=str(newest))) if is_live else None,
        sees_costs=_sees_costs(request),
    )
    return render(request, "tollbook/reports/calls.html", {"log": page})


@needs(Permission.SEE_CALLS)
@require_safe
def typed_choices(request: HttpRequest) -> HttpResponse:
    """Return what a text field of the filter offers for what was typed into it so far."""
    key = next((key for key in ("account_code", "extension") if key in request.GET), "extension")
    found = matching(key, request.GET.get(key, "").strip()[:LONGEST], reach_of(request))
    return render(request, "tollbook/reports/parts/options.html", {"options": found})


@needs(Permission.SEE_CALLS)
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Return the calls that came since the page was drawn; 204 if none did."""
    query = _query(request, load_choices(reach_of(request)))
    text = request.GET.get("since", "")
    since = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else newest_call_id()
    fresh = calls_after(since, query.filter, limit=LIVE_ROWS + 1)
    if not fresh:
        return HttpResponse(status=204)
    said = "1 new call" if len(fresh) == 1 else f"{len(fresh)} new calls"
    if len(fresh) > LIVE_ROWS:
        newest = str(newest_call_id())
        more = f"More than {LIVE_ROWS} new calls: show the log again"
        context: dict[str, object] = {"live": Live(query.address(since=newest), said, more)}
    else:
        rows = sorted((shown_call(row) for row in fresh), key=lambda call: -call.row.begin_us)
        context = {"live": Live(query.address(since=str(fresh[-1].id)), said), "rows": rows}
    return render(request, "tollbook/reports/parts/log_fresh.html", context)


@needs(Permission.SEE_CALLS)
@require_safe
def calls_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all that the filter holds as CSV or as a workbook."""
    query = _query(request, load_choices(reach_of(request)))
    zone = site_facts().zone
    bounds = (query.filter.from_us, query.filter.to_us)
    start, end = (None if bound is None else from_us(bound) for bound in bounds)
    selection = Selection(query.filter, TimeRange(start, end, zone), tuple(query.words.values()))
    table = call_log_table(selection, order=ORDERS[query.sort], with_cost=_sees_costs(request))
    return table_file(table, name=f"calls-{instant().astimezone(zone):%Y-%m-%d-%H%M}", kind=kind)


@needs(Permission.SEE_CALLS)
@require_safe
def totals(request: HttpRequest) -> HttpResponse:
    """Return the totals of all that the filter holds, for the foot of the table."""
    sums = call_totals(_query(request, load_choices(reach_of(request))).filter)
    charges = [(currency, from_micros(micros)) for currency, micros in sums.charges]
    return render(
        request, "tollbook/reports/parts/log_totals.html", {"sums": sums, "charges": charges}
    )


@needs(Permission.SEE_CALLS)
@require_safe
def call(request: HttpRequest, call_id: int) -> HttpResponse:
    """Show one call: what happened, why this price, the record it came from."""
    detail, shown, explained, reason = _explained(request, call_id)
    page = call_page(
        detail,
        shown,
        explained=explained,
        why=reason,
        zone=site_facts().zone,
        data_dir=current().settings.data_dir,
        sees_costs=_sees_costs(request),
    )
    money = call_money(call_id, why_not=no_charge_words(detail.row))
    return render(request, "tollbook/reports/call.html", {"call": page, "money": money})


@needs(Permission.SEE_CALLS)
@require_safe
def why(request: HttpRequest, call_id: int) -> HttpResponse:
    """Return the panel that says why a call costs what it does."""
    _, shown, _, reason = _explained(request, call_id)
    return render(request, "tollbook/reports/parts/why_panel.html", {"call": shown, "why": reason})


def _explained(
    request: HttpRequest, call_id: int
) -> tuple[CallDetail, ShownCall, ExplainedCall, Why]:
    """Return the call and its price; 404 for another's call, as for one that is not there."""
    detail = present(visible_call(reach_of(request), call_id), "call")
    explained = present(explain_call(call_id), "call")
    reason = why_of_call(explained, unbilled=no_charge_reason(detail.row))
    return detail, shown_call(detail.row), explained, reason


def _query(request: HttpRequest, choices: LogChoices) -> LogQuery:
    """Return what the address asks for, narrowed to what the user may see."""
    asked = read_query(request.GET.dict(), choices=choices, zone=site_facts().zone, now=instant())
    wanted = visible_calls(request, asked.filter)
    if not _sees_costs(request):
        wanted = replace(wanted, below_cost=False)
    return replace(asked, filter=wanted)


def _sees_costs(request: HttpRequest) -> bool:
    """Say whether the reader may know what the carrier bills."""
    return access_of(request).may(Permission.SEE_TARIFFS)
