"""What goes into pricing and what comes out: a talked call, its price, or why it has none."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from tollbook.core.tariff import Rate


@dataclass(frozen=True, slots=True)
class TalkedLeg:
    """A part of a call that one party talked: seconds, none negative."""

    party: str | None
    talk_s: Decimal


@dataclass(frozen=True, slots=True)
class TalkedCall:
    """A call as far as its price depends on it.

    *start* is the instant, with offset, at which talk begins; *talk_s* may have a fraction and
    be zero or less (nothing was said); *dialled* may be decorated. *legs*, if any, are in the
    order of the call and together as long as its talk.
    """

    start: datetime
    talk_s: Decimal
    dialled: str
    caller: str | None = None
    department: str | None = None
    trunk: str | None = None
    account_code: str | None = None
    source_ip: str | None = None
    pulses: int | None = None
    legs: tuple[TalkedLeg, ...] = ()

    def lasting(self, talk_s: int) -> "TalkedCall":
        """Return the call as if it had talked for *talk_s* seconds, with no pulses and legs."""
        return TalkedCall(
            self.start,
            Decimal(talk_s),
            self.dialled,
            self.caller,
            self.department,
            self.trunk,
            self.account_code,
            self.source_ip,
        )


class PriceStep(NamedTuple):
    """One line of the explanation, all its steps of one kind and price run together.

    *kind* is free, slot, initial, unit, block, pulse, connect_fee, minimum_charge,
    maximum_charge or rounding. *from_s* counts from the answer, free seconds included; it,
    *seconds* and *per_s* are None where time plays no part. *amount* is exact where its
    decimals end, else rounded to 12 of them, the difference being part of the rounding step.
    (A named tuple, as several are made for every price and it takes a third of the time.)
    """

    kind: str
    from_s: int | None
    seconds: int | None
    price: Decimal | None
    per_s: int | None
    amount: Decimal
    rate_index: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """What one leg of a call owes of its charge."""

    party: str | None
    talk_s: Decimal
    charge: Decimal


@dataclass(frozen=True, slots=True)
class Priced:
    """A call's charge and how it came about; *rate* won at the instant at which talk began.

    The amounts of *steps* add up to *charge*, and so do the charges of *segments* if the call
    has legs. *billed_s* holds pushed seconds and no free ones.
    """

    charge: Decimal
    currency: str
    billed_s: int
    rate: Rate
    rate_index: int
    band: str | None
    steps: tuple[PriceStep, ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Unrated:
    """No price: *reason* is one of `UNRATED_REASONS`."""

    reason: str


# In the order in which conditions are looked at: the furthest that a rate reached is the reason.
UNRATED_REASONS = {
    "no_prefix": "no rate has a prefix of this number",
    "no_active_rate": "the rates for this number are switched off",
    "no_length": "no rate is for a number of this length",
    "no_caller": "no rate is for this caller",
    "no_trunk": "no rate is for this trunk",
    "no_date": "no rate is in effect at this instant",
    "no_band": "no rate is in force at this time of day",
    "no_rate_midway": "after some time of talk no rate is in force",
    "no_pulses": "the rate counts metering pulses, and the call reports none",
}
