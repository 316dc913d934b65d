"""Statements: what an account held before a period, each movement in it, and what it held after.

    book = book_of("extension", 7, currency="EUR")
    found = book.statement(LineFilter(from_us=…, to_us=…))     # opening, sums, closing
    book.lines(found, first=0, count=50)                       # the lines that fit

Extensions, owners and departments have accounts: their lines are postings, and the amounts what a
balance rose or fell by. An account code has none: its lines are what its calls cost, charge and
fee, and the amounts add up to what is owed for it. A line is dated when its call began, so that
its month pays it (AMB-07).

Source: docs/algorithms/ledger.md, "Statements".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from tollbook.app.directory.holders import HolderKind
from tollbook.storage.billing.code_lines import code_currencies, code_lines, code_total_before
from tollbook.storage.billing.statements import (
    LineFilter,
    LineSums,
    StatementLine,
    account_id_of,
    balance_before,
    currencies_of,
    posting_lines,
    posting_sums,
)

__all__ = [
    "KINDS_OF_LINES",
    "Book",
    "BookKind",
    "LineFilter",
    "Statement",
    "StatementLine",
    "book_of",
]

BookKind = HolderKind | Literal["account_code"]
KINDS_OF_LINES: Final = {
    "charge": "Call",
    "fee": "Fee",
    "recharge": "Recharge",
    "adjustment": "Adjustment",
    "rerating": "Re-rating",
    "reversal": "Reversal",
    "conversion": "Conversion",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """An account over a period, in millionths: opening, up and down make the closing.

    `down_micros` is not above 0. `fitting` is how many lines fit the rest of the filter.
    """

    wanted: LineFilter
    opening_micros: int
    up_micros: int
    down_micros: int
    fitting: int

    @property
    def closing_micros(self) -> int:
        """What it held at the end."""
        return self.opening_micros + self.up_micros + self.down_micros


class Book(Protocol):
    """What a statement is read from; `kinds` are those of its lines."""

    @property
    def currency(self) -> str:
        """The currency of all amounts."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that its lines can have, keys of `KINDS_OF_LINES`."""

    def currencies(self) -> list[str]:
        """Return the currencies in which there is such a book, by their codes."""

    def statement(self, wanted: LineFilter) -> Statement:
        """Return what the lines of the period come to."""

    def lines(
        self,
        statement: Statement,
        *,
        newest_first: bool = False,
        first: int = 0,
        count: int | None = None,
    ) -> Sequence[StatementLine]:
        """Return the lines that fit, *count* from the *first* on (0-based)."""


def book_of(kind: BookKind, holder_id: int, *, currency: str) -> Book:
    """Return the book of a holder or an account code in a currency; it may be empty."""
    if kind == "account_code":
        return _CodeBook(holder_id, currency)
    return _AccountBook(kind, holder_id, currency)


@dataclass(frozen=True, slots=True)
class _AccountBook:
    kind: HolderKind
    holder_id: int
    currency: str

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(kind for kind in KINDS_OF_LINES if kind != "fee")

    def currencies(self) -> list[str]:
        return currencies_of(self.kind, str(self.holder_id))

    def statement(self, wanted: LineFilter) -> Statement:
        account_id = self._account_id()
        if account_id is None:
            return Statement(wanted, 0, 0, 0, 0)
        opening_micros = 0 if wanted.from_us is None else balance_before(account_id, wanted.from_us)
        sums = posting_sums(account_id, wanted)
        return _added(wanted, opening_micros, sums)

    def lines(
        self,
        statement: Statement,
        *,
        newest_first: bool = False,
        first: int = 0,
        count: int | None = None,
    ) -> Sequence[StatementLine]:
        account_id = self._account_id()
        if account_id is None:
            return ()
        return posting_lines(
            account_id,
            statement.wanted,
            opening_micros=statement.opening_micros,
            newest_first=newest_first,
            first=first,
            count=count,
        )

    def _account_id(self) -> int | None:
        return account_id_of(self.kind, str(self.holder_id), self.currency)


@dataclass(frozen=True, slots=True)
class _CodeBook:
    code_id: int
    currency: str

    @property
    def kinds(self) -> tuple[str, ...]:
        return ("charge", "fee")

    def currencies(self) -> list[str]:
        return code_currencies(self.code_id)

    def statement(self, wanted: LineFilter) -> Statement:
        opening_micros = (
            0
            if wanted.from_us is None
            else code_total_before(self.code_id, self.currency, wanted.from_us)
        )
        every = self._every(wanted, opening_micros)
        amounts = [line.amount_micros for line in every]
        sums = LineSums(
            up_micros=sum(amount for amount in amounts if amount > 0),
            down_micros=sum(amount for amount in amounts if amount < 0),
            fitting=sum(_fits(line, wanted) for line in every),
        )
        return _added(wanted, opening_micros, sums)

    def lines(
        self,
        statement: Statement,
        *,
        newest_first: bool = False,
        first: int = 0,
        count: int | None = None,
    ) -> Sequence[StatementLine]:
        every = self._every(statement.wanted, statement.opening_micros)
        fitting = [line for line in every if _fits(line, statement.wanted)]
        if newest_first:
            fitting.reverse()
        return fitting[first:] if count is None else fitting[first : first + count]

    def _every(self, wanted: LineFilter, opening_micros: int) -> list[StatementLine]:
        return code_lines(
            self.code_id,
            self.currency,
            from_us=wanted.from_us,
            to_us=wanted.to_us,
            opening_micros=opening_micros,
        )


def _fits(line: StatementLine, wanted: LineFilter) -> bool:
    word = wanted.keyword.lower()
    return (not wanted.kind or line.kind == wanted.kind) and (
        word in line.callee.lower() or word in line.destination.lower()
    )


def _added(wanted: LineFilter, opening_micros: int, sums: LineSums) -> Statement:
    return Statement(wanted, opening_micros, sums.up_micros, sums.down_micros, sums.fitting)
