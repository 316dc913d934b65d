"""Money: integer millionths with a currency, amounts as text, and one rounding.

Source: docs/algorithms/rating.md, "Money and rounding".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal, Self, get_args

MICRO = 1_000_000
MICRO_DECIMALS = 6

# An amount of more digits is a typing error, and Decimal's default context would start to round.
INTEGER_DIGITS, DECIMAL_DIGITS = 12, 12
ENDLESS_DECIMALS = 12
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_EXACT = Context(prec=2_000)

_RESOLUTION_MICROS = {
    decimals: int(10 ** (MICRO_DECIMALS - decimals))
    for decimals in range(-MICRO_DECIMALS, MICRO_DECIMALS + 1)
}

RoundingRule = Literal["up", "down", "half_up", "half_even", "none"]
ROUNDING_RULES: tuple[RoundingRule, ...] = get_args(RoundingRule)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount that can be booked: *micros* millionths of one *currency* (three capitals).

    >>> Money(325_000, "EUR") + Money(75_000, "EUR")
    Money(micros=400000, currency='EUR')
    >>> str(Money(-1_500_000, "EUR"))
    '-1.5 EUR'
    """

    micros: int
    currency: str

    @property
    def amount(self) -> Decimal:
        """The amount in whole units of the currency, exact."""
        return from_micros(self.micros)

    def __add__(self, other: Self) -> Self:
        self._same_currency(other)
        return type(self)(self.micros + other.micros, self.currency)

    def __sub__(self, other: Self) -> Self:
        self._same_currency(other)
        return type(self)(self.micros - other.micros, self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.micros, self.currency)

    def __lt__(self, other: Self) -> bool:
        self._same_currency(other)
        return self.micros < other.micros

    def __le__(self, other: Self) -> bool:
        self._same_currency(other)
        return self.micros <= other.micros

    def __str__(self) -> str:
        return f"{format_amount(self.amount)} {self.currency}"

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot put {self.currency} and {other.currency} together")


def parse_amount(text: str) -> Decimal:
    """Return the amount that *text* writes in plain decimals, exact.

    Raises ValueError for anything else: exponents, NaN, commas, blanks, more than 12 digits
    before or 12 after the point.

    >>> parse_amount("0.12")
    Decimal('0.12')
    >>> parse_amount("1e30")
    Traceback (most recent call last):
    ValueError: "1e30" is not a plain decimal amount such as "0.12"
    """
    if not _PLAIN.fullmatch(text):
        raise ValueError(f'"{text[:40]}" is not a plain decimal amount such as "0.12"')
    whole, _, decimals = text.lstrip("-").partition(".")
    if len(whole.lstrip("0")) > INTEGER_DIGITS or len(decimals) > DECIMAL_DIGITS:
        raise ValueError(
            f'"{text[:40]}" has more digits than an amount may have: '
            f"{INTEGER_DIGITS} before and {DECIMAL_DIGITS} after the point"
        )
    return Decimal(text)


def format_amount(amount: Decimal) -> str:
    """Return *amount* without exponent and without trailing zeros.

    >>> [format_amount(Decimal(text)) for text in ("0.3250", "0.00", "1E+3", "-2.50")]
    ['0.325', '0', '1000', '-2.5']
    """
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def to_micros(amount: Decimal) -> int:
    """Return *amount* in millionths; ValueError if it is finer than that.

    >>> to_micros(Decimal("0.325"))
    325000
    """
    micros = amount.scaleb(MICRO_DECIMALS, context=_EXACT)
    if micros != micros.to_integral_value():
        raise ValueError(f"{format_amount(amount)} is finer than a millionth")
    return int(micros)


def from_micros(micros: int) -> Decimal:
    """Return *micros* millionths as an exact amount without trailing zeros.

    >>> from_micros(325_000), from_micros(-7), from_micros(20_000_000)
    (Decimal('0.325'), Decimal('-0.000007'), Decimal('20'))
    """
    whole, rest = divmod(micros, MICRO)
    if rest == 0:
        return Decimal(whole)
    return Decimal(f"{micros}E-{MICRO_DECIMALS}").normalize(_EXACT)


def exact_decimal(numerator: int, denominator: int) -> Decimal:
    """Return numerator / denominator: exact if its decimals end, else rounded to 12 of them.

    >>> exact_decimal(1, 8), exact_decimal(1, 3)
    (Decimal('0.125'), Decimal('0.333333333333'))
    """
    scale = _decimal_scale(denominator)
    if scale is None:
        fraction = Fraction(numerator, denominator)
        numerator = fraction.numerator
        scale = _decimal_scale(fraction.denominator)
        if scale is None:
            written = _divide(numerator * 10**ENDLESS_DECIMALS, fraction.denominator, "half_up")
            return Decimal(f"{written}E-{ENDLESS_DECIMALS}")
    multiplier, decimals = scale
    return Decimal(f"{numerator * multiplier}E-{decimals}")


def ends(denominator: int) -> bool:
    """Say whether the decimals of every fraction with this denominator end.

    >>> ends(8), ends(60)
    (True, False)
    """
    return _decimal_scale(denominator) is not None


def exact_difference(whole: Decimal, parts: Iterable[Decimal]) -> Decimal:
    """Return *whole* less all *parts*, with every digit they have.

    >>> exact_difference(Decimal("0.1"), [Decimal("0.03"), Decimal("0.12")])
    Decimal('-0.05')
    """
    for part in parts:
        whole = _EXACT.subtract(whole, part)
    return whole


@lru_cache(maxsize=4096)
def _decimal_scale(denominator: int) -> tuple[int, int] | None:
    """Return (m, d) with 1 / denominator = m / 10**d, or None where the decimals never end."""
    rest, twos, fives = denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    decimals = max(twos, fives)
    return (10**decimals // denominator, decimals) if rest == 1 else None


@dataclass(frozen=True, slots=True)
class Rounding:
    """How a charge is rounded, once: by *rule*, to *decimals* (-6 to 6; below 0: tens, hundreds …).

    "none" keeps the millionths and rounds what is finer half up. A negative amount is rounded
    like the same amount without its sign.
    """

    rule: RoundingRule
    decimals: int

    def __post_init__(self) -> None:
        if self.rule not in ROUNDING_RULES or not -6 <= self.decimals <= MICRO_DECIMALS:
            raise ValueError(f"cannot round {self.rule} to {self.decimals} decimals")

    @property
    def resolution_micros(self) -> int:
        """The least difference between two rounded charges, in millionths."""
        return _RESOLUTION_MICROS[MICRO_DECIMALS if self.rule == "none" else self.decimals]

    def apply(self, amount: Fraction | Decimal) -> Decimal:
        """Return *amount* rounded.

        >>> Rounding("half_up", 2).apply(Decimal("0.125"))
        Decimal('0.13')
        >>> Rounding("half_even", 2).apply(Decimal("0.125"))
        Decimal('0.12')
        """
        return from_micros(self.micros(*amount.as_integer_ratio()))

    def micros(self, numerator: int, denominator: int) -> int:
        """Return numerator / denominator (above 0) rounded, in millionths."""
        step_micros = self.resolution_micros
        if numerator < 0:
            return -_divide(-numerator * MICRO, denominator * step_micros, self.rule) * step_micros
        return _divide(numerator * MICRO, denominator * step_micros, self.rule) * step_micros


def _divide(numerator: int, denominator: int, rule: RoundingRule) -> int:
    """Divide two integers, none negative, to an integer by *rule* ("none": half up)."""
    quotient, rest = divmod(numerator, denominator)
    if rest == 0 or rule == "down":
        return quotient
    if rule == "up":
        return quotient + 1
    twice = 2 * rest
    if rule == "half_even" and twice == denominator:
        return quotient + quotient % 2
    return quotient + (twice >= denominator)
