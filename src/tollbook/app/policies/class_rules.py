"""Classes of service as they are stored: rules and hours, read once for many decisions.

Rules are a list of objects, each of which bars or allows; a key that is absent asks nothing:

    [{"bars": true, "prefixes": ["44"], "countries": ["GB"], "call_types": ["international"],
      "hours": "night"}]

Hours are windows of the site's wall clock, written as the bands of a tariff are; several may
share a name, and one of them being open is enough:

    [{"name": "night", "from": "19:00:00", "to": "07:00:00", "days": [1, 2, 3, 4, 5]}]

Source: docs/manual/may-this-call-be-placed.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tollbook.core.calendar import Calendar, Window, format_clock, parse_clock
from tollbook.core.dialplan import CALL_TYPES
from tollbook.core.policies import BarringRule, ClassOfService

Objects = list[dict[str, object]]

_RULE_KEYS = {"bars", "prefixes", "countries", "call_types", "hours"}
_WINDOW_KEYS = {"name", "from", "to", "days", "months", "month_days"}
_RANGES = {"days": range(1, 8), "months": range(1, 13), "month_days": range(1, 32)}


@dataclass(frozen=True, slots=True)
class NamedWindow:
    """A window of the site's wall clock by its name."""

    name: str
    window: Window


class ClassAtWork:
    """A class of service with its hours in one zone."""

    def __init__(self, service: ClassOfService, hours: Sequence[NamedWindow], zone: str) -> None:
        self.service = service
        self._bits: dict[str, int] = {}
        for bit, named in enumerate(hours):
            self._bits[named.name] = self._bits.get(named.name, 0) | 1 << bit
        self._calendar = Calendar(zone, None, [named.window for named in hours])

    def is_open(self, epoch_s: int) -> Callable[[str], bool]:
        """Return what says whether a window is open at *epoch_s*."""
        if not self._bits:
            return _none_is_open
        open_now = self._calendar.open_at(epoch_s)
        bits = self._bits
        return lambda name: bool(bits.get(name, 0) & open_now)


def read_rules(stored: object) -> tuple[BarringRule, ...]:
    """Return the rules that are *stored*. Raises ValueError, naming the rule and the fault."""
    rules = []
    for number, given in enumerate(_objects(stored, "rules"), 1):
        place = f"rule {number}"
        _refuse_unknown(given, _RULE_KEYS, place)
        bars, hours = given.get("bars"), given.get("hours", "")
        if bars is not True and bars is not False:
            raise ValueError(f'{place}: "bars" must be true or false')
        _refuse_unless(isinstance(hours, str), f'{place}: "hours" must be the name of a window')
        prefixes = tuple(entry.removeprefix("+") for entry in _texts(given, "prefixes", place))
        wrong = [entry for entry in prefixes if not (entry.isascii() and entry.isdigit())]
        if wrong:
            raise ValueError(f'{place}: prefix "{wrong[0][:32]}" is not digits')
        types = _texts(given, "call_types", place)
        unknown = [name for name in types if name not in CALL_TYPES]
        if unknown:
            known = ", ".join(CALL_TYPES)
            raise ValueError(f'{place}: there is no call type "{unknown[0][:32]}"; known: {known}')
        rules.append(
            BarringRule(bars, prefixes, _texts(given, "countries", place), types, str(hours))
        )
    return tuple(rules)


def read_hours(stored: object) -> tuple[NamedWindow, ...]:
    """Return the windows that are *stored*. Raises ValueError, naming the window and the fault."""
    windows = []
    for number, given in enumerate(_objects(stored, "hours"), 1):
        place = f"window {number}"
        _refuse_unknown(given, _WINDOW_KEYS, place)
        name = given.get("name")
        if not isinstance(name, str) or not name:
            raise ValueError(f'{place}: "name" is missing')
        try:
            begin = parse_clock(str(given.get("from", "00:00:00")))
            end = parse_clock(str(given.get("to", "24:00:00")))
        except ValueError as fault:
            raise ValueError(f"{place}: {fault}") from fault
        if begin == end:
            raise ValueError(f"{place}: it opens and closes at the same time")
        days, months, month_days = (_numbers(given, key, place) for key in _RANGES)
        windows.append(NamedWindow(name, Window(begin, end, days, months, month_days)))
    return tuple(windows)


def rules_to_store(rules: Sequence[BarringRule]) -> Objects:
    """Return *rules* as they are stored."""
    return [
        {
            "bars": rule.bars,
            "prefixes": list(rule.prefixes),
            "countries": list(rule.countries),
            "call_types": list(rule.call_types),
            "hours": rule.hours,
        }
        for rule in rules
    ]


def hours_to_store(windows: Sequence[NamedWindow]) -> Objects:
    """Return *windows* as they are stored."""
    return [
        {
            "name": named.name,
            "from": format_clock(named.window.from_s),
            "to": format_clock(named.window.to_s),
            "days": list(named.window.days),
            "months": list(named.window.months),
            "month_days": list(named.window.month_days),
        }
        for named in windows
    ]


def _objects(given: object, what: str) -> Sequence[Mapping[str, object]]:
    if not isinstance(given, list | tuple) or not all(isinstance(one, dict) for one in given):
        raise ValueError(f"the {what} must be a list of objects")
    return given


def _refuse_unless(is_right: object, message: str) -> None:
    if not is_right:
        raise ValueError(message)


def _refuse_unknown(given: Mapping[str, object], known: set[str], place: str) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(f'{place}: there is no key "{unknown[0]}"')


def _texts(given: Mapping[str, object], key: str, place: str) -> tuple[str, ...]:
    entries = given.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise ValueError(f'{place}: "{key}" must be a list of texts')
    return tuple(entries)


def _numbers(given: Mapping[str, object], key: str, place: str) -> tuple[int, ...]:
    entries = given.get(key, [])
    allowed = _RANGES[key]
    if not isinstance(entries, list) or not all(entry in allowed for entry in entries):
        raise ValueError(f'{place}: "{key}" must be a list of {allowed[0]} to {allowed[-1]}')
    return tuple(entries)


def _none_is_open(_name: str) -> bool:
    return False
