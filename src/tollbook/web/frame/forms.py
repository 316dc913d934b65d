"""What views of one thing share: it is there or nowhere, and its form may be refused."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

Thing = TypeVar("Thing")


def present(found: Thing | None, what: str) -> Thing:
    """Return what was found; raises Http404 where there is no such *what*."""
    if found is None:
        raise Http404(f"no such {what}")
    return found


def edited(find: Callable[[int], Thing | None], row_id: int | None, what: str) -> Thing | None:
    """Return the *what* that a form changes, None for a new one; raises Http404."""
    return None if row_id is None else present(find(row_id), what)


def form_page(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, refused: object
) -> HttpResponse:
    """Show a form; its status says whether what was typed was refused."""
    return render(request, template, context, status=422 if refused else 200)


def valued(kind: str, named: Iterable[tuple[int, str]]) -> list[tuple[str, str]]:
    """Return what a list of several kinds offers of one: the form's value and the words."""
    return [(f"{kind}:{row_id}", words) for row_id, words in named]
