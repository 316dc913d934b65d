"""The decision on a call: may it be placed, for how long, and what is set aside for it.

Each rule is asked in one fixed order and leaves a step, so that every answer explains itself.
Emergency numbers pass before any question. Source: INTERFACES "authorise", RUL-06, RUL-07,
EBC-01 to EBC-18, TAR-02 to TAR-10; docs/algorithms/decision.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from tollbook.core.budgets import Left
from tollbook.core.ledger import Funds
from tollbook.core.policies.barring import Destination, ServiceClass, is_barred
from tollbook.core.policies.codes import Restrictions, refusal

WITHOUT_END_S = 1_000_000_000  # Thirty years: where `longest_talk` takes talk for unbounded.


class Reason(StrEnum):
    """Why a call is refused: a closed list."""

    UNKNOWN_CODE = "unknown_code"
    INACTIVE_CODE = "inactive_code"
    CODE_REQUIRED = "code_required"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    PREFIX_BLOCKED = "prefix_blocked"
    NOT_IN_ALLOWED = "not_in_allowed"
    DESTINATION_BARRED = "destination_barred"
    AUTHORISATION_MISSING = "authorisation_missing"
    LOCKED = "locked"
    NO_MONEY = "no_money"
    BALANCE_FLOOR = "balance_floor"
    BUDGET_USED = "budget_used"
    TOO_MANY_CALLS = "too_many_calls"
    UNRATED = "unrated"


@dataclass(frozen=True, slots=True)
class Code:
    """An account code as the directory has it."""

    code: str
    active: bool
    restrictions: Restrictions = field(default_factory=Restrictions)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a caller's calls may cost and last; None is no limit, amounts in millionths.

    `floor_micros`: a balance (without credit) below it refuses, one equal to it passes.
    """

    call_micros: int | None = None
    call_s: int | None = None
    floor_micros: int | None = None
    concurrent: int | None = None


NO_LIMITS = Limits()
NOTHING_LIMITED = Left(None, None)


class Asked(NamedTuple):
    """Everything a decision looks at, read in the transaction that will hold the money.

    `typed_digits` is the number as it was keyed after the code. `code` is None where none was
    given, and where the one that was (`code_given`) is not in the directory. `code_exempt`: this
    caller needs none (EBC-15). The two last flags on authorisation speak of a code inside the
    number (AMB-31). `caller` says in words who calls; a caller that is not `known` needs a code
    to answer for the call. `lock` says in words what is locked.
    """

    destination: Destination
    typed_digits: str
    emergency: bool
    billed: bool
    locked: bool
    service: ServiceClass
    funds: Funds
    code: Code | None = None
    code_given: bool = False
    code_exempt: bool = False
    needs_authorisation: bool = False
    has_authorisation: bool = False
    limits: Limits = NO_LIMITS
    budget: Left = NOTHING_LIMITED
    calls_now: int = 0
    known: bool = True
    caller: str = "the caller is known"
    lock: str = "the extension is locked"


class Pricing(NamedTuple):
    """The composed price, asked two ways; both speak of this call's number, caller and instant.

    `longest_talk(credit_micros, at_most_s)` is the longest talk in seconds that the credit pays,
    None if without end; `cost(talk_s)` what that talk costs in millionths. `unrated` says that
    no rate claims the call.
    """

    unrated: bool
    longest_talk: Callable[[int, int | None], int | None]
    cost: Callable[[int], int]


class Step(NamedTuple):
    """One rule's answer: `outcome` in words; `limit_s` the limit after it, None for none yet.

    (A named tuple, like what is asked: a dozen are made for every call that is decided.)
    """

    rule: str
    outcome: str
    limit_s: int | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """The call may be placed for `limit_s` (None: without end); `hold_micros` is set aside.

    `cost_micros` is what the limit costs, also where nobody pays it: budgets count that.
    """

    limit_s: int | None
    hold_micros: int
    steps: tuple[Step, ...]
    cost_micros: int = 0


@dataclass(frozen=True, slots=True)
class Denied:
    """The call is refused."""

    reason: Reason
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """How far one hold reaches, in seconds of talk; None: to the call's limit.

    What is not held may be spent by another call, so a limit never reaches beyond its hold. A
    shorter hold leaves money for calls beside this one; the switch renews it while the call lasts.
    """

    hold_s: int | None = None


def decide(
    asked: Asked,
    pricing: Pricing,
    settings: Settings,
    *,
    is_open: Callable[[str], bool],
    before: tuple[Step, ...] = (),
) -> Allowed | Denied:
    """Decide on a call; *is_open* tells which of the site's windows are open now.

    *before* are steps that led to the question; the answer's begin with them.
    """
    if asked.emergency:
        return Allowed(None, 0, (*before, Step("emergency", "emergency numbers always pass")))
    steps = list(before)
    for rule, ask in _GATES:
        reason, words = ask(asked, is_open)
        steps.append(Step(rule, words))
        if reason is not None:
            return Denied(reason, tuple(steps))
    return _price(asked, pricing, settings, steps)


Gate = Callable[[Asked, Callable[[str], bool]], tuple[Reason | None, str]]


def _caller(asked: Asked, _is_open: Callable[[str], bool]) -> tuple[Reason | None, str]:
    if asked.known or asked.code is not None:
        return None, asked.caller
    # A code that was given and is not in the directory is refused as such, one step later.
    return None if asked.code_given else Reason.AUTHORISATION_MISSING, asked.caller


def _lock(asked: Asked, _is_open: Callable[[str], bool]) -> tuple[Reason | None, str]:
    return (Reason.LOCKED, asked.lock) if asked.locked else (None, "not locked")


def _code(asked: Asked, _is_open: Callable[[str], bool]) -> tuple[Reason | None, str]:
    if asked.code is not None:
        if not asked.code.active:
            return Reason.INACTIVE_CODE, f"code {asked.code.code} is inactive"
        return None, f"code {asked.code.code} is active"
    if asked.code_given:
        return Reason.UNKNOWN_CODE, "no such code"
    if asked.service.requires_code(asked.destination.call_type) and not asked.code_exempt:
        return Reason.CODE_REQUIRED, f"class {asked.service.name} asks for a code"
    return None, "no code needed"


def _restrictions(asked: Asked, _is_open: Callable[[str], bool]) -> tuple[Reason | None, str]:
    if asked.code is None:
        return None, "no code, no restrictions of one"
    refused = refusal(asked.code.restrictions, asked.typed_digits)
    if refused:
        return Reason(refused), f"code {asked.code.code} may not call {asked.typed_digits}"
    return None, f"code {asked.code.code} may call it"


def _authorisation(asked: Asked, _is_open: Callable[[str], bool]) -> tuple[Reason | None, str]:
    if asked.needs_authorisation and not asked.has_authorisation:
        return Reason.AUTHORISATION_MISSING, "the number holds no authorisation code"
    return None, "authorised" if asked.has_authorisation else "no authorisation code needed"


def _class(asked: Asked, is_open: Callable[[str], bool]) -> tuple[Reason | None, str]:
    if is_barred(asked.service, asked.destination, is_open=is_open):
        return Reason.DESTINATION_BARRED, f"class {asked.service.name} bars this destination"
    return None, f"class {asked.service.name} lets it pass"


def _concurrency(asked: Asked, _is_open: Callable[[str], bool]) -> tuple[Reason | None, str]:
    most = asked.limits.concurrent
    if most is not None and asked.calls_now >= most:
        return Reason.TOO_MANY_CALLS, f"{asked.calls_now} calls at once, {most} are allowed"
    return None, f"{asked.calls_now} calls now"


def _budget(asked: Asked, _is_open: Callable[[str], bool]) -> tuple[Reason | None, str]:
    if asked.budget.is_used_up:
        return Reason.BUDGET_USED, "the budget of this period is used up"
    return None, "the budget of this period is not used up"


def _floor(asked: Asked, _is_open: Callable[[str], bool]) -> tuple[Reason | None, str]:
    floor = asked.limits.floor_micros
    if floor is not None and asked.funds.balance_micros < floor:
        return Reason.BALANCE_FLOOR, "the balance is below the floor"
    return None, "the balance is not below a floor"


_GATES: tuple[tuple[str, Gate], ...] = (
    ("caller", _caller),
    ("lock", _lock),
    ("code", _code),
    ("restrictions", _restrictions),
    ("authorisation", _authorisation),
    ("class", _class),
    ("concurrent_calls", _concurrency),
    ("budget", _budget),
    ("balance_floor", _floor),
)


def _price(
    asked: Asked, pricing: Pricing, settings: Settings, steps: list[Step]
) -> Allowed | Denied:
    """Find the least of all limits, and the money to hold for it."""
    limit_s = _least(asked.limits.call_s, asked.budget.seconds)
    if limit_s is not None:
        steps.append(Step("duration", f"at most {limit_s} s", limit_s))
    budgeted = asked.budget.micros is not None or asked.budget.seconds is not None
    if asked.billed or budgeted:
        limit_s = _shortened(limit_s, settings, steps)
    purses = [m for m in (asked.limits.call_micros, asked.budget.micros) if m is not None]
    if asked.billed:
        purses.append(max(0, asked.funds.available_micros))
        if asked.funds.available_micros <= 0:
            steps.append(Step("money", "nothing is available", limit_s))
            return Denied(Reason.NO_MONEY, tuple(steps))
    if not purses:
        steps.append(Step("money", "this call is not billed", limit_s))
        return Allowed(limit_s, 0, tuple(steps))
    if pricing.unrated:
        steps.append(Step("money", "no rate claims this call", limit_s))
        return Denied(Reason.UNRATED, tuple(steps))
    credit = min(purses)
    paid_s = pricing.longest_talk(credit, limit_s)
    if paid_s == 0:
        steps.append(Step("money", "the first step costs more than is available", 0))
        return Denied(_empty(asked, credit), tuple(steps))
    limit_s = paid_s if paid_s is not None else limit_s
    words = "talk without end is paid" if limit_s is None else f"{limit_s} s of talk are paid"
    steps.append(Step("money", words, limit_s))
    # What never ends never costs more: a charge does not fall as talk goes on.
    cost = pricing.cost(WITHOUT_END_S if limit_s is None else limit_s)
    return Allowed(limit_s, cost if asked.billed else 0, tuple(steps), cost)


def _shortened(limit_s: int | None, settings: Settings, steps: list[Step]) -> int | None:
    """Return how far one hold reaches, if that is less far than the limit."""
    if settings.hold_s is None or (limit_s is not None and limit_s <= settings.hold_s):
        return limit_s
    steps.append(Step("hold", f"held for {settings.hold_s} s at a time", settings.hold_s))
    return settings.hold_s


def _empty(asked: Asked, credit: int) -> Reason:
    """Return which of the limits is the one that the first step does not fit in."""
    if asked.billed and credit == asked.funds.available_micros:
        return Reason.NO_MONEY
    return Reason.BUDGET_USED if credit == asked.budget.micros else Reason.NO_MONEY


def _least(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
