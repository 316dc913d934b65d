"""A site's dial plan as a value, and its reading from a document.

Source: docs/algorithms/mediation.md, "The dial plan".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tollbook.core.dialplan import world

MAX_ENTRIES = 10_000
_DIGITS = re.compile(r"[0-9]{1,32}")
_CARRIER = re.compile(r"[0-9]{1,32}x{0,8}")
_FEATURE = re.compile(r"[*#][0-9*#]{0,31}")
_KEYS = re.compile(r"[0-9*#]{1,32}")
_NUMBER = re.compile(r"\+?[0-9]{1,32}")
_RANGE = re.compile(r"([0-9]{1,16})-([0-9]{1,16})")
_PATTERN = re.compile(r"([0-9]{0,16})(x{0,15})")


@dataclass(frozen=True, slots=True)
class ExtensionRange:
    """The numbers of one length from *first* to *last*, both included."""

    first: str
    last: str

    def __contains__(self, number: object) -> bool:
        return (
            isinstance(number, str)
            and len(number) == len(self.first)
            and self.first <= number <= self.last
            and number.isascii()
            and number.isdecimal()
        )

    def __str__(self) -> str:
        return self.first if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class DialPlan:
    """How the telephones of one site are dialled from.

    `country` has two letters and decides calling code, emergency and short numbers; "" knows no
    country. `area_code` is the site's own, without the national prefix. `own_numbers` are what
    stands before an extension when the world dials it, in E.164 digits. In `carrier_prefixes` an
    x at the end stands for any digit. `short_codes` are pairs of keys and the number they dial.
    `emergency` holds numbers beside those of the country.
    """

    country: str = ""
    area_code: str = ""
    own_numbers: tuple[str, ...] = ()
    outside_prefixes: tuple[str, ...] = ()
    secret_prefixes: tuple[str, ...] = ()
    carrier_prefixes: tuple[str, ...] = ()
    national_prefix: str = ""
    international_prefix: str = "00"
    extension_ranges: tuple[ExtensionRange, ...] = ()
    short_codes: tuple[tuple[str, str], ...] = ()
    feature_codes: tuple[str, ...] = ("*", "#")
    emergency: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DialPlanFault:
    """What is wrong with a dial plan's document, and where."""

    place: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class DialPlanReading:
    """The dial plan, or none and the faults for which it was refused."""

    plan: DialPlan | None
    faults: tuple[DialPlanFault, ...]


def default_dial_plan(country: str = "", *, area_code: str = "") -> DialPlan:
    """Return the dial plan of a site of which only the country is known.

    Numbers of two to five digits that do not begin with 0 are taken for extensions, and nothing
    is dialled to reach a line.

    >>> plan = default_dial_plan("DE", area_code="30")
    >>> plan.national_prefix, plan.international_prefix
    ('0', '00')
    """
    known = world.is_country(country)
    return DialPlan(
        country=country if known else "",
        area_code=area_code,
        national_prefix=world.national_prefix(country) if known else "0",
        international_prefix=world.international_prefix(country) if known else "00",
        extension_ranges=tuple(
            ExtensionRange("1" + "0" * zeros, "9" * (zeros + 1)) for zeros in (1, 2, 3, 4)
        ),
    )


def dial_plan_document(plan: DialPlan) -> dict[str, object]:
    """Return *plan* as a document of texts, lists and one table, ready for JSON."""
    return {
        "country": plan.country,
        "area_code": plan.area_code,
        "own_numbers": list(plan.own_numbers),
        "outside_prefixes": list(plan.outside_prefixes),
        "secret_prefixes": list(plan.secret_prefixes),
        "carrier_prefixes": list(plan.carrier_prefixes),
        "national_prefix": plan.national_prefix,
        "international_prefix": plan.international_prefix,
        "extension_ranges": [str(numbers) for numbers in plan.extension_ranges],
        "short_codes": dict(plan.short_codes),
        "feature_codes": list(plan.feature_codes),
        "emergency": list(plan.emergency),
    }


def read_dial_plan(document: Mapping[str, object]) -> DialPlanReading:
    """Return the dial plan that *document* describes, or every fault with its place.

    A key that is absent has the value of `default_dial_plan` for the document's country.

    >>> read_dial_plan({"country": "DE", "outside_prefixes": ["0"]}).plan.outside_prefixes
    ('0',)
    >>> read_dial_plan({"extension_ranges": ["200-1"]}).faults[0].place
    'extension_ranges[0]'
    """
    reader = _DialPlanReader(document)
    country = reader.text("country", "", _is_country, "two capital letters of a country, as DE")
    base = default_dial_plan(country)
    plan = DialPlan(
        country=country,
        area_code=reader.text("area_code", "", _digits_or_none, "digits without the 0 before it"),
        own_numbers=reader.texts(
            "own_numbers", (), _DIGITS.fullmatch, "digits in international form, as 493023125"
        ),
        outside_prefixes=reader.texts("outside_prefixes", (), _DIGITS.fullmatch, "digits"),
        secret_prefixes=reader.texts("secret_prefixes", (), _DIGITS.fullmatch, "digits"),
        carrier_prefixes=reader.texts(
            "carrier_prefixes", (), _CARRIER.fullmatch, "digits, x at the end for any digit"
        ),
        national_prefix=reader.text(
            "national_prefix", base.national_prefix, _digits_or_none, "digits, or nothing"
        ),
        international_prefix=reader.text(
            "international_prefix", base.international_prefix, _digits_or_none, "digits, or nothing"
        ),
        extension_ranges=reader.ranges("extension_ranges", base.extension_ranges),
        short_codes=reader.pairs("short_codes"),
        feature_codes=reader.texts(
            "feature_codes", base.feature_codes, _FEATURE.fullmatch, "keys that begin with * or #"
        ),
        emergency=reader.texts("emergency", (), _DIGITS.fullmatch, "digits"),
    )
    faults = reader.faults()
    return DialPlanReading(None if faults else plan, faults)


def read_range(text: str) -> ExtensionRange | None:
    """Return the numbers that "100-199", "8xx" or "105" stand for, None for anything else.

    >>> str(read_range("8xx")), read_range("x8x")
    ('800-899', None)
    """
    if bounds := _RANGE.fullmatch(text):
        first, last = bounds.groups()
        return ExtensionRange(first, last) if len(first) == len(last) and first <= last else None
    pattern = _PATTERN.fullmatch(text)
    if pattern is None or not text:
        return None
    digits, wild = pattern.groups()
    return ExtensionRange(digits + "0" * len(wild), digits + "9" * len(wild))


class _DialPlanReader:
    """Reads a document key by key and collects the faults."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = document
        self._asked: set[str] = set()
        self._found: list[DialPlanFault] = []

    def text(self, key: str, absent: str, fits: Callable[[str], object], expected: str) -> str:
        value = self._take(key, absent)
        if isinstance(value, str) and fits(value):
            return value
        self._fault(key, "dialplan.value", f"{value!r} is not {expected}")
        return absent

    def texts(
        self,
        key: str,
        absent: tuple[str, ...],
        fits: Callable[[str], object],
        expected: str,
    ) -> tuple[str, ...]:
        found = self._list(key, absent)
        for index, value in enumerate(found):
            if not (isinstance(value, str) and fits(value)):
                self._fault(f"{key}[{index}]", "dialplan.value", f"{value!r} is not {expected}")
        return tuple(value for value in found if isinstance(value, str))

    def ranges(self, key: str, absent: tuple[ExtensionRange, ...]) -> tuple[ExtensionRange, ...]:
        if key not in self._document:
            self._asked.add(key)
            return absent
        ranges = []
        for index, value in enumerate(self._list(key, ())):
            numbers = read_range(value) if isinstance(value, str) else None
            if numbers is None:
                self._fault(
                    f"{key}[{index}]",
                    "dialplan.range",
                    f'{value!r} is not a range of extensions, as "100-199", "8xx" or "105"',
                )
            else:
                ranges.append(numbers)
        return tuple(ranges)

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        table = self._take(key, {})
        if not isinstance(table, Mapping) or len(table) > MAX_ENTRIES:
            self._fault(key, "dialplan.value", "expected a table of keys and numbers")
            return ()
        for keys, number in table.items():
            place = f"{key}.{keys}"
            if not (isinstance(keys, str) and _KEYS.fullmatch(keys)):
                self._fault(place, "dialplan.value", f"{keys!r} is not digits, * or #")
            if not (isinstance(number, str) and _NUMBER.fullmatch(number)):
                self._fault(place, "dialplan.value", f"{number!r} is not a number to dial")
        return tuple((str(keys), str(number)) for keys, number in table.items())

    def faults(self) -> tuple[DialPlanFault, ...]:
        for key in self._document:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                self._fault(str(key), "dialplan.unknown_key", f"no such key; known: {known}")
        return tuple(self._found)

    def _take(self, key: str, absent: object) -> object:
        self._asked.add(key)
        return self._document.get(key, absent)

    def _list(self, key: str, absent: tuple[object, ...]) -> tuple[object, ...]:
        value = self._take(key, absent)
        if isinstance(value, list | tuple) and len(value) <= MAX_ENTRIES:
            return tuple(value)
        self._fault(key, "dialplan.value", f"expected a list of at most {MAX_ENTRIES} texts")
        return ()

    def _fault(self, place: str, code: str, message: str) -> None:
        self._found.append(DialPlanFault(place, code, message))


def _is_country(text: str) -> bool:
    return text == "" or world.is_country(text)


def _digits_or_none(text: str) -> bool:
    return text == "" or _DIGITS.fullmatch(text) is not None
