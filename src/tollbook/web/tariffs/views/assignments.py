"""Which tariff prices which calls: the ordered list, its defaults, and the question itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from tollbook.app.access.roles import Permission
from tollbook.app.directory.choices import department_names, pbx_names, trunk_labels
from tollbook.app.directory.pbxs import is_pbx, list_pbxs
from tollbook.app.directory.sites import site_names
from tollbook.app.pricing.pbx_rules import BY_CALLEE, BY_DIALLED, CHARGE, COST
from tollbook.app.reports.period import PeriodError, moment
from tollbook.app.tariffs.assign import (
    DEFAULT_POSITION,
    AssignmentInfo,
    AssignmentRefused,
    Scope,
    account_code_called,
    assign_tariff,
    extension_called,
    list_assignments,
    unassign,
)
from tollbook.app.tariffs.assignments import (
    KINDS,
    AskedCall,
    Verdict,
    move_assignment,
    set_default,
    which_tariff,
)
from tollbook.app.tariffs.below_cost import comparisons
from tollbook.app.tariffs.overview import list_tariffs
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, instant, site_facts

KIND_WORDS = {CHARGE: "Charge: what we bill", COST: "Cost: what the carrier bills us"}
MATCHES_WORDS = {BY_CALLEE: "the number reached", BY_DIALLED: "the number as dialled"}
MOST_LOSSES = 100  # Prefixes of a pair on the page; more are counted.
CHOSEN = ("site", "pbx", "trunk", "department")
SelectOption = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ShownAssignment:
    """One line of the list, and what was found about it if a call was asked about."""

    info: AssignmentInfo
    place: int
    words: tuple[str, ...]
    is_default: bool
    is_first: bool
    is_last: bool
    misfit: str
    won: bool


@dataclass(frozen=True, slots=True)
class ShownPriceKind:
    """The list of one kind, its default tariff, and the answer if a call was asked about."""

    kind: str
    words: str
    lines: tuple[ShownAssignment, ...]
    default: int | None
    finding: str


@needs(Permission.SEE_TARIFFS, to_change=Permission.CHANGE_TARIFFS)
@require_http_methods(["GET", "HEAD", "POST"])
def assignments(request: HttpRequest) -> HttpResponse:
    """Show the list; add to it; say which tariff prices a call."""
    # No field may be called "matches": it would hide the form's method of that name from scripts.
    form: dict[str, str] = {"kind": CHARGE, "prefixes_meet": BY_CALLEE}
    fault = ""
    if request.method == "POST":
        form = {key: request.POST.get(key, "").strip()[:200] for key in request.POST}
        fault = _add(request, form)
        if not fault:
            return redirect("assignments")
    asked, verdicts, asked_fault = _asked(request)
    context = {
        "kinds": [_shown_kind(kind, verdicts.get(kind)) for kind in KINDS],
        "tariffs": [(line.id, line.name, line.currency) for line in list_tariffs(at=instant())],
        "choices": _choices(form),
        "kind_words": KIND_WORDS.items(),
        "matches_words": MATCHES_WORDS.items(),
        "form": form,
        "fault": fault,
        "asked": asked,
        "asked_fault": asked_fault,
        "comparisons": comparisons(at=instant()),
        "most_losses": MOST_LOSSES,
        "most_slice": f":{MOST_LOSSES}",
        "pbxs": [(str(pbx.pbx_id), pbx.name) for pbx in list_pbxs()],
    }
    return form_page(request, "tollbook/tariffs/assignments.html", context, refused=fault)


@needs(Permission.CHANGE_TARIFFS)
@require_POST
def move(request: HttpRequest, assignment_id: int, to: Literal["up", "down"]) -> HttpResponse:
    """Move an assignment one place."""
    if not move_assignment(assignment_id, to, by=by_of(request)):
        say(request, "It stands there already. Nothing was changed.", level="warn")
    return redirect("assignments")


@needs(Permission.CHANGE_TARIFFS)
@require_POST
def remove(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """Remove an assignment."""
    if unassign(assignment_id, by=by_of(request)):
        say(request, "The assignment is removed. Charges that are stored stay as they are.")
    else:
        say(request, "It was removed before.", level="warn")
    return redirect("assignments")


@needs(Permission.CHANGE_TARIFFS)
@require_POST
def default(request: HttpRequest) -> HttpResponse:
    """Choose the tariff for all calls that no other assignment claims."""
    kind = request.POST.get("kind", "")
    if kind in KINDS:
        try:
            set_default(kind, _number(request.POST.get("tariff", "")), by=by_of(request))
            say(request, "The default is saved. It prices the calls that come from now on.")
        except AssignmentRefused as refusal:
            say(request, f"{str(refusal).capitalize()}. Nothing was changed.", level="danger")
    return redirect("assignments")


def _add(request: HttpRequest, form: Mapping[str, str]) -> str:
    """Add an assignment; return why not, if it was refused."""
    try:
        scope = _scope(form)
        tariff_id = _number(form.get("tariff", ""))
        if tariff_id is None:
            return "Choose the tariff."
        if form.get("kind") not in KINDS:
            return "Choose whether it is a charge or a cost."
        if scope == Scope():
            return "It would fit every call. Choose a default instead, or narrow it."
        assign_tariff(
            tariff_id,
            scope,
            kind=form["kind"],
            matches=form.get("prefixes_meet", BY_CALLEE),
            before=_number(form.get("before", "")),
            by=by_of(request),
        )
    except (AssignmentRefused, PeriodError) as refusal:
        words = str(refusal)
        return f"{words[:1].upper()}{words[1:].rstrip('.')}. Nothing was changed."
    say(request, "The assignment is added. It prices the calls that come from now on.")
    return ""


def _scope(form: Mapping[str, str]) -> Scope:
    zone = site_facts().zone
    source_ip = form.get("source_ip", "")
    if source_ip:
        try:
            source_ip = str(ip_address(source_ip))
        except ValueError:
            raise AssignmentRefused(f'"{source_ip[:40]}" is no IP address') from None
    instants: list[datetime | None] = [
        moment(form[key], zone=zone) if form.get(key) else None for key in ("from", "to")
    ]
    ids = {key: _number(form.get(key, "")) for key in CHOSEN}
    number, code = form.get("extension", ""), form.get("account_code", "")
    return Scope(
        **ids,
        extension=extension_called(number, site_id=ids["site"]) if number else None,
        account_code=account_code_called(code) if code else None,
        source_ip=source_ip,
        valid_from=instants[0],
        valid_to=instants[1],
    )


def _asked(request: HttpRequest) -> tuple[dict[str, str], dict[str, Verdict], str]:
    """Return what was asked, the answer of each kind, and why it cannot be answered."""
    site = site_facts()
    keys = ("pbx", "trunk", "extension", "account_code", "source_ip", "at")
    asked = {key: request.GET.get(key, "").strip()[:64] for key in keys}
    asked["at"] = asked["at"] or f"{instant().astimezone(site.zone):%Y-%m-%dT%H:%M:%S}"
    pbx_id = _number(asked["pbx"])
    if pbx_id is None:
        return asked, {}, ""
    if not is_pbx(pbx_id):
        return asked, {}, "There is no such PBX."
    try:
        call = AskedCall(
            pbx_id=pbx_id,
            at=moment(asked["at"], zone=site.zone),
            trunk=asked["trunk"],
            extension=asked["extension"],
            account_code=asked["account_code"],
            source_ip=asked["source_ip"],
        )
    except PeriodError as fault:
        return asked, {}, str(fault)
    return asked, {kind: which_tariff(call, kind=kind) for kind in KINDS}, ""


def _shown_kind(kind: str, verdict: Verdict | None) -> ShownPriceKind:
    infos = [info for info in list_assignments() if info.kind == kind]
    judged = {one.assignment.id: one for one in verdict.judged} if verdict else {}
    ordered = [info for info in infos if info.position != DEFAULT_POSITION]
    lines = []
    for place, info in enumerate(infos, start=1):
        found = judged.get(info.id)
        is_default = info.position == DEFAULT_POSITION
        lines.append(
            ShownAssignment(
                info=info,
                place=place,
                words=_words(info),
                is_default=is_default,
                is_first=is_default or info == ordered[0],
                is_last=is_default or info == ordered[-1],
                misfit=found.misfit if found else "",
                won=bool(found and found.won),
            )
        )
    default_id = next((line.info.tariff_id for line in lines if line.is_default), None)
    return ShownPriceKind(kind, KIND_WORDS[kind], tuple(lines), default_id, _finding(verdict))


def _finding(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    if verdict.winner is None:
        consequence = "the call is unrated" if verdict.kind == CHARGE else "the call has no cost"
        return f"No assignment fits: {consequence}."
    if verdict.version is None:
        return f"{verdict.winner.tariff}, but no version of it is in force at that time: unrated."
    return f"{verdict.winner.tariff}, version {verdict.version.number}."


def _words(info: AssignmentInfo) -> tuple[str, ...]:
    """Say which calls an assignment is for."""
    named = (
        ("site", info.site),
        ("PBX", info.pbx),
        ("trunk", info.trunk),
        ("extension", info.extension),
        ("department", info.department),
        ("account code", info.account_code),
        ("address", info.source_ip),
    )
    return tuple(f"{word} {value}" for word, value in named if value)


def _choices(form: Mapping[str, str]) -> list[tuple[str, str, Sequence[SelectOption], str]]:
    """Return what an assignment can be narrowed to: key, title, values in words, the chosen."""
    rows = (
        ("site", "Site", site_names()),
        ("pbx", "PBX", pbx_names()),
        ("trunk", "Trunk", trunk_labels()),
        ("department", "Department", department_names()),
    )
    return [
        (key, title, [(str(row_id), words) for row_id, words in named], form.get(key, ""))
        for key, title, named in rows
    ]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
