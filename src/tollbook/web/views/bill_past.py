"""Billing calls of the past: since when, what it would come to, then the deed."""

from datetime import date, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from tollbook.app.bill_past import bill_past, would_bill
from tollbook.app.correct_code import By
from tollbook.app.roles import Permission
from tollbook.storage.door import door
from tollbook.web.access import needs
from tollbook.web.periods import midnight
from tollbook.web.request import address_of, instant, site_facts, user_of
from tollbook.web.said import say


@needs(Permission.CHANGE_MONEY)
@require_http_methods(["GET", "HEAD", "POST"])
def bill(request: HttpRequest) -> HttpResponse:
    """Ask for a day, show what billing from it on comes to, do it."""
    text = (request.POST if request.method == "POST" else request.GET).get("since", "")
    if not text and request.method != "POST":
        return _page(request, {"bills": None})
    since = _since(text)
    if since is None:
        fault = f'"{text[:20]}" is no day, expected one as 2026-10-01.'
        return _page(request, {"bills": None, "fault": fault}, status=422)
    if request.method != "POST":
        return _page(request, {"since": text, "bills": would_bill(since=since, until=instant())})
    by = By(user_of(request).get_username(), address_of(request))
    done = bill_past(door, since=since, until=instant(), at=instant(), by=by)
    calls = sum(one.calls for one in done)
    if calls:
        say(request, f"{calls:,} {'call is' if calls == 1 else 'calls are'} billed.")
    else:
        say(request, "There was nothing left to bill.", level="warn")
    return redirect("unbilled")


def _page(request: HttpRequest, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    return render(request, "tollbook/bill_past.html", context, status=status)


def _since(text: str) -> datetime | None:
    try:
        return midnight(date.fromisoformat(text), site_facts().zone)
    except (ValueError, OverflowError):
        return None
