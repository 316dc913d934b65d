"""Sources: their state, starting and stopping them, adding one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.directory.pbxs import PbxRefused, add_pbx, list_pbxs
from tollbook.app.intake.sources import (
    SourceRefused,
    SourceView,
    add_source,
    source_states,
    start_source,
    stop_source,
)
from tollbook.documents.table import Cell, Column, Kind
from tollbook.formats import list_formats
from tollbook.web.frame.files import list_file
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page
from tollbook.web.frame.listing import (
    Head,
    ListQuery,
    SortKey,
    asked_of,
    has_word,
    in_order,
    page_among,
)
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, instant, user_of
from tollbook.web.frame.site_choice import chosen_site

TRANSPORTS = (
    ("tcp-listen", "TCP: the PBX connects to us"),
    ("tcp-connect", "TCP: we connect to the PBX"),
    ("udp", "UDP datagrams"),
    ("tail", "A file that the PBX appends to"),
)
OPTIONS = (
    ("host", "Address", "Ours to listen on (TCP in, UDP), or the PBX's to connect to."),
    ("port", "Port", "For TCP and UDP, as 1514."),
    ("peers", "Who may connect", "As 192.168.1.10, 10.0.0.0/8. Empty: this machine only."),
    ("ack", "Acknowledgement", r"Bytes sent back once a record is on disk, as \x06. Empty: none."),
    ("path", "File", "From / on, as /var/log/asterisk/cdr-csv/Master.csv."),
    ("zone", "Time zone of its stamps", "As Europe/Berlin. Empty: the site's."),
)  # fmt: skip


HEADS = (
    Head("Source", "name"),
    Head("State", "state"),
    Head("Comes by", "transport"),
    Head("Last record", "last"),
    Head("Today", "today", is_number=True),
    Head("Rejects", "rejects", is_number=True),
    Head("Duplicates", "duplicates", is_number=True),
    Head("Actions"),
)
STATES = ("running", "waiting", "stopped", "failed", "unknown")
EXPORTED = (
    ("name", "Source"),
    ("pbx", "PBX"),
    ("format", "Format"),
    ("transport", "Transport"),
    ("place", "Place"),
    ("state", "State"),
    ("reason", "Reason"),
    ("next_step", "Next step"),
)


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source in the list, with the places that its figures open."""

    view: SourceView
    calls_href: str
    rejects_href: str
    duplicates_href: str


ORDER: Mapping[str, SortKey[SourceLine]] = {
    "name": lambda row: row.view.name.casefold(),
    "state": lambda row: (STATES.index(row.view.state), row.view.name.casefold()),
    "transport": lambda row: (row.view.transport, row.view.place),
    "last": lambda row: row.view.last_record.timestamp() if row.view.last_record else 0,
    "today": lambda row: row.view.today.calls,
    "rejects": lambda row: row.view.open_rejects,
    "duplicates": lambda row: row.view.today.duplicates,
}


def rows(asked: ListQuery) -> list[SourceLine]:
    """Return those sources of the chosen site, or of all, that fit, with their links."""
    site = chosen_site()
    state = asked.filters["state"]
    found = []
    for view in source_states(at=instant()):
        if site is not None and view.site != site.name:
            continue
        if state and view.state != state:
            continue
        said = (view.name, view.pbx, view.format, view.transport, view.place, view.reason)
        if not has_word(asked, *said):
            continue
        only = urlencode({"source": view.id})
        found.append(
            SourceLine(
                view=view,
                calls_href=f"{reverse('calls')}?{only}&arrived=today",
                rejects_href=f"{reverse('quarantine')}?{only}",
                duplicates_href=f"{reverse('duplicates')}?{only}",
            )
        )
    return found


@needs(Permission.SEE_SOURCES)
@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """Show the sources that the filter holds."""
    asked = _asked(request)
    listing = page_among(asked, HEADS, rows(asked), ORDER)
    context = {"list": listing, "sources": listing.rows, "states": STATES}
    return render(request, "tollbook/intake/sources.html", context)


@needs(Permission.SEE_SOURCES)
@require_safe
def source_rows(request: HttpRequest) -> HttpResponse:
    """Return the rows alone, for the page that asks every few seconds."""
    asked = _asked(request)
    shown = page_among(asked, HEADS, rows(asked), ORDER).rows
    return render(request, "tollbook/intake/parts/source_rows.html", {"sources": shown})


@needs(Permission.SEE_SOURCES)
@require_safe
def sources_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all sources that the filter holds, with their state and what came today."""
    asked = _asked(request)
    return list_file(
        "Sources",
        columns=(
            *(Column(key, title) for key, title in EXPORTED),
            Column("last", "Last record", Kind.INSTANT),
            Column("calls", "Calls today", Kind.NUMBER),
            Column("rejects", "Rejects", Kind.NUMBER),
            Column("duplicates", "Duplicates today", Kind.NUMBER),
        ),
        rows=_cells(in_order(asked, rows(asked), ORDER)),
        kind=kind,
    )


def _cells(found: Sequence[SourceLine]) -> Iterator[tuple[Cell, ...]]:
    for row in found:
        texts = (str(getattr(row.view, key)) for key, _ in EXPORTED)
        counts = (row.view.today.calls, row.view.open_rejects, row.view.today.duplicates)
        yield (*texts, row.view.last_record, *counts)


def _asked(request: HttpRequest) -> ListQuery:
    return asked_of(request, filters=("state",))


@needs(Permission.CHANGE_SOURCES)
@require_POST
def start(request: HttpRequest, source_id: int) -> HttpResponse:
    """Want a source running."""
    return _told(request, start_source(
        source_id, by=by_of(request)
    ), "is started")  # fmt: skip


@needs(Permission.CHANGE_SOURCES)
@require_POST
def stop(request: HttpRequest, source_id: int) -> HttpResponse:
    """Want a source stopped: it closes its port, and stays so after a restart."""
    return _told(request, stop_source(
        source_id, by=by_of(request)
    ), "is stopped, and stays so until it is started here")  # fmt: skip


def _told(request: HttpRequest, came: SourceView | SourceRefused, words: str) -> HttpResponse:
    if isinstance(came, SourceRefused):
        raise Http404(came.message)
    say(request, f"{came.name} {words}.")
    return redirect("sources")


@needs(Permission.CHANGE_SOURCES)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Ask for a new source and add it; it starts at once."""
    given = {key: request.POST.get(key, "").strip() for key in _keys()}
    fault = ""
    if request.method == "POST":
        came = _add(request, given)
        if not isinstance(came, str):
            return came
        fault = came
    form = {
        **given,
        "fault": fault,
        "transport": given["transport"] or "tcp-listen",
        "formats": [(info.name, info.title) for info in list_formats()],
        "transports": TRANSPORTS,
        "pbxs": [pbx.name for pbx in list_pbxs()],
        "options": [
            {"name": name, "label": label, "help": words, "value": given[name]}
            for name, label, words in OPTIONS
        ],
    }
    return form_page(request, "tollbook/intake/add_source.html", {"form": form}, refused=fault)


def _keys() -> list[str]:
    return ["pbx", "name", "format", "transport", *(name for name, _, _ in OPTIONS)]


def _add(request: HttpRequest, given: dict[str, str]) -> HttpResponse | str:
    """Add the source and return the redirect, or why not."""
    if given["pbx"] not in {pbx.name for pbx in list_pbxs()}:
        made = add_pbx(name=given["pbx"], at=instant(), actor=user_of(request).get_username())
        if isinstance(made, PbxRefused):
            return made.message
    came = add_source(
        pbx=given["pbx"],
        transport=given["transport"],
        format_name=given["format"],
        options={name: given[name] for name, _, _ in OPTIONS},
        at=instant(),
        actor=user_of(request).get_username(),
        name=given["name"] or None,
    )
    if isinstance(came, SourceRefused):
        return came.message
    say(request, f"{came.name} is added and starts now.")
    return redirect("sources")
