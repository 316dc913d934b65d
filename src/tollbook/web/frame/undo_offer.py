"""What was just posted and can be undone at once: offered on the next page, kept in the session."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest

KEY = "undoable"


@dataclass(frozen=True, slots=True)
class Undoable:
    """Entries that one button undoes, and what they are in words."""

    words: str
    entries: str


def offer_undo(request: HttpRequest, words: str, entry_ids: Sequence[int]) -> None:
    """Offer on the next page to undo *entry_ids*."""
    request.session[KEY] = {"words": words, "entries": ",".join(map(str, entry_ids))}


def take_undo(request: HttpRequest) -> Undoable | None:
    """Return what is to be offered, once."""
    kept = request.session.pop(KEY, None) if KEY in request.session else None
    return Undoable(kept["words"], kept["entries"]) if kept else None
