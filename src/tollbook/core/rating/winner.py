"""Which rate prices a call: rules 1 and 2 of `rate`.

Source: docs/algorithms/rating.md, "Winner".
"""

from dataclasses import dataclass

from tollbook.core.calendar import epoch_seconds
from tollbook.core.money import MICRO
from tollbook.core.numbers import strip_decoration
from tollbook.core.rating.model import UNRATED_REASONS, TalkedCall
from tollbook.core.tariff import CompiledRate, CompiledTariff, PrefixEntry

_REASON_RANK = {reason: rank for rank, reason in enumerate(UNRATED_REASONS)}

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


@dataclass(frozen=True, slots=True)
class Asked:
    """A call as the look-up sees it: digits only, its talk instant as whole numbers."""

    number: str
    entry: PrefixEntry | None
    epoch_s: int
    at_us: int
    caller: str | None
    department: str | None
    trunk: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rate whose prefix fits the number, and in words why it won or lost."""

    rate: CompiledRate
    won: bool
    outcome: str


def asked(compiled: CompiledTariff, call: TalkedCall) -> Asked:
    """Return what the look-up needs of *call*."""
    number = strip_decoration(call.dialled)
    epoch_s, micros = epoch_seconds(call.start)
    return Asked(
        number,
        compiled.entry_for(number),
        epoch_s,
        epoch_s * MICRO + micros,
        call.caller,
        call.department,
        call.trunk,
    )


def winner(call: Asked, windows_open: int) -> CompiledRate | None:
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


def misfit(rate: CompiledRate, call: Asked, windows_open: int) -> tuple[str, str] | None:
    """Return why *rate* does not fit, as a code and in words; None if it does."""
    band, length = rate.rate.band, len(call.number)
    windows = "its window is" if band is None else f'its band "{band}" is'
    conditions = (
        (rate.rate.active, "no_active_rate", "it is switched off"),
        (
            rate.number_length in (0, length),
            "no_length",
            f"it is for numbers of {rate.number_length} digits, not {length}",
        ),
        (not rate.callers or _is_for_caller(rate, call), "no_caller", "it is for other callers"),
        (not rate.trunks or call.trunk in rate.trunks, "no_trunk", "it is for other trunks"),
        (call.at_us >= rate.from_us, "no_date", "it takes effect later"),
        (call.at_us < rate.to_us, "no_date", "it is no longer in effect"),
        (rate.needs & windows_open == rate.needs, "no_band", f"{windows} not open"),
    )
    return next(((code, words) for holds, code, words in conditions if not holds), None)


def unrated_reason(call: Asked, windows_open: int) -> str:
    """Return the code that says why no rate won: the furthest that any got."""
    furthest = "no_prefix"
    for rate in considered(call):
        code, _ = misfit(rate, call, windows_open) or (furthest, "")
        furthest = max(furthest, code, key=_REASON_RANK.__getitem__)
    return furthest


def candidates(call: Asked, windows_open: int) -> tuple[Candidate, ...]:
    """Return every rate whose prefix fits, in the order of precedence, with its outcome."""
    judged = [(rate, misfit(rate, call, windows_open)) for rate in considered(call)]
    fitting = [rate for rate, why in judged if why is None]
    found = []
    for rate, why in judged:
        if why is not None:
            outcome = "lost: " + why[1]
        elif rate is fitting[0]:
            outcome = "won: " + _why_won(fitting)
        else:
            outcome = "lost: " + _PRECEDENCE[_first_difference(fitting[0], rate)][1]
        found.append(Candidate(rate, won=outcome.startswith("won"), outcome=outcome))
    return tuple(found)


def considered(call: Asked) -> tuple[CompiledRate, ...]:
    """Return every rate whose prefix fits the number, active or not, in order of precedence."""
    found: list[CompiledRate] = []
    entry = call.entry
    while entry is not None:
        found += sorted(entry.rates + entry.inactive, key=lambda rate: rate.order)
        entry = entry.shorter
    return tuple(found)


def _why_won(fitting: list[CompiledRate]) -> str:
    if len(fitting) == 1:
        return "the only one that fits"
    return _PRECEDENCE[_first_difference(fitting[0], fitting[1])][0]


def _first_difference(one: CompiledRate, other: CompiledRate) -> int:
    return next(at for at, (a, b) in enumerate(zip(one.order, other.order, strict=True)) if a != b)


def _is_for_caller(rate: CompiledRate, call: Asked) -> bool:
    return call.caller in rate.callers or call.department in rate.callers
