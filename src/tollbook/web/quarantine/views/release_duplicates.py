"""Refused duplicates released: which calls they would be, then those calls."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from tollbook.app.access.actor import Actor
from tollbook.app.access.roles import Permission
from tollbook.app.quarantine.preview import ReadCall, total_charges
from tollbook.app.quarantine.release_duplicates import (
    RefusedDuplicate,
    find_duplicates,
    release_duplicates,
)
from tollbook.storage.db.installation import current
from tollbook.web.frame.flash import say
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import address_of, instant, user_of
from tollbook.web.frame.row_ids import row_ids
from tollbook.web.quarantine.views.try_again import count_words
from tollbook.web.templatetags.tollbook import money

MOST = 200


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """The chosen duplicates, before and after."""

    rows: Sequence[RefusedDuplicate]
    ready: Sequence[int]
    effect: str
    button: str


@needs(Permission.CHANGE_RECORDS)
@require_http_methods(["GET", "HEAD", "POST"])
def release(request: HttpRequest) -> HttpResponse:
    """Show which calls the chosen duplicates would be, or are; on POST make them."""
    given = request.POST if request.method == "POST" else request.GET
    ids = row_ids(given.getlist("id"))[:MOST]
    if not ids:
        say(request, "Tick the records that are calls of their own.", level="warn")
        return redirect("duplicates")
    at = instant()
    found = find_duplicates(ids, data_dir=current().settings.data_dir, at=at)
    if request.method == "POST":
        before = sum(1 for one in found if one.released_call is not None)
        made = release_duplicates(
            found, by=Actor(user_of(request).get_username(), at, address_of(request))
        )
        say(request, _done_words(len(made) - before, before))
        query = urlencode({"id": [one.duplicate_id for one in found]}, doseq=True)
        return redirect(f"{reverse('release_duplicates')}?{query}")
    return render(request, "tollbook/quarantine/release.html", {"page": _page(found)})


def _page(found: Sequence[RefusedDuplicate]) -> ReleasePage:
    calls = [one.call for one in found if one.call is not None]
    return ReleasePage(
        rows=found,
        ready=[one.duplicate_id for one in found if one.call is not None],
        button=f"Make {count_words(len(calls), 'call', 'calls')}",
        effect=_effect(calls),
    )


def _effect(calls: Sequence[ReadCall]) -> str:
    """Say what a release would do."""
    would = "1 record would become a call of its own"
    if len(calls) != 1:
        would = f"{len(calls):,} records would each become a call of their own"
    totals = " and ".join(
        f"{money(amount)} {currency}" for amount, currency in total_charges(calls)
    )
    return f"{would}, charged {totals}." if totals else f"{would}, without a charge."


def _done_words(made: int, before: int) -> str:
    if made <= 0:
        return "Nothing new was released."
    told = count_words(made, "record is now a call", "records are now calls")
    told += " of its own." if made == 1 else " of their own."
    return f"{told} {before:,} had been released before." if before else told
