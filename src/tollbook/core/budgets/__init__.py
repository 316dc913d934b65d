"""Budgets: limits over a period, in money or in talk, for a caller or a group.

A period is half-open and begins at local midnight of the site. A budget is used up when what was
used reaches the limit (AMB-30); it opens again with the next period, or at once when the limit is
raised. Source: TAR-02 to TAR-05, docs/algorithms/budgets.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from tollbook.core.calendar import Every, Period, period_at

SHARES = 100

__all__ = [
    "BudgetLimits",
    "Every",
    "Left",
    "Period",
    "Use",
    "left",
    "period_at",
    "tightest",
    "warnings",
]


@dataclass(frozen=True, slots=True)
class BudgetLimits:
    """A limit in money, in talk, or both; None is no limit.

    `warn_at` are shares of the limit in percent at which somebody is told, ascending.
    """

    every: Every = Every.MONTH
    limit_micros: int | None = None
    limit_s: int | None = None
    warn_at: tuple[int, ...] = (80, 100)

    def __post_init__(self) -> None:
        if self.limit_micros is None and self.limit_s is None:
            raise ValueError("a budget limits money, talk, or both")
        if min(self.limit_micros or 0, self.limit_s or 0) < 0:
            raise ValueError("a budget's limit cannot be negative")
        if list(self.warn_at) != sorted({*self.warn_at}) or not all(
            0 < s <= SHARES for s in self.warn_at
        ):
            raise ValueError("shares that warn are whole percents from 1 to 100, ascending")


@dataclass(frozen=True, slots=True)
class Use:
    """What calls of one period used, holds included: money in millionths, talk in seconds."""

    micros: int = 0
    seconds: int = 0

    def __add__(self, other: "Use") -> "Use":
        return Use(self.micros + other.micros, self.seconds + other.seconds)


@dataclass(frozen=True, slots=True)
class Left:
    """What a budget still allows; None is no limit; never negative."""

    micros: int | None
    seconds: int | None

    @property
    def is_used_up(self) -> bool:
        """Say whether either limit is reached."""
        return self.micros == 0 or self.seconds == 0


def left(budget: BudgetLimits, use: Use) -> Left:
    """Return what *budget* still allows after *use*."""
    return Left(
        None if budget.limit_micros is None else max(0, budget.limit_micros - use.micros),
        None if budget.limit_s is None else max(0, budget.limit_s - use.seconds),
    )


def warnings(budget: BudgetLimits, *, before: Use, after: Use) -> tuple[int, ...]:
    """Return the shares in percent that were not reached *before* and are *after*.

    >>> budget = BudgetLimits(limit_micros=10_000_000, warn_at=(50, 80, 100))
    >>> warnings(budget, before=Use(4_000_000), after=Use(8_000_000))
    (50, 80)
    """
    was, now = _share(budget, before), _share(budget, after)
    return tuple(share for share in budget.warn_at if was < share <= now)


def tightest(all_left: Iterable[Left]) -> Left:
    """Return the least of several budgets' remainders: the one that a call must fit in."""
    micros: int | None = None
    seconds: int | None = None
    for one in all_left:
        micros = (
            one.micros
            if micros is None
            else min(micros, micros if one.micros is None else one.micros)
        )
        seconds = (
            one.seconds
            if seconds is None
            else min(seconds, seconds if one.seconds is None else one.seconds)
        )
    return Left(micros, seconds)


def _share(budget: BudgetLimits, use: Use) -> Fraction:
    """Return the greater of the used shares of money and talk, in percent."""
    shares = [Fraction(0)]
    for used, limit in ((use.micros, budget.limit_micros), (use.seconds, budget.limit_s)):
        if limit is not None:
            shares.append(Fraction(SHARES * used, limit) if limit else Fraction(SHARES))
    return max(shares)
