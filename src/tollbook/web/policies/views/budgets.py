"""Budgets: who may spend or talk how much in a period, and how much of it is used."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.directory.choices import department_names, extension_labels, owner_names
from tollbook.app.directory.holders import HolderKind
from tollbook.app.policies.budgets import (
    USUAL_SHARES,
    BudgetInfo,
    BudgetText,
    StoredBudget,
    find_budget,
    holder_words,
    list_budgets,
    save_budget,
)
from tollbook.app.policies.classes import PolicyRefused
from tollbook.core.money import format_amount, from_micros
from tollbook.documents.table import Cell, Column, Kind
from tollbook.web.frame.files import list_file
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import edited, form_page, valued
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, instant, site_facts
from tollbook.web.frame.row_ids import row_id

KINDS: tuple[HolderKind, ...] = ("extension", "department", "owner")
STATES = {"closed": "closed now", "warned": "80 % or more", "off": "switched off"}
WARNED_SHARE = 80
PERIODS = (("month", "Month"), ("week", "Week"), ("day", "Day"))
COLUMNS = (
    Column("holder", "For"),
    Column("kind", "Kind"),
    Column("period", "Period"),
    Column("limit", "Limit", Kind.MONEY),
    Column("used", "Used", Kind.MONEY),
    Column("limit_minutes", "Limit, minutes", Kind.NUMBER),
    Column("used_minutes", "Used, minutes", Kind.NUMBER),
    Column("currency", "Currency"),
    Column("share", "Used, %", Kind.NUMBER),
    Column("state", "State"),
)


@dataclass(frozen=True, slots=True)
class BudgetForm:
    """What was typed for a budget, and what is wrong with which field."""

    holder: str
    every: str
    money: str
    minutes: str
    warn_at: str
    active: bool
    faults: Mapping[str, str]


@needs(Permission.SEE_POLICIES)
@require_safe
def budgets(request: HttpRequest) -> HttpResponse:
    """Show all budgets, those nearest to their limit first."""
    q, kind, state = _asked(request)
    every = list_budgets(at=instant())
    context = {
        "budgets": _matching(every, q, kind, state),
        "count": len(every),
        "q": q,
        "kind": kind,
        "state": state,
        "kinds": KINDS,
        "states": STATES.items(),
        "query": request.GET.urlencode(),
    }
    return render(request, "tollbook/policies/budgets.html", context)


@needs(Permission.SEE_POLICIES)
@require_safe
def budgets_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all budgets that the filter holds."""
    q, of_kind, state = _asked(request)
    rows = _matching(list_budgets(at=instant()), q, of_kind, state)
    return list_file("Budgets", COLUMNS, _cells(rows), kind=kind)


@needs(Permission.SEE_POLICIES, to_change=Permission.CHANGE_POLICIES)
@require_http_methods(["GET", "HEAD", "POST"])
def budget(request: HttpRequest, budget_id: int | None = None) -> HttpResponse:
    """Show one budget, or an empty form; keep what was typed."""
    row = edited(find_budget, budget_id, "budget")
    form = _form_of(row, request.GET.get("holder", "")[:40])
    if request.method == "POST":
        form = _typed(request, row)
        try:
            text = _text(form, row)
            save_budget(text, by=by_of(request), budget_id=budget_id)
        except PolicyRefused as refused:
            form = replace(form, faults=refused.by_field)
        else:
            say(request, "The budget is saved. It binds from now on.")
            return redirect("budgets")
    context = {
        "form": form,
        "row": row,
        "whose": holder_words(row.kind, row.holder) if row else "",
        "holders": [] if row else _holders(),
        "periods": PERIODS,
        "currency": row.currency if row else site_facts().currency,
    }
    return form_page(request, "tollbook/policies/budget.html", context, refused=form.faults)


def _asked(request: HttpRequest) -> tuple[str, str, str]:
    kind, state = request.GET.get("kind", ""), request.GET.get("state", "")
    return (
        request.GET.get("q", "").strip()[:64],
        kind if kind in KINDS else "",
        state if state in STATES else "",
    )


def _matching(infos: Iterable[BudgetInfo], q: str, kind: str, state: str) -> list[BudgetInfo]:
    def fits(info: BudgetInfo) -> bool:
        in_state = {
            "": True,
            "closed": info.is_closed,
            "warned": info.active and info.share >= WARNED_SHARE,
            "off": not info.active,
        }[state]
        return in_state and kind in ("", info.kind) and q.lower() in info.holder.lower()

    return [info for info in infos if fits(info)]


def _form_of(row: StoredBudget | None, holder: str) -> BudgetForm:
    if row is None:
        return BudgetForm(holder, "month", "", "", USUAL_SHARES, active=True, faults={})
    money = "" if row.limit_micros is None else format_amount(from_micros(row.limit_micros))
    minutes = "" if row.limit_s is None else str(row.limit_s // 60)
    shares = ", ".join(map(str, row.warn_at))
    whose = f"{row.kind}:{row.holder}"
    return BudgetForm(whose, row.every, money, minutes, shares, active=row.active, faults={})


def _typed(request: HttpRequest, row: StoredBudget | None) -> BudgetForm:
    given = request.POST
    return BudgetForm(
        holder=f"{row.kind}:{row.holder}" if row else given.get("holder", "")[:40],
        every=row.every if row else given.get("every", "")[:10],
        money=given.get("money", "")[:40],
        minutes=given.get("minutes", "")[:20],
        warn_at=given.get("warn_at", "")[:80],
        active=given.get("active") == "1",
        faults={},
    )


def _text(form: BudgetForm, row: StoredBudget | None) -> BudgetText:
    kind, _, number = form.holder.partition(":")
    known: HolderKind = next((one for one in KINDS if one == kind), "extension")
    return BudgetText(
        kind=known,
        holder_id=row_id(number) or 0,
        every=row.every if row else form.every,
        money=form.money,
        minutes=form.minutes,
        warn_at=form.warn_at,
        active=form.active,
    )


def _holders() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return whom a budget may bind, by kind: the form's value and words."""
    return [
        ("Extensions", valued("extension", extension_labels())),
        ("Departments, each member counted", valued("department", department_names())),
        ("Owners", valued("owner", owner_names())),
    ]


def _cells(rows: Iterable[BudgetInfo]) -> Iterator[tuple[Cell, ...]]:
    for info in rows:
        minutes = None if info.limit_s is None else info.limit_s // 60
        state = "closed" if info.is_closed else "open" if info.active else "off"
        used_minutes = -(-info.used_s // 60)
        money = (info.limit, info.used)
        yield (info.holder, info.kind, info.every, *money, minutes, used_minutes,
               info.currency, info.share, state)  # fmt: skip
