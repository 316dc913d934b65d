"""Tokens: keys of programs to the API, shown once, withdrawn at any time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tollbook.app.access.roles import EVERYWHERE, Permission, Reach
from tollbook.app.access.tokens import (
    NARROWED,
    SCOPES,
    TokenError,
    TokenLine,
    create_token,
    list_tokens,
    reach_of_extension,
    reach_of_owner,
    revoke_token,
)
from tollbook.app.directory.choices import owner_names
from tollbook.app.reports.period import PeriodError, moment
from tollbook.app.words import sentence
from tollbook.documents.table import Cell, Column, Kind
from tollbook.web.frame.files import list_file
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page
from tollbook.web.frame.listing import Head, ListQuery, asked_of, page_among
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, instant, site_facts
from tollbook.web.frame.row_ids import row_id

STATES = ("active", "ended", "withdrawn")
SORTS: dict[str, Callable[[TokenLine], Any]] = {
    "name": lambda line: line.name.casefold(),
    "created": lambda line: line.created,
    "used": lambda line: line.last_used,
    "expires": lambda line: line.expires,
}
HEADS = (
    Head("Name", "name"),
    Head("May"),
    Head("Sees only"),
    Head("Made", "created"),
    Head("Last used", "used"),
    Head("Ends", "expires"),
    Head("State"),
    Head(""),
)
COLUMNS = (
    Column("name", "Name", width_chars=28),
    Column("scopes", "Scopes", width_chars=36),
    Column("whose", "Sees only", width_chars=24),
    Column("state", "State"),
    Column("created", "Made", Kind.INSTANT, width_chars=20),
    Column("created_by", "Made by"),
    Column("last_used", "Last used", Kind.INSTANT, width_chars=20),
    Column("expires", "Ends", Kind.INSTANT, width_chars=20),
)


@dataclass(frozen=True, slots=True)
class TokenForm:
    """What was typed for a new token, and what is wrong with it."""

    name: str = ""
    scopes: tuple[str, ...] = ()
    expires: str = ""
    owner: str = ""
    extension: str = ""
    faults: list[str] = field(default_factory=list)


class _FormError(ValueError):
    """A field of the form that cannot be used."""


@needs(Permission.CHANGE_TOKENS)
@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    """Show the tokens that the filter holds."""
    asked = _asked(request)
    lines = _wanted(asked)
    context = {
        "list": page_among(asked, HEADS, lines),
        "states": STATES,
    }
    return render(request, "tollbook/access/tokens.html", context)


@needs(Permission.CHANGE_TOKENS)
@require_safe
def tokens_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all tokens that the filter holds, without their secrets."""
    rows = _cells(_wanted(_asked(request)))
    return list_file("Tokens", COLUMNS, rows, kind=kind)


@needs(Permission.CHANGE_TOKENS)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, this once."""
    form = TokenForm()
    if request.method == "POST":
        form = TokenForm(
            name=request.POST.get("name", "").strip()[:120],
            scopes=tuple(request.POST.getlist("scope"))[: len(SCOPES) + 1],
            expires=request.POST.get("expires", "").strip()[:40],
            owner=request.POST.get("owner", "")[:20],
            extension=request.POST.get("extension", "").strip()[:64],
        )
        try:
            made = create_token(
                scopes=form.scopes,
                by=by_of(request),
                name=form.name,
                expires=_end(form.expires),
                reach=_reach(form),
            )
        except (TokenError, _FormError) as refused:
            form.faults.append(sentence(str(refused)))
        else:
            return render(request, "tollbook/access/new_token.html", {"token": made})
    context = {
        "form": form,
        "scopes": [(scope, words, scope in NARROWED) for scope, words in SCOPES.items()],
        "owners": [(str(owner_id), name) for owner_id, name in owner_names()],
    }
    return form_page(request, "tollbook/access/add_token.html", context, refused=form.faults)


@needs(Permission.CHANGE_TOKENS)
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """Withdraw a token."""
    name = revoke_token(token_id, by=by_of(request))
    if name is None:
        raise Http404("no such token, or it was withdrawn before")
    say(request, f"Token {name} is withdrawn: what comes with it is refused from now on.")
    return redirect("tokens")


def _end(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return moment(text, zone=site_facts().zone)
    except PeriodError as fault:
        raise _FormError(str(fault)) from fault


def _reach(form: TokenForm) -> Reach:
    """Return whose calls the token sees; raises _FormError and TokenError."""
    if form.owner and form.extension:
        raise _FormError("choose an owner or an extension, not both. No token was made.")
    if form.owner:
        return reach_of_owner(row_id(form.owner) or 0)
    return reach_of_extension(form.extension) if form.extension else EVERYWHERE


def _asked(request: HttpRequest) -> ListQuery:
    return asked_of(request, filters=("state",), sort="-created")


def _wanted(asked: ListQuery) -> list[TokenLine]:
    lines = list_tokens(at=instant(), sought=asked.q, state=asked.filters["state"])
    key = asked.sort.removeprefix("-")
    if key not in SORTS:
        return lines
    # Those without the instant are kept apart: there is no comparing with nothing.
    known = [line for line in lines if _has(line, key)]
    known.sort(key=SORTS[key], reverse=asked.sort != key)
    return [*known, *(line for line in lines if not _has(line, key))]


def _has(line: TokenLine, key: str) -> bool:
    return {"used": line.last_used, "expires": line.expires}.get(key, line.created) is not None


def _cells(lines: list[TokenLine]) -> Iterator[tuple[Cell, ...]]:
    for line in lines:
        yield (
            line.name,
            ", ".join(line.scopes),
            line.whose,
            line.state,
            line.created,
            line.created_by,
            line.last_used,
            line.expires,
        )
