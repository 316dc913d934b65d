"""Dialled numbers as the rating sees them: decoration dropped, digits packed for look-up.

Source: docs/algorithms/rating.md, "Number".
"""

_DECORATION = str.maketrans("", "", " -./()")
_CODES = {symbol: code for code, symbol in enumerate("0123456789*#ABC", start=1)}

PACKED_SYMBOLS = 15
SYMBOL_BITS = 4


def strip_decoration(number: str) -> str:
    """Return *number* without a leading plus and without blanks, hyphens, dots, slashes, brackets.

    >>> strip_decoration("+49 (30) 123-45.6/7")
    '49301234567'
    """
    if number.isdigit():
        return number
    return number.translate(_DECORATION).removeprefix("+")


def pack_digits(number: str, *, symbols: int = PACKED_SYMBOLS) -> int:
    """Return the first *symbols* symbols of *number* in one integer, 4 bits each, first on top.

    A digit is stored as digit + 1 and the end as 0, so that no prefix matches a number shorter
    than itself and leading zeros count; `*`, `#`, `A`, `B` and `C` follow the digits. Integers
    sort as the numbers do. Raises ValueError for any other symbol, or more than 15.

    >>> hex(pack_digits("0490", symbols=6))
    '0x15a100'
    >>> pack_digits("49") == pack_digits("490")
    False
    """
    if not 0 <= symbols <= PACKED_SYMBOLS:
        raise ValueError(f"cannot pack {symbols} symbols: {PACKED_SYMBOLS} fit at most")
    packed = 0
    kept = number[:symbols]
    for symbol in kept:
        code = _CODES.get(symbol)
        if code is None:
            raise ValueError(f"cannot pack {symbol!r}: only digits, *, #, A, B and C have a code")
        packed = packed << SYMBOL_BITS | code
    return packed << SYMBOL_BITS * (symbols - len(kept))
