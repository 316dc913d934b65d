"""A question made ready: who calls whom, by which rules and at whose expense.

Everything here follows from the question and the book alone, so no balance is read; what does
depend on balances, budgets and other calls is `app.decisions.decide`'s. What the caller brings and
what the number brings repeat from call to call: both are memoised in the directory.
"""

import re
from dataclasses import replace
from typing import NamedTuple

from tollbook.app.decisions.callers import Caller, find_caller
from tollbook.app.decisions.messages import Request
from tollbook.app.decisions.rulebook import BudgetRow, CodeEntry, Rulebook, remember
from tollbook.app.directory.payers import Holder, first_payer
from tollbook.app.policies.class_rules import ClassAtWork
from tollbook.app.pricing.rater import Billable
from tollbook.core.calendar import Every, Period, period_at
from tollbook.core.dialplan import world
from tollbook.core.instants import to_us
from tollbook.core.numbers import strip_decoration
from tollbook.core.policies import (
    ClassOfService,
    DecisionStep,
    Destination,
    Limits,
    Reason,
    read_keys,
    take_authorisation,
)

_DIALLABLE = re.compile(r"\+?[0-9*#]{1,64}", re.ASCII)
NOBODY = ("system", "charges")  # Holds of calls that nobody pays and nobody is known for.
NO_LIMITS = Limits()


class BudgetNow(NamedTuple):
    """A budget in the period of the call."""

    entry: BudgetRow
    period: Period

    @property
    def key(self) -> tuple[int, int]:
        """The budget's id and the period's first instant, in microseconds."""
        return self.entry.id, to_us(self.period.begin)


class CallerFacts(NamedTuple):
    """What the caller brings, with the account code: rules, holders, and who pays.

    `words` say who calls; a caller that is not `known` needs a code. `extension_id` is what an
    alarm may close. `counts_calls`: one of the holders limits calls at once; `asks_price`: money
    decides. `at_home` is what the same caller brings to a call that stays in the house.
    """

    caller: Caller
    at_work: ClassAtWork
    service: ClassOfService
    needs_authorisation: bool
    known: bool
    code_exempt: bool
    extension_id: int | None
    holders: tuple[Holder, ...]
    payer: Holder | None
    account: tuple[str, str, str]
    budgets: tuple[BudgetRow, ...]
    limits: Limits
    lock: str
    words: str
    caller_id: str
    counts_calls: bool
    asks_price: bool
    steps: tuple[DecisionStep, ...]
    at_home: "CallerFacts | None"

    def stays(self) -> "CallerFacts":
        """Return what counts for a call that stays in the house: it costs and holds nothing."""
        return self._replace(
            service=_inside(self.service),
            needs_authorisation=False,
            known=True,
            extension_id=None,
            holders=(),
            payer=None,
            budgets=(),
            limits=NO_LIMITS,
            lock="",
            counts_calls=False,
            asks_price=False,
            steps=(),
        )


class NumberFacts(NamedTuple):
    """What the number brings: `number` is what the switch will dial, `rest` it without its code."""

    number: str
    rest: str
    destination: Destination
    emergency: bool
    internal: bool
    authorisation: str
    is_diallable: bool
    step: DecisionStep


class Question(NamedTuple):
    """All that a decision looks at and that no other call changes.

    `refused` is a refusal that needs no further question, `typed_digits` the number as it was
    keyed after the code. `caller_facts` are those for a call of this kind.
    """

    request: Request
    at_us: int
    caller_facts: CallerFacts
    number_facts: NumberFacts
    typed_digits: str
    refused: Reason | None
    code: CodeEntry | None
    code_given: bool
    budgets: tuple[BudgetNow, ...]

    @property
    def emergency(self) -> bool:
        """Whether the number calls for help."""
        return self.number_facts.emergency

    @property
    def internal(self) -> bool:
        """Whether the call stays in the house: then it costs nothing and holds nothing."""
        return self.number_facts.internal

    @property
    def caller(self) -> Caller:
        """Who calls."""
        return self.caller_facts.caller

    @property
    def account(self) -> tuple[str, str, str]:
        """The account of the hold: the payer's, or of whom the call is counted for."""
        return self.caller_facts.account

    @property
    def billable(self) -> Billable | None:
        """The call as pricing wants it; None where nothing can cost anything."""
        number_facts = self.number_facts
        if number_facts.internal:
            return None
        request, caller = self.request, self.caller_facts.caller
        phone = caller.phone
        return Billable(
            self.at_us,
            1000,
            number_facts.destination.digits,
            number_facts.rest,
            caller.number,
            phone.number if phone else "",
            phone.department if phone else "",
            request.trunk,
            self.code.code.code if self.code else "",
            request.source_ip,
            None,
        )


def make_question(book: Rulebook, request: Request) -> Question:
    """Return the question made ready. Raises UnknownPlace."""
    directory = book.directory
    asked = (request.pbx, request.site, request.caller, request.device)
    caller = directory.callers.get(asked)
    if caller is None:
        found = find_caller(
            directory,
            number=request.caller,
            device=request.device,
            pbx=request.pbx,
            site=request.site,
        )
        caller = remember(directory.callers, asked, found)
    keyed, code_given, code, words = _keyed(book, caller, request)
    whose = (caller, code.id if code else None)
    caller_facts = directory.caller_facts.get(whose)
    if caller_facts is None:
        caller_facts = remember(directory.caller_facts, whose, _caller_facts(book, *whose))
    reaching = (caller.site.id, caller.pbx.id if caller.pbx else None, caller.phone is None, keyed)
    number_facts = directory.number_facts.get(reaching)
    if number_facts is None:
        number_facts = remember(directory.number_facts, reaching, _number_facts(caller, keyed))
    if words:
        number_facts = number_facts._replace(
            step=DecisionStep("number", f"{number_facts.step.outcome}; {words}")
        )
    if number_facts.internal and caller_facts.at_home:
        caller_facts = caller_facts.at_home
    return Question(
        request,
        to_us(request.at),
        caller_facts,
        number_facts,
        keyed,
        _no_number(number_facts, keyed, code_given=code_given, code=code),
        code,
        code_given,
        _budgets(caller_facts, request) if caller_facts.budgets else (),
    )


def _caller_facts(book: Rulebook, caller: Caller, code_id: int | None) -> CallerFacts:
    directory, site, phone = book.directory, caller.site, caller.phone
    owner, extension, department = directory.payers.all_of(phone.id if phone else None, code_id)
    payer = first_payer(owner, extension, department)
    holders = tuple(one for one in (extension, department, owner) if one is not None)
    class_id = phone.class_id if phone else site.class_id
    row = directory.class_row(class_id)
    at_work = directory.service(class_id, site.zone)
    limits = _limits(holders, payer)
    budgets = tuple(
        entry for holder in holders for entry in directory.budgets.get((holder.kind, holder.id), ())
    )
    caller_facts = CallerFacts(
        caller=caller,
        at_work=at_work,
        service=at_work.service,
        needs_authorisation=bool(row and row.authorisation_required),
        known=phone is not None,
        code_exempt=phone is not None and phone.code_exempt,
        extension_id=phone.id if phone else None,
        holders=holders,
        payer=payer,
        account=_account(payer, extension, owner, site.currency),
        budgets=budgets,
        limits=limits,
        lock=_lock(caller, holders),
        words=caller.words,
        caller_id=(phone.caller_id if phone else "") or site.caller_id,
        counts_calls=any(one.concurrent_limit is not None for one in holders),
        asks_price=payer is not None
        or limits.call_micros is not None
        or any(entry.limit_micros is not None for entry in budgets),
        steps=(DecisionStep("payer", f"{payer.words} pays"),) if payer else (),
        at_home=None,
    )
    return caller_facts._replace(at_home=caller_facts.stays())


def _number_facts(caller: Caller, keyed: str) -> NumberFacts:
    site, phone = caller.site, caller.phone
    dialled = strip_decoration(keyed) if not keyed.startswith("+") else keyed.replace(" ", "")
    mask = caller.pbx.authorisation_mask if caller.pbx else ""
    authorisation, rest = take_authorisation(dialled, mask)
    resolver = site.resolver
    emergency = resolver.is_emergency(dialled) or resolver.is_emergency(rest)
    who = resolver.caller(phone.number if phone else "")
    target = resolver.target(rest, "")
    way = resolver.way(who, target, "")
    if way[0] not in ("out", "internal"):
        # The asking caller counts as internal, whatever number it presents.
        way = resolver.way(who, target, "internal" if target.extension else "out")
    direction, callee, call_type, place, _ = way
    internal = direction == "internal"
    diallable = _DIALLABLE.fullmatch(dialled) is not None
    prefix = "" if emergency or internal or caller.pbx is None else caller.pbx.dial_prefix
    return NumberFacts(
        # No secret prefix for emergency numbers: switches route them separately.
        number=prefix + rest,
        rest=rest,
        destination=Destination(callee, _country(callee, call_type), call_type),
        emergency=emergency,
        internal=internal,
        authorisation=authorisation,
        is_diallable=diallable,
        step=DecisionStep(
            "number", _number_words(keyed, callee, call_type, place, is_diallable=diallable)
        ),
    )


def _keyed(
    book: Rulebook, caller: Caller, request: Request
) -> tuple[str, bool, CodeEntry | None, str]:
    """Return the number, whether a code was given, the code if it is known, and words on both."""
    codes = book.directory.codes
    if not request.typed:
        given = request.account_code
        code = codes.get(given) if given else None
        if not request.dialled and code is not None:
            return _own_number(code), True, code, "the number of the code"
        return request.dialled, bool(given), code, ""
    if help_at := _help_in(request.typed, caller):
        return help_at, False, None, ""
    keys = read_keys(request.typed, code_length=caller.site.code_length)
    if keys is None:
        return "", True, None, "the keys hold no code"
    code = codes.get(keys.code)
    if not keys.number and code is not None:
        return _own_number(code), True, code, "the number of the code"
    return keys.number, True, code, ""


def _help_in(typed: str, caller: Caller) -> str:
    """Return the emergency number in the keys, tested before they are parsed as a code."""
    number = typed.strip().removesuffix("#")
    return number if caller.site.resolver.is_emergency(number) else ""


def _own_number(code: CodeEntry) -> str:
    """Return the one number of a code, dialled when none is keyed (EBC-10)."""
    return code.numbers[0] if len(code.numbers) == 1 else ""


def _no_number(
    number_facts: NumberFacts, keyed: str, *, code_given: bool, code: CodeEntry | None
) -> Reason | None:
    if keyed:
        return None if number_facts.is_diallable else Reason.DESTINATION_BARRED
    if code_given and (code is None or not code.code.active):
        return None  # A code that is unknown or inactive is refused as such.
    return Reason.TOO_SHORT


def _number_words(
    keyed: str, callee: str, call_type: str, place: str, *, is_diallable: bool
) -> str:
    if not keyed:
        return "no number was given"
    if not is_diallable:
        return "the number holds more than digits, * and #"
    where = f", {place}" if place else ""
    return f"{keyed} reaches {callee} ({call_type}{where})"


def _country(callee: str, call_type: str) -> str:
    if call_type in ("internal", "service", "emergency", "unknown"):
        return ""
    found = world.look_up(callee)
    return found.region if found else ""


def _inside(service: ClassOfService) -> ClassOfService:
    """Return what a class says of calls inside the house: only rules that name them count."""
    rules = tuple(rule for rule in service.rules if "internal" in rule.call_types)
    return replace(
        service, rules=rules, bars_otherwise=False, code_required=False, code_required_types=()
    )


def _lock(caller: Caller, holders: tuple[Holder, ...]) -> str:
    """Say in words what is locked, "" if nothing is."""
    if caller.phone is not None and not caller.phone.active:
        return f"extension {caller.phone.number} is not active"
    locked = next((holder for holder in holders if holder.locked), None)
    return f"{locked.words} is locked" if locked else ""


def _account(
    payer: Holder | None, extension: Holder | None, owner: Holder | None, currency: str
) -> tuple[str, str, str]:
    holder = payer or extension or owner
    if holder is None:
        return (*NOBODY, currency)
    return (holder.kind, str(holder.id), holder.currency or currency)


def _budgets(caller_facts: CallerFacts, request: Request) -> tuple[BudgetNow, ...]:
    return tuple(
        BudgetNow(entry, period_at(request.at, every=Every(entry.every), zone_name=entry.zone))
        for entry in caller_facts.budgets
    )


def _limits(holders: tuple[Holder, ...], payer: Holder | None) -> Limits:
    """Return the least of all holders' limits; the floor is that of who pays."""
    micros = [one.call_limit_micros for one in holders if one.call_limit_micros is not None]
    seconds = [one.call_limit_s for one in holders if one.call_limit_s is not None]
    return Limits(
        min(micros, default=None),
        min(seconds, default=None),
        payer.floor_micros if payer else None,
    )
