"""Rejected records tried again: what they would become, then that."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from tollbook.app.access.actor import Actor
from tollbook.app.access.roles import Permission
from tollbook.app.quarantine.preview import ReadCall, total_charges
from tollbook.app.quarantine.retry import (
    CALL,
    KNOWN,
    NOTHING,
    STAYS,
    Fate,
    Released,
    Tried,
    release_rejects,
    try_rejects,
)
from tollbook.core.calendar import zone_names
from tollbook.storage.db.installation import current
from tollbook.web.frame.flash import say
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import address_of, instant, user_of
from tollbook.web.frame.row_ids import row_id
from tollbook.web.templatetags.tollbook import money

ROWS_SHOWN = 200
CONFLICT = 409
KIND_WORDS = {
    CALL: "becomes a call",
    KNOWN: "tells of a known call",
    NOTHING: "is no call by design",
    STAYS: "stays rejected",
}


@dataclass(frozen=True, slots=True)
class RetryQuery:
    """Which waiting rejects are to be tried, from the address; None asks nothing."""

    source: int | None
    reason: str | None
    reject: int | None
    after: int
    zone: str

    def fields(self) -> list[tuple[str, int | str]]:
        """Return what a form carries along, without the zone, which it asks."""
        given = (
            ("source", self.source),
            ("reason", self.reason),
            ("id", self.reject),
            ("after", self.after),
        )
        return [(name, value) for name, value in given if value]

    def address(self, *, after: int) -> str:
        """Return the address of the same from behind the record *after* on."""
        given = {**dict(self.fields()), "after": after, "zone": self.zone}
        return f"{reverse('try_again')}?{urlencode({k: v for k, v in given.items() if v})}"


@dataclass(frozen=True, slots=True)
class ShownFate:
    """What becomes of one record, or of several that make one call."""

    line: int
    reject_href: str
    words: str
    records: int
    stays: bool
    reason: str
    message: str
    call: ReadCall | None
    known_call: int | None


@dataclass(frozen=True, slots=True)
class TryPage:
    """The page before anything is stored."""

    title: str
    asked: Sequence[tuple[str, int | str]]
    seal: str
    zone: str
    records: int
    counts: Sequence[tuple[str, int]]
    changes: int
    effect: str
    reasons: Sequence[tuple[str, int]]
    rows: Sequence[ShownFate]
    hidden: int
    next: str
    back: str


@needs(Permission.CHANGE_RECORDS)
@require_http_methods(["GET", "HEAD", "POST"])
def try_again(request: HttpRequest) -> HttpResponse:
    """Show what rejected records would become now; on POST store just that."""
    given = request.POST if request.method == "POST" else request.GET
    asked = _asked(given)
    at = instant()
    fault = ""
    if asked.zone and asked.zone not in zone_names():
        fault = f'"{asked.zone}" is no time zone. Write it as Europe/Berlin.'
        asked = RetryQuery(asked.source, asked.reason, asked.reject, asked.after, "")
    tried = try_rejects(
        data_dir=current().settings.data_dir,
        at=at,
        source_id=asked.source,
        reason=asked.reason,
        reject_id=asked.reject,
        after=asked.after,
        zone=asked.zone or None,
    )
    if request.method == "POST" and not fault:
        if given.get("seal", "") == tried.seal:
            done = release_rejects(
                tried, by=Actor(user_of(request).get_username(), at, address_of(request))
            )
            say(request, _done_words(done, tried), level="ok" if done.released else "warn")
            return redirect(_after(asked, tried))
        fault = "It comes to something else now than when it was shown. Nothing was stored."
    context = {"page": _page(asked, tried), "fault": fault, "zones": sorted(zone_names())}
    status = CONFLICT if fault and request.method == "POST" else 200
    return render(request, "tollbook/quarantine/try_again.html", context, status=status)


def count_words(count: int, one: str, many: str) -> str:
    """Return a count with its noun.

    >>> count_words(1, "call", "calls"), count_words(1200, "call", "calls")
    ('1 call', '1,200 calls')
    """
    return f"{count:,} {one if count == 1 else many}"


def _asked(given: QueryDict) -> RetryQuery:
    return RetryQuery(
        source=row_id(given.get("source", "")),
        reason=given.get("reason", "")[:64] or None,
        reject=row_id(given.get("id", "")),
        after=row_id(given.get("after", "")) or 0,
        zone=given.get("zone", "").strip()[:64],
    )


def _page(asked: RetryQuery, tried: Tried) -> TryPage:
    rows = [_shown(fate) for fate in tried.fates[:ROWS_SHOWN]]
    kinds = [(words, tried.count(kind)) for kind, words in KIND_WORDS.items()]
    return TryPage(
        title="Try this record again" if asked.reject else "Try rejected records again",
        asked=asked.fields(),
        seal=tried.seal,
        zone=asked.zone,
        records=tried.records,
        counts=[(words, count) for words, count in kinds if count],
        changes=tried.records - tried.count(STAYS),
        effect=_effect(tried),
        reasons=tried.why_they_stay,
        rows=rows,
        hidden=len(tried.fates) - len(rows),
        next=asked.address(after=tried.next) if tried.next else "",
        back=_back(asked),
    )


def _effect(tried: Tried) -> str:
    """Say what a release would do."""
    of = f"Of {count_words(tried.records, 'record', 'records')}"
    changes = tried.records - tried.count(STAYS)
    if not changes:
        return f"{of}, none can be read any better than before. They stay where they are."
    calls = count_words(len(tried.calls), "new call", "new calls")
    totals = " and ".join(
        f"{money(amount)} {currency}" for amount, currency in total_charges(tried.calls)
    )
    charged = f", charged {totals}" if totals else ""
    return f"{of}, {changes:,} would leave quarantine and make {calls}{charged}."


def _back(asked: RetryQuery) -> str:
    if asked.reject:
        return reverse("reject", args=[asked.reject])
    given = {"source": asked.source, "reason": asked.reason}
    kept = {key: value for key, value in given.items() if value}
    return f"{reverse('quarantine')}?{urlencode(kept)}"


def _shown(fate: Fate) -> ShownFate:
    first = fate.rejects[0]
    return ShownFate(
        line=first.line,
        reject_href=reverse("reject", args=[first.id]),
        words=KIND_WORDS[fate.kind],
        records=len(fate.rejects),
        stays=fate.kind == STAYS,
        reason=fate.reason,
        message=fate.message,
        call=fate.calls[0] if fate.calls else None,
        known_call=fate.known_call,
    )


def _after(asked: RetryQuery, tried: Tried) -> str:
    """Return the address of what comes next: the record, the rest, or what was released."""
    if asked.reject:
        return reverse("reject", args=[asked.reject])
    if tried.next:
        return asked.address(after=tried.next)
    return f"{reverse('quarantine')}?{urlencode({'state': 'released'})}"


def _done_words(done: Released, tried: Tried) -> str:
    if not done.released:
        return "Nothing was released: what could be read was decided on meanwhile."
    told = [f"Released {count_words(done.released, 'record', 'records')}"]
    told.append(count_words(len(done.calls), "new call", "new calls"))
    if done.known:
        told.append(f"{count_words(done.known, 'call was', 'calls were')} known already")
    if stays := tried.count(STAYS):
        told.append(f"{count_words(stays, 'record stays', 'records stay')} rejected")
    return f"{told[0]}: {', '.join(told[1:])}."
