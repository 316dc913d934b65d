"""PINs of extensions: who can sign in with a telephone's number, and how they got their PIN."""

from collections.abc import Iterator
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tollbook.app.access.pin_list import (
    SORTS,
    PinFilter,
    PinLine,
    count_pins,
    every_pin,
    find_pin,
    list_pins,
    read_pins,
)
from tollbook.app.access.pins import MOST_AT_ONCE, PinError, generate_pins, remove_pin, set_pins
from tollbook.app.access.roles import Permission
from tollbook.app.directory.sites import site_names
from tollbook.documents.table import Cell, Column, Kind
from tollbook.web.frame.files import list_file
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page, present
from tollbook.web.frame.listing import Head, ListQuery, asked_of, choice, chosen_id, page_by
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of
from tollbook.web.frame.row_ids import row_ids

LARGEST_FILE = 256 * 1024
HEADS = (
    Head("Extension", "number"),
    Head("Name", "name"),
    Head("PIN"),
    Head("Set", "changed"),
    Head("Set by"),
    Head("Last signed in"),
)
COLUMNS = (
    Column("extension", "Extension"),
    Column("name", "Name", width_chars=24),
    Column("site", "Site", width_chars=20),
    Column("pin", "PIN"),
    Column("changed", "Set", Kind.INSTANT, width_chars=20),
    Column("changed_by", "Set by"),
    Column("seen", "Last signed in", Kind.INSTANT, width_chars=20),
)


@needs(Permission.SET_PINS)
@require_safe
def pins(request: HttpRequest) -> HttpResponse:
    """Show which extensions have a PIN."""
    asked = _asked(request)
    wanted = _wanted(asked)
    found = page_by(asked, HEADS, total=count_pins(wanted), read=partial(list_pins, wanted))
    sites = [(str(site_id), name) for site_id, name in site_names()]
    context = {
        "list": found,
        "sites": sites if len(sites) > 1 else [],
    }
    return render(request, "tollbook/access/pins.html", context)


@needs(Permission.SET_PINS)
@require_safe
def pins_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send the list: who has a PIN, never the PINs."""
    rows = _cells(_wanted(_asked(request)))
    return list_file("PINs", COLUMNS, rows, kind=kind)


@needs(Permission.SET_PINS)
@require_POST
def generate(request: HttpRequest) -> HttpResponse:
    """Give the ticked extensions a PIN each and show the list, this once."""
    ticked = row_ids(request.POST.getlist("id"))
    if not ticked:
        say(request, "No extension was ticked, so no PIN was made.", level="warn")
        return redirect("pins")
    try:
        made = generate_pins(ticked, by=by_of(request))
    except PinError as refused:
        say(request, str(refused), level="danger")
        return redirect("pins")
    return render(request, "tollbook/access/new_pins.html", {"pins": made})


@needs(Permission.SET_PINS)
@sensitive_post_parameters("pin", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def pin(request: HttpRequest, extension_id: int) -> HttpResponse:
    """Set the PIN of one extension."""
    line = _line(extension_id)
    fault = ""
    if request.method == "POST":
        typed = request.POST.get("pin", "").strip()[:64]
        if typed != request.POST.get("again", "").strip()[:64]:
            fault = "The two PINs differ. Type the same one twice."
        else:
            try:
                set_pins({extension_id: typed}, by=by_of(request))
            except PinError as refused:
                fault = str(refused)
        if not fault:
            say(request, f"The PIN of extension {line.number} is set.")
            return redirect("pins")
    context = {"line": line, "fault": fault}
    return form_page(request, "tollbook/access/pin.html", context, refused=fault)


@needs(Permission.SET_PINS)
@require_POST
def remove(request: HttpRequest, extension_id: int) -> HttpResponse:
    """Take the PIN of one extension away."""
    line = _line(extension_id)
    if remove_pin(extension_id, by=by_of(request)):
        say(request, f"Extension {line.number} can no longer sign in.")
    else:
        say(request, f"Extension {line.number} had no PIN.", level="warn")
    return redirect("pins")


@needs(Permission.SET_PINS)
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: HttpRequest) -> HttpResponse:
    """Set PINs from a file, all or none."""
    faults: tuple[str, ...] = ()
    if request.method == "POST":
        faults = _import(request)
        if not faults:
            return redirect("pins")
    context = {"faults": faults, "most": MOST_AT_ONCE}
    return form_page(request, "tollbook/access/import_pins.html", context, refused=faults)


def _import(request: HttpRequest) -> tuple[str, ...]:
    """Set the PINs of the file that came and return no faults; or set none and return them."""
    file = request.FILES.get("file")
    if file is None or not file.size:
        return ("Choose a file first.",)
    if file.size > LARGEST_FILE:
        return (f"The file has {file.size:,} bytes, at most {LARGEST_FILE:,}. No PIN was set.",)
    try:
        read = read_pins(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        return ("The file is not UTF-8 text. Save it as CSV UTF-8. No PIN was set.",)
    if read.faults:
        return read.faults
    try:
        count = set_pins(read.pins, by=by_of(request))
    except PinError as refused:
        return (str(refused),)
    say(request, "1 PIN is set." if count == 1 else f"{count} PINs are set.")
    return ()


def _line(extension_id: int) -> PinLine:
    return present(find_pin(extension_id), "active extension")


def _asked(request: HttpRequest) -> ListQuery:
    return asked_of(request, filters=("pin", "site"), sort="number")


def _wanted(asked: ListQuery) -> PinFilter:
    return PinFilter(
        sought=asked.q,
        has_pin=choice(asked, "pin"),
        site_id=chosen_id(asked, "site"),
        sort=asked.sort if asked.sort.removeprefix("-") in SORTS else "number",
    )


def _cells(wanted: PinFilter) -> Iterator[tuple[Cell, ...]]:
    for line in every_pin(wanted):
        yield (
            line.number,
            line.name,
            line.site,
            "set" if line.has_pin else "none",
            line.changed,
            line.changed_by,
            line.seen,
        )
