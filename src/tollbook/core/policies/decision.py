"""The decision on a call: may it be placed, for how long, and what is set aside for it.

Rules are checked in one fixed order, and each leaves a step, so that every answer explains itself.
Emergency numbers pass before any rule. Source: INTERFACES "authorise", RUL-06, RUL-07,
EBC-01 to EBC-18, TAR-02 to TAR-10; docs/algorithms/decision.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from tollbook.core.budgets import Left
from tollbook.core.ledger import Funds
from tollbook.core.policies.barring import ClassOfService, Destination, is_barred
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


class DecisionInput(NamedTuple):
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
    service: ClassOfService
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


class DecisionStep(NamedTuple):
    """One rule's answer: `outcome` in words; `limit_s` the limit after it, None for none yet.

    (A named tuple, because that is cheap: a dozen are made for every decision.)
    """

    rule: str
    outcome: str
    limit_s: int | None = None


class Allowed(NamedTuple):
    """The call may be placed for `limit_s` (None: without end); `hold_micros` is set aside.

    `cost_micros` is what the limit costs, also where nobody pays it: budgets count that.
    """

    limit_s: int | None
    hold_micros: int
    steps: tuple[DecisionStep, ...]
    cost_micros: int = 0


class Denied(NamedTuple):
    """The call is refused."""

    reason: Reason
    steps: tuple[DecisionStep, ...]


class HoldSettings(NamedTuple):
    """How far one hold reaches, in seconds of talk; None: to the call's limit.

    What is not held may be spent by another call, so a limit never reaches beyond its hold. A
    shorter hold leaves money for calls beside this one; the switch renews it while the call lasts.
    """

    hold_s: int | None = None


def decide(
    asked: DecisionInput,
    pricing: Pricing,
    settings: HoldSettings,
    *,
    is_open: Callable[[str], bool],
    before: tuple[DecisionStep, ...] = (),
) -> Allowed | Denied:
    """Decide on a call; *is_open* tells which of the site's windows are open now.

    *before* are steps that led to the question; the answer's begin with them.
    """
    if asked.emergency:
        return Allowed(
            None, 0, (*before, DecisionStep("emergency", "emergency numbers always pass"))
        )
    steps = list(before)
    for ask in _GATES:
        reason, step = ask(asked, is_open)
        steps.append(step)
        if reason is not None:
            return Denied(reason, tuple(steps))
    return _price(asked, pricing, settings, steps)


Gate = Callable[[DecisionInput, Callable[[str], bool]], tuple[Reason | None, DecisionStep]]
# Most calls pass most rules with the same words: these steps are made once and shared.
_NOT_LOCKED = None, DecisionStep("lock", "not locked")
_NO_CODE_NEEDED = None, DecisionStep("code", "no code needed")
_NO_RESTRICTIONS = None, DecisionStep("restrictions", "no code, no restrictions of one")
_NO_AUTHORISATION_NEEDED = None, DecisionStep("authorisation", "no authorisation code needed")
_AUTHORISED = None, DecisionStep("authorisation", "authorised")
_BUDGET_LEFT = None, DecisionStep("budget", "the budget of this period is not used up")
_ABOVE_FLOOR = None, DecisionStep("balance_floor", "the balance is not below a floor")


@lru_cache(maxsize=20_000)
def _passes(rule: str, words: str) -> tuple[None, DecisionStep]:
    """Return the outcome of a rule that passes; memoised, as its words repeat call after call."""
    return None, DecisionStep(rule, words)


def _caller(
    asked: DecisionInput, _is_open: Callable[[str], bool]
) -> tuple[Reason | None, DecisionStep]:
    # A code that was given and is not in the directory is refused as such, one step later.
    if asked.known or asked.code_given or asked.code is not None:
        return _passes("caller", asked.caller)
    return Reason.AUTHORISATION_MISSING, DecisionStep("caller", asked.caller)


def _lock(
    asked: DecisionInput, _is_open: Callable[[str], bool]
) -> tuple[Reason | None, DecisionStep]:
    return (Reason.LOCKED, DecisionStep("lock", asked.lock)) if asked.locked else _NOT_LOCKED


def _code(
    asked: DecisionInput, _is_open: Callable[[str], bool]
) -> tuple[Reason | None, DecisionStep]:
    code, service = asked.code, asked.service
    if code is not None:
        if not code.active:
            return Reason.INACTIVE_CODE, DecisionStep("code", f"code {code.code} is inactive")
        return None, DecisionStep("code", f"code {code.code} is active")
    if asked.code_given:
        return Reason.UNKNOWN_CODE, DecisionStep("code", "no such code")
    if service.requires_code(asked.destination.call_type) and not asked.code_exempt:
        return Reason.CODE_REQUIRED, DecisionStep("code", f"class {service.name} asks for a code")
    return _NO_CODE_NEEDED


def _restrictions(
    asked: DecisionInput, _is_open: Callable[[str], bool]
) -> tuple[Reason | None, DecisionStep]:
    code, typed = asked.code, asked.typed_digits
    if code is None:
        return _NO_RESTRICTIONS
    refused = refusal(code.restrictions, typed)
    if refused:
        step = DecisionStep("restrictions", f"code {code.code} may not call {typed}")
        return Reason(refused), step
    return None, DecisionStep("restrictions", f"code {code.code} may call it")


def _authorisation(
    asked: DecisionInput, _is_open: Callable[[str], bool]
) -> tuple[Reason | None, DecisionStep]:
    if asked.has_authorisation:
        return _AUTHORISED
    if asked.needs_authorisation:
        step = DecisionStep("authorisation", "the number holds no authorisation code")
        return Reason.AUTHORISATION_MISSING, step
    return _NO_AUTHORISATION_NEEDED


def _class(
    asked: DecisionInput, is_open: Callable[[str], bool]
) -> tuple[Reason | None, DecisionStep]:
    name = asked.service.name
    if is_barred(asked.service, asked.destination, is_open=is_open):
        return Reason.DESTINATION_BARRED, DecisionStep(
            "class", f"class {name} bars this destination"
        )
    return _passes("class", f"class {name} lets it pass")


def _concurrency(
    asked: DecisionInput, _is_open: Callable[[str], bool]
) -> tuple[Reason | None, DecisionStep]:
    most, now = asked.limits.concurrent, asked.calls_now
    if most is not None and now >= most:
        step = DecisionStep("concurrent_calls", f"{now} calls at once, {most} are allowed")
        return Reason.TOO_MANY_CALLS, step
    return _passes("concurrent_calls", f"{now} calls now")


def _budget(
    asked: DecisionInput, _is_open: Callable[[str], bool]
) -> tuple[Reason | None, DecisionStep]:
    if asked.budget.is_used_up:
        return Reason.BUDGET_USED, DecisionStep("budget", "the budget of this period is used up")
    return _BUDGET_LEFT


def _floor(
    asked: DecisionInput, _is_open: Callable[[str], bool]
) -> tuple[Reason | None, DecisionStep]:
    floor = asked.limits.floor_micros
    if floor is not None and asked.funds.balance_micros < floor:
        return Reason.BALANCE_FLOOR, DecisionStep("balance_floor", "the balance is below the floor")
    return _ABOVE_FLOOR


_GATES: tuple[Gate, ...] = (
    _caller,
    _lock,
    _code,
    _restrictions,
    _authorisation,
    _class,
    _concurrency,
    _budget,
    _floor,
)


def _price(
    asked: DecisionInput, pricing: Pricing, settings: HoldSettings, steps: list[DecisionStep]
) -> Allowed | Denied:
    """Return the least of all limits and the money to hold for it, or the refusal."""
    budget = asked.budget
    limit_s = _least(asked.limits.call_s, budget.seconds)
    if limit_s is not None:
        steps.append(_limited("duration", "at most {} s", limit_s))
    if asked.billed or budget.micros is not None or budget.seconds is not None:
        limit_s = _shortened(limit_s, settings, steps)
    purses = [m for m in (asked.limits.call_micros, budget.micros) if m is not None]
    if asked.billed:
        available_micros = asked.funds.available_micros
        if available_micros <= 0:
            steps.append(DecisionStep("money", "nothing is available", limit_s))
            return Denied(Reason.NO_MONEY, tuple(steps))
        purses.append(available_micros)
    if not purses:
        steps.append(DecisionStep("money", "this call is not billed", limit_s))
        return Allowed(limit_s, 0, tuple(steps))
    if pricing.unrated:
        steps.append(DecisionStep("money", "no rate claims this call", limit_s))
        return Denied(Reason.UNRATED, tuple(steps))
    credit = min(purses)
    paid_s = pricing.longest_talk(credit, limit_s)
    if paid_s == 0:
        steps.append(DecisionStep("money", "the first step costs more than is available", 0))
        return Denied(_empty(asked, credit), tuple(steps))
    limit_s = paid_s if paid_s is not None else limit_s
    if limit_s is None:
        steps.append(_PAID_WITHOUT_END)
    else:
        steps.append(_limited("money", "{} s of talk are paid", limit_s))
    # Unlimited talk is held at its highest charge: a charge never falls as talk goes on.
    cost = pricing.cost(WITHOUT_END_S if limit_s is None else limit_s)
    return Allowed(limit_s, cost if asked.billed else 0, tuple(steps), cost)


_PAID_WITHOUT_END = DecisionStep("money", "talk without end is paid")


@lru_cache(maxsize=20_000)
def _limited(rule: str, words: str, limit_s: int) -> DecisionStep:
    """Return a step that names the limit after it; memoised, as limits repeat."""
    return DecisionStep(rule, words.format(limit_s), limit_s)


def _shortened(
    limit_s: int | None, settings: HoldSettings, steps: list[DecisionStep]
) -> int | None:
    """Return how far one hold reaches, if that is less far than the limit."""
    if settings.hold_s is None or (limit_s is not None and limit_s <= settings.hold_s):
        return limit_s
    steps.append(_limited("hold", "held for {} s at a time", settings.hold_s))
    return settings.hold_s


def _empty(asked: DecisionInput, credit: int) -> Reason:
    """Return the reason to refuse a call whose first step costs more than *credit*."""
    if asked.billed and credit == asked.funds.available_micros:
        return Reason.NO_MONEY
    return Reason.BUDGET_USED if credit == asked.budget.micros else Reason.NO_MONEY


def _least(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
