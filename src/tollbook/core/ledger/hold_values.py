"""Holds as values: to be placed, as they stand, and how they end.

They count at once, so a capture up to a hold cannot overdraw; `tollbook.storage.billing.holds`
moves them.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from tollbook.core.ledger.entries import AccountKey, AccountRef, Entry
from tollbook.core.ledger.pricing import charge_entry
from tollbook.core.money import Money


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


class NewHold(NamedTuple):
    """A hold to be placed; instants in microseconds, `answer` is the decision as JSON."""

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


class StoredHold(NamedTuple):
    """A hold as it stands; `account` is whose money it holds."""

    id: int
    key: str
    content_hash: str
    account_id: int
    account: AccountKey
    amount_micros: int
    captured_micros: int
    state: str
    placed_us: int
    expires_us: int
    entry_id: int | None
    call_id: int | None
    switch_call_id: str
    pbx_id: int | None
    extension_id: int | None
    account_code_id: int | None
    caller: str
    number: str
    limit_s: int | None
    answer: str
    reserved: Reserved
    answered_us: int | None
    talk_s: int | None


@dataclass(frozen=True, slots=True)
class Capture:
    """What ends a hold for good: the final charge, None or nothing for a call that cost nothing.

    `talk_s` is whole seconds, as budgets count them. `estimated`: no record has come yet. `spent`
    are the free seconds of bundles that it took, where no record counts them yet.
    """

    hold: StoredHold
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
        if self.charge is None:
            return None
        kind, name, _ = self.hold.account
        return charge_entry(
            self.charge,
            key=self.entry_key or f"hold:{self.hold.key}",
            at=self.at,
            payer=AccountRef(kind, name),
            call_id=self.call_id,
        )
