"""A question made ready: who calls whom, by which rules and at whose expense.

Everything here follows from the question and the book alone, so no balance is read; what does
depend on balances, budgets and other calls is `app.weigh`'s. Emergency calls are answered here,
before any question; a call that stays inside the house costs nothing and holds nothing.
"""

import re
from dataclasses import dataclass, replace

from tollbook.app.asking import Request
from tollbook.app.callers import Caller, find_caller
from tollbook.app.payers import Holder, Payer, first_payer
from tollbook.app.policy_book import Book, BudgetEntry, CodeEntry
from tollbook.app.rate import Billable
from tollbook.app.service_classes import ClassAtWork
from tollbook.core.calendar import Period, period_at
from tollbook.core.dialplan import world
from tollbook.core.numbers import strip_decoration
from tollbook.core.policies import (
    Destination,
    Limits,
    Reason,
    ServiceClass,
    Step,
    read_keys,
    take_authorisation,
)
from tollbook.storage.instants import to_us

_DIALLABLE = re.compile(r"\+?[0-9*#]{1,64}", re.ASCII)
NOBODY = ("system", "charges")  # Holds of calls that nobody pays and nobody is known for.


@dataclass(frozen=True, slots=True)
class BudgetNow:
    """A budget in the period of the call."""

    entry: BudgetEntry
    period: Period

    @property
    def key(self) -> tuple[int, int]:
        """The budget's id and the period's first instant, in microseconds."""
        return self.entry.id, to_us(self.period.begin)


@dataclass(frozen=True, slots=True)
class Case:
    """All that a decision looks at and that no other call changes.

    `number` is what the switch will dial, `refused` a refusal that needs no further question,
    `billable` the call as pricing wants it (None where nothing can cost anything).
    """

    request: Request
    caller: Caller
    number: str
    callee: str
    typed_digits: str
    destination: Destination
    emergency: bool
    internal: bool
    refused: Reason | None
    steps: tuple[Step, ...]
    service: ServiceClass
    at_work: ClassAtWork
    code: CodeEntry | None
    code_given: bool
    needs_authorisation: bool
    authorisation: str
    holders: tuple[Holder, ...]
    payer: Payer | None
    account: tuple[str, str, str]
    budgets: tuple[BudgetNow, ...]
    limits: Limits
    billable: Billable | None

    @property
    def lock(self) -> str:
        """Say in words what is locked, "" if nothing is."""
        phone = self.caller.phone
        if phone is not None and not phone.active:
            return f"extension {phone.number} is not active"
        locked = next((holder for holder in self.holders if holder.locked), None)
        return f"{locked.words} is locked" if locked else ""


def make_case(book: Book, request: Request) -> Case:
    """Return the question made ready. Raises UnknownPlace."""
    directory = book.directory
    caller = find_caller(
        directory,
        number=request.caller,
        device=request.device,
        pbx=request.pbx,
        site=request.site,
    )
    site, phone = caller.site, caller.phone
    keyed, code_given, code, words = _keyed(book, caller, request)
    dialled = strip_decoration(keyed) if not keyed.startswith("+") else keyed.replace(" ", "")
    mask = caller.pbx.authorisation_mask if caller.pbx else ""
    authorisation, rest = take_authorisation(dialled, mask)
    resolver = site.resolver
    emergency = resolver.is_emergency(dialled) or resolver.is_emergency(rest)
    who = resolver.caller(phone.number if phone else caller.number)
    target = resolver.target(rest, "")
    way = resolver.way(who, target, "")
    if way[0] not in ("out", "internal"):
        # Who asks is in the house, whatever number the telephone shows.
        way = resolver.way(who, target, "internal" if target.extension else "out")
    direction, callee, call_type, place, _ = way
    internal = direction == "internal"
    code_id = code.id if code else None
    owner, extension, department = directory.payers.all_of(phone.id if phone else None, code_id)
    payer = None if internal else first_payer(owner, extension, department)
    holders = tuple(one for one in (extension, department, owner) if one is not None)
    class_id = phone.class_id if phone else site.class_id
    at_work = directory.service(class_id, site.zone)
    row = directory.class_row(class_id)
    steps = [Step("number", _number_words(keyed, words, callee, call_type, place))]
    refused = _no_number(dialled, code_given=code_given, code=code)
    if payer is not None:
        steps.append(Step("payer", f"{payer.holder.words} pays"))
    return Case(
        request=request,
        caller=caller,
        number=_to_dial(rest, caller, plain=emergency or internal),
        callee=callee,
        typed_digits=keyed,
        destination=Destination(callee, _country(callee, call_type), call_type),
        emergency=emergency,
        internal=internal,
        refused=refused,
        steps=tuple(steps),
        service=_inside(at_work.service) if internal else at_work.service,
        at_work=at_work,
        code=code,
        code_given=code_given,
        needs_authorisation=bool(row and row.authorisation_required) and not internal,
        authorisation=authorisation,
        holders=() if internal else holders,
        payer=payer,
        account=_account(payer, extension, owner, site.currency),
        budgets=() if internal else _budgets(book, holders, request),
        limits=Limits() if internal else _limits(holders, payer),
        billable=None if internal else _billable(request, caller, rest, callee, code),
    )


def _keyed(book: Book, caller: Caller, request: Request) -> tuple[str, bool, CodeEntry | None, str]:
    """Return the number, whether a code was given, the code if it is known, and words on both."""
    codes = book.directory.codes
    if not request.typed:
        given = request.account_code
        code = codes.get(given) if given else None
        if not request.dialled and code is not None:
            return *_own_number(code, given=True), code, "the number of the code"
        return request.dialled, bool(given), code, ""
    if help_at := _help_in(request.typed, caller):
        return help_at, False, None, ""
    keys = read_keys(request.typed, code_length=caller.site.code_length)
    if keys is None:
        return "", True, None, "the keys hold no code"
    code = codes.get(keys.code)
    if not keys.number and code is not None:
        return *_own_number(code, given=True), code, "the number of the code"
    return keys.number, True, code, ""


def _help_in(typed: str, caller: Caller) -> str:
    """Return keys that call for help, before anybody takes them for a code."""
    number = typed.strip().removesuffix("#")
    return number if caller.site.resolver.is_emergency(number) else ""


def _own_number(code: CodeEntry, *, given: bool) -> tuple[str, bool]:
    """Return the one number of a code, dialled when none is keyed (EBC-10)."""
    return code.numbers[0] if len(code.numbers) == 1 else "", given


def _no_number(dialled: str, *, code_given: bool, code: CodeEntry | None) -> Reason | None:
    if dialled and not _DIALLABLE.fullmatch(dialled):
        return Reason.DESTINATION_BARRED
    if dialled or (code_given and (code is None or not code.code.active)):
        return None  # A code that is unknown or inactive is refused as such.
    return Reason.TOO_SHORT


def _number_words(keyed: str, words: str, callee: str, call_type: str, place: str) -> str:
    if not keyed:
        return words or "no number was given"
    if not _DIALLABLE.fullmatch(keyed.translate(_NO_DECORATION)):
        return "the number holds more than digits, * and #"
    where = f", {place}" if place else ""
    return f"{keyed} reaches {callee} ({call_type}{where})" + (f"; {words}" if words else "")


_NO_DECORATION = str.maketrans("", "", " -./()")


def _to_dial(dialled: str, caller: Caller, *, plain: bool) -> str:
    """Return what the switch dials: its secret digits before a number that leaves the house.

    Emergency numbers have a way of their own in every switch and go without them.
    """
    if plain or caller.pbx is None:
        return dialled
    return caller.pbx.dial_prefix + dialled


def _country(callee: str, call_type: str) -> str:
    if call_type in ("internal", "service", "emergency", "unknown"):
        return ""
    found = world.look_up(callee)
    return found.region if found else ""


def _inside(service: ServiceClass) -> ServiceClass:
    """Return what a class says of calls inside the house: only rules that name them count."""
    rules = tuple(rule for rule in service.rules if "internal" in rule.call_types)
    return replace(
        service, rules=rules, bars_otherwise=False, code_required=False, code_required_types=()
    )


def _account(
    payer: Payer | None, extension: Holder | None, owner: Holder | None, currency: str
) -> tuple[str, str, str]:
    """Return the account of the hold: the payer's, or of whom the call is counted for."""
    holder = payer.holder if payer else extension or owner
    if holder is None:
        return (*NOBODY, currency)
    return (holder.kind, str(holder.id), holder.currency or currency)


def _budgets(book: Book, holders: tuple[Holder, ...], request: Request) -> tuple[BudgetNow, ...]:
    of = book.directory.budgets
    if not of:
        return ()
    return tuple(
        BudgetNow(entry, period_at(request.at, every=entry.every, zone_name=entry.zone))
        for holder in holders
        for entry in of.get((holder.kind, holder.id), ())
    )


def _limits(holders: tuple[Holder, ...], payer: Payer | None) -> Limits:
    """Return the least of all holders' limits; the floor is that of who pays."""
    micros = [one.call_limit_micros for one in holders if one.call_limit_micros is not None]
    seconds = [one.call_limit_s for one in holders if one.call_limit_s is not None]
    return Limits(
        min(micros, default=None),
        min(seconds, default=None),
        payer.holder.floor_micros if payer else None,
    )


def _billable(
    request: Request, caller: Caller, dialled: str, callee: str, code: CodeEntry | None
) -> Billable:
    phone = caller.phone
    return Billable(
        talk_us=to_us(request.at),
        talk_ms=1000,
        callee=callee,
        dialled=dialled,
        caller=caller.number,
        extension=phone.number if phone else "",
        department=phone.department if phone else "",
        trunk=request.trunk,
        account_code=code.code.code if code else "",
        source_ip=request.source_ip,
        pulses=None,
    )
