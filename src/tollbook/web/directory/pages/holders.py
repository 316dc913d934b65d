"""What addresses and forms say about extensions, owners and departments: which, and whose."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from tollbook.app.billing.recharge import MOST_AT_ONCE
from tollbook.app.directory.holder_fields import BY_NAME
from tollbook.app.directory.holders import (
    KINDS,
    SORTS,
    HolderFilter,
    HolderKind,
    HolderRow,
    holder_ids,
    holder_within,
    holders_within,
    visible_holders,
)
from tollbook.web.frame.forms import present
from tollbook.web.frame.listing import ListQuery, asked_of, chosen_id
from tollbook.web.frame.money import four
from tollbook.web.frame.permissions import reach_of
from tollbook.web.frame.request import site_facts, user_of
from tollbook.web.frame.row_ids import row_ids

FILTERS = ("kind", "status", "payment", "billing", "department")
TITLES: dict[HolderKind, str] = {
    "extension": "Extensions",
    "owner": "Owners",
    "department": "Departments",
}
STATUS = {"locked": True, "unlocked": False}
BILLING = {"on": True, "off": False}
PAYMENTS = dict(BY_NAME["payment_type"].choices)
MOST_SHOWN = 100  # Effects in one confirmation; the deed is done to all.
NOBODY = "Nobody was ticked, so nothing was done. Tick those who are meant."


@dataclass(frozen=True, slots=True)
class Chosen:
    """Those that something is to be done to, by number, and where to go back to."""

    kind: HolderKind
    rows: tuple[HolderRow, ...]
    back: str

    @property
    def ids(self) -> tuple[int, ...]:
        """Their ids, in the order in which they are shown."""
        return tuple(row.id for row in self.rows)

    @property
    def ids_text(self) -> str:
        """Their ids as a form carries them."""
        return ",".join(map(str, self.ids))

    @property
    def labels(self) -> str:
        """Their numbers in a row: `100, 101, 102`."""
        return ", ".join(row.number for row in self.rows)

    @property
    def one(self) -> HolderRow | None:
        """The only one, if it is one."""
        return self.rows[0] if len(self.rows) == 1 else None


@dataclass(frozen=True, slots=True)
class ShownHolder:
    """One row of the list, its money as text."""

    row: HolderRow
    href: str
    recharged: str
    balance: str
    held: str
    credit: str
    available: str

    @property
    def is_below(self) -> bool:
        """Whether nothing may be spent any more."""
        return self.row.billing and self.row.available_micros <= 0


def kind_of(request: HttpRequest, text: str) -> HolderKind:
    """Return the kind that *text* names; without one what the user may see: extensions, mostly."""
    if text in KINDS:
        return text
    return "owner" if reach_of(request).owner_id is not None else "extension"


def asked_list(request: HttpRequest) -> ListQuery:
    """Return what the address asks of the list; an order that is none is the usual one."""
    asked = asked_of(request, filters=FILTERS, sort="number")
    known = asked.sort.removeprefix("-") in SORTS
    return asked if known else replace(asked, sort="number")


def filter_of(request: HttpRequest, asked: ListQuery) -> HolderFilter:
    """Return the filter that the list's address means, narrowed to what the user may see."""
    payment = asked.filters["payment"]
    wanted = HolderFilter(
        kind=kind_of(request, asked.filters["kind"]),
        site_id=site_facts().id,
        keyword=asked.q,
        locked=STATUS.get(asked.filters["status"]),
        payment_type=payment if payment in PAYMENTS else None,
        billing=BILLING.get(asked.filters["billing"]),
        department_id=chosen_id(asked, "department"),
    )
    return visible_holders(reach_of(request), wanted)


def filter_words(asked: ListQuery) -> tuple[str, ...]:
    """Return the filters in words, for files."""
    named = {"Any number or name with": asked.q} | {
        key.capitalize(): value for key, value in asked.filters.items() if key != "kind"
    }
    return tuple(f"{what} {value}" for what, value in named.items() if value)


def chosen_of(request: HttpRequest) -> Chosen:
    """Return those that were ticked in the list (or all that its filter holds), or sent in a form.

    Those that are not there, or beyond what the user may see, are left out.
    """
    given = request.POST if request.method == "POST" else request.GET
    asked = asked_list(request)
    kind = kind_of(request, given.get("kind", ""))
    if given.get("every"):
        ids: Sequence[int] = holder_ids(filter_of(request, asked), limit=MOST_AT_ONCE)
    else:
        ids = row_ids(",".join(given.getlist("id")).split(","))
    found = holders_within(reach_of(request), kind, ids[:MOST_AT_ONCE])
    return Chosen(kind, tuple(found), back_of(given.get("back", ""), kind))


def holder_of(request: HttpRequest, kind: HolderKind, holder_id: int) -> HolderRow:
    """Return one holder; raises Http404 for one that is not there or beyond the user's sight."""
    return present(holder_within(reach_of(request), kind, holder_id), kind)


def list_address(kind: HolderKind) -> str:
    """Return the address of the list of a kind."""
    return reverse("extensions") + ("" if kind == "extension" else f"?{urlencode({'kind': kind})}")


def page_address(kind: HolderKind, holder_id: int) -> str:
    """Return the address of one holder's page."""
    if kind == "extension":
        return reverse("extension", args=[holder_id])
    return reverse("holder", args=[kind, holder_id])


def shown_holder(row: HolderRow) -> ShownHolder:
    """Return a holder as the screens show it."""
    return ShownHolder(
        row,
        page_address(row.kind, row.id),
        recharged=four(row.recharged_micros),
        balance=four(row.balance_micros),
        held=four(row.held_micros),
        credit=four(row.credit_micros),
        available=four(row.available_micros),
    )


def back_of(text: str, kind: HolderKind) -> str:
    """Return where a form leads back to: the list as it was, or a holder's page."""
    here = reverse("extensions")
    own = text == here or text.startswith((f"{here}?", f"{here}/"))
    return text[:2_000] if own and "\\" not in text and "//" not in text else list_address(kind)


def sender_of(request: HttpRequest) -> str:
    """Return whose request keys these are."""
    return f"user:{user_of(request).pk}"
