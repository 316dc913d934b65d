"""The fee of a consultant's time: an amount an hour, owed in whole begun units.

It is a line of its own beside the charge of the call and moves no money (EBC-41).
Source: docs/algorithms/fees.md.
"""

from dataclasses import dataclass

_HOUR_S = 3_600
_SECOND_MS = 1_000


@dataclass(frozen=True, slots=True)
class HourlyFee:
    """What an hour costs, in millionths, and the unit in seconds that is owed once begun."""

    hourly_micros: int
    unit_s: int = 360

    def __post_init__(self) -> None:
        if self.hourly_micros < 0 or self.unit_s < 1:
            raise ValueError(f"a fee of {self.hourly_micros} millionths in {self.unit_s} s")


@dataclass(frozen=True, slots=True)
class OwedFee:
    """What a call's talk comes to: its begun units and their amount in millionths."""

    units: int
    amount_micros: int


def fee_of(talk_ms: int, fee: HourlyFee) -> OwedFee:
    """Return what *talk_ms* milliseconds of talk owe; nothing without talk.

    The amount is rounded once, half up to a millionth. Raises ValueError for negative talk.

    >>> consultant = HourlyFee(hourly_micros=120_000_000, unit_s=360)
    >>> [fee_of(talk_ms, consultant).amount_micros for talk_ms in (0, 1, 360_000, 361_000)]
    [0, 12000000, 12000000, 24000000]
    """
    if talk_ms < 0:
        raise ValueError(f"talk of {talk_ms} ms")
    units = -(-talk_ms // (fee.unit_s * _SECOND_MS))
    twice = 2 * units * fee.unit_s * fee.hourly_micros
    return OwedFee(units, (twice + _HOUR_S) // (2 * _HOUR_S))
