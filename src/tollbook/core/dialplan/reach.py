"""What a call reached: direction, callee, call type and destination, each step explained.

Emergency numbers come first, always. A direction that the record states wins over the guess,
except that a call between two extensions is internal whatever the record says.

Source: docs/algorithms/mediation.md, "What was reached".
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

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
MAX_ANALYSED = 64
_DECORATION = str.maketrans("", "", " \t-./()")
_CACHED = 100_000
Key = TypeVar("Key")
Value = TypeVar("Value")
_MARKED = {"mobile", "premium", "freephone", "shared cost"}


@dataclass(frozen=True, slots=True)
class NumberStep:
    """One thing done to a number: by which rule, what it took, what was left, and why."""

    rule: str
    taken: str
    left: str
    why: str


_STAYED_INSIDE = NumberStep("direction", "", "", "the call stayed inside")


class Reached(NamedTuple):
    """Where a call went. Numbers are E.164 digits without +, an extension, or as written.

    `direction` is a `Direction` or "" when nothing tells it; `call_type` one of CALL_TYPES.
    """

    direction: str
    caller: str
    callee: str
    call_type: str
    destination: str
    steps: tuple[NumberStep, ...] = ()


# Direction, callee, call type, destination and steps: what a call reached, without its caller. It
# depends on the caller's kind alone, so an import of a million calls makes few of them.
Route = tuple[str, str, str, str, tuple[NumberStep, ...]]


@dataclass(slots=True)
class CallerNumber:
    """A caller's number: cleaned (`number`), as the site's extension if it is one (`own`), and in
    international form (`origin`, computed when first needed).
    """

    number: str
    own: str
    is_extension: bool
    origin: str | None = None

    @property
    def kind(self) -> str:
        """What of a caller decides a call's route: "extension", "outside", or "" for unknown."""
        if self.is_extension:
            return "extension"
        return "outside" if self.number else ""

    @property
    def extension(self) -> str:
        """The extension that is billed for what they call, "" for none."""
        return self.own if self.is_extension else ""


@dataclass(slots=True)
class Target:
    """A called number: one of our extensions, an emergency number (`help`), or a number of the
    world outside (`outward`, computed when first needed).
    """

    number: str
    extension: str
    stripped: bool
    inside: tuple[NumberStep, ...]
    help: Reached | None = None
    outward: Reached | None = None


def resolve(
    plan: DialPlan,
    *,
    caller: str = "",
    dialled: str = "",
    callee: str = "",
    direction: str = "",
) -> Reached:
    """Return what a call from *caller* reached, read by *plan*; "" is what is not known.

    *callee* is the party that the record names, *dialled* what was keyed; either may be absent.

    >>> from tollbook.core.dialplan import default_dial_plan
    >>> plan = default_dial_plan("DE", area_code="30")
    >>> reached = resolve(plan, caller="101", dialled="0171234567")
    >>> reached.direction, reached.callee, reached.call_type, reached.destination
    ('out', '49171234567', 'national', 'Germany')
    """
    return Resolver(plan).resolve(caller, dialled, callee, direction)


class Resolver:
    """Resolves calls by one dial plan; what it finds of a number is memoised, as numbers repeat."""

    def __init__(self, plan: DialPlan, *, telephones: Collection[str] = ()) -> None:
        """*telephones* are extensions beside those in the dial plan's ranges."""
        self.plan = plan
        self._telephones = telephones
        country = plan.country
        self._emergency = frozenset(plan.emergency) | (
            world.emergency_numbers(country) if country else frozenset({"112", "911"})
        )
        self._calling_code = world.calling_code(country) if country else ""
        self._short_codes = dict(plan.short_codes)
        self._extensions: dict[str, bool] = {}
        self._callers: dict[str, CallerNumber] = {}
        self._targets: dict[tuple[str, str], Target] = {}

    def resolve(self, caller: str, dialled: str, callee: str, direction: str) -> Reached:
        """Return what `resolve` returns for this resolver's dial plan."""
        who, target = self.caller(caller), self.target(dialled, callee)
        went, reached, call_type, destination, steps = self.way(who, target, direction)
        shown = self.shown(who, went)
        if went == "in" and shown != who.number:
            why = "the caller's number in international form"
            steps = (*steps, NumberStep("caller", who.number, shown, why))
        return Reached(went, shown, reached, call_type, destination, steps)

    def caller(self, number: str) -> "CallerNumber":
        """Return what is known of who called from *number*."""
        known = self._callers.get(number)
        return known or _remember(self._callers, number, self._read_caller(_clean(number)))

    def target(self, dialled: str, callee: str) -> "Target":
        """Return what is known of who was called."""
        key = (dialled, callee)
        known = self._targets.get(key)
        return known or _remember(
            self._targets, key, self._read_target(_clean(dialled), _clean(callee))
        )

    def way(self, who: "CallerNumber", target: "Target", direction: str) -> Route:
        """Return what a call to *target* reached; of *who* only the kind matters."""
        if target.help is not None and direction != "in":
            return _to("out", target.help)
        if who.is_extension and target.extension:
            return ("internal", target.extension, "internal", "", target.inside)
        if not direction:
            direction = self._guess(who, target)
        if direction == "in":
            return _incoming(target)
        if direction == "internal":
            kind = "service" if self._is_feature(target.number) else "internal"
            return ("internal", target.number, kind, "", (_STAYED_INSIDE,))
        if target.outward is None:
            target.outward = self._read_outward(target.number, stripped=target.stripped)
        return _to(direction, target.outward)

    def shown(self, who: "CallerNumber", direction: str) -> str:
        """Return the number by which the caller of a call that went *direction* is known."""
        if direction != "in":
            return who.own
        if who.origin is None:
            who.origin = self._caller_number(who.number)
        return who.origin

    def is_extension(self, number: str) -> bool:
        """Say whether *number* is one of the site's extensions."""
        known = self._extensions.get(number)
        if known is None:
            known = _remember(self._extensions, number, self._lies_in_ranges(number))
        return known

    def is_emergency(self, number: str) -> bool:
        """Say whether *number*, with or without a prefix, is an emergency number."""
        return self._emergency_number(_clean(number)) != ""

    def _lies_in_ranges(self, number: str) -> bool:
        if number in self._telephones:
            return True
        if not any(number in numbers for numbers in self.plan.extension_ranges):
            return False
        if self.plan.outside_prefixes:
            return True
        # Where no outside-line prefix is dialled, 118xx or 411 is a service, not an extension.
        is_service = len(number) >= 5 or (self._calling_code == "1" and number[1:] == "11")
        return not (is_service and world.short_number_kind(number, self.plan.country))

    def _read_caller(self, number: str) -> "CallerNumber":
        extension = self._own_extension(number)
        return CallerNumber(number, extension or number, extension != "")

    def _read_target(self, dialled: str, callee: str) -> "Target":
        target = callee or dialled
        extension = self._own_extension(target)
        taken = target.removesuffix(extension) if extension else ""
        found = Target(
            number=target,
            extension=extension,
            stripped=callee not in ("", dialled) and dialled.endswith(callee),
            inside=(NumberStep("extension", taken, extension, "both are extensions"),),
        )
        for number in (dialled, callee):
            if help_at := self._emergency_number(number):
                found.help = _emergency(number, help_at)
                break
        return found

    def _guess(self, who: "CallerNumber", target: "Target") -> str:
        """Return the direction that the numbers themselves suggest."""
        if target.extension:
            return "in"
        if target.number == "":
            return "in" if who.number and not who.is_extension else ""
        if self._is_feature(target.number) and len(target.number) <= 5:
            return "internal"  # A longer one may be a feature code and a number to dial.
        if who.number == "" or who.is_extension:
            return "out"
        return "transit"

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
        return number.startswith(self.plan.feature_codes) and number not in self._short_codes

    def _read_outward(self, target: str, *, stripped: bool) -> Reached:
        """Return what the outside number *target* reaches, direction and caller left empty."""
        steps: list[NumberStep] = []
        number = target
        if number in self._short_codes:
            number = self._short_codes[number]
            steps.append(NumberStep("short_code", target, number, "a short code of the site"))
        elif self._is_feature(number):
            why = NumberStep("feature_code", number, "", "keys that switch a feature, not a number")
            return Reached("", "", number, "service", "", (why,))
        elif not stripped:
            number = self._without_prefixes(number, steps)
        kind = world.short_number_kind(number, self.plan.country) if self.plan.country else ""
        if kind:
            name = world.country_name(self.plan.country)
            steps.append(
                NumberStep("short_number", "", number, f"a short number of {name} ({kind})")
            )
            return Reached("", "", number, kind, name, tuple(steps))
        digits = self._international(number, steps)
        if digits is None:
            return Reached("", "", number, "unknown", "", tuple(steps))
        return self._classified(digits, steps)

    def _without_prefixes(self, number: str, steps: list[NumberStep]) -> str:
        """Return *number* without secret, outside-line and carrier prefix, each removed once."""
        plan = self.plan
        number = _strip(number, plan.secret_prefixes, "secret", "the PBX's secret prefix", steps)
        number = _strip(
            number, plan.outside_prefixes, "outside_line", "the digit for an outside line", steps
        )
        for pattern in plan.carrier_prefixes:
            fixed = pattern.rstrip("x")
            if number.startswith(fixed) and len(number) > len(pattern):
                taken, left = number[: len(pattern)], number[len(pattern) :]
                steps.append(NumberStep("carrier", taken, left, "the choice of a carrier"))
                return left
        return number

    def _international(self, number: str, steps: list[NumberStep]) -> str | None:
        """Return *number* in E.164 digits, None when that cannot be told."""
        plan = self.plan
        digits = number.removeprefix("+")
        if not (digits.isascii() and digits.isdecimal()):
            steps.append(NumberStep("unreadable", "", number, "not a number of digits"))
            return None
        if digits != number:
            steps.append(
                NumberStep("international", "+", digits, "+ opens an international number")
            )
            return digits
        prefix = plan.international_prefix
        if prefix and number.startswith(prefix) and len(number) > len(prefix):
            left = number[len(prefix) :]
            steps.append(NumberStep("international", prefix, left, "opens an international number"))
            return left
        prefix = plan.national_prefix
        if prefix and self._calling_code and number.startswith(prefix) and number != prefix:
            left = number[len(prefix) :]
            steps.append(
                NumberStep(
                    "national", prefix, left, f"opens a national number: {self._calling_code}"
                )
            )
            return self._calling_code + left
        return self._bare(number, steps)

    def _bare(self, number: str, steps: list[NumberStep]) -> str | None:
        """Return the E.164 digits of a *number* with no prefix at all, None if they are unknown."""
        code, area = self._calling_code, self.plan.area_code
        known_at_home = bool(code) and _is_known(code + number)
        if known_at_home and (code == "1" or not self.plan.national_prefix):
            steps.append(NumberStep("national", "", number, f"a whole national number: {code}"))
            return code + number
        if len(number) >= 10 and _is_known(number):
            steps.append(NumberStep("international", "", number, "a whole international number"))
            return number
        if known_at_home and len(number) >= 9:
            steps.append(NumberStep("national", "", number, f"a whole national number: {code}"))
            return code + number
        if code and area:
            steps.append(NumberStep("local", "", number, f"a local number: {code} {area}"))
            return code + area + number
        if _is_known(number):
            steps.append(NumberStep("international", "", number, "a whole international number"))
            return number
        steps.append(
            NumberStep("local", "", number, "a local number, but the area code is not set")
        )
        return None

    def _classified(self, digits: str, steps: list[NumberStep]) -> Reached:
        what = world.look_up(digits)
        if what is None:
            steps.append(NumberStep("unknown", "", digits, "no country has this calling code"))
            return Reached("", "", digits, "unknown", "", tuple(steps))
        at_home = bool(self.plan.country) and what.region == self.plan.country
        name = f"{what.name} {what.kind}" if what.kind in _MARKED and what.region else what.name
        call_type = self._call_type(what, at_home=at_home)
        steps.append(NumberStep("call_type", "", digits, f"{name}: {call_type}"))
        return Reached("", "", digits, call_type, name, tuple(steps))

    def _call_type(self, what: world.NumberInfo, *, at_home: bool) -> str:
        if what.kind == "premium":
            return "premium"  # Abroad too: that it is dear matters more than where it is.
        if what.kind == "freephone" and (at_home or not what.region):
            return "freephone"
        if not at_home:
            return "international"
        if what.kind == "mobile":
            return "mobile"
        area = self.plan.area_code
        return "local" if area and what.national.startswith(area) else "national"

    def _caller_number(self, caller: str) -> str:
        """Return the caller's number, in international form as far as it can be told."""
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


def _strip(
    number: str, prefixes: tuple[str, ...], rule: str, why: str, steps: list[NumberStep]
) -> str:
    for prefix in sorted(prefixes, key=len, reverse=True):
        if number.startswith(prefix) and len(number) > len(prefix):
            left = number[len(prefix) :]
            steps.append(NumberStep(rule, prefix, left, why))
            return left
    return number


def _incoming(target: Target) -> Route:
    reached = target.extension or target.number
    steps: tuple[NumberStep, ...] = ()
    if reached != target.number:
        taken = target.number.removesuffix(reached)
        steps = (NumberStep("own_number", taken, reached, "the site's number"),)
    return ("in", reached, "incoming", "", steps)


def _to(direction: str, goal: Reached) -> Route:
    return (direction, goal.callee, goal.call_type, goal.destination, goal.steps)


def _emergency(number: str, help_at: str) -> Reached:
    step = NumberStep("emergency", number.removesuffix(help_at), help_at, "an emergency number")
    return Reached("out", "", help_at, "emergency", "Emergency", (step,))


def _is_known(digits: str) -> bool:
    what = world.look_up(digits)
    return what is not None and what.kind != ""


def _remember(cache: dict[Key, Value], key: Key, value: Value) -> Value:
    if len(cache) >= _CACHED:
        cache.clear()  # Bounds the cache; a miss is cheap.
    cache[key] = value
    return value
