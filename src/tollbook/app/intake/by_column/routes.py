"""How the calls of a block went: found once for all that agree in their numbers and devices.

A block knows its texts by number, so that callers and goals are told apart by whole columns; the
dial plan is asked only about the few that nobody called before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tollbook.formats.block_columns import FieldColumn
from tollbook.formats.block_lines import Bools
from tollbook.formats.block_texts import NOTHING_NUMBER, Learned, Vocabulary
from tollbook.formats.blocks import ParsedBlock
from tollbook.formats.numbering import KeyIndex, Numbers, Words

if TYPE_CHECKING:
    from tollbook.app.intake.mediate import CalledParty
    from tollbook.core.dialplan import CallerNumber

_FIELDS = ("caller", "caller_device", "dialled", "callee", "callee_device", "direction", "trunk")
_REMEMBERED = 100_000
_UPPER = np.uint64(32)
Objects = npt.NDArray[np.object_]
RouteLists = tuple[list[str], ...]


@dataclass(frozen=True, slots=True)
class Routes:
    """How the calls of a block went; billable ones with equal numbers went the same way."""

    directions: list[str]
    callers: list[str]
    callees: list[str]
    call_types: list[str]
    destinations: list[str]
    lines: list[str]
    extensions: list[str]
    caller_numbers: Numbers
    goal_numbers: Numbers
    line_numbers: Words
    billable: Bools

    def some(self, rows: slice) -> RouteLists:
        """Return the columns of some of the calls, as the mediator has them."""
        columns = (
            self.directions,
            self.callers,
            self.callees,
            self.call_types,
            self.destinations,
            self.lines,
            self.extensions,
        )
        return tuple(column[rows] for column in columns)


class NumberedRows:
    """Equal rows of a few columns, known by number."""

    def __init__(self, width: int) -> None:
        self._columns = [np.zeros(64, np.object_) for _ in range(width)]
        self._count = 0

    def append(self, row: tuple[Any, ...]) -> None:
        """Add the row with the next number."""
        if self._count == len(self._columns[0]):
            self._columns = [np.concatenate((each, np.zeros_like(each))) for each in self._columns]
        for column, value in zip(self._columns, row, strict=True):
            column[self._count] = value
        self._count += 1

    def column(self, at: int, numbers: Numbers) -> Objects:
        """Return one column's values in the rows of these numbers."""
        return self._columns[at][numbers]


class BlockRoutes:
    """Finds ways by the column; *find_who* and *find_goal* ask the dial plan."""

    def __init__(
        self,
        find_who: "Callable[[str, str], tuple[CallerNumber, str]]",
        find_goal: "Callable[[CallerNumber, str, str, str, str], CalledParty]",
        shown_in: "Callable[[CallerNumber], str]",
        telephone: Callable[[str], str],
    ) -> None:
        self._find_who, self._find_goal, self._shown_in = find_who, find_goal, shown_in
        self._telephone = telephone
        self._vocabularies: list[Vocabulary | None] = []
        self.generation = 0  # Incremented when numbers are reset: generations do not compare.
        self._forget()

    def _forget(self) -> None:
        self.generation += 1
        self._who_numbers, self._goal_numbers = KeyIndex(1), KeyIndex(2)
        self._whos: list[CallerNumber] = []
        # The billed extension, the number of who calls out and of who calls in.
        self._who = NumberedRows(3)
        self._kinds = Learned()
        # Direction, callee, call type, destination, extension.
        self._goal = NumberedRows(5)
        # The dial plan needs only the device's extension; 0 means none (a trunk).
        self._phones = {"": 0}
        self._near_phones, self._far_phones = Learned(), Learned()

    def ways(self, block: ParsedBlock) -> Routes:
        """Return how the calls of *block* went."""
        columns = [block.columns.values.get(name) for name in _FIELDS]
        vocabularies = [column.vocabulary if column else None for column in columns]
        if self._are_others(vocabularies) or self._remember_too_much():
            self._forget()
        self._vocabularies = vocabularies
        numbers = [_numbers(column, len(block)) for column in columns]
        caller, near, dialled, callee, far, said, trunk = numbers
        near_phone = self._phone_numbers(self._near_phones, columns[1], near)
        far_phone = self._phone_numbers(self._far_phones, columns[4], far)
        who = self._number_whos(block, pair(caller, near_phone))
        situation = said * len(_KINDS) + self._kinds.of(who)
        goal = self._number_goals(block, who, pair(dialled, callee), pair(far_phone, situation))
        directions = self._goal.column(0, goal)
        comes_in, inside = directions == "in", directions == "internal"
        # What is nobody's telephone is a line: that of who calls in, or over which it went out.
        way_in = np.where(near_phone == 0, _texts(columns[1], near), "")
        way_out = np.where((far_phone == 0) & ~inside, _texts(columns[4], far), "")
        trunks = _texts(columns[6], trunk)
        lines = np.where(trunks != "", trunks, np.where(comes_in, way_in, way_out))
        return Routes(
            directions=directions.tolist(),
            callers=np.where(comes_in, self._who.column(2, who), self._who.column(1, who)).tolist(),
            callees=self._goal.column(1, goal).tolist(),
            call_types=self._goal.column(2, goal).tolist(),
            destinations=self._goal.column(3, goal).tolist(),
            lines=lines.tolist(),
            extensions=np.where(
                comes_in, self._goal.column(4, goal), self._who.column(0, who)
            ).tolist(),
            caller_numbers=who,
            goal_numbers=goal,
            line_numbers=pair(trunk, far),
            billable=block.columns.answered & ~comes_in & ~inside,
        )

    def _are_others(self, vocabularies: list[Vocabulary | None]) -> bool:
        """Say whether numbers mean other texts than before."""
        pairs = zip(vocabularies, self._vocabularies, strict=False)
        return any(now is not then for now, then in pairs)

    def _remember_too_much(self) -> bool:
        return max(len(self._who_numbers), len(self._goal_numbers)) > _REMEMBERED

    def _phone_numbers(
        self, known: Learned, column: FieldColumn | None, devices: Numbers
    ) -> Numbers:
        """Return a number for the telephone that each device is."""
        if column is None or column.vocabulary is None:
            return devices
        for device in column.vocabulary.values[len(known) :]:
            phone = self._telephone(device) if isinstance(device, str) else ""
            known.append(self._phones.setdefault(phone, len(self._phones)))
        return known.of(devices)

    def _number_whos(self, block: ParsedBlock, key: Words) -> Numbers:
        found, new = self._who_numbers.numbers([key])
        for row in new.tolist():
            who, _ = self._find_who(block.caller[row], block.caller_device[row])
            self._whos.append(who)
            self._who.append((who.extension, who.own, self._shown_in(who)))
            self._kinds.append(_KINDS.index(who.kind))
        return found

    def _number_goals(self, block: ParsedBlock, who: Numbers, *key: Words) -> Numbers:
        found, new = self._goal_numbers.numbers(key)
        for row in new.tolist():
            goal = self._find_goal(
                self._whos[who[row]],
                block.dialled[row],
                block.callee[row],
                block.callee_device[row],
                block.direction[row],
            )
            self._goal.append(goal[:-1])
        return found


_KINDS = ("", "extension", "outside")


def _numbers(column: FieldColumn | None, count: int) -> Numbers:
    if column is None or column.numbers is None:
        return np.full(count, NOTHING_NUMBER)
    return column.numbers


def _texts(column: FieldColumn | None, numbers: Numbers) -> Objects:
    if column is None or column.vocabulary is None:
        return np.full(len(numbers), "", np.object_)
    return column.vocabulary.of(numbers)


def pair(first: Numbers, second: Numbers) -> Words:
    """Return two numbers, each below 2^32, as one."""
    pair: Words = (first.astype(np.uint64) << _UPPER) | second.astype(np.uint64)
    return pair
