"""Quarantine: records that could not be read, and records that told of a known call."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.directory.choices import filter_choices
from tollbook.app.quarantine.rejects import (
    STATES,
    DuplicateRow,
    RejectRow,
    dismiss_reject,
    duplicates,
    every_reject,
    reject_counts,
    rejects,
)
from tollbook.core.instants import from_us
from tollbook.documents.table import Cell, Column, Kind
from tollbook.web.frame.files import list_file
from tollbook.web.frame.flash import say
from tollbook.web.frame.listing import LONGEST_SEARCH
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of
from tollbook.web.frame.row_ids import row_id
from tollbook.web.reports.pages.raw_record import encoding_of

PAGE = 50
RAW_START = 96


@dataclass(frozen=True, slots=True)
class QuarantineTab:
    """One kind of record that was refused."""

    words: str
    href: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class ListRow:
    """One record of the list."""

    href: str
    received: datetime
    source: str
    line: int | None
    message: str
    reason: str
    raw_start: str
    pick: int | None = None
    released_call: int | None = None


@dataclass(frozen=True, slots=True)
class ListPage:
    """The list as the page shows it."""

    title: str
    words: str
    query: str
    tabs: Sequence[QuarantineTab]
    state: str
    source: int | None
    sources: Sequence[tuple[int, str]]
    reason: str
    reasons: Sequence[tuple[str, str]] | None
    rows: Sequence[ListRow]
    older: str
    newest: str
    empty_title: str
    empty_words: str
    q: str = ""
    can_export: bool = True
    again_href: str = ""
    picks: bool = False


@dataclass(frozen=True, slots=True)
class RejectQuery:
    """Which rejects are asked for; None asks nothing."""

    state: str
    source: int | None
    reason: str | None
    q: str

    @property
    def is_narrowed(self) -> bool:
        """Whether more than the kind of record is asked for."""
        return bool(self.source or self.reason or self.q)

    def address(self, *, before: int | None = None) -> str:
        """Return this as an address, from the record *before* on."""
        state = self.state if self.state != "new" else None
        return _address(
            state=state, source=self.source, reason=self.reason, q=self.q, before=before
        )


@needs(Permission.SEE_RECORDS)
@require_safe
def quarantine(request: HttpRequest) -> HttpResponse:
    """Show records that could not be read."""
    wanted, before = _wanted(request), _id(request, "before")
    found = rejects(
        state=wanted.state,
        source_id=wanted.source,
        reason=wanted.reason,
        keyword=wanted.q,
        before=before,
        page_size=PAGE,
    )
    counts: dict[str, int] = {}
    for _, reason, count in reject_counts(state=wanted.state):
        counts[reason] = counts.get(reason, 0) + count
    page = ListPage(
        title="Rejected records",
        words="Records that could not be read: kept as they came, and never charged by guess.",
        query=wanted.address(),
        tabs=_tabs(wanted.state),
        state=wanted.state,
        source=wanted.source,
        sources=_sources(),
        reason=wanted.reason or "",
        reasons=[(code, f"{code} ({count:,})") for code, count in sorted(counts.items())],
        rows=[_reject_row(row) for row in found.rows],
        older=wanted.address(before=found.next) if found.next else "",
        newest=wanted.address() if before else "",
        q=wanted.q,
        empty_title=_empty_title(wanted),
        empty_words="Take a filter out to see more."
        if wanted.is_narrowed
        else "Every record that came could be read, or was decided on. A line that cannot "
        "be read is kept here with its place and the reason.",
        again_href=_again(wanted) if wanted.state == "new" and found.rows and not wanted.q else "",
    )
    return render(request, "tollbook/quarantine/quarantine.html", {"list": page})


@needs(Permission.SEE_RECORDS)
@require_safe
def duplicate_records(request: HttpRequest) -> HttpResponse:
    """Show records that told of a call which was known already."""
    source, before = _id(request, "source"), _id(request, "before")
    found = duplicates(source_id=source, before=before, page_size=PAGE)
    page = ListPage(
        title="Duplicate records",
        words="Records of calls that were known already: kept and counted, and charged once. "
        "Tick those that were calls of their own.",
        query="",
        tabs=_tabs("duplicates"),
        state="",
        source=source,
        sources=_sources(),
        reason="",
        reasons=None,
        rows=[_duplicate_row(row) for row in found.rows],
        older=_address(source=source, before=found.next) if found.next else "",
        newest=_address(source=source) if before else "",
        empty_title="No duplicates",
        empty_words="No record has told of a call twice. Importing the same file again adds none.",
        can_export=False,
        picks=any(row.released_call is None for row in found.rows),
    )
    return render(request, "tollbook/quarantine/quarantine.html", {"list": page})


@needs(Permission.SEE_RECORDS)
@require_safe
def reject(request: HttpRequest, reject_id: int) -> HttpResponse:
    """Show one record in quarantine, its bytes made safe to look at."""
    rows = rejects(reject_id=reject_id).rows
    if not rows:
        raise Http404("no such record")
    row = rows[0]
    segment = f" of {row.path}" if row.path else ""
    context = {
        "row": row,
        "received": from_us(row.received_us),
        "resolved": None if row.resolved_us is None else from_us(row.resolved_us),
        "place": f"{len(row.raw):,} bytes from byte {row.offset:,} on{segment}",
        "raw_text": row.raw.decode(encoding_of(row.raw)),
    }
    return render(request, "tollbook/quarantine/reject.html", context)


@needs(Permission.CHANGE_RECORDS)
@require_POST
def dismiss(request: HttpRequest, reject_id: int) -> HttpResponse:
    """Decide that a record needs nothing more."""
    done = dismiss_reject(reject_id, by=by_of(request))
    if not done:
        raise Http404("no such record waits")
    say(request, "Dismissed. It stays in the list of dismissed records.")
    return redirect("quarantine")


@needs(Permission.SEE_RECORDS)
@require_safe
def quarantine_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all records that the filter holds."""
    wanted = _wanted(request)
    return list_file(
        "Quarantine",
        columns=(
            Column("received", "Received", Kind.INSTANT),
            Column("source", "Source"),
            Column("line", "Line", Kind.NUMBER),
            Column("offset", "Offset", Kind.NUMBER),
            Column("reason", "Reason"),
            Column("message", "What is wrong"),
            Column("state", "State"),
            Column("raw", "Raw"),
        ),
        rows=_cells(
            every_reject(
                state=wanted.state,
                source_id=wanted.source,
                reason=wanted.reason,
                keyword=wanted.q,
            )
        ),
        kind=kind,
    )


def _cells(rows: Iterable[RejectRow]) -> Iterator[tuple[Cell, ...]]:
    for row in rows:
        received, raw = from_us(row.received_us), row.raw.decode(encoding_of(row.raw))
        place = (received, row.source, row.line, row.offset)
        yield (*place, row.reason, row.message, row.state, raw)


def _wanted(request: HttpRequest) -> RejectQuery:
    state = request.GET.get("state", "new")
    return RejectQuery(
        state=state if state in STATES else "new",
        source=_id(request, "source"),
        reason=request.GET.get("reason", "")[:64] or None,
        q=request.GET.get("q", "").strip()[:LONGEST_SEARCH],
    )


def _id(request: HttpRequest, key: str) -> int | None:
    return row_id(request.GET.get(key, ""))


def _address(**given: str | int | None) -> str:
    kept = {key: value for key, value in given.items() if value not in (None, "")}
    return f"?{urlencode(kept)}"


def _empty_title(wanted: RejectQuery) -> str:
    if wanted.is_narrowed:
        return "No record fits"
    return "Nothing waits here" if wanted.state == "new" else "None of these"


def _again(wanted: RejectQuery) -> str:
    return reverse("try_again") + _address(source=wanted.source, reason=wanted.reason)


def _sources() -> list[tuple[int, str]]:
    return [(choice.id, choice.label) for choice in filter_choices().sources]


def _tabs(here: str) -> list[QuarantineTab]:
    names = (("new", "Waiting"), ("dismissed", "Dismissed"), ("released", "Released"))
    tabs = [
        QuarantineTab(
            words, f"{reverse('quarantine')}?{urlencode({'state': state})}", state == here
        )
        for state, words in names
    ]
    return [*tabs, QuarantineTab("Duplicates", reverse("duplicates"), here == "duplicates")]


def _reject_row(row: RejectRow) -> ListRow:
    return ListRow(
        href=reverse("reject", args=[row.id]),
        received=from_us(row.received_us),
        source=row.source,
        line=row.line,
        message=row.message.partition(f":{row.line}: ")[2] or row.message,
        reason=row.reason,
        raw_start=row.raw[:RAW_START].decode(encoding_of(row.raw), "replace"),
        released_call=row.released_call,
    )


def _duplicate_row(row: DuplicateRow) -> ListRow:
    return ListRow(
        href=reverse("call", args=[row.of_call]),
        received=from_us(row.received_us),
        source=row.source,
        line=row.line,
        message=f"Tells of call {row.of_call} again",
        reason="call.duplicate",
        raw_start="",
        pick=row.id if row.released_call is None else None,
        released_call=row.released_call,
    )
