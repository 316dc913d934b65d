"""Who may open which page: every view says what it needs, and what says nothing stays shut.

    @needs(Permission.SEE_TARIFFS, to_change=Permission.CHANGE_TARIFFS)
    @require_http_methods(["GET", "HEAD", "POST"])
    def assignments(request): ...

The permission decides on the page (403). What is on it is decided by the reach of who asks:
`visible_calls(request, wanted)` narrows lists, totals and exports; another's object is answered
with 404, as if it did not exist.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import get_resolver

from tollbook.app.access import roles
from tollbook.app.access.roles import Access, Permission, Reach
from tollbook.app.reports.call_log import EVERYTHING, CallFilter
from tollbook.web.frame.request import user_of
from tollbook.web.frame.site_choice import Respond
from tollbook.web.frame.views.errors import barred

View = TypeVar("View", bound=Callable[..., Any])

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
NEED: Final = "tollbook_need"  # the attribute in which a view keeps what it needs
KEPT: Final = "tollbook_access"  # and a request what its user may do
# These answer for themselves: the API and the probes ask for tokens, the rest shows no data.
OPEN_PATHS: Final = (
    "/static/", "/favicon.ico", "/api/", "/healthz", "/metrics", "/sign-in",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """What a view asks for: nothing but a signed-in user, or a permission to see and to change."""

    to_see: Permission | None
    to_change: Permission | None

    def of(self, method: str) -> Permission | None:
        """Return what a request by *method* needs."""
        return self.to_see if method in SAFE else self.to_change


def needs(to_see: Permission, *, to_change: Permission | None = None) -> Callable[[View], View]:
    """Let only those in who hold *to_see*, and to send a form those who hold *to_change*."""

    def mark(view: View) -> View:
        setattr(view, NEED, Need(to_see, to_change or to_see))
        return view

    return mark


def for_everyone(view: View) -> View:
    """Let in whoever is signed in: the view shows nothing but what is the user's own."""
    setattr(view, NEED, Need(None, None))
    return view


def need_of(view: Callable[..., Any]) -> Need | None:
    """Return what *view* needs; None if it does not say, and then only administrators get in."""
    return getattr(view, NEED, None)


def need_of_page(url_name: str) -> Need | None:
    """Return what the page called *url_name* needs, so that menus show what one may open."""
    if not _needs_by_name:
        for entry in get_resolver().url_patterns:
            for page in getattr(entry, "url_patterns", [entry]):
                if getattr(page, "name", None) and getattr(page, "callback", None):
                    _needs_by_name[page.name] = need_of(page.callback)
    return _needs_by_name.get(url_name)


def access_of(request: HttpRequest) -> Access:
    """Return what the signed-in user may do, read once a request."""
    kept: Access | None = getattr(request, KEPT, None)
    if kept is None:
        kept = roles.access_of(user_of(request))
        setattr(request, KEPT, kept)
    return kept


def may_open(access: Access, need: Need | None, method: str = "GET") -> bool:
    """Say whether *access* suffices for *need*."""
    if need is None:
        return access.permissions == roles.EVERY_PERMISSION
    permission = need.of(method)
    return permission is None or access.may(permission)


def reach_of(request: HttpRequest) -> Reach:
    """Return how far the signed-in user sees."""
    return access_of(request).reach


def visible_calls(request: HttpRequest, wanted: CallFilter = EVERYTHING) -> CallFilter:
    """Return *wanted* narrowed to the calls that the signed-in user may see."""
    return roles.visible_calls(reach_of(request), wanted)


class CheckPermission:
    """The gate: each view is asked what it needs before it runs."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on; `process_view` is what decides."""
        return self._respond(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: object, _kwargs: object
    ) -> HttpResponse | None:
        """Return the refusal, or None to let the view run."""
        if request.path.startswith(OPEN_PATHS):
            return None
        allowed = may_open(access_of(request), need_of(view), request.method or "GET")
        return None if allowed else barred(request)


_needs_by_name: dict[str, Need | None] = {}
