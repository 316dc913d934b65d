"""One extension, owner or department: its money, who pays, its last calls, its statement."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.billing.movements import latest_postings
from tollbook.app.directory.choices import Choice, codes_within
from tollbook.app.directory.currency import sign_of
from tollbook.app.directory.extensions import payer_words, what_is_set
from tollbook.app.directory.holder_fields import FieldValue, HolderField, value_words
from tollbook.app.directory.holders import KINDS, HolderKind, HolderRow
from tollbook.app.policies.budgets import budgets_of
from tollbook.app.reports.call_log import CallFilter, call_log
from tollbook.web.billing.pages.statement_lines import shown_line
from tollbook.web.directory.pages.holders import (
    TITLES,
    holder_of,
    list_address,
    page_address,
    shown_holder,
)
from tollbook.web.frame.money import four
from tollbook.web.frame.permissions import access_of, needs, reach_of, visible_calls
from tollbook.web.frame.row_ids import row_id
from tollbook.web.frame.undo_offer import take_undo
from tollbook.web.reports.pages.log_page import ShownCall, shown_call

CALLS = 8
LINES = 25
CODES = 100


@dataclass(frozen=True, slots=True)
class ShownBudget:
    """A budget of money or of minutes, and what of it is used in its newest period."""

    every: str
    limit: str
    used: str
    percent: int


@needs(Permission.SEE_MONEY)
@require_safe
def extension(request: HttpRequest, holder_id: int) -> HttpResponse:
    """Show an extension."""
    return _page(request, "extension", holder_id)


@needs(Permission.SEE_MONEY)
@require_safe
def holder(request: HttpRequest, kind: str, holder_id: int) -> HttpResponse:
    """Show an owner's or a department's money."""
    if kind not in KINDS:
        raise Http404("no such kind")
    return _page(request, kind, holder_id)


def _page(request: HttpRequest, kind: HolderKind, holder_id: int) -> HttpResponse:
    row = holder_of(request, kind, holder_id)
    before = row_id(request.GET.get("before", ""))
    lines = latest_postings(row, before=before, count=LINES + 1)
    context = {
        "holder": shown_holder(row),
        "title": TITLES[kind],
        "list_href": list_address(kind),
        "sign": sign_of(row.currency),
        "facts": _facts(row),
        "pays": payer_words(row),
        "budgets": _budgets(row),
        "calls": _calls(request, row),
        "calls_query": {"extension": f"extension={row.number}"}.get(kind, f"{kind}={row.id}"),
        "codes": _codes(request, row),
        "lines": [shown_line(line) for line in lines[:LINES]],
        "older": lines[LINES - 1].line_id if len(lines) > LINES else None,
        "is_older": before is not None,
        "back": page_address(kind, row.id),
        "undoable": take_undo(request),
    }
    return render(request, "tollbook/billing/holder.html", context)


def _facts(row: HolderRow) -> list[tuple[str, str]]:
    """Return what is set about the holder, the empty left out."""

    def words(field: HolderField, value: FieldValue) -> str:
        if value is None or value == "":
            return ""
        unit = {"money": f" {row.currency}", "s": " s"}.get(field.unit, "")
        return value_words(field, value) + unit

    listed = [(field.title, words(field, value)) for field, value in what_is_set(row.kind, row.id)]
    return [(title, said) for title, said in listed if said]


def _codes(request: HttpRequest, row: HolderRow) -> Sequence[Choice]:
    """Return an owner's account codes, each of which has a statement of its own."""
    if row.kind != "owner":
        return ()
    return codes_within(reach_of(request), owner_id=row.id, at_most=CODES)


def _budgets(row: HolderRow) -> list[ShownBudget]:
    shown = []
    for budget in budgets_of(row.kind, row.id):
        used_micros, used_s = budget.used_micros, budget.used_s
        every = f"a {budget.every}"
        if budget.limit_micros is not None:
            percent = _percent(used_micros, budget.limit_micros)
            limit, used = four(budget.limit_micros), four(used_micros)
            shown.append(ShownBudget(every, f"{limit} {budget.currency}", used, percent))
        if budget.limit_s is not None:
            limit, used = f"{budget.limit_s // 60:,} min", f"{used_s // 60:,} min"
            shown.append(ShownBudget(every, limit, used, _percent(used_s, budget.limit_s)))
    return shown


def _percent(used: int, limit: int) -> int:
    return min(100, 100 * used // limit) if limit > 0 else 100


def _calls(request: HttpRequest, row: HolderRow) -> Sequence[ShownCall]:
    if not access_of(request).may(Permission.SEE_CALLS):
        return ()
    wanted = {
        "extension": CallFilter(extension_id=row.id),
        "owner": CallFilter(owner_id=row.id),
        "department": CallFilter(department_id=row.id),
    }[row.kind]
    found = call_log(visible_calls(request, wanted), page_size=CALLS)
    return [shown_call(one) for one in found.rows]
