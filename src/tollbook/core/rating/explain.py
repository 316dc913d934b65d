"""A call's price together with every rate that was considered for it."""

from dataclasses import dataclass

from tollbook.core.rating.engine import price
from tollbook.core.rating.model import Priced, TalkedCall, Unrated
from tollbook.core.rating.winner import Candidate, asked, candidates
from tollbook.core.tariff import CompiledTariff


@dataclass(frozen=True, slots=True)
class Explanation:
    """*result* as `price` returns it; *candidates* in order of precedence, with their outcome."""

    result: Priced | Unrated
    candidates: tuple[Candidate, ...]


def explain(compiled: CompiledTariff, call: TalkedCall) -> Explanation:
    """Return the price of *call* and why this rate and no other, at the talk instant."""
    who = asked(compiled, call)
    windows_open = compiled.calendar.open_at(who.epoch_s)
    return Explanation(price(compiled, call), candidates(who, windows_open))
