"""Owners: who answers for account codes, and where their reports go."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.directory.owners import (
    OwnerFilter,
    OwnerRefused,
    count_owners,
    delete_owner,
    find_owner,
    list_owners,
    save_owner,
)
from tollbook.documents.table import Cell, Column, Kind
from tollbook.web.frame.files import list_file
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import edited, form_page
from tollbook.web.frame.listing import Head, ListQuery, asked_of, choice, page_by
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of

HEADS = (
    Head("Owner (department)", "name"),
    Head("E-mail"),
    Head("Account codes", "codes", is_number=True),
    Head("Active"),
)
COLUMNS = (
    Column("owner", "Owner"),
    Column("email", "E-mail", width_chars=40),
    Column("codes", "Account codes", Kind.NUMBER),
    Column("active", "Active"),
)


@dataclass(frozen=True, slots=True)
class OwnerForm:
    """What was typed for an owner, and what is wrong with which field."""

    name: str
    email: str
    active: bool
    faults: dict[str, str]


@needs(Permission.SEE_DIRECTORY)
@require_safe
def owners(request: HttpRequest) -> HttpResponse:
    """Show the owners that the filter holds."""
    asked = asked_of(request, filters=("active",), sort="name")
    wanted = _wanted(asked)
    listing = page_by(asked, HEADS, total=count_owners(wanted), read=partial(list_owners, wanted))
    return render(request, "tollbook/directory/owners.html", {"list": listing})


@needs(Permission.SEE_DIRECTORY)
@require_safe
def owners_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all owners that the filter holds."""
    wanted = _wanted(asked_of(request, filters=("active",), sort="name"))
    return list_file("Owners", COLUMNS, _cells(wanted), kind=kind)


@needs(Permission.CHANGE_DIRECTORY)
@require_http_methods(["GET", "HEAD", "POST"])
def owner(request: HttpRequest, owner_id: int | None = None) -> HttpResponse:
    """Show one owner, or an empty form; keep what was typed."""
    info = edited(find_owner, owner_id, "owner")
    form = (
        OwnerForm(info.name, info.email, info.active, {})
        if info
        else OwnerForm("", "", active=True, faults={})
    )
    if request.method == "POST":
        name, email = request.POST.get("name", "")[:200], request.POST.get("email", "")[:2_000]
        active = request.POST.get("active") == "1"
        try:
            save_owner(
                name=name,
                email=email,
                active=active,
                by=by_of(request),
                owner_id=owner_id,
            )
        except OwnerRefused as refused:
            form = OwnerForm(name, email, active, refused.by_field)
        else:
            say(request, f"Owner {name.strip()} is saved.")
            return redirect("owners")
    context = {"form": form, "info": info}
    return form_page(request, "tollbook/directory/owner.html", context, refused=form.faults)


@needs(Permission.CHANGE_DIRECTORY)
@require_POST
def delete(request: HttpRequest, owner_id: int) -> HttpResponse:
    """Delete an owner that was never used."""
    try:
        if not delete_owner(owner_id, by=by_of(request)):
            raise Http404("no such owner")
    except OwnerRefused as refused:
        say(request, f"Not deleted: {refused.faults[0].message}.", level="warn")
        return redirect("owner", owner_id)
    say(request, "The owner is deleted.")
    return redirect("owners")


def _wanted(asked: ListQuery) -> OwnerFilter:
    return OwnerFilter(q=asked.q, active=choice(asked, "active"), sort=asked.sort)


def _cells(wanted: OwnerFilter) -> Iterator[tuple[Cell, ...]]:
    for info in list_owners(wanted):
        yield (info.name, info.email, info.codes, "yes" if info.active else "no")
