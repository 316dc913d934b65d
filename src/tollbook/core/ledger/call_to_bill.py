"""A stored call as billing sees it: who called whom and when, and its charge in force.

Source: docs/algorithms/ledger.md, "Records and money".
"""

from typing import NamedTuple

from tollbook.core.calls import DIRECTION_CODES, Direction
from tollbook.core.money import Money

_IN, _INTERNAL = DIRECTION_CODES[Direction.IN], DIRECTION_CODES[Direction.INTERNAL]


class CallToBill(NamedTuple):
    """A stored call as billing sees it; `charge_id` is null for one that is never priced.

    `currency` is that of the charge, "" where there is none; `site_currency` the site's.
    """

    id: int
    pbx_id: int
    begin_us: int
    answer_us: int | None
    end_us: int | None
    ring_ms: int | None
    talk_ms: int | None
    answered: bool | None
    direction: int
    caller: str
    dialled: str
    callee: str
    extension_id: int | None
    extension: str
    department_id: int | None
    account_code: str
    account_code_id: int | None
    owner_id: int | None
    pbx_call_id: str
    site_currency: str
    charge_id: int | None
    amount_micros: int | None
    currency: str

    @property
    def is_outbound(self) -> bool:
        """Whether it is of the sort that somebody pays."""
        return self.direction not in (_IN, _INTERNAL)

    @property
    def talk_s(self) -> int:
        """Talk in whole seconds, as budgets count it."""
        return -(-(self.talk_ms or 0) // 1000)

    @property
    def micros(self) -> int:
        """What it is charged in millionths, 0 where it has no price."""
        return self.amount_micros or 0

    @property
    def price(self) -> Money | None:
        """What it is charged; None where it has no price."""
        return None if self.amount_micros is None else Money(self.amount_micros, self.currency)

    @property
    def owed_in(self) -> str:
        """The currency in which it is owed."""
        return self.currency if self.amount_micros is not None else self.site_currency

    @property
    def holders(self) -> list[tuple[str, int]]:
        """Whose budgets it counts in, by kind and id."""
        return holders_of(self.extension_id, self.department_id, self.owner_id)

    @property
    def callers(self) -> set[str]:
        """By which it may have been asked for who calls."""
        return {self.caller, self.extension} - {""}

    @property
    def numbers(self) -> set[str]:
        """The digits by which it may have been asked for."""
        return {self.callee, self.dialled} - {""}

    @property
    def latest_us(self) -> int:
        """When it was answered, else when it ended: a decision is asked before that."""
        ends = (self.answer_us, self.end_us, self.begin_us + 1000 * (self.ring_ms or 0))
        return next(one for one in ends if one is not None)


def holders_of(
    extension_id: int | None, department_id: int | None, owner_id: int | None
) -> list[tuple[str, int]]:
    """Return the holders that there are, by kind and id."""
    found = (("extension", extension_id), ("department", department_id), ("owner", owner_id))
    return [(kind, holder_id) for kind, holder_id in found if holder_id is not None]
