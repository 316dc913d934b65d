"""What went wrong, in the look of the product and without its insides."""

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tollbook.storage.db.installation import current


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django passes it
    """Refuse a form whose token does not fit: sent from elsewhere, or from before a sign-out."""
    return _page(
        request,
        403,
        "This form is out of date",
        "It was not sent from a page of this session, so nothing was changed. "
        "Open the page again and repeat what you did.",
    )


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Refuse a request that nobody should make, or that came under a name that is not ours."""
    if isinstance(exception, DisallowedHost):
        return _page(
            request,
            400,
            "This is not the name of this installation",
            "The name or address in the browser's address bar is not one that Tollbook answers "
            "to. Nothing was shown. If it should be, add it to the setting allowed_hosts.",
        )
    return _page(request, 400, "That request cannot be read", "Nothing was changed.")


def barred(request: HttpRequest) -> HttpResponse:
    """Refuse a page or an action that the user's role does not hold."""
    context = {
        "code": 403,
        "title": "This is not yours to open",
        "words": "Your role does not allow it, and nothing was changed. Ask an administrator if "
        "you need it for your work.",
        "is_signed_in": True,
    }
    return render(request, "tollbook/frame/error.html", context, status=403)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - likewise
    """Say that there is no such page."""
    return _page(
        request,
        404,
        "There is no such page",
        "The address may be mistyped, or what it showed is no longer kept.",
    )


def too_large(request: HttpRequest) -> HttpResponse:
    """Refuse a body beyond the limit, unread."""
    return _page(
        request,
        413,
        "That file is too large",
        f"Uploads end at {current().settings.max_upload_mb} MB (setting max_upload_mb). Nothing "
        "was read. Import it on the server: tollbook import FILE --format F --pbx P",
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Say that the program failed; the log has the details."""
    return _page(
        request,
        500,
        "Something broke here",
        "The fault is ours and is written to the log. Nothing was half done: try again, and if "
        "it happens again, send the log's last lines to whoever looks after this installation.",
    )


def _page(request: HttpRequest, code: int, title: str, words: str) -> HttpResponse:
    context = {"code": code, "title": title, "words": words}
    return render(request, "tollbook/frame/error.html", context, status=code)
