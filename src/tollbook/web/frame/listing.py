"""A list of things that are few enough to be counted: codes, owners, classes, budgets.

Search, filters, sort, page and page size stand in the address; the export takes what the filter
holds. The call log is too long for this and has its own way (`web.reports.pages.log_page`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from django.http import HttpRequest
from django.utils.http import urlencode

PER_PAGE = (10, 25, 50, 100)
USUAL_PER_PAGE = 50
LONGEST_SEARCH = 64
LAST_PAGE = 1_000_000

Item = TypeVar("Item")
Row_co = TypeVar("Row_co", covariant=True)
SortKey = Callable[[Item], Any]  # whatever can be compared


class ReadsRows(Protocol[Row_co]):
    """A query of *count* rows, from the *first* on."""

    def __call__(self, *, first: int, count: int) -> Sequence[Row_co]:
        """Return the rows."""


@dataclass(frozen=True, slots=True)
class Head:
    """One column: its title and, where it can be sorted by, its key."""

    title: str
    key: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class ShownHead:
    """A column's head as the page shows it; `sorted` is "ascending", "descending" or ""."""

    title: str
    href: str
    sorted: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What an address asks of a list: search, sort, filters, page and page size."""

    q: str
    sort: str
    filters: dict[str, str]
    page: int
    per_page: int

    def address(self, **changes: str | int) -> str:
        """Return this as an address, with *changes*; what is usual is left out."""
        kept: dict[str, str | int] = {"q": self.q, **self.filters, "sort": self.sort}
        kept |= {"page": self.page, "per_page": self.per_page, **changes}
        if kept["per_page"] == USUAL_PER_PAGE:
            del kept["per_page"]
        if kept["page"] == 1:
            del kept["page"]
        return "?" + urlencode({key: value for key, value in kept.items() if value != ""})

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or a filter leaves something out."""
        return bool(self.q or any(self.filters.values()))


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """One page of a list, and the ways from it."""

    asked: ListQuery
    heads: tuple[ShownHead, ...]
    rows: Sequence[Item]
    total: int
    first: int
    last: int
    previous: str
    next: str

    @property
    def everything(self) -> str:
        """The address of all that the filter holds, for exports."""
        return self.asked.address(page=1)

    @property
    def per_page_choices(self) -> tuple[int, ...]:
        """How many rows a page may have."""
        return PER_PAGE


def asked_of(request: HttpRequest, *, filters: Sequence[str] = (), sort: str = "") -> ListQuery:
    """Return what the address asks; *sort* is the usual order, *filters* the keys of filters."""
    given = request.GET
    per_page = _number(given.get("per_page", ""), USUAL_PER_PAGE)
    return ListQuery(
        q=given.get("q", "").strip()[:LONGEST_SEARCH],
        sort=given.get("sort", sort)[:40],
        filters={key: given.get(key, "")[:LONGEST_SEARCH] for key in filters},
        page=min(max(1, _number(given.get("page", ""), 1)), LAST_PAGE),
        per_page=per_page if per_page in PER_PAGE else USUAL_PER_PAGE,
    )


def page_by(
    asked: ListQuery,
    heads: Sequence[Head],
    *,
    total: int,
    read: ReadsRows[Item],
) -> Listing[Item]:
    """Return the page that is asked for; one past the end is the last."""
    page = min(asked.page, max(1, -(-total // asked.per_page)))
    begin = (page - 1) * asked.per_page
    shown = read(first=begin, count=asked.per_page)
    end = begin + len(shown)
    return Listing(
        asked=asked,
        heads=tuple(_head(asked, head) for head in heads),
        rows=shown,
        total=total,
        first=begin + 1 if shown else 0,
        last=end,
        previous=asked.address(page=page - 1) if page > 1 else "",
        next=asked.address(page=page + 1) if end < total else "",
    )


def page_among(
    asked: ListQuery,
    heads: Sequence[Head],
    rows: Sequence[Item],
    order: Mapping[str, SortKey[Item]] | None = None,
) -> Listing[Item]:
    """Return the page that is asked for of *rows*, so few that they are all here."""
    ordered = in_order(asked, rows, order or {})
    return page_by(
        asked,
        heads,
        total=len(ordered),
        read=lambda *, first, count: ordered[first : first + count],
    )


def in_order(
    asked: ListQuery, rows: Sequence[Item], order: Mapping[str, SortKey[Item]]
) -> Sequence[Item]:
    """Return *rows* as the address sorts them; *order* gives what each key compares."""
    value = order.get(asked.sort.removeprefix("-"))
    if value is None:
        return rows
    return sorted(rows, key=value, reverse=asked.sort.startswith("-"))


def has_word(asked: ListQuery, *texts: str) -> bool:
    """Say whether what is searched for is part of one of *texts*, whatever the case."""
    word = asked.q.casefold()
    return any(word in text.casefold() for text in texts)


def choice(asked: ListQuery, key: str) -> bool | None:
    """Return what a filter of yes and no asks: None for either."""
    return {"yes": True, "no": False}.get(asked.filters.get(key, ""))


def chosen_id(asked: ListQuery, key: str) -> int | None:
    """Return the id that a filter asks for, None for any."""
    return _number(asked.filters.get(key, ""), 0) or None


def _head(asked: ListQuery, head: Head) -> ShownHead:
    if not head.key:
        return ShownHead(head.title, "", "", head.is_number)
    now = {head.key: "ascending", f"-{head.key}": "descending"}.get(asked.sort, "")
    turned = f"-{head.key}" if now == "ascending" else head.key
    return ShownHead(head.title, asked.address(sort=turned, page=1), now, head.is_number)


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise
