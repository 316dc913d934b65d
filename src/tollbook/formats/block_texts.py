"""The texts of a block's cells, each distinct one numbered and interpreted once.

A column of a million cells has few distinct texts: what one means is memoised by its number, and
looked up for all rows at once.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tollbook.formats.block_lines import Lines
from tollbook.formats.numbering import KeyIndex, Numbers

_TEXTS_KEPT = 100_000


class _Odd:
    """Marks a value that only the Parser can judge."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ODD"


ODD = _Odd()
NOTHING_NUMBER, ODD_NUMBER = 0, 1


class Texts:
    """The distinct texts of one column, by number; None for what only the Parser can judge.

    That is one whose quotes are not doubled, or which was cut inside of a character.
    """

    def __init__(self, quote: str) -> None:
        self.texts: list[str | None] = []
        self._quote = quote
        self._known: dict[bytes, int] = {}
        # By length, as short texts need few words; a text's length is the same in every block.
        self._by_width: dict[int, tuple[KeyIndex, Learned]] = {}

    def numbers(self, lines: Lines, begin: Numbers, end: Numbers) -> Numbers:
        """Return the number of each row's text."""
        words = list(lines.words(begin, end))
        width = 1 << (len(words) - 1).bit_length()
        words += [np.zeros(len(begin), np.uint64)] * (width - len(words))
        if width not in self._by_width:
            self._by_width[width] = KeyIndex(width), Learned()
        numbering, own = self._by_width[width]
        found, new = numbering.numbers(words)
        for row in new:
            own.append(self._number(lines.data[begin[row] : end[row]]))
        return own.of(found)

    def _number(self, raw: bytes) -> int:
        number = self._known.get(raw)
        if number is None:
            number = self._known[raw] = len(self.texts)
            self.texts.append(self._text(raw))
        return number

    def _text(self, raw: bytes) -> str | None:
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return None
        bare = self._quote in text.replace(self._quote * 2, "")
        return None if bare else text.replace(self._quote * 2, self._quote)


class Learned:
    """A whole number for each text, learned in the order of the texts."""

    def __init__(self) -> None:
        self._numbers = np.zeros(64, np.int64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, number: int) -> None:
        if self._count == len(self._numbers):
            self._numbers = np.concatenate((self._numbers, np.zeros_like(self._numbers)))
        self._numbers[self._count] = number
        self._count += 1

    def of(self, numbers: Numbers) -> Numbers:
        """Return what was learned of each of these."""
        return self._numbers[numbers]


@dataclass(slots=True)
class Vocabulary:
    """The values that one field takes, by number; 0 is no value, 1 is ODD."""

    values: list[Any]
    numbers: dict[Hashable, int] = field(default_factory=dict)
    _shown: npt.NDArray[np.object_] = field(default_factory=lambda: np.zeros(0, np.object_))
    _count: int = 0

    def number(self, value: Any) -> int:
        """Return the number of *value*, a new one if need be."""
        key = (value.__class__, value)  # 1, True and Decimal(1) are three things.
        known = self.numbers.get(key)
        if known is None:
            known = self.numbers[key] = len(self.values)
            self.values.append(value)
        return known

    def of(self, numbers: Numbers) -> npt.NDArray[np.object_]:
        """Return the value behind each number."""
        if self._count < len(self.values):
            if len(self._shown) < len(self.values):
                more = np.empty(2 * len(self.values), np.object_)
                more[: self._count] = self._shown[: self._count]
                self._shown = more
            self._shown[self._count : len(self.values)] = self.values[self._count :]
            self._count = len(self.values)
        return self._shown[numbers]


class TextCache:
    """What texts were read as in earlier blocks; for one definition and one zone only."""

    def __init__(self) -> None:
        self._texts: dict[Hashable, Texts] = {}
        self._learned: dict[Hashable, Learned] = {}
        self._fields: dict[str, Vocabulary] = {}

    def trim(self) -> None:
        """Clear the cache once a column has more texts than a large office produces."""
        if any(len(one.texts) > _TEXTS_KEPT for one in self._texts.values()):
            self._texts.clear()
            self._learned.clear()
            self._fields.clear()

    def texts(self, column: Hashable, quote: str) -> Texts:
        """Return the texts of a column."""
        known = self._texts.get(column)
        if known is None:
            known = self._texts[column] = Texts(quote)
        return known

    def learned(
        self, question: Hashable, texts: Texts, answer: Callable[[str | None], int]
    ) -> Learned:
        """Return *answer* for each of the texts, memoised under the key *question*."""
        known = self._learned.get(question)
        if known is None:
            known = self._learned[question] = Learned()
        for text in texts.texts[len(known) :]:
            known.append(answer(text))
        return known

    def vocabulary(self, target: str, nothing: Any) -> Vocabulary:
        """Return the values of a field; *nothing* is its value where the text says none."""
        known = self._fields.get(target)
        if known is None:
            known = self._fields[target] = Vocabulary([nothing, ODD])
            known.numbers[nothing.__class__, nothing] = NOTHING_NUMBER
        return known
