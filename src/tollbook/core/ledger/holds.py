"""Holds: money set aside before a call, captured, released or expired once.

A hold counts at once: the funds of an account shrink by it when it is made, so a capture up to
the hold can never overdraw. Amounts are whole millionths of the account's one currency. Storage
moves them (`tollbook.storage.billing.holds`).
"""

from typing import NamedTuple


class Funds(NamedTuple):
    """What an account can spend: its balance, its credit, and what pending holds set aside."""

    balance_micros: int
    credit_micros: int = 0
    held_micros: int = 0

    @property
    def available_micros(self) -> int:
        """Return what a new hold may take."""
        return self.balance_micros + self.credit_micros - self.held_micros


class HoldEnded(ValueError):
    """A hold that has ended cannot end again, nor grow."""

    def __init__(self, key: str, state: str) -> None:
        super().__init__(f"hold {key!r} is {state} already. Nothing was changed.")
