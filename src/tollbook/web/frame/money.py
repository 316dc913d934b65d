"""Money on the screens of extensions: four decimals, half up, thousands parted.

Exports hold the exact amounts.
"""

from tollbook.core.money import Rounding, from_micros

FOUR = Rounding("half_up", 4)


def four(micros: int) -> str:
    """Show millionths with four decimals.

    >>> four(1_234_567_850), four(-50), four(-49), four(0)
    ('1,234.5679', '-0.0001', '0.0000', '0.0000')
    """
    rounded = FOUR.apply(from_micros(micros))
    return f"{rounded or abs(rounded):,.4f}"
