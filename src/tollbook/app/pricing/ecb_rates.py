"""The European Central Bank's reference rates: eurofxref-daily.xml and eurofxref-hist.xml.

    <gesmes:Envelope ...><Cube><Cube time="2026-10-30"><Cube currency="USD" rate="1.0934"/>...

One euro is `rate` of `currency` on the day of the Cube around it. The file comes from outside: a
document type, an entity, a depth or a size that the bank's own files never have refuses all of it.
"""

import re
from datetime import date
from xml.parsers import expat

from tollbook.core.money import parse_amount
from tollbook.storage.pricing.exchange_rates import ExchangeRateRow

BASE = "EUR"
LARGEST_BYTES = 32_000_000  # The whole history since 1999 is some 9 MB.
LARGEST_COUNT = 1_000_000
_DEEPEST = 16
_FED_BYTES = 65_536
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class EcbError(ValueError):
    """The file is refused whole; *line* is where."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


def read_ecb(raw: bytes) -> tuple[ExchangeRateRow, ...]:
    """Return the rates of the file, in its order. Raises EcbError."""
    if len(raw) > LARGEST_BYTES:
        raise EcbError(1, f"the file is over {LARGEST_BYTES:,} bytes; the bank's files are smaller")
    return _EcbReader().read(raw)


class _EcbReader:
    """One reading of a file."""

    def __init__(self) -> None:
        self._found: dict[tuple[date, str], ExchangeRateRow] = {}
        self._days: list[date | None] = []  # Of each open element, the day that holds in it.
        # No handler for entities: expat knows the five of XML and we refuse whoever declares more.
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.EntityDeclHandler = self._refuse_entity

    def read(self, raw: bytes) -> tuple[ExchangeRateRow, ...]:
        try:
            for begin in range(0, len(raw), _FED_BYTES):
                self._parser.Parse(raw[begin : begin + _FED_BYTES], False)  # noqa: FBT003 - expat's
            self._parser.Parse(b"", True)  # noqa: FBT003 - likewise
        except expat.ExpatError as fault:
            words = expat.ErrorString(fault.code)
            raise EcbError(fault.lineno, f"is not well-formed XML: {words}") from None
        except (LookupError, ValueError) as fault:
            if isinstance(fault, EcbError):
                raise
            raise self._fault(f"cannot be read: {fault}") from None
        if not self._found:
            raise EcbError(
                1,
                "holds no rates; expected <Cube time=...><Cube currency=... rate=...> as in "
                "eurofxref-daily.xml",
            )
        return tuple(self._found.values())

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._days) >= _DEEPEST:
            raise self._fault(f"is nested more than {_DEEPEST} deep")
        day = self._days[-1] if self._days else None
        if name.rpartition(":")[2] == "Cube":
            if "time" in attributes:
                day = self._day(attributes["time"])
            if "currency" in attributes:
                self._rate(day, attributes)
        self._days.append(day)

    def _end(self, _name: str) -> None:
        self._days.pop()

    def _day(self, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self._fault(f'time="{text[:40]}" is no date as 2026-10-30') from None

    def _rate(self, day: date | None, attributes: dict[str, str]) -> None:
        currency, rate = attributes["currency"], attributes.get("rate", "")
        if day is None:
            raise self._fault(f"the rate of {currency[:10]} stands in no <Cube time=...>")
        if not _CURRENCY.fullmatch(currency) or currency == BASE:
            raise self._fault(f'currency="{currency[:20]}"; expected three capitals, as USD')
        if rate == "N/A":
            return  # So the bank marks a currency that was suspended that day.
        try:
            is_positive = parse_amount(rate) > 0
        except ValueError as fault:
            raise self._fault(f"the rate of {currency}: {fault}") from None
        if not is_positive:
            raise self._fault(f'the rate of {currency} is "{rate}"; expected more than zero')
        if (day, currency) in self._found:
            raise self._fault(f"{currency} stands twice on {day}")
        if len(self._found) >= LARGEST_COUNT:
            raise self._fault(f"holds more than {LARGEST_COUNT:,} rates")
        self._found[day, currency] = ExchangeRateRow(BASE, currency, day, rate)

    def _refuse_doctype(self, *_: object) -> None:
        raise self._fault("declares a document type; the bank's files have none")

    def _refuse_entity(self, *_: object) -> None:
        raise self._fault("declares an entity; the bank's files have none")

    def _fault(self, message: str) -> EcbError:
        return EcbError(self._parser.CurrentLineNumber, message)
