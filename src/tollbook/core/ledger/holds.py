"""Holds: money set aside before a call, captured, released or expired once.

A hold counts at once: the funds of an account shrink by it when it is made, so a capture up to
the hold can never overdraw. Amounts are whole millionths of the account's one currency.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class HoldState(StrEnum):
    """Where a hold is in its life; only a pending one still sets money aside."""

    PENDING = "pending"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


class Funds(NamedTuple):
    """What an account can spend: its balance, its credit, and what pending holds set aside."""

    balance_micros: int
    credit_micros: int = 0
    held_micros: int = 0

    @property
    def available_micros(self) -> int:
        """Return what a new hold may take."""
        return self.balance_micros + self.credit_micros - self.held_micros


@dataclass(frozen=True, slots=True)
class Hold:
    """Money set aside for one call until `expires_at`; `captured_micros` once it is captured."""

    key: str
    amount_micros: int
    expires_at: datetime
    state: HoldState = HoldState.PENDING
    captured_micros: int = 0


@dataclass(frozen=True, slots=True)
class Shortfall:
    """An expected no: the account cannot set aside what was asked."""

    asked_micros: int
    available_micros: int


class HoldEnded(ValueError):
    """A hold that has ended cannot end again, nor grow."""

    def __init__(self, hold: Hold) -> None:
        super().__init__(f"hold {hold.key!r} is {hold.state.value} already. Nothing was changed.")
        self.hold = hold


def place(
    funds: Funds, amount_micros: int, *, key: str, expires_at: datetime
) -> tuple[Hold, Funds] | Shortfall:
    """Set *amount_micros* aside; the hold and the funds after it, or the shortfall.

    Raises ValueError for a negative amount.

    >>> from datetime import UTC, datetime
    >>> later = datetime(2026, 1, 1, 1, tzinfo=UTC)
    >>> hold, after = place(Funds(5_000_000), 3_000_000, key="call-1", expires_at=later)
    >>> after.available_micros
    2000000
    >>> place(after, 3_000_000, key="call-2", expires_at=later)
    Shortfall(asked_micros=3000000, available_micros=2000000)
    """
    if amount_micros < 0:
        raise ValueError(f"a hold of {amount_micros} millionths: money is set aside, not given")
    if amount_micros > max(0, funds.available_micros):
        return Shortfall(amount_micros, funds.available_micros)
    hold = Hold(key=key, amount_micros=amount_micros, expires_at=expires_at)
    return hold, funds._replace(held_micros=funds.held_micros + amount_micros)


def extend(
    hold: Hold, funds: Funds, by_micros: int, *, expires_at: datetime
) -> tuple[Hold, Funds] | Shortfall:
    """Set *by_micros* more aside and move the expiry; the shortfall leaves the hold as it was."""
    _require_pending(hold)
    grown = place(funds, by_micros, key=hold.key, expires_at=expires_at)
    if isinstance(grown, Shortfall):
        return grown
    longer = replace(hold, amount_micros=hold.amount_micros + by_micros, expires_at=expires_at)
    return longer, grown[1]


def capture(hold: Hold, funds: Funds, amount_micros: int) -> tuple[Hold, Funds]:
    """Take *amount_micros* of the hold for good; the rest is available again.

    Raises ValueError for more than was held: the excess is a charge of its own, after the fact.
    """
    _require_pending(hold)
    if not 0 <= amount_micros <= hold.amount_micros:
        raise ValueError(
            f"hold {hold.key!r} sets {hold.amount_micros} millionths aside; "
            f"{amount_micros} cannot be captured"
        )
    ended = replace(hold, state=HoldState.CAPTURED, captured_micros=amount_micros)
    after = funds._replace(
        balance_micros=funds.balance_micros - amount_micros,
        held_micros=funds.held_micros - hold.amount_micros,
    )
    return ended, after


def release(hold: Hold, funds: Funds) -> tuple[Hold, Funds]:
    """Release the whole hold: nothing was used."""
    return _let_go(hold, funds, HoldState.RELEASED)


def expire(hold: Hold, funds: Funds, *, at: datetime) -> tuple[Hold, Funds]:
    """Expire a hold whose time is over; raises ValueError before its time."""
    if at < hold.expires_at:
        raise ValueError(f"hold {hold.key!r} lasts until {hold.expires_at.isoformat()}")
    return _let_go(hold, funds, HoldState.EXPIRED)


def _let_go(hold: Hold, funds: Funds, state: HoldState) -> tuple[Hold, Funds]:
    _require_pending(hold)
    after = funds._replace(held_micros=funds.held_micros - hold.amount_micros)
    return replace(hold, state=state), after


def _require_pending(hold: Hold) -> None:
    if hold.state is not HoldState.PENDING:
        raise HoldEnded(hold)
