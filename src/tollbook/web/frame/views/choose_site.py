"""Choosing the site that the screens show."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tollbook.web.frame.permissions import for_everyone
from tollbook.web.frame.row_ids import row_id
from tollbook.web.frame.site_choice import choose_site

# What belongs to the site before, or to a place in its list.
LEFT_BEHIND = frozenset({"site", "at", "pbx", "source", "trunk", "department", "extension"})


@for_everyone
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Look at another site, or at all of them, on the page where that was chosen."""
    choose_site(request, row_id(request.POST.get("site", "")))
    return HttpResponseRedirect(_back(request))


def _back(request: HttpRequest) -> str:
    """Return the page that the choice was made on, without what only the old site has."""
    wanted = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return "/"
    parts = urlsplit(wanted)
    kept = [(key, value) for key, value in parse_qsl(parts.query) if key not in LEFT_BEHIND]
    return f"{parts.path}?{urlencode(kept)}" if kept else parts.path
