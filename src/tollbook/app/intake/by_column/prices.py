"""What the calls of a block are charged: found once for all that agree in all that matters.

Which rate wins depends on who called whom in which windows; what it charges, on the whole seconds
of talk. Both repeat over many calls, so both are memoised by number. The answers are those of
`Rater.charge`, call by call; where that would have to look closer (assignments that ask about the
call, bands that split it, metering pulses), there are none here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tollbook.app.intake.by_column.routes import NumberedRows, Routes, pair
from tollbook.app.intake.mediate import MAX_TRUNK
from tollbook.app.pricing.pbx_rules import BY_DIALLED
from tollbook.app.pricing.rater import (
    QUARTER_S,
    Billable,
    Rater,
    TariffPricer,
    unrated,
)
from tollbook.core.batch import ChargeColumns, ChargeValues
from tollbook.formats.block_texts import Learned
from tollbook.formats.blocks import ParsedBlock
from tollbook.formats.numbering import KeyIndex, Numbers

_REMEMBERED = 200_000
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class BlockCharges:
    """The calls that are charged, ascending, and the columns of their charges behind `call`."""

    calls: Numbers
    columns: list[list[Any]]

    def add_to(self, charges: ChargeColumns, begin: int, end: int) -> None:
        """Add the charges of the calls from *begin* to *end*; there they are counted from 0."""
        first, last = np.searchsorted(self.calls, (begin, end)).tolist()
        charges.call.extend((self.calls[first:last] - begin).tolist())
        for column, values in zip(charges.lists()[1:], self.columns, strict=True):
            column.extend(values[first:last])


class BlockPrices:
    """The tariffs of one PBX, ready to price blocks."""

    def __init__(self, rater: Rater) -> None:
        self._rater = rater
        self._prices: dict[int, _VersionPrices] = {}
        self._generation = 0

    def charged(self, block: ParsedBlock, ways: Routes, *, generation: int) -> BlockCharges | None:
        """Return the charges of a block; None where the calls must be looked at one by one.

        Numbers of *ways* mean the same as before while the *generation* is the same.
        """
        rater = self._rater
        one = rater.sole_assignment(rater.kinds[0]) if len(rater.kinds) == 1 else None
        if one is None:
            return None
        if generation != self._generation or any(
            map(_VersionPrices.is_full, self._prices.values())
        ):
            self._prices.clear()
            self._generation = generation
        calls = np.flatnonzero(ways.billable)
        versions = rater.versions(one.tariff_id)
        froms = np.array([version.valid_from_us for version in versions], np.int64)
        in_force = np.searchsorted(froms, block.columns.answer_us[calls], side="right") - 1
        found = [np.empty(len(calls), np.object_) for _ in ChargeValues._fields]
        for at in np.unique(in_force).tolist():
            places = np.flatnonzero(in_force == at)
            if at < 0:
                answers: Sequence[Any] = unrated(rater.kinds[0], "no_version")
            else:
                pricer = rater.pricer(versions[at])
                if not pricer.repeats:
                    return None
                prices = self._prices.get(at)
                if prices is None:
                    prices = self._prices[at] = _VersionPrices(
                        rater, pricer, one.matches == BY_DIALLED
                    )
                answers = prices.charged(block, ways, calls[places])
            for column, values in zip(found, answers, strict=True):
                column[places] = values
        return BlockCharges(calls, [column.tolist() for column in found])


class _VersionPrices:
    """One version's winners and charges, by number."""

    def __init__(self, rater: Rater, pricer: TariffPricer, by_dialled: bool) -> None:  # noqa: FBT001 - named by its caller's test
        self._rater, self._pricer, self._by_dialled = rater, pricer, by_dialled
        self._edges_us = np.array(pricer.edges_us, np.int64)
        self._windows: dict[int, int] = {}
        self._who_numbers, self._won = KeyIndex(3), Learned()
        self._charge_numbers, self._charges = KeyIndex(1), NumberedRows(len(ChargeValues._fields))
        self._reasons: list[str] = []

    def is_full(self) -> bool:
        """Say whether the memo tables have outgrown their limit."""
        return max(len(self._who_numbers), len(self._charge_numbers)) > _REMEMBERED

    def charged(self, block: ParsedBlock, ways: Routes, calls: Numbers) -> list[Any]:
        """Return the columns of what *calls* are charged."""
        won = self._winners(block, ways, calls)
        talk_s = -(-block.columns.talk_ms[calls] // 1000)
        numbers, new = self._charge_numbers.numbers([pair(won, talk_s)])
        kind = self._rater.kinds[0]
        for row in new.tolist():
            winner = int(won[row])
            rate = winner if winner < _NO_RATE else self._reasons[winner - _NO_RATE]
            self._charges.append(self._pricer.charge_at(rate, int(talk_s[row]), kind))
        return [self._charges.column(at, numbers) for at in range(len(ChargeValues._fields))]

    def _winners(self, block: ParsedBlock, ways: Routes, calls: Numbers) -> Numbers:
        """Return the rates that win, by their index, or numbers of reasons why none does."""
        talk_us = block.columns.answer_us[calls]
        windows = self._windows_open(talk_us // _SECOND_US)
        edges = np.searchsorted(self._edges_us, talk_us, side="right")
        # Where rates ask about the caller or the trunk, it matters who called over which line.
        asks = self._pricer.asks_caller or self._pricer.asks_trunk
        nobody = np.zeros(len(calls), np.uint64)
        key = [
            pair(ways.goal_numbers[calls], windows * (len(self._edges_us) + 1) + edges),
            ways.caller_numbers[calls].astype(np.uint64) if asks else nobody,
            ways.line_numbers[calls] if asks else nobody,
        ]
        numbers, new = self._who_numbers.numbers(key)
        for row in new.tolist():
            call = self._call(block, ways, int(calls[row]))
            number = call.dialled if self._by_dialled else call.callee
            won = self._pricer.rate_of(call, number)
            if isinstance(won, str):
                self._reasons.append(won)
                won = _NO_RATE + len(self._reasons) - 1
            self._won.append(won)
        return self._won.of(numbers)

    def _windows_open(self, epoch_s: Numbers) -> Numbers:
        """Return a number for the windows that are open at each instant."""
        quarters, which = np.unique(epoch_s // QUARTER_S, return_inverse=True)
        numbers = np.array([self._of_quarter(quarter) for quarter in quarters.tolist()], np.int64)
        found = numbers[which]
        for row in np.flatnonzero(found < 0).tolist():
            found[row] = self._number(self._pricer.open_at(int(epoch_s[row])))
        return found

    def _of_quarter(self, quarter: int) -> int:
        windows = self._pricer.open_in(quarter)
        return -1 if windows is None else self._number(windows)

    def _number(self, windows: int) -> int:
        return self._windows.setdefault(windows, len(self._windows))

    def _call(self, block: ParsedBlock, ways: Routes, at: int) -> Billable:
        extension = ways.extensions[at]
        return Billable(
            int(block.columns.answer_us[at]),
            int(block.columns.talk_ms[at]),
            ways.callees[at],
            block.dialled[at] or ways.callees[at],
            ways.callers[at],
            extension,
            self._rater.department_of(extension),
            ways.lines[at][:MAX_TRUNK],
            block.account_code[at],
            block.source_ip[at],
            block.pulses[at],
        )


_NO_RATE = 1 << 24  # From here on the numbers are those of reasons.
