"""The list of extensions with their money, in the columns that PBX users know (ZYC-10, ZYC-11).

Owners and departments, which have accounts too, are the same list of another kind.
"""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.billing.money_tables import balances_table
from tollbook.app.billing.recharge import MOST_AT_ONCE
from tollbook.app.directory.choices import departments_within
from tollbook.app.directory.currency import sign_of
from tollbook.app.directory.holders import (
    KINDS,
    HolderKind,
    count_holders,
    list_holders,
)
from tollbook.web.directory.pages.holders import (
    TITLES,
    asked_list,
    filter_of,
    filter_words,
    list_address,
    shown_holder,
)
from tollbook.web.frame.files import table_file
from tollbook.web.frame.listing import Head, page_by
from tollbook.web.frame.permissions import needs, reach_of
from tollbook.web.frame.request import site_facts
from tollbook.web.frame.undo_offer import take_undo


@dataclass(frozen=True, slots=True)
class HolderTab:
    """One kind of holder above the list."""

    title: str
    href: str
    is_here: bool


@needs(Permission.SEE_MONEY)
@require_safe
def extensions(request: HttpRequest) -> HttpResponse:
    """Show the extensions, owners or departments that the filter holds."""
    asked = asked_list(request)
    wanted = filter_of(request, asked)
    sort, descending = asked.sort.removeprefix("-"), asked.sort.startswith("-")
    sign = sign_of(site_facts().currency)
    shown = page_by(
        asked,
        _heads(wanted.kind, sign),
        total=count_holders(wanted),
        read=lambda *, first, count: [
            shown_holder(row)
            for row in list_holders(
                wanted, sort=sort, descending=descending, first=first, count=count
            )
        ],
    )
    narrowing = {key: value for key, value in asked.filters.items() if key != "kind"}
    context = {
        "list": shown,
        "kind": wanted.kind,
        "title": TITLES[wanted.kind],
        "tabs": _tabs(request, wanted.kind),
        "sign": sign,
        "departments": _departments(request, wanted.kind),
        "is_narrowed": bool(asked.q or any(narrowing.values())),
        "here": list_address(wanted.kind),
        "back": request.get_full_path(),
        "most": MOST_AT_ONCE,
        "undoable": take_undo(request),
    }
    return render(request, "tollbook/directory/extensions.html", context)


@needs(Permission.SEE_MONEY)
@require_safe
def extensions_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all that the filter holds, with exact amounts."""
    asked = asked_list(request)
    wanted = filter_of(request, asked)
    sort, descending = asked.sort.removeprefix("-"), asked.sort.startswith("-")
    rows = list_holders(wanted, sort=sort, descending=descending)
    table = balances_table(wanted.kind, rows, zone=site_facts().zone, filters=filter_words(asked))
    return table_file(table, name=f"{wanted.kind}s", kind=kind)


def _heads(kind: HolderKind, sign: str) -> tuple[Head, ...]:
    named = (Head("Extension", "number"), Head("Username", "name"))
    return (
        *(named if kind == "extension" else (Head(kind.capitalize(), "number"),)),
        Head(f"Total Recharges({sign})", "recharged", is_number=True),
        Head(f"Balance({sign})", "balance", is_number=True),
        Head(f"Credit({sign})", "credit", is_number=True),
        Head("Payment Type", "payment"),
        Head("Billing", "billing"),
        Head("Status", "status"),
        Head("Options"),
    )


def _departments(request: HttpRequest, kind: HolderKind) -> list[tuple[int, str]]:
    """Return the departments to filter by; only extensions are in one."""
    if kind != "extension":
        return []
    return departments_within(reach_of(request), site_id=site_facts().id)


def _tabs(request: HttpRequest, here: HolderKind) -> list[HolderTab]:
    """Return the kinds to choose from; somebody who sees one holder has no choice."""
    if not reach_of(request).is_everything:
        return []
    return [HolderTab(TITLES[kind], list_address(kind), kind == here) for kind in KINDS]
