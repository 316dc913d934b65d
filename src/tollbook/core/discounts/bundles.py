"""Bundles: free seconds that calls use up before anything is owed, in order, until they expire.

A bundle covers the beginning of a call like a rate's own free seconds do. It is shared by all
callers whom it is for, or each of them has one of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tollbook.core.calendar import Every
from tollbook.core.discounts.matching import Match


@dataclass(frozen=True, slots=True)
class Bundle:
    """*seconds* free in each period; *position* orders bundles, the least is used up first.

    The dates of *match* are those in which it may be used: at its end it expires.
    """

    name: str
    seconds: int
    position: int = 0
    shared: bool = False
    every: Every = Every.MONTH
    match: Match = field(default_factory=Match)


def cover(talk_s: int, lefts: Iterable[tuple[Bundle, int]]) -> tuple[tuple[Bundle, int], ...]:
    """Return which bundles cover how many of *talk_s* seconds; *lefts* are in order of use.

    >>> first, second = Bundle("gift", 60), Bundle("monthly", 600)
    >>> [(bundle.name, used_s) for bundle, used_s in cover(90, [(first, 20), (second, 600)])]
    [('gift', 20), ('monthly', 70)]
    """
    used: list[tuple[Bundle, int]] = []
    for bundle, left_s in lefts:
        used_s = min(talk_s, left_s)
        if used_s > 0:
            used.append((bundle, used_s))
            talk_s -= used_s
    return tuple(used)
