"""Classes of service: which destinations a caller may reach, and when.

Source: TAR-10, EBC-15, EBC-18; decision AMB-04 for lists that overlap.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a call would go: digits reached, without plus; country, two letters; call type."""

    digits: str
    country: str
    call_type: str


@dataclass(frozen=True, slots=True)
class BarringRule:
    """Destinations that a class bars or allows; an empty field asks nothing.

    `prefixes` are digits of the number reached. `hours` names a window of the site; the rule
    holds while that window is open.
    """

    bars: bool
    prefixes: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    call_types: tuple[str, ...] = ()
    hours: str = ""


@dataclass(frozen=True, slots=True)
class ClassOfService:
    """A class of service: its rules, and what holds where none fits."""

    name: str
    rules: tuple[BarringRule, ...] = ()
    bars_otherwise: bool = False
    code_required: bool = False
    code_required_types: tuple[str, ...] = ()

    def requires_code(self, call_type: str) -> bool:
        """Say whether a call of *call_type* needs an account code."""
        return self.code_required or call_type in self.code_required_types


def is_barred(
    service: ClassOfService, destination: Destination, *, is_open: Callable[[str], bool]
) -> bool:
    """Say whether *service* bars *destination*; *is_open* tells which windows are open now.

    The most specific rule that holds decides: the longest prefix, then a country, then a call
    type, then one that asks nothing; a tie is barred.

    >>> bars, allows = BarringRule(True, ("44",)), BarringRule(False, ("4420",))
    >>> class_c = ClassOfService("C", (bars, allows))
    >>> places = [Destination(digits, "GB", "international") for digits in ("44161", "4420")]
    >>> [is_barred(class_c, place, is_open=lambda _: True) for place in places]
    [True, False]
    """
    if not service.rules:
        return service.bars_otherwise
    fitting = [
        (rank, rule.bars)
        for rule in service.rules
        if (rank := _rank(rule, destination)) is not None
        and (not rule.hours or is_open(rule.hours))
    ]
    return max(fitting)[1] if fitting else service.bars_otherwise


def _rank(rule: BarringRule, destination: Destination) -> tuple[int, bool, bool] | None:
    """Return how specific *rule* is for *destination*, or None where it does not fit."""
    length = 0
    if rule.prefixes:
        matches = [len(p) for p in rule.prefixes if destination.digits.startswith(p)]
        if not matches:
            return None
        length = max(matches)
    if rule.countries and destination.country not in rule.countries:
        return None
    if rule.call_types and destination.call_type not in rule.call_types:
        return None
    return length, bool(rule.countries), bool(rule.call_types)
