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

from tollbook.app.quarantine import (
    STATES,
    QuarantineFilter,
    RejectedRecord,
    dismiss_reject,
    every_reject,
    find_reject,
    list_duplicates,
    list_rejects,
    reject_reasons,
    source_choices,
)
from tollbook.documents.csv_text import stream_csv
from tollbook.documents.table import Cell, Column, Kind, Table
from tollbook.web.request import address_of, instant, site_facts, user_of
from tollbook.web.said import say
from tollbook.web.streaming import download

PAGE = 50
RAW_START = 96


@dataclass(frozen=True, slots=True)
class Tab:
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


@dataclass(frozen=True, slots=True)
class ListPage:
    """The list as the page shows it."""

    title: str
    words: str
    query: str
    tabs: Sequence[Tab]
    state: str
    source: int | None
    sources: Sequence[tuple[int, str]]
    reason: str
    reasons: Sequence[tuple[str, str]] | None
    rows: Sequence[ListRow]
    older: str
    newer: str
    empty_title: str
    empty_words: str
    can_export: bool = True


@require_safe
def quarantine(request: HttpRequest) -> HttpResponse:
    """Show records that could not be read."""
    wanted = _filter(request)
    found = list_rejects(
        wanted, size=PAGE, before=_id(request, "before"), after=_id(request, "after")
    )
    page = ListPage(
        title="Rejected records",
        words="Records that could not be read: kept as they came, and never charged by guess.",
        query=_query(wanted),
        tabs=_tabs(wanted.state),
        state=wanted.state,
        source=wanted.source_id,
        sources=source_choices(),
        reason=wanted.reason,
        reasons=[(code, code) for code in reject_reasons()],
        rows=[_reject_row(row) for row in found.rows],
        older=_query(wanted, before=found.older) if found.older else "",
        newer=_query(wanted, after=found.newer) if found.newer else "",
        empty_title="Nothing waits here" if wanted.state == "new" else "None of these",
        empty_words="Every record that came could be read, or was decided on. A line that cannot "
        "be read is kept here with its place and the reason.",
    )
    return render(request, "tollbook/quarantine.html", {"list": page})


@require_safe
def duplicates(request: HttpRequest) -> HttpResponse:
    """Show records that told of a call which was known already."""
    source = _id(request, "source")
    found = list_duplicates(
        source, size=PAGE, before=_id(request, "before"), after=_id(request, "after")
    )
    kept = {"source": source} if source is not None else {}
    page = ListPage(
        title="Duplicate records",
        words="Records of calls that were known already: kept and counted, and charged once.",
        query="",
        tabs=_tabs("duplicates"),
        state="",
        source=source,
        sources=source_choices(),
        reason="",
        reasons=None,
        rows=[
            ListRow(
                href=reverse("call", args=[row.of_call]),
                received=row.received,
                source=row.source,
                line=row.line,
                message=f"Tells of call {row.of_call} again",
                reason="call.duplicate",
                raw_start="",
            )
            for row in found.rows
        ],
        older=f"?{urlencode({**kept, 'before': found.older})}" if found.older else "",
        newer=f"?{urlencode({**kept, 'after': found.newer})}" if found.newer else "",
        empty_title="No duplicates",
        empty_words="No record has told of a call twice. Importing the same file again adds none.",
        can_export=False,
    )
    return render(request, "tollbook/quarantine.html", {"list": page})


@require_safe
def reject(request: HttpRequest, reject_id: int) -> HttpResponse:
    """Show one record in quarantine, its bytes made safe to look at."""
    row = find_reject(reject_id)
    if row is None:
        raise Http404("no such record")
    place = f"{len(row.raw)} bytes from byte {row.offset:,} on"
    context = {"row": row, "place": place, "raw_text": row.raw.decode("latin-1")}
    return render(request, "tollbook/reject.html", context)


@require_POST
def dismiss(request: HttpRequest, reject_id: int) -> HttpResponse:
    """Decide that a record needs nothing more."""
    done = dismiss_reject(
        reject_id,
        at=instant(),
        actor=user_of(request).get_username(),
        address=address_of(request),
    )
    if not done:
        raise Http404("no such record waits")
    say(request, "Dismissed. It stays in the list of dismissed records.")
    return redirect("quarantine")


@require_safe
def quarantine_csv(request: HttpRequest) -> HttpResponseBase:
    """Send all records that the filter holds as CSV."""
    site = site_facts()
    table = Table(
        title="Quarantine",
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
        rows=_cells(every_reject(_filter(request))),
        zone=site.zone,
    )
    return download(
        stream_csv(table), name="quarantine.csv", content_type="text/csv; charset=utf-8"
    )


def _cells(rows: Iterable[RejectedRecord]) -> Iterator[tuple[Cell, ...]]:
    for row in rows:
        raw = row.raw.decode("latin-1")
        yield (
            row.received, row.source, row.line, row.offset, row.reason, row.message, row.state, raw
        )  # fmt: skip


def _filter(request: HttpRequest) -> QuarantineFilter:
    state = request.GET.get("state", "new")
    return QuarantineFilter(
        state=state if state in STATES else "new",
        source_id=_id(request, "source"),
        reason=request.GET.get("reason", "")[:64],
    )


def _id(request: HttpRequest, key: str) -> int | None:
    text = request.GET.get(key, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _query(wanted: QuarantineFilter, **more: int | None) -> str:
    given = {
        "state": wanted.state if wanted.state != "new" else "",
        "source": wanted.source_id,
        "reason": wanted.reason,
        **more,
    }
    kept = {key: value for key, value in given.items() if value not in (None, "")}
    return f"?{urlencode(kept)}" if kept else "?"


def _tabs(here: str) -> list[Tab]:
    names = (("new", "Waiting"), ("dismissed", "Dismissed"), ("released", "Released"))
    tabs = [
        Tab(words, f"{reverse('quarantine')}?{urlencode({'state': state})}", state == here)
        for state, words in names
    ]
    return [*tabs, Tab("Duplicates", reverse("duplicates"), here == "duplicates")]


def _reject_row(row: RejectedRecord) -> ListRow:
    return ListRow(
        href=reverse("reject", args=[row.id]),
        received=row.received,
        source=row.source,
        line=row.line,
        message=row.message,
        reason=row.reason,
        raw_start=row.raw[:RAW_START].decode("latin-1"),
    )
