"""The tester: a number, a time and a duration; what it costs and why by this rate."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tollbook.app.explain_call import compiled_version
from tollbook.app.period import PeriodError, moment
from tollbook.app.roles import Permission
from tollbook.app.site_rules import dial_plan
from tollbook.app.tariff_book import list_tariffs, version_in_force
from tollbook.core.rating import TalkedCall, explain
from tollbook.storage.models import Site
from tollbook.web.access import needs
from tollbook.web.reached import ShownReach, reach
from tollbook.web.request import instant, site_facts
from tollbook.web.why import Why, why_of_trial

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
    chosen = given.get("tariff", "")
    form = TesterForm(
        tariffs=tariffs,
        tariff=int(chosen) if chosen.isascii() and chosen.isdigit() else None,
        number=given.get("number", "")[:64],
        start=given.get("start") or f"{instant().astimezone(site.zone):%Y-%m-%dT%H:%M:%S}",
        talk=given.get("talk", "0:03:00")[:12],
        caller=given.get("caller", "")[:64],
    )
    context: dict[str, object] = {"form": form}
    if form.number:
        try:
            starts = moment(form.start, zone=site.zone)
            why, reached = _price(form, starts, parse_talk(form.talk))
            context |= {"why": why, "reached": reached}
        except (PeriodError, WrongInput) as fault:
            context["form"] = _with_fault(form, str(fault))
    return render(request, "tollbook/tester.html", context)


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
    site = Site.objects.order_by("id").first()
    reached = reach(dial_plan(site), caller=form.caller, dialled=form.number) if site else None
    numbers = [form.number, reached.callee] if reached and reached.callee else [form.number]
    name = f"{dict(form.tariffs).get(tariff_id, '')}, version {version.number}"
    tries = [
        why_of_trial(
            explain(
                compiled,
                TalkedCall(
                    start=starts, talk_s=Decimal(talk_s), dialled=number, caller=form.caller or None
                ),
            ),
            tariff=name,
        )
        for number in reversed(numbers)
    ]
    return next((why for why in tries if not why.is_unrated), tries[0]), reached


def _with_fault(form: TesterForm, fault: str) -> TesterForm:
    return TesterForm(
        tariffs=form.tariffs,
        tariff=form.tariff,
        number=form.number,
        start=form.start,
        talk=form.talk,
        caller=form.caller,
        fault=fault,
    )
