"""May this telephone call that number now, and why? A question; nothing is held or stored."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.decisions.decider import Answer, Request, UnknownPlace, ask
from tollbook.app.directory.pbxs import list_pbxs
from tollbook.app.reports.period import PeriodError, moment
from tollbook.app.reports.statistics import hours_text
from tollbook.core.policies import Reason
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import instant, site_facts

_LONGEST = 64
REASON_WORDS = {
    Reason.UNKNOWN_CODE: "there is no such account code",
    Reason.INACTIVE_CODE: "the account code is not active",
    Reason.CODE_REQUIRED: "an account code is needed",
    Reason.TOO_SHORT: "the number is too short",
    Reason.TOO_LONG: "the number is too long",
    Reason.PREFIX_BLOCKED: "the code blocks this number",
    Reason.NOT_IN_ALLOWED: "the code allows other numbers only",
    Reason.DESTINATION_BARRED: "the destination is barred",
    Reason.AUTHORISATION_MISSING: "nobody vouches for this call",
    Reason.LOCKED: "the telephone is locked",
    Reason.NO_MONEY: "the money does not pay the first step",
    Reason.BALANCE_FLOOR: "the balance is below its floor",
    Reason.BUDGET_USED: "the budget is used up",
    Reason.TOO_MANY_CALLS: "too many calls at once",
    Reason.UNRATED: "no rate prices the call",
}
_RULE_WORDS = {
    "number": "Number",
    "payer": "Who pays",
    "price": "Price",
    "caller": "Caller",
    "lock": "Lock",
    "code": "Account code",
    "restrictions": "Code's restrictions",
    "authorisation": "Authorisation code",
    "class": "Class of service",
    "concurrent_calls": "Calls at once",
    "budget": "Budget",
    "balance_floor": "Balance floor",
    "duration": "Longest call",
    "hold": "Hold",
    "money": "Money",
    "emergency": "Emergency",
}


@dataclass(frozen=True, slots=True)
class MayCallForm:
    """What was asked, as typed."""

    pbxs: list[str]
    caller: str = ""
    number: str = ""
    keyed: bool = False
    code: str = ""
    pbx: str = ""
    at: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ShownDecisionStep:
    """A step as the page shows it: `limit` is the limit after it, "" for none yet."""

    rule: str
    outcome: str
    limit: str
    stops: bool


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """The answer in words."""

    allowed: bool
    finding: str
    facts: tuple[tuple[str, str], ...]
    steps: tuple[ShownDecisionStep, ...]


@needs(Permission.SEE_POLICIES)
@require_safe
def may_call(request: HttpRequest) -> HttpResponse:
    """Ask, and show the decision with every step of it."""
    site = site_facts()
    given = request.GET
    names = [pbx.name for pbx in list_pbxs()]
    form = MayCallForm(
        pbxs=names,
        caller=given.get("caller", "")[:_LONGEST],
        number=given.get("number", "")[:_LONGEST],
        keyed=given.get("keyed") == "1",
        code=given.get("code", "")[:_LONGEST],
        pbx=given.get("pbx", "")[:120],
        at=given.get("at") or f"{instant().astimezone(site.zone):%Y-%m-%dT%H:%M:%S}",
    )
    context: dict[str, object] = {"form": form}
    if form.caller and (form.number or form.code):
        try:
            context["answer"] = _shown(_asked(form, site.zone))
        except (PeriodError, UnknownPlace) as fault:
            context["fault"] = str(fault)
    return render(request, "tollbook/decisions/may_call.html", context)


def _asked(form: MayCallForm, zone: object) -> Answer:
    return ask(
        Request(
            key="question",
            at=moment(form.at, zone=zone),  # type: ignore[arg-type]  # a ZoneInfo of the site
            caller=form.caller.strip(),
            dialled="" if form.keyed else form.number.strip(),
            typed=form.number if form.keyed else "",
            account_code="" if form.keyed else form.code.strip(),
            pbx=form.pbx,
        )
    )


def _shown(answer: Answer) -> ShownAnswer:
    last = len(answer.steps) - 1
    steps = tuple(
        ShownDecisionStep(
            rule=_RULE_WORDS.get(step.rule, step.rule),
            outcome=step.outcome,
            limit="" if step.limit_s is None else hours_text(step.limit_s),
            stops=not answer.allowed and at == last,
        )
        for at, step in enumerate(answer.steps)
    )
    if answer.reason is not None:
        return ShownAnswer(
            allowed=False,
            finding=f"Refused: {REASON_WORDS[answer.reason]}",
            facts=(("Reason", answer.reason.value),),
            steps=steps,
        )
    limit = (
        "without a limit" if answer.limit_s is None else f"for at most {hours_text(answer.limit_s)}"
    )
    return ShownAnswer(
        allowed=True,
        finding=f"Allowed {limit}",
        facts=(
            ("The switch dials", answer.number),
            ("Shown as", answer.caller_id or "whatever the switch shows"),
            ("Paid by", answer.account or "nobody"),
        ),
        steps=steps,
    )
