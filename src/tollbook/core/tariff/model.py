"""The tariff: a price list with its bands, dates and rounding, as frozen values.

Source: docs/manual/tariffs.md.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from tollbook.core.calendar import Holidays, Window, epoch_us
from tollbook.core.money import Rounding
from tollbook.core.numbers import strip_decoration

BandsApply = Literal["start", "split"]
Precedence = tuple[int, int, int, int, int, int, int, int]

# Sorts after every effective_from, as the latest comes first.
EARLIEST_US = 2**62


@dataclass(frozen=True, slots=True)
class Band:
    """A named window in which rates hold; the greater weight wins where two are open."""

    name: str
    window: Window
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """From *from_s* on, each begun step of *increment_s* costs *price* a *per_s*, pro rata."""

    from_s: int
    price: Decimal
    per_s: int
    increment_s: int


@dataclass(frozen=True, slots=True)
class Slots:
    """Prices by time since the answer: the first slot at 0, then ascending, never empty."""

    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class InitialAndUnit:
    """*initial_cost* for *initial_s*, then *unit_price* for each begun *unit_s* (ZYC-30).

    With *initial_s* 0 the initial cost is a connect fee; *unit_s* 0 means that nothing is owed
    beyond the initial time. *window* holds the exclusive end; in the document it is inclusive.
    """

    initial_cost: Decimal
    initial_s: int
    unit_price: Decimal
    unit_s: int
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """*count* blocks of *block_s* at *price* each; count None: all the rest."""

    count: int | None
    block_s: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks in order, never empty; the last and no other is for all the rest."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Pulse:
    """*price* a metering pulse: counted by the PBX if *metered*, else one every *every_s*.

    A metered call that reports no pulses gets one every *every_s*, if that is given.
    """

    price: Decimal
    every_s: int | None
    metered: bool = False


Form = Slots | InitialAndUnit | Blocks | Pulse


@dataclass(frozen=True, slots=True)
class Rate:
    """What one prefix costs, for whom and when.

    *prefix* is as written, *digits* is what a number must begin with; *number_length* is exact,
    0 is any. *effective_from* and *effective_to* are half-open and already hold the tariff's
    own pair if the rate has neither. Empty *callers* and *trunks* mean all. Seconds are whole.
    """

    prefix: str
    form: Form
    number_length: int = 0
    destination: str = ""
    call_type: str = ""
    band: str | None = None
    effective_from: datetime | None = None
    effective_to: datetime | None = None
    connect_fee: Decimal = Decimal(0)
    callers: tuple[str, ...] = ()
    trunks: tuple[str, ...] = ()
    free_s: int = 0
    minimum_s: int = 0
    minimum_charge: Decimal = Decimal(0)
    maximum_charge: Decimal | None = None
    active: bool = True
    remark: str = ""

    @property
    def digits(self) -> str:
        """The prefix without decoration."""
        return strip_decoration(self.prefix)

    @property
    def window(self) -> Window | None:
        """The window that the rate itself has, beside its band."""
        return self.form.window if isinstance(self.form, InitialAndUnit) else None


@dataclass(frozen=True, slots=True)
class TariffDefinition:
    """A whole price list; *rates* keep the order of the document, which decides last."""

    name: str
    currency: str
    zone: str
    rounding: Rounding
    rates: tuple[Rate, ...]
    bands: tuple[Band, ...] = ()
    bands_apply: BandsApply = "start"
    holidays: Holidays | None = None
    effective_from: datetime | None = None
    effective_to: datetime | None = None


def precedence(rate: Rate, band: Band | None, index: int) -> Precedence:
    """Return the key that orders rates which fit a call, the winner first (rule 2 of `rate`).

    In turn: longest prefix, for this caller, for this trunk, exact length, in a band at all, the
    band's weight, later effective_from (none is the earliest), the order of the list.
    """
    return (
        -len(rate.digits),
        -bool(rate.callers),
        -bool(rate.trunks),
        -bool(rate.number_length),
        -(band is not None),
        -band.weight if band is not None else 0,
        EARLIEST_US if rate.effective_from is None else -epoch_us(rate.effective_from),
        index,
    )
