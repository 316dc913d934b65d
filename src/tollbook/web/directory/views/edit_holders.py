"""Editing what is set about one holder, or of many only the ticked fields (ZYC-20, ZYC-22)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from tollbook.app.access.roles import Permission
from tollbook.app.directory.choices import department_names
from tollbook.app.directory.currency import sign_of
from tollbook.app.directory.extensions import (
    Planned,
    change_holders,
    count_recharges_anew,
    plan_changes,
    what_is_set,
)
from tollbook.app.directory.holder_fields import (
    FieldValue,
    HolderField,
    fields_of,
    read_changes,
    value_text,
)
from tollbook.app.directory.holders import plural
from tollbook.app.policies.classes import class_names
from tollbook.web.directory.pages.holders import MOST_SHOWN, NOBODY, Chosen, chosen_of
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, htmx_of, site_facts

LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True)
class ShownHolderField:
    """A field of the form with its value, its choices and what is wrong with it."""

    field: HolderField
    title: str
    value: str
    options: Sequence[tuple[str, str]]
    is_ticked: bool
    fault: str


@needs(Permission.CHANGE_MONEY)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_holders(request: HttpRequest) -> HttpResponse:
    """Ask what is to be set; show what that does to many; set it."""
    chosen = chosen_of(request)
    if not chosen.rows:
        say(request, NOBODY, level="warn")
        return redirect(chosen.back)
    if request.method != "POST":
        return _form(request, chosen, _texts_of(chosen), set(), {})
    ticked = {
        field.name
        for field in _fields(chosen)
        if chosen.one or request.POST.get(f"set_{field.name}")
    }
    texts = {name: request.POST.get(name, "")[:LONGEST_TEXT] for name in sorted(ticked)}
    site_id = chosen.rows[0].site_id
    changes = read_changes(chosen.kind, texts, site_id=site_id)
    if isinstance(changes, list):
        faults = {fault.field: fault.message for fault in changes}
        return _form(request, chosen, texts, ticked, faults)
    if not changes:
        words = "No field was ticked, so nothing was changed. Tick those that are to change."
        return _form(request, chosen, {}, set(), {"": words})
    if request.POST.get("step") == "show":
        return _confirmation(request, chosen, texts, changes)
    return _set(request, chosen, changes)


@needs(Permission.CHANGE_MONEY)
@require_POST
def count_anew(request: HttpRequest) -> HttpResponse:
    """Start Total Recharges anew; ledger, balance and credit stay (AMB-21)."""
    chosen = chosen_of(request)
    if not chosen.rows:
        say(request, NOBODY, level="warn")
        return redirect(chosen.back)
    count = count_recharges_anew(chosen.kind, chosen.ids, by_of(request))
    words = (
        f"Total Recharges of {plural(chosen.kind, count)} counts from now. Balances are as before."
    )
    say(request, words)
    return redirect(chosen.back)


def _set(request: HttpRequest, chosen: Chosen, changes: Mapping[str, FieldValue]) -> HttpResponse:
    done = change_holders(chosen.kind, chosen.ids, changes, by_of(request))
    if not done.changed:
        say(request, "Nothing was changed: all have these values already.", level="warn")
        return redirect(chosen.back)
    words = f"{chosen.one.label} is" if chosen.one else f"{plural(chosen.kind, done.changed)} are"
    also = []
    if done.unchanged:
        also.append(f"{done.unchanged:,} had these values already")
    if done.counting_anew:
        also.append(f"Total Recharges begins anew for {done.counting_anew:,}")
    say(request, f"{words} changed{'; ' + ', '.join(also) if also else ''}.")
    return redirect(chosen.back)


def _form(
    request: HttpRequest,
    chosen: Chosen,
    texts: Mapping[str, str],
    ticked: set[str],
    faults: Mapping[str, str],
) -> HttpResponse:
    shown = [_shown(field, chosen, texts, ticked, faults) for field in _fields(chosen)]
    # A choice of classes without any would only be a riddle.
    shown = [one for one in shown if one.field.name not in _LISTED or len(one.options) > 1]
    context = {
        "chosen": chosen,
        "whom": plural(chosen.kind, len(chosen.rows)),
        "plain": [one for one in shown if not one.field.advanced],
        "advanced": [one for one in shown if one.field.advanced],
        "advanced_open": any(one.fault for one in shown if one.field.advanced),
        "fault": faults.get("", ""),
    }
    panel = htmx_of(request) and not faults
    template = (
        "tollbook/directory/parts/edit_panel.html"
        if panel
        else "tollbook/directory/edit_holders.html"
    )
    return form_page(request, template, context, refused=faults)


def _confirmation(
    request: HttpRequest,
    chosen: Chosen,
    texts: Mapping[str, str],
    changes: Mapping[str, FieldValue],
) -> HttpResponse:
    planned = plan_changes(chosen.kind, chosen.ids, changes)
    changing = [one for one in planned if one.effects]
    context = {
        "chosen": chosen,
        "whom": plural(chosen.kind, len(chosen.rows)),
        "changing": plural(chosen.kind, len(changing)),
        "unchanged": len(planned) - len(changing),
        "anew": sum(one.counts_anew for one in planned),
        "summary": _summary(changing),
        "planned": changing[:MOST_SHOWN],
        "left_off": max(0, len(changing) - MOST_SHOWN),
        "texts": [(f"set_{name}", "1") for name in texts] + list(texts.items()),
    }
    return render(request, "tollbook/directory/edit_effects.html", context)


def _summary(changing: Sequence[Planned]) -> list[tuple[str, int]]:
    """Return each change in words, with how many it concerns."""
    counts: dict[str, int] = {}
    for one in changing:
        for effect in one.effects:
            words = f"{effect.title}: {effect.after}"
            counts[words] = counts.get(words, 0) + 1
    return sorted(counts.items())


def _fields(chosen: Chosen) -> list[HolderField]:
    """Return the fields of the form: those of one, or those that many can share."""
    return [field for field in fields_of(chosen.kind) if field.bulk or chosen.one]


def _texts_of(chosen: Chosen) -> dict[str, str]:
    """Return the values of one holder; of many, none is shown as theirs."""
    if chosen.one is None:
        return {}
    stored = what_is_set(chosen.kind, chosen.one.id)
    return {field.name: value_text(field, value) for field, value in stored}


def _shown(
    field: HolderField,
    chosen: Chosen,
    texts: Mapping[str, str],
    ticked: set[str],
    faults: Mapping[str, str],
) -> ShownHolderField:
    unit = {"money": sign_of(site_facts().currency), "s": "s"}.get(field.unit)
    return ShownHolderField(
        field=field,
        title=f"{field.title}({unit})" if unit else field.title,
        value=texts.get(field.name, ""),
        options=_options(field, chosen),
        is_ticked=field.name in ticked,
        fault=faults.get(field.name, ""),
    )


def _options(field: HolderField, chosen: Chosen) -> Sequence[tuple[str, str]]:
    if field.name == "department":
        departments = department_names(chosen.rows[0].site_id or 0)
        return [("", "none"), *((str(row_id), name) for row_id, name in departments)]
    if field.name == "service_class":
        return [("", "none of its own"), *((str(row_id), name) for row_id, name in class_names())]
    return field.choices


_LISTED = ("department", "service_class")
