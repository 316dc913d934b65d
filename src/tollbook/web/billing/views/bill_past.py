"""Billing calls of the past: since when, what it would come to, the deed, and its undoing."""

from datetime import date, datetime
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from tollbook.app.access.roles import Permission
from tollbook.app.billing.bill_past import bill_past, would_bill
from tollbook.app.billing.undo_past import NotUndone, PastRun, past_runs, undo_past
from tollbook.app.words import counted
from tollbook.web.frame.flash import say
from tollbook.web.frame.periods import midnight
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, instant, site_facts


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
    by = by_of(request)
    done = bill_past(since=since, until=by.at, by=by)
    calls = sum(one.calls for one in done)
    if calls:
        say(request, f"{counted(calls, 'call')} billed. It can be undone below.")
    else:
        say(request, "There was nothing left to bill.", level="warn")
    return redirect("bill_past")


@needs(Permission.CHANGE_MONEY)
@require_POST
def undo(request: HttpRequest, run: int) -> HttpResponse:
    """Take one billing back: what its calls paid is reversed."""
    by = by_of(request)
    try:
        done = undo_past(run, by=by)
    except NotUndone as refused:
        say(request, f"Not undone: {refused}", level="warn")
        return redirect("bill_past")
    words = f"Undone: {counted(done.calls, 'call')} unbilled again, with what was paid for them."
    if done.left:
        words += (
            f" {counted(done.left, 'call')} had another account code since and stayed billed: "
            "adjust the account."
        )
    say(request, words, level="warn" if done.left else "ok")
    return redirect("bill_past")


def _page(request: HttpRequest, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    context["runs"] = [(run, _sums(run)) for run in past_runs()]
    return render(request, "tollbook/billing/bill_past.html", context, status=status)


def _sums(run: PastRun) -> list[tuple[str, Decimal]]:
    """Return what a billing came to, by currency."""
    sums: dict[str, Decimal] = {}
    for one in run.bills or ():
        sums[one["currency"]] = sums.get(one["currency"], Decimal(0)) + Decimal(one["amount"])
    return sorted(sums.items())


def _since(text: str) -> datetime | None:
    try:
        return midnight(date.fromisoformat(text), site_facts().zone)
    except (ValueError, OverflowError):
        return None
