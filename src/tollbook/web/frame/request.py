"""What a view asks of its surroundings: the instant, the settings, who asks and from where."""

from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.contrib.auth.models import User
from django.http import HttpRequest

from tollbook.app.access.actor import Actor
from tollbook.app.directory.sites import SiteFacts, first_site
from tollbook.storage.db.installation import current
from tollbook.web.frame.site_choice import chosen_site

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

LONGEST_ADDRESS = 64


def instant() -> datetime:
    """Return this instant, from the clock that wiring gave."""
    return current().now()


def user_of(request: HttpRequest) -> User:
    """Return who is signed in. Raises TypeError on a page that lets anybody in."""
    if not isinstance(request.user, User):
        raise TypeError(f"{request.path} was reached without signing in")
    return request.user


def by_of(request: HttpRequest) -> Actor:
    """Return who does something, when and from where."""
    return Actor(user_of(request).get_username(), instant(), address_of(request))


def htmx_of(request: HttpRequest) -> "HtmxDetails":
    """Return what htmx says about the request; falsy for an ordinary page load."""
    return cast("HtmxDetails", request.htmx)  # type: ignore[attr-defined]  # set by HtmxMiddleware


def address_of(request: HttpRequest) -> str:
    """Return the address that the request came from.

    A header names it only where the settings say that a proxy of ours wrote it; then the last
    entry holds, because everything before it can be made up by the caller.
    """
    remote: str = request.META.get("REMOTE_ADDR", "")
    if current().settings.trusted_proxy:
        forwarded: str = request.headers.get("X-Forwarded-For", "")
        remote = forwarded.rpartition(",")[2].strip() or remote
    return remote[:LONGEST_ADDRESS]


def site_facts() -> SiteFacts:
    """Return the site whose zone and currency the screens use: the chosen or the first one."""
    site = chosen_site() or first_site()
    if site is None:
        installed = current().settings
        return SiteFacts(0, installed.site_name, installed.site_zone, installed.currency)
    return site
