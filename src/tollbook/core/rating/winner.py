"""Which rate prices a call: rules 1 and 2 of `rate`.

Source: docs/algorithms/rating.md, "Winner".
"""

from typing import NamedTuple

from tollbook.core.calendar import epoch_seconds
from tollbook.core.money import MICRO
from tollbook.core.numbers import strip_decoration
from tollbook.core.rating.model import UNRATED_REASONS, TalkedCall
from tollbook.core.tariff import CompiledRate, CompiledTariff, PrefixEntry

_REASON_RANK = {reason: rank for rank, reason in enumerate(UNRATED_REASONS)}

_MISFIT_WORDS = {
    "no_active_rate": "it is switched off",
    "no_caller": "it is for other callers",
    "no_trunk": "it is for other trunks",
    "no_band": "its window is not open",
}

# What decides between two rates that both fit, by the place in their order of precedence.
_PRECEDENCE = (
    ("longest prefix", "shorter prefix"),
    ("for this caller", "not for this caller alone"),
    ("for this trunk", "not for this trunk alone"),
    ("exact number length", "any number length"),
    ("in a band", "in no band"),
    ("greater band weight", "lesser band weight"),
    ("later effective_from", "earlier effective_from"),
    ("earlier in the list", "later in the list"),
)


class PrefixLookup(NamedTuple):
    """A call as the look-up sees it: digits only, its talk instant as whole numbers."""

    number: str
    entry: PrefixEntry | None
    epoch_s: int
    at_us: int
    caller: str | None
    department: str | None
    trunk: str | None


class Candidate(NamedTuple):
    """A rate whose prefix fits the number, and in words why it won or lost."""

    rate: CompiledRate
    won: bool
    outcome: str


def asked(compiled: CompiledTariff, call: TalkedCall) -> PrefixLookup:
    """Return what the look-up needs of *call*."""
    epoch_s, micros = epoch_seconds(call.start)
    return asked_at(
        compiled,
        call.dialled,
        epoch_s * MICRO + micros,
        caller=call.caller,
        department=call.department,
        trunk=call.trunk,
    )


def asked_at(
    compiled: CompiledTariff,
    number: str,
    at_us: int,
    *,
    caller: str | None,
    department: str | None,
    trunk: str | None,
) -> PrefixLookup:
    """Return what the look-up needs of a call to *number* whose talk begins at *at_us*."""
    digits = strip_decoration(number)
    entry = compiled.entry_for(digits)
    return PrefixLookup(digits, entry, at_us // MICRO, at_us, caller, department, trunk)


def winner(call: PrefixLookup, windows_open: int) -> CompiledRate | None:
    """Return the rate that wins while the windows of the mask *windows_open* are open."""
    entry = call.entry
    length = len(call.number)
    at_us = call.at_us
    while entry is not None:
        # A prefix's rates stand in their order of precedence: the first that fits has won.
        # `misfit` words the same conditions.
        for rate in entry.rates:
            needs = rate.needs
            if (
                needs & windows_open == needs
                and rate.from_us <= at_us < rate.to_us
                and (not rate.number_length or rate.number_length == length)
                and (not rate.callers or _is_for_caller(rate, call))
                and (not rate.trunks or call.trunk in rate.trunks)
            ):
                return rate
        entry = entry.shorter
    return None


def misfit(rate: CompiledRate, call: PrefixLookup, windows_open: int) -> str | None:
    """Return the code of the first condition that *rate* fails; None if it fits."""
    if not rate.rate.active:
        code = "no_active_rate"
    elif rate.number_length not in (0, len(call.number)):
        code = "no_length"
    elif rate.callers and not _is_for_caller(rate, call):
        code = "no_caller"
    elif rate.trunks and call.trunk not in rate.trunks:
        code = "no_trunk"
    elif not rate.from_us <= call.at_us < rate.to_us:
        code = "no_date"
    elif rate.needs & windows_open != rate.needs:
        code = "no_band"
    else:
        return None
    return code


def unrated_reason(call: PrefixLookup, windows_open: int) -> str:
    """Return the code that says why no rate won: the furthest that any got."""
    furthest = "no_prefix"
    for rate in considered(call):
        code = misfit(rate, call, windows_open) or furthest
        furthest = max(furthest, code, key=_REASON_RANK.__getitem__)
    return furthest


def candidates(call: PrefixLookup, windows_open: int) -> tuple[Candidate, ...]:
    """Return every rate whose prefix fits, in the order of precedence, with its outcome."""
    judged = [(rate, misfit(rate, call, windows_open)) for rate in considered(call)]
    fitting = [rate for rate, why in judged if why is None]
    found = []
    for rate, why in judged:
        if why is not None:
            outcome = "lost: " + _misfit_words(why, rate, call)
        elif rate is fitting[0]:
            outcome = "won: " + _why_won(fitting)
        else:
            outcome = "lost: " + _PRECEDENCE[_first_difference(fitting[0], rate)][1]
        found.append(Candidate(rate, outcome.startswith("won"), outcome))
    return tuple(found)


def considered(call: PrefixLookup) -> tuple[CompiledRate, ...]:
    """Return every rate whose prefix fits the number, active or not, in order of precedence."""
    found: list[CompiledRate] = []
    entry = call.entry
    while entry is not None:
        found += entry.with_inactive
        entry = entry.shorter
    return tuple(found)


def _misfit_words(code: str, rate: CompiledRate, call: PrefixLookup) -> str:
    match code:
        case "no_length":
            return f"it is for numbers of {rate.number_length} digits, not {len(call.number)}"
        case "no_date":
            return "it takes effect later" if call.at_us < rate.from_us else "its time is over"
        case "no_band" if rate.rate.band is not None:
            return f'its band "{rate.rate.band}" is not open'
    return _MISFIT_WORDS[code]


def _why_won(fitting: list[CompiledRate]) -> str:
    if len(fitting) == 1:
        return "the only one that fits"
    return _PRECEDENCE[_first_difference(fitting[0], fitting[1])][0]


def _first_difference(one: CompiledRate, other: CompiledRate) -> int:
    """Return the place at which two orders of precedence differ; the last, the index, does."""
    first, second = one.order, other.order
    at = 0
    while first[at] == second[at]:
        at += 1
    return at


def _is_for_caller(rate: CompiledRate, call: PrefixLookup) -> bool:
    return call.caller in rate.callers or call.department in rate.callers
