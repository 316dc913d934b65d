"""The search at the top, and the health dot beside it."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from tollbook.app.access.roles import Access, Permission
from tollbook.app.directory.choices import codes_found, extensions_found, owners_found
from tollbook.web.frame.context import sections_for
from tollbook.web.frame.permissions import access_of, needs

EACH = 5


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One place that the search may open."""

    group: str
    words: str
    note: str
    href: str


@needs(Permission.SEE_CALLS)
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Return what fits the words typed so far: pages, extensions, codes, owners, calls."""
    sought = request.GET.get("q", "").strip()[:64]
    groups: dict[str, list[SearchHit]] = {}
    for found in _places(sought, access_of(request)) if sought else ():
        groups.setdefault(found.group, []).append(found)
    context = {"groups": groups.items()}
    return render(request, "tollbook/frame/parts/found.html", context)


@needs(Permission.SEE_SOURCES)
@require_safe
def health_dot(request: HttpRequest) -> HttpResponse:
    """Return the health dot again, as it is now."""
    return render(request, "tollbook/frame/parts/health_link.html")


def _places(sought: str, access: Access) -> list[SearchHit]:
    reach = access.reach
    pages = [
        SearchHit("Pages", section.name, f"g {section.key}", reverse(section.url_name))
        for section in sections_for(access)
        if sought.casefold() in section.name.casefold()
    ]
    calls = [SearchHit("Calls", f"Calls with “{sought}”", "any part", _calls(q=sought))]
    extensions = [
        SearchHit(
            "Extensions", found.name or found.label, found.label, _calls(extension=found.label)
        )
        for found in extensions_found(reach, sought, at_most=EACH)
    ]
    codes = [
        SearchHit(
            "Account codes",
            found.name or found.label,
            found.label,
            _calls(account_code=found.label),
        )
        for found in codes_found(reach, sought, at_most=EACH)
    ]
    owners = [
        SearchHit("Owners", found.label, found.name, _calls(owner=str(found.id)))
        for found in owners_found(reach, sought, at_most=EACH)
    ]
    return [*calls, *extensions, *codes, *owners, *pages]


def _calls(**filters: str) -> str:
    return f"{reverse('calls')}?{urlencode(filters)}"
