"""Who asks: bearer tokens, each with a closed list of scopes."""

from dataclasses import replace
from datetime import datetime

from django.http import HttpRequest
from ninja.security import HttpBearer

from tollbook.api.errors import ApiError
from tollbook.app.access.roles import Reach, visible_calls
from tollbook.app.access.tokens import Bearer, bearer_of, note_use
from tollbook.app.reports.call_criteria import Selection
from tollbook.storage.db.installation import current

# Filters that look a name up, and say which names there are.
NAMING = ("site", "pbx", "source", "extension", "department", "owner", "trunk", "below_cost")


def instant() -> datetime:
    """Return this instant, from the clock that wiring gave."""
    return current().now()


class NeedsScope(HttpBearer):
    """Lets in who holds a token with one scope: 401 without a token, 403 without the scope."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Bearer:  # noqa: ARG002 - ninja's signature
        """Return who holds *token*; raises ApiError."""
        return holder_with(self.scope, token)


def holder_with(scope: str, token: str) -> Bearer:
    """Return who holds *token* if it has *scope*; raises ApiError 401 or 403 otherwise."""
    at = instant()
    bearer = bearer_of(token.strip(), at=at)
    if bearer is None:
        raise ApiError(
            401,
            "token.unknown",
            "this token is not known, has ended or was withdrawn. Make one with "
            "`tollbook token create`.",
            "header.Authorization",
        )
    if scope not in bearer.scopes:
        raise ApiError(
            403,
            "token.scope_missing",
            f"this token has no scope {scope}. Make one that has it.",
            "header.Authorization",
        )
    note_use(bearer, at=at)
    return bearer


def reach_of(request: HttpRequest) -> Reach:
    """Return how far the token of *request* sees: everything, or one owner's or extension's."""
    bearer: Bearer = request.auth  # type: ignore[attr-defined]  # set by ninja
    return bearer.reach


def within_reach(request: HttpRequest, wanted: Selection) -> Selection:
    """Return *wanted* narrowed to what the token of *request* may see."""
    reach = reach_of(request)
    if reach.is_everything:
        return wanted
    return replace(wanted, filter=visible_calls(reach, wanted.filter))


def refuse_foreign_names(request: HttpRequest) -> None:
    """Refuse, to a token of one owner or extension, filters that name others; raises ApiError."""
    if reach_of(request).is_everything:
        return
    for name in NAMING:
        if name in request.GET:
            raise ApiError(
                403,
                "token.reach",
                f"this token sees one owner's or extension's calls only. Leave {name} out.",
                f"query.{name}",
            )
