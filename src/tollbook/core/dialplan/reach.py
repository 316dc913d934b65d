"""What a call reached: direction, callee, call type and destination, each step explained.

Emergency numbers come first, always. A direction that the record states wins over the guess,
except that a call between two extensions is internal whatever the record says.

Source: docs/algorithms/mediation.md, "What was reached".
"""

from dataclasses import dataclass, replace
from typing import TypeVar

from tollbook.core.dialplan import world
from tollbook.core.dialplan.plan import DialPlan

CALL_TYPES = (
    "internal",
    "emergency",
    "freephone",
    "local",
    "national",
    "mobile",
    "international",
    "premium",
    "incoming",
    "service",
    "unknown",
)
DIRECTIONS = ("in", "out", "internal", "transit")
MAX_ANALYSED = 64
_DECORATION = str.maketrans("", "", " \t-./()")
_CACHED = 100_000
Key = TypeVar("Key")
Value = TypeVar("Value")
_MARKED = {"mobile", "premium", "freephone", "shared cost"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done to a number: by which rule, what it took, what was left, and why."""

    rule: str
    taken: str
    left: str
    why: str


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a call went. Numbers are E.164 digits without +, an extension, or as written.

    `direction` is one of DIRECTIONS or "" when nothing tells it; `call_type` one of CALL_TYPES.
    """

    direction: str
    caller: str
    callee: str
    call_type: str
    destination: str
    steps: tuple[Step, ...] = ()


def resolve(
    plan: DialPlan,
    *,
    caller: str = "",
    dialled: str = "",
    callee: str = "",
    direction: str = "",
) -> Reached:
    """Return what a call from *caller* reached, read by *plan*; "" is what nobody said.

    *callee* is the party that the record names, *dialled* what was keyed; either may be absent.

    >>> from tollbook.core.dialplan import default_plan
    >>> reached = resolve(default_plan("DE", area_code="30"), caller="101", dialled="0171234567")
    >>> reached.direction, reached.callee, reached.call_type, reached.destination
    ('out', '49171234567', 'national', 'Germany')
    """
    return Resolver(plan).resolve(caller, dialled, callee, direction)


class Resolver:
    """A dial plan at work. Numbers repeat, so it remembers the answers of the last ones."""

    def __init__(self, plan: DialPlan) -> None:
        self.plan = plan
        country = plan.country
        self._emergency = frozenset(plan.emergency) | (
            world.emergency_numbers(country) if country else frozenset({"112", "911"})
        )
        self._calling_code = world.calling_code(country) if country else ""
        self._short_codes = dict(plan.short_codes)
        self._reached: dict[tuple[str, str, str, str], Reached] = {}
        self._targets: dict[tuple[str, bool], Reached] = {}
        self._callers: dict[str, str] = {}

    def resolve(self, caller: str, dialled: str, callee: str, direction: str) -> Reached:
        """Return what `resolve` returns for this resolver's plan."""
        key = (caller, dialled, callee, direction)
        found = self._reached.get(key)
        if found is None:
            found = self._decide(_clean(caller), _clean(dialled), _clean(callee), direction)
            _remember(self._reached, key, found)
        return found

    def is_extension(self, number: str) -> bool:
        """Say whether *number* is one of the site's extensions."""
        if not any(number in numbers for numbers in self.plan.extension_ranges):
            return False
        # Where everything is dialled straight, 118xx is a service that costs, not a telephone.
        return (
            len(number) < 5
            or bool(self.plan.outside_prefixes)
            or not world.short_number_kind(number, self.plan.country)
        )

    def is_emergency(self, number: str) -> bool:
        """Say whether *number*, with or without a digit for the outside line, calls for help."""
        return self._emergency_number(_clean(number)) != ""

    def _decide(self, caller: str, dialled: str, callee: str, direction: str) -> Reached:
        if direction != "in":
            for number in (dialled, callee):
                if help_at := self._emergency_number(number):
                    return _emergency(caller, number, help_at)
        own_caller = self._own_extension(caller) or caller
        target = callee or dialled
        own_target = self._own_extension(target)
        if self.is_extension(own_caller) and own_target:
            return _between_extensions(own_caller, target, own_target)
        if not direction:
            direction = self._guess(own_caller, target, own_target)
        if direction == "in":
            return self._incoming(caller, target, own_target)
        if direction == "internal":
            why = Step("direction", "", target, "the record says that the call stayed inside")
            return Reached("internal", own_caller, target, "internal", "", (why,))
        straight = callee not in ("", dialled) and dialled.endswith(callee)
        reached = self._outward(target, stripped=straight)
        return replace(reached, direction=direction, caller=own_caller)

    def _guess(self, caller: str, target: str, own_target: str) -> str:
        """Return the direction that the numbers themselves suggest."""
        if own_target:
            return "in"
        if target == "":
            return "in" if caller and not self.is_extension(caller) else ""
        if self._is_feature(target) and len(target) <= 5:
            return "internal"
        if caller == "" or self.is_extension(caller):
            return "out"
        return "transit"

    def _incoming(self, caller: str, target: str, own_target: str) -> Reached:
        origin = self._callers.get(caller)
        if origin is None:
            origin = self._caller_number(caller)
            _remember(self._callers, caller, origin)
        steps = []
        if own_target and own_target != target:
            steps.append(
                Step("own_number", target.removesuffix(own_target), own_target, "the site's number")
            )
        if origin != caller:
            steps.append(
                Step("caller", caller, origin, "the caller's number in international form")
            )
        return Reached("in", origin, own_target or target, "incoming", "", tuple(steps))

    def _own_extension(self, number: str) -> str:
        """Return the extension that *number* is, dialled inside or from the world, else ""."""
        if self.is_extension(number):
            return number
        if not self.plan.own_numbers or len(number) < 6:
            return ""
        digits = self._international(number, []) or ""
        for own in self.plan.own_numbers:
            if digits.startswith(own) and self.is_extension(digits[len(own) :]):
                return digits[len(own) :]
        return ""

    def _emergency_number(self, number: str) -> str:
        """Return the emergency number in *number*, "" if there is none."""
        if number in self._emergency:
            return number
        for prefix in (*self.plan.secret_prefixes, *self.plan.outside_prefixes):
            if number.startswith(prefix) and number[len(prefix) :] in self._emergency:
                return number[len(prefix) :]
        return ""

    def _is_feature(self, number: str) -> bool:
        return number.startswith(self.plan.feature_codes)

    def _outward(self, target: str, *, stripped: bool) -> Reached:
        """Return what *target* is for the world outside; direction and caller come later."""
        key = (target, stripped)
        found = self._targets.get(key)
        if found is None:
            found = self._read_target(target, stripped=stripped)
            _remember(self._targets, key, found)
        return found

    def _read_target(self, target: str, *, stripped: bool) -> Reached:
        steps: list[Step] = []
        number = target
        if number in self._short_codes:
            number = self._short_codes[number]
            steps.append(Step("short_code", target, number, "a short code of the site"))
        elif self._is_feature(number):
            why = Step("feature_code", number, "", "keys that switch a feature, not a number")
            return Reached("", "", number, "service", "", (why,))
        elif not stripped:
            number = self._without_prefixes(number, steps)
        kind = world.short_number_kind(number, self.plan.country) if self.plan.country else ""
        if kind:
            name = world.country_name(self.plan.country)
            steps.append(Step("short_number", "", number, f"a short number of {name} ({kind})"))
            return Reached("", "", number, kind, name, tuple(steps))
        digits = self._international(number, steps)
        if digits is None:
            return Reached("", "", number, "unknown", "", tuple(steps))
        return self._classified(digits, steps)

    def _without_prefixes(self, number: str, steps: list[Step]) -> str:
        """Return *number* less what only tells the PBX which way to take; once each."""
        plan = self.plan
        number = _strip(number, plan.secret_prefixes, "secret", "the PBX's secret prefix", steps)
        number = _strip(
            number, plan.outside_prefixes, "outside_line", "the digit for an outside line", steps
        )
        for pattern in plan.carrier_prefixes:
            fixed = pattern.rstrip("x")
            if number.startswith(fixed) and len(number) > len(pattern):
                taken, left = number[: len(pattern)], number[len(pattern) :]
                steps.append(Step("carrier", taken, left, "the choice of a carrier"))
                return left
        return number

    def _international(self, number: str, steps: list[Step]) -> str | None:
        """Return *number* in E.164 digits, None when that cannot be told."""
        plan = self.plan
        digits = number.removeprefix("+")
        if not (digits.isascii() and digits.isdecimal()):
            steps.append(Step("unreadable", "", number, "not a number of digits"))
            return None
        if digits != number:
            steps.append(Step("international", "+", digits, "+ opens an international number"))
            return digits
        prefix = plan.international_prefix
        if prefix and number.startswith(prefix) and len(number) > len(prefix):
            left = number[len(prefix) :]
            steps.append(Step("international", prefix, left, "opens an international number"))
            return left
        prefix = plan.national_prefix
        if prefix and self._calling_code and number.startswith(prefix) and number != prefix:
            left = number[len(prefix) :]
            steps.append(
                Step("national", prefix, left, f"opens a national number: {self._calling_code}")
            )
            return self._calling_code + left
        return self._bare(number, steps)

    def _bare(self, number: str, steps: list[Step]) -> str | None:
        """Return the E.164 digits of a *number* with no prefix at all, None if they are unknown."""
        code, area = self._calling_code, self.plan.area_code
        known_at_home = bool(code) and _is_known(code + number)
        if known_at_home and (code == "1" or not self.plan.national_prefix):
            steps.append(Step("national", "", number, f"a whole national number: {code}"))
            return code + number
        if len(number) >= 10 and _is_known(number):
            steps.append(Step("international", "", number, "a whole international number"))
            return number
        if known_at_home and len(number) >= 9:
            steps.append(Step("national", "", number, f"a whole national number: {code}"))
            return code + number
        if code and area:
            steps.append(Step("local", "", number, f"a local number: {code} {area}"))
            return code + area + number
        if _is_known(number):
            steps.append(Step("international", "", number, "a whole international number"))
            return number
        steps.append(Step("local", "", number, "a local number, but the area code is not set"))
        return None

    def _classified(self, digits: str, steps: list[Step]) -> Reached:
        what = world.look_up(digits)
        if what is None:
            steps.append(Step("unknown", "", digits, "no country has this calling code"))
            return Reached("", "", digits, "unknown", "", tuple(steps))
        at_home = bool(self.plan.country) and what.region == self.plan.country
        name = f"{what.name} {what.kind}" if what.kind in _MARKED and what.region else what.name
        call_type = self._call_type(what, at_home=at_home)
        steps.append(Step("call_type", "", digits, f"{name}: {call_type}"))
        return Reached("", "", digits, call_type, name, tuple(steps))

    def _call_type(self, what: world.Numbering, *, at_home: bool) -> str:
        if what.kind == "premium":
            return "premium"  # Also abroad: what it costs is what the reader must see.
        if what.kind == "freephone" and (at_home or not what.region):
            return "freephone"
        if not at_home:
            return "international"
        if what.kind == "mobile":
            return "mobile"
        area = self.plan.area_code
        return "local" if area and what.national.startswith(area) else "national"

    def _caller_number(self, caller: str) -> str:
        """Return the number of who called, in international form as far as it can be told."""
        digits = self._international(caller, [])
        if digits is not None and _is_known(digits):
            return digits
        # Some PBXs put the outside digit before the caller, so that a key press calls back.
        for prefix in self.plan.outside_prefixes:
            rest = self._international(caller.removeprefix(prefix), [])
            if caller.startswith(prefix) and rest is not None and _is_known(rest):
                return rest
        return digits if digits is not None else caller


def _clean(number: str) -> str:
    """Return *number* without decoration and without the # that ends dialling."""
    if len(number) > MAX_ANALYSED:
        return number
    kept = number.translate(_DECORATION)
    return kept[:-1] if kept.endswith("#") and kept[:-1].isdecimal() else kept


def _strip(number: str, prefixes: tuple[str, ...], rule: str, why: str, steps: list[Step]) -> str:
    for prefix in sorted(prefixes, key=len, reverse=True):
        if number.startswith(prefix) and len(number) > len(prefix):
            left = number[len(prefix) :]
            steps.append(Step(rule, prefix, left, why))
            return left
    return number


def _emergency(caller: str, number: str, help_at: str) -> Reached:
    steps = (Step("emergency", number.removesuffix(help_at), help_at, "an emergency number"),)
    return Reached("out", caller, help_at, "emergency", "Emergency", steps)


def _between_extensions(caller: str, target: str, own_target: str) -> Reached:
    why = Step("extension", target.removesuffix(own_target), own_target, "both are extensions")
    return Reached("internal", caller, own_target, "internal", "", (why,))


def _is_known(digits: str) -> bool:
    what = world.look_up(digits)
    return what is not None and what.kind != ""


def _remember(cache: dict[Key, Value], key: Key, value: Value) -> None:
    if len(cache) >= _CACHED:
        cache.clear()  # Rare, cheap, and memory stays bounded.
    cache[key] = value
