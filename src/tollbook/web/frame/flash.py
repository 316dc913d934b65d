"""One sentence about what was just done, carried over a redirect in the session."""

from django.http import HttpRequest

KEY = "said"


def say(request: HttpRequest, words: str, *, level: str = "ok") -> None:
    """Show *words* on the next page."""
    request.session[KEY] = [*request.session.get(KEY, []), {"level": level, "words": words}]


def take_said(request: HttpRequest) -> list[dict[str, str]]:
    """Return what is to be shown, once."""
    said: list[dict[str, str]] = request.session.pop(KEY, []) if KEY in request.session else []
    return said
