"""The tester: a number, a time and a duration; what it costs and why by this rate."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.pricing.explain_call import compiled_version
from tollbook.app.pricing.load_pbx_rules import site_plan
from tollbook.app.pricing.plans import load_plans
from tollbook.app.pricing.try_plan import try_plan
from tollbook.app.reports.period import PeriodError, moment
from tollbook.app.tariffs.overview import list_tariffs, version_in_force
from tollbook.core.rating import TalkedCall, explain
from tollbook.core.tariff import CompiledTariff
from tollbook.web.directory.pages.reached import ShownReach, reach
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import instant, site_facts
from tollbook.web.frame.row_ids import row_id
from tollbook.web.pricing.pages.why import Why, composed, unrated_trial, why_of_trial
from tollbook.web.pricing.pages.why_plan import plan_why

LONGEST_TALK_S = 31 * 86_400
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})|(\d{1,8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class TesterForm:
    """What was asked, as typed, and what the page offers."""

    tariffs: list[tuple[int, str]]
    tariff: int | None
    number: str = ""
    start: str = ""
    talk: str = "0:03:00"
    caller: str = ""
    with_plan: bool = True
    fault: str = ""
    number_hint: str = field(default="+49 30 …")


class WrongInput(ValueError):
    """Something typed cannot be used; the message says what and what fits."""


@needs(Permission.SEE_TARIFFS)
@require_safe
def tester(request: HttpRequest) -> HttpResponse:
    """Ask for a call that nobody made, and price it."""
    site = site_facts()
    tariffs = [(line.id, line.name) for line in list_tariffs(at=instant())]
    given = request.GET
    form = TesterForm(
        tariffs=tariffs,
        tariff=row_id(given.get("tariff", "")),
        number=given.get("number", "")[:64],
        start=given.get("start") or f"{instant().astimezone(site.zone):%Y-%m-%dT%H:%M:%S}",
        talk=given.get("talk", "0:03:00")[:12],
        caller=given.get("caller", "")[:64],
        with_plan="number" not in given or "plan" in given,
    )
    context: dict[str, object] = {"form": form, "has_plans": bool(load_plans())}
    if form.number:
        try:
            starts = moment(form.start, zone=site.zone)
            why, reached = _price(form, starts, parse_talk(form.talk))
            context |= {"why": why, "reached": reached}
        except (PeriodError, WrongInput) as fault:
            context["form"] = replace(form, fault=str(fault))
    return render(request, "tollbook/pricing/tester.html", context)


def parse_talk(text: str) -> int:
    """Return the seconds of a duration as typed: h:mm:ss, mm:ss or seconds.

    >>> [parse_talk(text) for text in ("0:03:58", "3:58", "238")]
    [238, 238, 238]
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise WrongInput(f'"{text}" is no duration. Write 0:03:58, 3:58 or 238 (seconds).')
    hours, minutes, seconds, plain = match.groups()
    talk_s = int(plain) if plain else int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    if talk_s > LONGEST_TALK_S:
        raise WrongInput("That is longer than 31 days. Give a shorter duration.")
    return talk_s


def _price(form: TesterForm, starts: datetime, talk_s: int) -> tuple[Why, ShownReach | None]:
    """Price the number as its dial plan reads it, and as typed if that finds no rate."""
    tariff_id = (
        form.tariff if form.tariff is not None else form.tariffs[0][0] if form.tariffs else 0
    )
    version = version_in_force(tariff_id, at=starts)
    if version is None:
        raise WrongInput("No version of this tariff holds at that time. Choose a later one.")
    compiled = compiled_version(version.id)
    site = site_plan()
    reached = reach(site.plan, caller=form.caller, dialled=form.number) if site else None
    numbers = [form.number, reached.callee] if reached and reached.callee else [form.number]
    name = f"{dict(form.tariffs).get(tariff_id, '')}, version {version.number}"
    calls = [
        TalkedCall(start=starts, talk_s=Decimal(talk_s), dialled=number, caller=form.caller or None)
        for number in reversed(numbers)
    ]
    tries = [_why(form, compiled, version.id, call, tariff=name) for call in calls]
    return next((why for why in tries if not why.is_unrated), tries[0]), reached


def _why(
    form: TesterForm, compiled: CompiledTariff, version_id: int, call: TalkedCall, *, tariff: str
) -> Why:
    """Return why *call* would cost what it does: under the plan in force, if that is asked."""
    base = explain(compiled, call)
    tried = try_plan(compiled, version_id, call, site_facts().id) if form.with_plan else None
    if tried is None:
        return why_of_trial(base, tariff=tariff)
    info, planned = tried
    if planned.charged is None:
        return unrated_trial(planned.price.unrated_reason, base, tariff=tariff)
    words = f"{info.site}, version {info.number}"
    return composed(
        planned.charged,
        base,
        plan=plan_why(planned.charged, planned.asked, plan_words=words),
        tariff=tariff,
    )
