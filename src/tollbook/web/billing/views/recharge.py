"""Recharging one or many, adjusting, and undoing: what a form says, its effects, then the deed."""

import secrets
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from tollbook.app.access.roles import Permission
from tollbook.app.billing.recharge import (
    LONGEST_KEY,
    LONGEST_REASON,
    Booked,
    Gift,
    Purpose,
    post_gift,
    read_amount,
    undo_entries,
)
from tollbook.app.directory.currency import sign_of
from tollbook.app.directory.holders import plural
from tollbook.app.faults import RequestRefused
from tollbook.app.words import sentence
from tollbook.web.directory.pages.holders import (
    MOST_SHOWN,
    NOBODY,
    Chosen,
    chosen_of,
    sender_of,
)
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page
from tollbook.web.frame.money import four
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, htmx_of, site_facts
from tollbook.web.frame.row_ids import row_ids
from tollbook.web.frame.undo_offer import offer_undo


@dataclass(frozen=True, slots=True)
class GiftForm:
    """What was typed, the request's key, and what is wrong with which field."""

    purpose: Purpose = "recharge"
    amount: str = ""
    reason: str = ""
    key: str = ""
    fault: str = ""
    fault_field: str = ""


@dataclass(frozen=True, slots=True)
class ShownEffect:
    """What a recharge would do to one holder."""

    label: str
    before: str
    after: str
    is_below: bool


@needs(Permission.CHANGE_MONEY)
@require_http_methods(["GET", "HEAD", "POST"])
def recharge(request: HttpRequest) -> HttpResponse:
    """Ask for an amount; show what it does to many; post it."""
    chosen = chosen_of(request)
    if not chosen.rows:
        say(request, NOBODY, level="warn")
        return redirect(chosen.back)
    if request.method != "POST":
        purpose: Purpose = "adjustment" if request.GET.get("adjust") else "recharge"
        return _form(request, chosen, GiftForm(purpose, key=secrets.token_urlsafe(16)))
    form = GiftForm(
        "adjustment" if request.POST.get("purpose") == "adjustment" else "recharge",
        request.POST.get("amount", "").strip()[:40],
        request.POST.get("reason", "").strip()[: LONGEST_REASON + 1],
        request.POST.get("key", "")[: LONGEST_KEY + 1],
    )
    micros = read_amount(form.amount, purpose=form.purpose)
    if isinstance(micros, RequestRefused):
        return _refused(request, chosen, form, micros)
    if form.purpose == "adjustment" and not form.reason:
        words = RequestRefused("adjustment.reason", "reason", "an adjustment says why.")
        return _refused(request, chosen, form, words)
    if request.POST.get("step") == "show":
        return _confirmation(request, chosen, form, micros)
    return _post(request, chosen, form, micros)


@needs(Permission.CHANGE_MONEY)
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Reverse recharges and adjustments: one of the history, or all that were just posted."""
    ids = row_ids(request.POST.get("entries", "").split(","))
    done = undo_entries(ids, by_of(request), reason=request.POST.get("reason", ""))
    if isinstance(done, RequestRefused):
        say(request, sentence(done.message), level="danger")
    elif done.repeated:
        say(request, "It was undone before. Nothing was changed.", level="warn")
    else:
        moved = "1 entry is" if len(done.movements) == 1 else f"{len(done.movements):,} entries are"
        say(request, f"{moved} undone. Both sides stay in the history.")
    return redirect("recharges")


def _post(request: HttpRequest, chosen: Chosen, form: GiftForm, micros: int) -> HttpResponse:
    gift = Gift(
        kind=chosen.kind,
        ids=chosen.ids,
        amount_micros=micros,
        sender=sender_of(request),
        key=form.key,
        reason=form.reason,
        purpose=form.purpose,
    )
    done = post_gift(gift, by_of(request))
    if isinstance(done, RequestRefused):
        return _refused(request, chosen, form, done)
    words = _done_words(chosen, done, micros, form.purpose)
    if done.repeated:
        say(request, f"{words} It was posted before: this time nothing moved.", level="warn")
    else:
        offer_undo(request, words, [one.entry_id for one in done.movements])
    return redirect(chosen.back)


def _done_words(chosen: Chosen, done: Booked, micros: int, purpose: Purpose) -> str:
    one = done.movements[0]
    verb = "recharged" if purpose == "recharge" else "adjusted"
    if len(done.movements) == 1:
        return f"{one.label} is {verb} by {four(micros)} and holds {four(one.after_micros)}."
    whom = plural(chosen.kind, len(done.movements))
    total = four(micros * len(done.movements))
    return f"{whom} are {verb} by {four(micros)} each, {total} in all."


def _form(request: HttpRequest, chosen: Chosen, form: GiftForm) -> HttpResponse:
    template = (
        "tollbook/billing/parts/recharge_panel.html"
        if htmx_of(request)
        else "tollbook/billing/recharge.html"
    )
    context = {
        "chosen": chosen,
        "form": form,
        "sign": sign_of(site_facts().currency),
        "whom": plural(chosen.kind, len(chosen.rows)),
        "balance": four(chosen.one.balance_micros) if chosen.one else "",
    }
    return form_page(request, template, context, refused=form.fault)


def _confirmation(
    request: HttpRequest, chosen: Chosen, form: GiftForm, micros: int
) -> HttpResponse:
    effects = [
        ShownEffect(
            row.label,
            four(row.balance_micros),
            four(row.balance_micros + micros),
            row.available_micros + micros < 0,
        )
        for row in chosen.rows
    ]
    context = {
        "chosen": chosen,
        "form": form,
        "sign": sign_of(site_facts().currency),
        "whom": plural(chosen.kind, len(chosen.rows)),
        "each": four(micros),
        "total": four(micros * len(chosen.rows)),
        "effects": effects[:MOST_SHOWN],
        "left_off": max(0, len(effects) - MOST_SHOWN),
    }
    return render(request, "tollbook/billing/recharge_effects.html", context)


def _refused(
    request: HttpRequest, chosen: Chosen, form: GiftForm, refusal: RequestRefused
) -> HttpResponse:
    faulty = replace(
        form,
        # What was refused posted nothing: a mended form is a new request.
        key=secrets.token_urlsafe(16),
        fault=sentence(refusal.message),
        fault_field=refusal.field,
    )
    return _form(request, chosen, faulty)
