"""Home: is data arriving, what was spent, what failed, who spent most."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tollbook.app.access.roles import Permission, Reach
from tollbook.app.directory.holders import own_holder
from tollbook.app.intake.sources import SourceView, source_states
from tollbook.app.quarantine.rejects import waiting_counts
from tollbook.app.reports.call_log import CallFilter, newest_call_id
from tollbook.app.reports.spend import unrated_counts
from tollbook.core.instants import to_us
from tollbook.web.directory.pages.holders import ShownHolder, shown_holder
from tollbook.web.frame.periods import midnight, next_month
from tollbook.web.frame.permissions import access_of, needs, reach_of, visible_calls
from tollbook.web.frame.request import instant, site_facts
from tollbook.web.frame.site_choice import calls_of_site, chosen_site
from tollbook.web.pricing.pages.why import reason_words
from tollbook.web.reports.pages.spend import SPENDERS, month_spend, spenders


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that went wrong: how often, what, and where the list of it is."""

    count: str
    words: str
    note: str
    href: str
    level: str = "warn"


@needs(Permission.SEE_CALLS)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the four answers; the sums are asked for when the page stands."""
    sees_sources = access_of(request).may(Permission.SEE_SOURCES)
    context = {
        "has_calls": newest_call_id() > 0,
        "sources": sources_shown() if sees_sources else [],
        "is_own": not reach_of(request).is_everything,
        "own": _own_money(reach_of(request)),
    }
    return render(request, "tollbook/reports/home.html", context)


@needs(Permission.SEE_CALLS)
@require_safe
def spend(request: HttpRequest) -> HttpResponse:
    """Return the spend of today and this month, drawn."""
    site = site_facts()
    today = instant().astimezone(site.zone).date()
    own = calls_of_site(visible_calls(request))
    found = month_spend(today, zone=site.zone, currency=site.currency, wanted=own)
    return render(request, "tollbook/reports/parts/home_spend.html", {"spend": found})


@needs(Permission.SEE_CALLS)
@require_safe
def top(request: HttpRequest) -> HttpResponse:
    """Return who spent most this month."""
    site = site_facts()
    today = instant().astimezone(site.zone).date()
    choices = _groupings(reach_of(request))
    given = request.GET.get("by", "")
    by = given if given in dict(choices) else choices[0][0]
    own = calls_of_site(visible_calls(request))
    found = spenders(today, zone=site.zone, currency=site.currency, group_by=by, wanted=own)
    context = {"spenders": found, "by": by, "choices": choices}
    return render(request, "tollbook/reports/parts/home_top.html", context)


@needs(Permission.SEE_SOURCES)
@require_safe
def failures(request: HttpRequest) -> HttpResponse:
    """Return what failed: sources, records that could not be read, calls without a price."""
    found = [*_failed_sources(sources_shown()), *_rejects(), *_unrated()]
    return render(request, "tollbook/reports/parts/home_failures.html", {"failures": found})


def sources_shown() -> list[SourceView]:
    """Return the sources of the chosen site, or all."""
    site = chosen_site()
    found = source_states(at=instant())
    return [source for source in found if site is None or source.site == site.name]


def _own_money(reach: Reach) -> ShownHolder | None:
    """Return the account of who sees but one: an extension's, or an owner's."""
    found = own_holder(reach)
    return shown_holder(found) if found else None


def _groupings(reach: Reach) -> tuple[tuple[str, str], ...]:
    """Return by what spending is shown: to whom has a reach, who spent is no question."""
    if reach.is_everything:
        return SPENDERS
    codes = (("account_code", "Account codes"),) if reach.owner_id is not None else ()
    return (*codes, ("destination", "Destinations"))


def _failed_sources(sources: list[SourceView]) -> list[Failure]:
    return [
        Failure(
            count="",
            words=f"{source.name} {'has failed' if source.state == 'failed' else 'is unknown'}",
            note=f"{source.reason} {source.next_step}",
            href=reverse("sources"),
            level="danger" if source.state == "failed" else "warn",
        )
        for source in sources
        if source.state in ("failed", "unknown")
    ]


def _rejects() -> list[Failure]:
    site = chosen_site()
    counts = waiting_counts(None if site is None else site.id)
    total = sum(count for _, _, count in counts)
    if not total:
        return []
    words = "record could not be read" if total == 1 else "records could not be read"
    codes = sorted({reason for _, reason, _ in counts})[:3]
    reasons = ", ".join(code.rpartition(".")[2].replace("_", " ") for code in codes)
    return [Failure(f"{total:,}", words, reasons, reverse("quarantine"))]


def _unrated() -> list[Failure]:
    site = site_facts()
    first = instant().astimezone(site.zone).date().replace(day=1)
    wanted = CallFilter(
        from_us=to_us(midnight(first, site.zone)),
        to_us=to_us(midnight(next_month(first), site.zone)),
    )
    counts = unrated_counts(calls_of_site(wanted))
    total = sum(count for _, count in counts)
    if not total:
        return []
    words = "call of this month has no price" if total == 1 else "calls of this month have no price"
    note = f"Mostly: {reason_words(counts[0][0]).lower()}"
    return [Failure(f"{total:,}", words, note, f"{reverse('calls')}?period=month&unrated=1")]
