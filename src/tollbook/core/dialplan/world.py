"""The world's numbering: which country or network a number belongs to, and what kind it is.

Works on E.164 digits without the plus sign. It reads the same tables as
`phonenumbers.number_type`, but only those of the number's own calling code, which takes a few
microseconds instead of a hundred; a test holds the two equal.

Source: docs/algorithms/mediation.md, "What was reached"; the tables are those of the package
phonenumberslite.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    SUPPORTED_REGIONS,
    PhoneMetadata,
    PhoneNumberDesc,
)

from tollbook.core.dialplan.countries import COUNTRIES, NETWORKS

# The order in which a number that fits several kinds is decided.
_KINDS = (
    ("premium", "premium_rate"),
    ("freephone", "toll_free"),
    ("shared cost", "shared_cost"),
    ("internet", "voip"),
    ("personal", "personal_number"),
    ("pager", "pager"),
    ("company", "uan"),
    ("voicemail", "voicemail"),
)


@dataclass(frozen=True, slots=True)
class NumberInfo:
    """What a number is: its country ("" for a network of no country), name, kind and rest.

    `kind` is one of fixed, mobile, fixed or mobile, premium, freephone, shared cost, internet,
    personal, pager, company, voicemail, or "" where the tables do not know the number.
    `national` is what follows the calling code.
    """

    region: str
    name: str
    calling_code: str
    national: str
    kind: str


def look_up(digits: str) -> NumberInfo | None:
    """Return what the E.164 *digits* are, or None when no calling code begins them.

    >>> look_up("4930231250")
    NumberInfo(region='DE', name='Germany', calling_code='49', national='30231250', kind='fixed')
    >>> look_up("999123") is None
    True
    """
    for length in (1, 2, 3):
        code = digits[:length]
        plans = _plans(code)
        if plans:
            break
    else:
        return None
    national = digits[length:]
    for plan in plans:
        if plan.leads is not None:
            if plan.leads.match(national):
                return NumberInfo(plan.region, plan.name, code, national, plan.kind(national))
        elif kind := plan.kind(national):
            return NumberInfo(plan.region, plan.name, code, national, kind)
    main = plans[0]
    return NumberInfo(main.region, main.name, code, national, "")


def country_name(country: str) -> str:
    """Return the name of *country*, as "Germany" of DE."""
    return COUNTRIES[country]


def calling_code(country: str) -> str:
    """Return the calling code of *country*, as "49" of DE."""
    return str(_metadata(country).country_code)


def national_prefix(country: str) -> str:
    """Return the digit that opens a national number in *country*, "" where there is none."""
    prefix = _metadata(country).national_prefix
    return str(prefix) if prefix else ""


def international_prefix(country: str) -> str:
    """Return the digits that open an international number in *country*."""
    metadata = _metadata(country)
    plain = metadata.preferred_international_prefix or metadata.international_prefix or "00"
    return plain if plain.isdigit() else "00"


def is_country(code: str) -> bool:
    """Say whether *code* is a country, by two capital letters, that has a numbering plan."""
    return code in SUPPORTED_REGIONS


@lru_cache(maxsize=512)
def emergency_numbers(country: str) -> frozenset[str]:
    """Return the emergency numbers of *country*; 112 and 911 where the tables name none."""
    short = PhoneMetadata.short_metadata_for_region(country)
    calls_for_help = short.emergency if short is not None else None
    if calls_for_help is None or not calls_for_help.national_number_pattern:
        return frozenset({"112", "911"})
    fits = re.compile(calls_for_help.national_number_pattern).fullmatch
    lengths = [length for length in calls_for_help.possible_length or (3,) if length <= 4]
    found = {text for n in lengths for text in (f"{i:0{n}d}" for i in range(10**n)) if fits(text)}
    return frozenset(found or {"112", "911"})


@lru_cache(maxsize=4096)
def short_number_kind(digits: str, country: str) -> str:
    """Return premium, freephone or service for a short number of *country*, else "".

    >>> short_number_kind("11880", "DE"), short_number_kind("101", "DE")
    ('service', '')
    """
    short = PhoneMetadata.short_metadata_for_region(country) if len(digits) <= 6 else None
    if short is None:
        return ""
    for kind, desc in (("premium", short.premium_rate), ("freephone", short.toll_free)):
        if _fits(desc, digits):
            return kind
    return "service" if _fits(short.short_code, digits) else ""


class _NumberingPlan:
    """The compiled numbering plan of one country or network."""

    __slots__ = ("_fixed", "_general", "_kinds", "_mobile", "leads", "name", "region")

    def __init__(self, region: str, name: str, metadata: PhoneMetadata) -> None:
        leading = metadata.leading_digits
        self.region = region
        self.name = name
        self.leads = re.compile(leading) if leading else None
        self._general = _Shape(metadata.general_desc)
        self._kinds = [
            (kind, _Shape(desc))
            for kind, field in _KINDS
            if (desc := getattr(metadata, field)) is not None and desc.national_number_pattern
        ]
        self._fixed = _Shape(metadata.fixed_line)
        self._mobile = _Shape(metadata.mobile)

    def kind(self, national: str) -> str:
        """Return the kind of the *national* number, "" when the plan does not know it."""
        if not self._general.fits(national):
            return ""
        for kind, shape in self._kinds:
            if shape.fits(national):
                return kind
        mobile = self._mobile.fits(national)
        if self._fixed.fits(national):
            return "fixed or mobile" if mobile else "fixed"
        return "mobile" if mobile else ""


class _Shape:
    """The lengths and the pattern of one kind of number."""

    __slots__ = ("_lengths", "_match")

    def __init__(self, desc: PhoneNumberDesc | None) -> None:
        pattern = desc.national_number_pattern if desc is not None else None
        self._match = re.compile(pattern).fullmatch if pattern else None
        self._lengths = frozenset(desc.possible_length or ()) if desc is not None else frozenset()

    def fits(self, national: str) -> bool:
        if self._match is None or (self._lengths and len(national) not in self._lengths):
            return False
        return self._match(national) is not None


@lru_cache(maxsize=1024)
def _plans(code: str) -> tuple[_NumberingPlan, ...]:
    """Return the numbering plans that share a calling *code*, the main country's first."""
    if not code.isdecimal() or code.startswith("0"):
        return ()
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    if regions == ("001",):
        network = PhoneMetadata.metadata_for_nongeo_region(int(code))
        name = NETWORKS.get(code, "International networks")
        return (_NumberingPlan("", name, network),) if network is not None else ()
    return tuple(_NumberingPlan(region, COUNTRIES[region], _metadata(region)) for region in regions)


def _metadata(country: str) -> PhoneMetadata:
    metadata = PhoneMetadata.metadata_for_region(country)
    if metadata is None:
        raise ValueError(f"{country!r} is not a country with a numbering plan")
    return metadata


def _fits(desc: PhoneNumberDesc | None, digits: str) -> bool:
    pattern = desc.national_number_pattern if desc is not None else None
    return bool(pattern) and re.fullmatch(str(pattern), digits) is not None
