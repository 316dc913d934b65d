"""The recharge history: what was posted by hand, with the balances before and after (ZYC-40)."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.billing.money_tables import kind_words, recharges_table
from tollbook.app.billing.movements import (
    Movement,
    MovementFilter,
    count_movements,
    every_movement,
    list_movements,
)
from tollbook.app.directory.currency import sign_of
from tollbook.app.directory.holders import visible_movements
from tollbook.app.reports.period import PeriodError, TimeRange, moment
from tollbook.core.instants import from_us, to_us
from tollbook.web.directory.pages.holders import page_address
from tollbook.web.frame.files import table_file
from tollbook.web.frame.listing import Head, ListQuery, asked_of, page_by
from tollbook.web.frame.money import four
from tollbook.web.frame.permissions import needs, reach_of
from tollbook.web.frame.request import instant, site_facts
from tollbook.web.frame.undo_offer import take_undo


@dataclass(frozen=True, slots=True)
class ShownMovement:
    """One line of the history, its money as text."""

    movement: Movement
    at: datetime
    href: str
    kind: str
    before: str
    amount: str
    after: str


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """What the address asks: the list's own part, the filter, and what could not be read."""

    asked: ListQuery
    wanted: MovementFilter
    faults: tuple[str, ...]


@needs(Permission.SEE_MONEY)
@require_safe
def recharges(request: HttpRequest) -> HttpResponse:
    """Show what was recharged, adjusted and undone, the newest first."""
    history = _asked(request)
    sign = sign_of(site_facts().currency)
    heads = (
        Head("Time"),
        Head("Extension"),
        Head(f"Pre-balance({sign})", is_number=True),
        Head(f"Recharge Amount({sign})", is_number=True),
        Head(f"Post-balance({sign})", is_number=True),
        Head("Kind"),
        Head("By"),
        Head("Options"),
    )
    shown = page_by(
        history.asked,
        heads,
        total=count_movements(history.wanted),
        read=lambda *, first, count: [
            _shown(one) for one in list_movements(history.wanted, first=first, count=count)
        ],
    )
    context = {
        "list": shown,
        "sign": sign,
        "faults": history.faults,
        "undoable": take_undo(request),
    }
    return render(request, "tollbook/billing/recharges.html", context)


@needs(Permission.SEE_MONEY)
@require_safe
def recharges_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all that the filter holds, with exact amounts."""
    history = _asked(request)
    zone = site_facts().zone
    edges = (history.wanted.from_us, history.wanted.to_us)
    start, end = (None if edge is None else from_us(edge) for edge in edges)
    table = recharges_table(
        every_movement(history.wanted),
        zone=zone,
        period=TimeRange(start, end, zone).words(),
        filters=(f"Any number or name with {history.asked.q}",) if history.asked.q else (),
    )
    name = f"recharges-{instant().astimezone(zone):%Y-%m-%d}"
    return table_file(table, name=name, kind=kind)


def _asked(request: HttpRequest) -> HistoryQuery:
    asked = asked_of(request, filters=("from", "to"))
    edges: dict[str, int] = {}
    faults = []
    for key in ("from", "to"):
        if asked.filters[key]:
            try:
                edges[key] = to_us(moment(asked.filters[key], zone=site_facts().zone))
            except PeriodError as fault:
                faults.append(str(fault))
    wanted = MovementFilter(
        from_us=edges.get("from"),
        to_us=edges.get("to"),
        keyword=asked.q,
        site_id=site_facts().id,
    )
    return HistoryQuery(asked, visible_movements(reach_of(request), wanted), tuple(faults))


def _shown(movement: Movement) -> ShownMovement:
    return ShownMovement(
        movement,
        from_us(movement.at_us),
        page_address(movement.holder_kind, movement.holder_id),
        kind_words(movement),
        four(movement.before_micros),
        four(movement.amount_micros),
        four(movement.after_micros),
    )
