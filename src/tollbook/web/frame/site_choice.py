"""The site that somebody looks at, where there are several: chosen above, kept in the session.

What the screens show of it, its zone, its currency, its name, follows the choice on every page; the
call log, Home and the sources show that site's alone. Nothing chosen: all sites, by the first
one's clock.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Final

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tollbook.app.directory.sites import SiteFacts, find_site, is_site, site_names
from tollbook.app.reports.call_log import CallFilter

Respond = Callable[[HttpRequest], HttpResponseBase]

KEY: Final = "site"
# The session itself, so that a request which shows no site need not read it.
_session: ContextVar[SessionBase | None] = ContextVar("session_of_request", default=None)


@dataclass(frozen=True, slots=True)
class SiteOption:
    """One site to choose."""

    id: int
    name: str
    is_chosen: bool


def follow_site(respond: Respond) -> Respond:
    """Let everything that answers a request know which site its user looks at."""

    def following(request: HttpRequest) -> HttpResponseBase:
        kept = _session.set(request.session)
        try:
            return respond(request)
        finally:
            _session.reset(kept)

    return following


def choose_site(request: HttpRequest, site_id: int | None) -> None:
    """Keep the choice for this session; None, or a site that is not there: all of them."""
    if site_id is not None and is_site(site_id):
        request.session[KEY] = site_id
    else:
        request.session.pop(KEY, None)


def chosen_site() -> SiteFacts | None:
    """Return the site that the user of this request looks at; None: all."""
    site_id = _chosen_id()
    return None if site_id is None else find_site(site_id)


def site_options() -> Sequence[SiteOption]:
    """Return the sites to choose from; none where there is no choice."""
    sites = site_names()
    if len(sites) < 2:
        return ()
    return [SiteOption(site_id, name, site_id == _chosen_id()) for site_id, name in sites]


def calls_of_site(wanted: CallFilter) -> CallFilter:
    """Return *wanted* narrowed to the chosen site, unless it names a site itself."""
    site = chosen_site()
    return (
        wanted if site is None or wanted.site_id is not None else replace(wanted, site_id=site.id)
    )


def _chosen_id() -> int | None:
    session = _session.get()
    return None if session is None else session.get(KEY)
