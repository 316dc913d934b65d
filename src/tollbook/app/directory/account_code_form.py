"""An account code as somebody writes it, read field by field with all its faults.

Source: EBC-10, EBC-20 to EBC-25, EBC-31, EBC-41; decisions AMB-01, AMB-03, AMB-04.
"""

from dataclasses import dataclass

from tollbook.app.faults import FieldFault, FieldsRefused
from tollbook.core.money import parse_amount, to_micros
from tollbook.core.policies.codes import MAX_NUMBER_DIGITS, read_prefixes
from tollbook.storage.models.directory import MOST_OWN_NUMBERS

__all__ = [
    "FEE_DECIMALS",
    "LONGEST_CODE",
    "LONGEST_DESCRIPTION",
    "LONGEST_LABEL",
    "LONGEST_LIST",
    "MOST_DIGITS",
    "MOST_OWN_NUMBERS",
    "CodeRefused",
    "CodeText",
    "OwnNumber",
    "read_code",
]

LONGEST_CODE, LONGEST_DESCRIPTION, LONGEST_LIST = 64, 200, 4_000
LONGEST_LABEL = 120
MOST_DIGITS = 99  # A minimum or maximum above it is a slip.
FEE_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class CodeText:
    """An account code as somebody wrote it: a form's fields, or the cells of a CSV row.

    `numbers` are the code's own, each "number" or "number label", in order.
    """

    code: str
    description: str = ""
    owner: str = ""
    restrict: bool = False
    minimum: str = ""
    maximum: str = ""
    blocked: str = ""
    allowed: str = ""
    active: bool = True
    fee: str = ""
    fee_unit_s: str = ""
    numbers: tuple[str, ...] = ()


class CodeRefused(FieldsRefused):
    """An account code that cannot be kept."""


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """A number of the code's own and what it is called."""

    number: str
    label: str


def read_code(
    text: CodeText, *, length: int, owners: dict[str, int]
) -> tuple[dict[str, object], tuple[OwnNumber, ...]]:
    """Return the columns and own numbers that *text* writes; raises CodeRefused with all faults."""
    reader = _CodeTextReader(text)
    values: dict[str, object] = {
        "code": reader.code(length),
        "description": reader.printable("description", text.description, LONGEST_DESCRIPTION),
        "owner_id": reader.owner(owners),
        "restrict": text.restrict,
        "minimum": reader.whole("minimum", text.minimum, default=0, most=MOST_DIGITS),
        "maximum": reader.whole("maximum", text.maximum, default=0, most=MOST_DIGITS),
        "blocked": reader.prefixes("blocked", text.blocked),
        "allowed": reader.prefixes("allowed", text.allowed),
        "active": text.active,
        "fee_micros": reader.fee(),
        "fee_unit_s": reader.whole("fee_unit_s", text.fee_unit_s, default=360, least=1, most=3600),
    }
    minimum, maximum = values["minimum"], values["maximum"]
    if isinstance(minimum, int) and isinstance(maximum, int) and 0 < maximum < minimum:
        reader.fault("maximum", f"{maximum} is less than the minimum {minimum}")
    numbers = reader.numbers()
    if reader.faults:
        raise CodeRefused(reader.faults)
    return values, numbers


class _CodeTextReader:
    """Reads field after field and gathers the faults."""

    def __init__(self, text: CodeText) -> None:
        self._text = text
        self.faults: list[FieldFault] = []

    def fault(self, field: str, message: str) -> None:
        self.faults.append(FieldFault(field, message))

    def code(self, length: int) -> str:
        code = self._text.code.strip()
        if not (code.isascii() and code.isdigit() and len(code) <= LONGEST_CODE):
            self.fault("code", f'"{code[:LONGEST_CODE]}" is no code: 1 to {LONGEST_CODE} digits')
        elif length and len(code) != length:
            self.fault("code", f"{code} has {len(code)} digits; codes here have {length}")
        return code

    def printable(self, field: str, text: str, longest: int) -> str:
        text = text.strip()
        if not text.isprintable() or len(text) > longest:
            self.fault(field, f"at most {longest} printable characters are expected")
        return text

    def owner(self, owners: dict[str, int]) -> int | None:
        name = self._text.owner.strip()
        if name and name not in owners:
            self.fault(
                "owner", f'there is no active owner "{name[:120]}"; add or activate it first'
            )
        return owners.get(name)

    def whole(self, field: str, text: str, *, default: int, most: int, least: int = 0) -> int:
        text = text.strip()
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most):
            self.fault(field, f'"{text[:16]}": a whole number from {least} to {most} is expected')
            return default
        return int(text)

    def prefixes(self, field: str, text: str) -> str:
        if len(text) > LONGEST_LIST:
            self.fault(field, f"at most {LONGEST_LIST} characters are expected")
            return ""
        try:
            return ", ".join(read_prefixes(text))
        except ValueError as wrong:
            self.fault(field, str(wrong))
            return ""

    def fee(self) -> int | None:
        text = self._text.fee.strip()
        if not text:
            return None
        try:
            amount = parse_amount(text)
            micros = to_micros(amount)
        except ValueError as wrong:
            self.fault("fee", str(wrong))
            return None
        if amount < 0 or amount != round(amount, FEE_DECIMALS):
            self.fault("fee", f"{text}: 0 or more, with at most {FEE_DECIMALS} decimals")
        return micros

    def numbers(self) -> tuple[OwnNumber, ...]:
        read: list[OwnNumber] = []
        for given in self._text.numbers:
            number, _, label = given.strip().partition(" ")
            if not number:
                continue
            digits = number.removeprefix("+")
            if not (digits.isascii() and digits.isdigit() and len(digits) <= MAX_NUMBER_DIGITS):
                self.fault("numbers", f'"{number[:40]}" is no number: digits are expected')
            read.append(OwnNumber(number, self.printable("numbers", label, LONGEST_LABEL)))
        if len(read) > MOST_OWN_NUMBERS:
            self.fault("numbers", f"{len(read)} numbers, at most {MOST_OWN_NUMBERS} are kept")
        return tuple(read)
