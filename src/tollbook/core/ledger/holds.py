"""Holds: money set aside before a call, captured, released or expired once.

A hold counts at once: the funds of an account shrink by it when it is made, so a capture up to
the hold can never overdraw. Amounts are whole millionths of the account's one currency. Storage
moves them (`tollbook.storage.billing.holds`).
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from tollbook.core.ledger.entries import AccountKey, AccountRef, Entry
from tollbook.core.ledger.pricing import charge_entry
from tollbook.core.money import Money


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


class AccountState(NamedTuple):
    """An account's row and what it holds, locked; millionths."""

    id: int
    balance_micros: int
    held_micros: int


class BudgetPart(NamedTuple):
    """What is set aside of a budget in the period that begins at `from_us`."""

    budget_id: int
    from_us: int
    micros: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Reserved:
    """What a hold sets aside beside money: of budgets, and seconds of bundles by counter key.

    `trunk` and `source_ip` are kept where the question named them: the price may depend on them.
    `spent` are free seconds that the call took, as the switch told its end: nobody else gets them
    while its record, which counts them, has not come.
    """

    budgets: tuple[BudgetPart, ...] = ()
    bundles: tuple[tuple[str, int], ...] = ()
    trunk: str = ""
    source_ip: str = ""
    spent: tuple[tuple[str, int], ...] = ()

    def __bool__(self) -> bool:
        said = self.budgets or self.bundles or self.trunk or self.source_ip or self.spent
        return bool(said)

    def negated(self) -> "Reserved":
        """Return what gives it back: the same of budgets and bundles, negative."""
        return Reserved(
            tuple(
                part._replace(micros=-part.micros, seconds=-part.seconds) for part in self.budgets
            ),
            tuple((key, -seconds) for key, seconds in self.bundles),
        )

    def as_json(self) -> str:
        """Return it as it is stored; "" for nothing."""
        if not self:
            return ""
        said = {"trunk": self.trunk, "source_ip": self.source_ip, "spent": self.spent}
        kept = {key: value for key, value in said.items() if value}
        return json.dumps({"budgets": self.budgets, "bundles": self.bundles, **kept})

    @classmethod
    def read(cls, text: str) -> "Reserved":
        """Return what is stored."""
        if not text:
            return cls()
        stored = json.loads(text)
        return cls(
            tuple(BudgetPart(*part) for part in stored["budgets"]),
            tuple((key, seconds) for key, seconds in stored["bundles"]),
            stored.get("trunk", ""),
            stored.get("source_ip", ""),
            tuple((key, seconds) for key, seconds in stored.get("spent", ())),
        )


class Hold(NamedTuple):
    """A hold; `account` is whose money it holds, `answer` the decision as JSON.

    Instants are microseconds. What follows `reserved` storage knows: nobody says it of a hold
    that is to be placed.
    """

    key: str
    content_hash: str
    account: AccountKey
    amount_micros: int
    placed_us: int
    expires_us: int
    switch_call_id: str = ""
    pbx_id: int | None = None
    extension_id: int | None = None
    account_code_id: int | None = None
    caller: str = ""
    number: str = ""
    limit_s: int | None = None
    answer: str = ""
    reserved: Reserved = Reserved()
    id: int = 0
    account_id: int = 0
    captured_micros: int = 0
    state: str = "pending"
    entry_id: int | None = None
    call_id: int | None = None
    answered_us: int | None = None
    talk_s: int | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """What ends a hold for good: the final charge, None or nothing for a call that cost nothing.

    `talk_s` is whole seconds, as budgets count them. `estimated`: no record has come yet. `spent`
    are the free seconds of bundles that it took, where no record counts them yet.
    """

    hold: Hold
    charge: Money | None
    at: datetime
    talk_s: int = 0
    call_id: int | None = None
    answered_us: int | None = None
    estimated: bool = False
    entry_key: str = ""
    ended: datetime | None = None
    used_micros: int | None = None
    spent: tuple[tuple[str, int], ...] = ()

    @property
    def used(self) -> int:
        """What budgets count, in millionths."""
        if self.used_micros is not None:
            return self.used_micros
        return self.charge.micros if self.charge else 0

    @property
    def captured_micros(self) -> int:
        """What of the hold the charge takes; one in another currency takes nothing."""
        return max(0, min(self._own_micros, self.hold.amount_micros))

    @property
    def excess_micros(self) -> int:
        """By how much the charge exceeds the hold."""
        return max(0, self._own_micros - self.hold.amount_micros)

    @property
    def _own_micros(self) -> int:
        charge = self.charge
        return charge.micros if charge and charge.currency == self.hold.account[2] else 0

    def entry(self) -> Entry | None:
        """Return the entry of the charge; None where no money moves."""
        kind, name, _ = self.hold.account
        return charge_entry(
            self.charge,
            key=self.entry_key or f"hold:{self.hold.key}",
            at=self.at,
            payer=AccountRef(kind, name),
            call_id=self.call_id,
        )
