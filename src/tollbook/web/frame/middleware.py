"""What holds for every page: a strict content policy, and nobody in without signing in."""

from typing import Final
from urllib.parse import urlencode

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve, reverse

from tollbook.app.access.sessions import see_session
from tollbook.app.access.sign_in import must_change_password
from tollbook.storage.db.installation import current
from tollbook.web.frame.permissions import OPEN_PATHS
from tollbook.web.frame.request import htmx_of, instant, user_of
from tollbook.web.frame.site_choice import Respond
from tollbook.web.frame.views.errors import refused, too_large

CONTENT_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
FORM_BYTES: Final = 64 * 1024  # what a form adds to the file in it
SIGN_IN: Final = "/sign-in"
OPEN_BEFORE_NEW_PASSWORD: Final = ("password", "sign_out")


def guard_pages(respond: Respond) -> Respond:
    """Send the headers that keep foreign code out and pages with data out of caches."""

    def guarded(request: HttpRequest) -> HttpResponseBase:
        response = too_large(request) if _is_too_large(request) else respond(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return guarded


def _is_too_large(request: HttpRequest) -> bool:
    """Judge a body by its announced length: without one, the server passes on no body."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    most = current().settings.max_upload_mb * 1024 * 1024 + FORM_BYTES
    return announced.isdigit() and int(announced) > most


def require_sign_in(respond: Respond) -> Respond:
    """Let only signed-in users in, and those with a one-time password only to change it."""

    def required(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(SIGN_IN) or not request.path.startswith(OPEN_PATHS):
            # Refuses a name that is not ours: a foreign page may have pointed its own name here.
            request.get_host()
        if request.path.startswith(OPEN_PATHS):
            return respond(request)
        if not request.user.is_authenticated:
            return _send(request, reverse("sign_in") + "?" + _return_to(request))
        see_session(str(request.session.session_key), at=instant())
        if _has_nul(request):
            return refused(request, SuspiciousOperation("a NUL in a form or an address"))
        if must_change_password(user_of(request).pk) and not _is_open_before(request):
            return _send(request, reverse("password"))
        return respond(request)

    return required


def _has_nul(request: HttpRequest) -> bool:
    """Say whether a value holds a NUL: nobody types it, and a database server refuses it."""
    return any(
        "\0" in value
        for form in (request.GET, request.POST)
        for key, values in form.lists()
        for value in (key, *values)
    )


def _is_open_before(request: HttpRequest) -> bool:
    try:
        return resolve(request.path).url_name in OPEN_BEFORE_NEW_PASSWORD
    except Resolver404:
        return False


def _return_to(request: HttpRequest) -> str:
    """Return where to go after signing in: the page itself, not a part of one or an action."""
    wanted = request.get_full_path()
    if htmx_of(request):
        wanted = htmx_of(request).current_url_abs_path or "/"
    elif request.method not in {"GET", "HEAD"}:
        wanted = "/"
    return urlencode({"next": wanted})


def _send(request: HttpRequest, place: str) -> HttpResponse:
    """Send the browser to *place*; where htmx asked for a part, the whole page goes there."""
    if htmx_of(request):
        return HttpResponse(status=401, headers={"HX-Redirect": place})
    return HttpResponseRedirect(place)
