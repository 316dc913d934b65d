"""Sources: their state, starting and stopping them, adding one."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tollbook.app import directory
from tollbook.app.directory import add_pbx, list_pbxs
from tollbook.app.roles import Permission
from tollbook.app.sources import (
    Refused,
    SourceView,
    add_source,
    source_states,
    start_source,
    stop_source,
)
from tollbook.formats import list_formats
from tollbook.storage.door import door
from tollbook.web.access import needs
from tollbook.web.request import address_of, instant, user_of
from tollbook.web.said import say
from tollbook.web.site_choice import chosen_site

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


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source in the list, with the places that its figures open."""

    view: SourceView
    calls_href: str
    rejects_href: str
    duplicates_href: str


def rows() -> list[SourceRow]:
    """Return the sources of the chosen site, or all, with their links."""
    site = chosen_site()
    found = []
    for view in source_states(at=instant()):
        if site is not None and view.site != site.name:
            continue
        only = urlencode({"source": view.id})
        found.append(
            SourceRow(
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
    """Show all sources."""
    return render(request, "tollbook/sources.html", {"sources": rows()})


@needs(Permission.SEE_SOURCES)
@require_safe
def source_rows(request: HttpRequest) -> HttpResponse:
    """Return the rows alone, for the page that asks every few seconds."""
    return render(request, "tollbook/parts/source_rows.html", {"sources": rows()})


@needs(Permission.CHANGE_SOURCES)
@require_POST
def start(request: HttpRequest, source_id: int) -> HttpResponse:
    """Want a source running."""
    return _told(request, start_source(
        source_id, at=instant(), actor=user_of(request).get_username(), address=address_of(request)
    ), "is started")  # fmt: skip


@needs(Permission.CHANGE_SOURCES)
@require_POST
def stop(request: HttpRequest, source_id: int) -> HttpResponse:
    """Want a source stopped: it closes its port, and stays so after a restart."""
    return _told(request, stop_source(
        source_id, at=instant(), actor=user_of(request).get_username(), address=address_of(request)
    ), "is stopped, and stays so until it is started here")  # fmt: skip


def _told(request: HttpRequest, came: SourceView | Refused, words: str) -> HttpResponse:
    if isinstance(came, Refused):
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
    status = 422 if fault else 200
    return render(request, "tollbook/add_source.html", {"form": form}, status=status)


def _keys() -> list[str]:
    return ["pbx", "name", "format", "transport", *(name for name, _, _ in OPTIONS)]


def _add(request: HttpRequest, given: dict[str, str]) -> HttpResponse | str:
    """Add the source and return the redirect, or why not."""
    if given["pbx"] not in {pbx.name for pbx in list_pbxs()}:
        made = add_pbx(door, name=given["pbx"], at=instant(), actor=user_of(request).get_username())
        if isinstance(made, directory.Refused):
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
    if isinstance(came, Refused):
        return came.message
    say(request, f"{came.name} is added and starts now.")
    return redirect("sources")
