"""Cells of many lines to columns of values: each distinct text is interpreted once.

Only rows that are beyond doubt are kept: with all the times of a call, in order, in hours that
no clock change repeats. The rest is left to the Parser.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from decimal import Decimal
from itertools import compress
from typing import Any

import numpy as np

from tollbook.formats.block_lines import LONGEST_CELL, Bools, Cells, Lines
from tollbook.formats.block_texts import (
    NOTHING_NUMBER,
    ODD,
    ODD_NUMBER,
    TextCache,
    Texts,
    Vocabulary,
)
from tollbook.formats.converters import CONVERTERS, MAX_TEXT_CHARS
from tollbook.formats.definition import (
    CHOICE_TARGETS,
    NAME_TARGETS,
    TEXT_TARGETS,
    Definition,
    FieldRule,
    Layout,
)
from tollbook.formats.errors import Malformed
from tollbook.formats.fields import interpret
from tollbook.formats.numbering import Numbers
from tollbook.formats.patterns import Pattern
from tollbook.formats.zones import SECOND_US, Stamp, candidates_us, is_of_our_time

_BAD_US = -(1 << 62)
_TWICE_US = _BAD_US + 1  # an hour that a clock change repeats
_WORTHLESS_US = _BAD_US // 2
_HOUR_CHARS, _STAMP_CHARS = 13, 19
_ZERO, _COLON, _BLANK = b"0: "
_QUICK_STAMPS = {"%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S"}
_UNIQUE_TARGETS = {"pbx_call_id"}  # Unique for each call: numbering these saves nothing.
WORDS = frozenset((*TEXT_TARGETS, *NAME_TARGETS, *CHOICE_TARGETS))


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """The values of one field, a row after another: by number, or as they are."""

    numbers: Numbers | None = None
    vocabulary: Vocabulary | None = None
    texts: Sequence[str] = ()

    def values(self) -> list[Any]:
        """Return the values themselves."""
        if self.vocabulary is None or self.numbers is None:
            return list(self.texts)
        found: list[Any] = self.vocabulary.of(self.numbers).tolist()
        return found

    def of(self, rows: Bools) -> "FieldColumn":
        """Return the values of some of the rows."""
        if self.numbers is None:
            return FieldColumn(texts=list(compress(self.texts, rows.tolist())))
        return FieldColumn(self.numbers[rows], self.vocabulary)


@dataclass(frozen=True, slots=True)
class BlockColumns:
    """The plain rows of a block, ascending, and their values by field.

    Instants are µs and lengths ms; `answer_us` means nothing where nobody `answered`.
    """

    rows: Numbers
    start_us: Numbers
    answer_us: Numbers
    end_us: Numbers
    talk_ms: Numbers
    answered: Bools
    values: dict[str, FieldColumn]


class _NeedsOrderError(Exception):
    """The order of the records matters in this block."""


def read_columns(
    definition: Definition, lines: Lines, cells: Iterable[Cells], zone: tzinfo, memory: TextCache
) -> BlockColumns | None:
    """Return the plain rows of *lines* as columns; None if the block needs the Parser."""
    memory.trim()
    try:
        parts = [
            reader.columns()
            for each in cells
            for reader in _readers(definition, _short(each), lines, zone, memory)
        ]
    except _NeedsOrderError:
        return None
    return _merged([part for part in parts if len(part.rows)])


def _short(cells: Cells) -> Cells:
    """Return the rows without a cell that is too long to be numbered."""
    return cells.some(np.all(cells.end - cells.begin <= LONGEST_CELL, axis=0))


def _readers(
    definition: Definition, cells: Cells, lines: Lines, zone: tzinfo, memory: TextCache
) -> "Iterator[_LayoutReader]":
    """Yield a reader for each layout that is the first to fit some of the rows."""
    count = len(cells.begin)
    for layout in definition.layouts:
        if count > layout.at_most and layout.elastic is not None:
            return  # Rows with surplus cells are the Parser's.
        if not layout.at_least <= count <= layout.at_most:
            continue
        reader = _LayoutReader(layout, cells, lines, zone, memory)
        fits = reader.fits()
        if fits.all():
            yield reader
            return
        if fits.any():
            yield _LayoutReader(layout, cells.some(fits), lines, zone, memory)
        cells = cells.some(~fits)


class _LayoutReader:
    """Reads the fields of rows that share a layout."""

    def __init__(
        self, layout: Layout, cells: Cells, lines: Lines, zone: tzinfo, memory: TextCache
    ) -> None:
        self._layout = layout
        self._cells = cells.padded(layout.at_most)
        self._lines = lines
        self._zone = zone
        self._memory = memory
        self._numbers: dict[_CellPart, tuple[Numbers, Texts]] = {}

    def fits(self) -> Bools:
        """Say which rows meet one of the layout's alternative conditions."""
        count = len(self._cells.rows)
        fits = np.full(count, not self._layout.conditions)
        for alternative in self._layout.conditions:
            fits |= self._meet(alternative)
            if fits.all():
                break
        return fits

    def columns(self) -> BlockColumns:
        """Return the rows whose times are all there and agree.

        Raises _NeedsOrderError if one of them has a key by which calls are joined.
        """
        fields = dict(self._layout.fields)
        keys = self._column("join_key", fields.pop("join_key", ()))
        start, has_start = self._instants("start", fields.pop("start", ()))
        answer, has_answer = self._instants("answer", fields.pop("answer", ()))
        end, has_end = self._instants("end", fields.pop("end", ()))
        talk_ms = self._lengths("talk_s", fields.pop("talk_s", ()))
        answered = self._truths("answered", fields.pop("answered", ()))
        values = {target: self._column(target, rules) for target, rules in fields.items()}
        plain = (
            has_start,
            has_end,
            start > _WORTHLESS_US,
            start <= end,
            talk_ms >= 0,
            np.where(
                answered == _YES,
                has_answer & (start <= answer) & (answer <= end),
                (answered == _NO) & (~has_answer | (answer > _WORTHLESS_US)),
            ),
            *(one.numbers != ODD_NUMBER for one in values.values() if one.numbers is not None),
        )
        values.pop("duration_s", None)  # It was only validated.
        rows = np.logical_and.reduce(plain)
        if _are_there(keys)[rows].any():
            raise _NeedsOrderError
        said = answered[rows] == _YES
        if not rows.all():
            values = {name: one.of(rows) for name, one in values.items()}
        return BlockColumns(
            rows=self._cells.rows[rows],
            start_us=start[rows],
            answer_us=answer[rows],
            end_us=end[rows],
            talk_ms=np.where(said, talk_ms[rows], 0),
            answered=said,
            values=values,
        )

    def _column(self, target: str, rules: Sequence[FieldRule]) -> FieldColumn:
        """Return the values of one field; ODD where only the Parser can say."""
        count = len(self._cells.rows)
        vocabulary = self._memory.vocabulary(target, "" if target in WORDS else None)
        found = np.full(count, NOTHING_NUMBER)
        for rule in rules:
            if self._is_ruled_out(rule):
                continue
            if rule is rules[-1] and target in _UNIQUE_TARGETS and not found.any():
                texts = self._verbatim(rule)
                if texts is not None:
                    return FieldColumn(texts=texts)
            wanted = (found == NOTHING_NUMBER) & self._meet(rule.conditions)
            if wanted.any():
                found = np.where(wanted, self._read(target, rule, vocabulary), found)
            if found.all():
                break
        return FieldColumn(found, vocabulary)

    def _read(self, target: str, rule: FieldRule, vocabulary: Vocabulary) -> Numbers:
        """Return what *rule* says of each row, as numbers of the vocabulary."""
        if rule.constant is not None:
            return np.full(len(self._cells.rows), vocabulary.number(rule.constant))
        if len(rule.cells) != 1:
            return self._read_joined(target, rule, vocabulary)
        place = _CellPart(rule.cells[0], rule.before_last)
        uncut = replace(rule, before_last="") if rule.before_last else rule

        def meaning(text: str | None) -> int:
            if text is None or (rule.before_last and text != text.strip()):
                return ODD_NUMBER
            return _number(vocabulary, _interpreted(uncut, target, text))

        numbers, texts = self._texts(place)
        return self._memory.learned((target, id(rule), place), texts, meaning).of(numbers)

    def _read_joined(self, target: str, rule: FieldRule, vocabulary: Vocabulary) -> Numbers:
        """Return what a rule says that reads several cells together."""
        parts = []
        for place in rule.cells:
            numbers, texts = self._texts(_CellPart(place))
            parts.append([texts.texts[number] for number in numbers])
        found = np.full(len(self._cells.rows), ODD_NUMBER)
        for row, cells in enumerate(zip(*parts, strict=True)):
            if None not in cells:
                text = " ".join(cell.strip() for cell in cells)
                found[row] = _number(vocabulary, _interpreted(rule, target, text))
        return found

    def _verbatim(self, rule: FieldRule) -> list[str] | None:
        """Return the cells as they are, if that is what *rule* would say of all of them."""
        lines = self._lines
        simple = (
            rule.converter is CONVERTERS["text"]
            and len(rule.cells) == 1
            and rule.constant is None
            and rule.choices is None
            and rule.pattern is None
            and not (rule.conditions or rule.before_last or rule.strip)
        )
        if not simple or not lines.is_ascii:
            return None
        begin, end = self._cells.begin[rule.cells[0]], self._cells.end[rule.cells[0]]
        quote = self._layout.quote.encode()
        if not len(begin) or (end - begin).max() > MAX_TEXT_CHARS:
            return None
        if (lines.bytes[begin] == _BLANK).any() or (lines.bytes[end - 1] == _BLANK).any():
            return None
        data = lines.data
        texts = [data[a:b] for a, b in zip(begin.tolist(), end.tolist(), strict=True)]
        together = b"\n".join(texts)
        if quote in together:
            return None
        found = together.decode().split("\n")
        return found if rule.nulls.isdisjoint(found) else None

    def _instants(self, target: str, rules: Sequence[FieldRule]) -> tuple[Numbers, Bools]:
        """Return a field's instants and which rows have one; bad ones are below _WORTHLESS_US."""
        count = len(self._cells.rows)
        found, there = np.zeros(count, np.int64), np.zeros(count, np.bool_)
        for rule in rules:
            wanted = ~there & self._meet(rule.conditions)
            if wanted.any():
                instants, said = self._stamps(target, rule)
                found = np.where(wanted & said, instants, found)
                there |= wanted & said
            if there.all():
                break
        return found, there

    def _stamps(self, target: str, rule: FieldRule) -> tuple[Numbers, Bools]:
        quick = (
            rule.converter_patterns[:1]
            and rule.converter_patterns[0] in _QUICK_STAMPS
            and rule.pattern is None
            and rule.constant is None
            and not rule.strip
            and not rule.before_last
            and len(rule.cells) == 1
        )
        if not quick:
            raise _NeedsOrderError
        begin, end = self._cells.begin[rule.cells[0]], self._cells.end[rule.cells[0]]
        there = end > begin
        whole = end - begin == _STAMP_CHARS

        def hour(text: str | None) -> int:
            return _BAD_US if text is None else _hour_us(rule, target, text, self._zone)

        place = _CellPart(rule.cells[0], width=_HOUR_CHARS)
        numbers, texts = self._texts(place)
        hours = self._memory.learned((target, id(rule), place), texts, hour).of(numbers)
        if (hours[whole] == _TWICE_US).any():
            raise _NeedsOrderError
        ticks = self._ticks(begin + _HOUR_CHARS)
        instants = np.where(whole & (ticks >= 0), hours + ticks, _BAD_US)
        there[self._nulls(rule, np.flatnonzero(there & (instants <= _WORTHLESS_US)))] = False
        return instants, there

    def _nulls(self, rule: FieldRule, rows: Numbers) -> list[int]:
        """Return those of *rows* whose text is one of the rule's nulls."""
        nulls = {null.encode() for null in rule.nulls}
        begin, end = self._cells.begin[rule.cells[0]], self._cells.end[rule.cells[0]]
        return [row for row in rows.tolist() if self._lines.data[begin[row] : end[row]] in nulls]

    def _ticks(self, begin: Numbers) -> Numbers:
        """Return the µs of an hour that ":12:34" says at *begin*, -1 for anything else."""
        word = next(iter(self._lines.words(begin, begin + _STAMP_CHARS - _HOUR_CHARS)))
        marks = [(word >> np.uint64(8 * at)).astype(np.uint8) for at in range(6)]
        digits = [marks[at] - np.uint8(_ZERO) for at in (1, 2, 4, 5)]  # > 9: no digit
        right = (marks[0] == _COLON) & (marks[3] == _COLON)
        for digit, most in zip(digits, (5, 9, 5, 9), strict=True):
            right &= digit <= most
        tens, ones, ten_seconds, seconds = (digit.astype(np.int64) for digit in digits)
        length_s = (tens * 10 + ones) * 60 + ten_seconds * 10 + seconds
        return np.where(right, length_s * SECOND_US, -1)

    def _lengths(self, target: str, rules: Sequence[FieldRule]) -> Numbers:
        """Return a field's lengths in ms, -1 where the Parser must look."""
        return _translated(self._column(target, rules), _ms)

    def _truths(self, target: str, rules: Sequence[FieldRule]) -> Numbers:
        """Return whether a field says yes, no, or neither."""
        return _translated(self._column(target, rules), _truth)

    def _meet(self, conditions: Sequence[tuple[int, Pattern]]) -> Bools:
        """Say which rows meet all of the conditions."""
        met = np.ones(len(self._cells.rows), np.bool_)
        for column, pattern in conditions:
            width = self._decisive_width(column, pattern)
            place = _CellPart(column, width=width)
            numbers, texts = self._texts(place)

            def is_met(text: str | None, pattern: Pattern = pattern, cut: int = width) -> int:
                # A text that was cut has no blanks around it: see _decisive_width.
                return text is not None and pattern.matches(text if cut else text.strip())

            met &= self._memory.learned((pattern.text, place), texts, is_met).of(numbers) != 0
            if not met.any():
                break
        return met

    def _decisive_width(self, column: int, pattern: Pattern) -> int:
        """Return how many bytes decide whether *pattern* matches, 0 if the whole text does."""
        if not pattern.width or not self._lines.is_ascii:
            return 0
        # As long as a stamp's hour: then a date is numbered once for both.
        width = max(pattern.width, _HOUR_CHARS)
        begin, end = self._cells.begin[column], self._cells.end[column]
        last = self._lines.bytes[np.minimum(end, begin + width) - 1]
        # Blanks around a text are trimmed, and a doubled quote must not be cut in two.
        unsure = (self._lines.bytes[begin] == _BLANK) | (last == _BLANK)
        unsure |= last == ord(self._layout.quote)
        return 0 if (unsure & (end > begin)).any() else width

    def _texts(self, place: "_CellPart") -> tuple[Numbers, Texts]:
        """Return the texts at a place, by number."""
        known = self._numbers.get(place)
        if known is None:
            texts = self._memory.texts(place, self._layout.quote)
            begin, end = self._span(place)
            known = self._numbers[place] = texts.numbers(self._lines, begin, end), texts
        return known

    def _span(self, place: "_CellPart") -> tuple[Numbers, Numbers]:
        """Return where the texts at a place begin and end."""
        begin, end = self._cells.begin[place.column], self._cells.end[place.column]
        if place.width:
            end = np.minimum(end, begin + place.width)
        if place.before_last:
            marks = self._lines.places_of(place.before_last)
            if len(marks):
                last = marks[np.maximum(np.searchsorted(marks, end) - 1, 0)]
                # Nothing stands before a mark at the beginning: then the text is taken whole.
                end = np.where((last > begin) & (last < end), last, end)
        return begin, end

    def _is_ruled_out(self, rule: FieldRule) -> bool:
        """Say whether no row can match the rule: none begins with the literal that it needs."""
        needed = [(column, pattern) for column, pattern in rule.conditions]
        if rule.pattern is not None and rule.choices is None and len(rule.cells) == 1:
            needed.append((rule.cells[0], rule.pattern))
        return any(self._never_begins(column, pattern.literal) for column, pattern in needed)

    def _never_begins(self, column: int, literal: str) -> bool:
        """Say whether no text of a column begins with *literal*, blanks aside."""
        if not literal or not self._lines.is_ascii:
            return False
        begin = self._cells.begin[column]
        if (self._lines.bytes[begin] == _BLANK).any():
            return False
        return not self._lines.any_begins(begin, literal)


@dataclass(frozen=True, slots=True)
class _CellPart:
    """A column's texts: whole, only before the last *before_last*, or the first *width* bytes."""

    column: int
    before_last: str = ""
    width: int = 0


_YES, _NO, _UNSAID = 1, 0, -1


def _truth(value: Any) -> int:
    return {True: _YES, False: _NO}[value] if isinstance(value, bool) else _UNSAID


def _ms(value: Any) -> int:
    """Return a length in ms; -1 for one that the Parser must look at."""
    if value.__class__ is int:
        return int(value) * 1000
    if isinstance(value, Decimal) and value * 1000 % 1 == 0:
        return int(value * 1000)
    return -1


def _translated(column: FieldColumn, meaning: Any) -> Numbers:
    """Return *meaning* of each value."""
    if column.vocabulary is None or column.numbers is None:
        return np.array([meaning(text) for text in column.texts], np.int64)
    return np.array([meaning(value) for value in column.vocabulary.values])[column.numbers]


def _number(vocabulary: Vocabulary, value: Any) -> int:
    if value is None:
        return NOTHING_NUMBER
    return ODD_NUMBER if value is ODD else vocabulary.number(value)


def _are_there(column: FieldColumn) -> Bools:
    """Say where a column says anything."""
    if column.numbers is None:
        return np.array([text != "" for text in column.texts], np.bool_)
    there: Bools = column.numbers != NOTHING_NUMBER
    return there


def _hour_us(rule: FieldRule, target: str, text: str, zone: tzinfo) -> int:
    """Return the instant at which the clock hour *text* begins; bad where a clock disagrees."""
    first = _candidates(rule, target, f"{text}:00:00", zone)
    last = _candidates(rule, target, f"{text}:59:59", zone)
    if len(first) > 1 or len(last) > 1:
        return _TWICE_US
    plain = (
        first
        and last
        and last[0] - first[0] == 3599 * SECOND_US
        and is_of_our_time(first[0])
        and is_of_our_time(last[0])
    )
    return first[0] if plain else _BAD_US


def _candidates(rule: FieldRule, target: str, text: str, zone: tzinfo) -> tuple[int, ...]:
    value = _interpreted(rule, target, text)
    if not isinstance(value, Stamp) or value.text != text or len(text) != _STAMP_CHARS:
        return ()
    return candidates_us(value, zone)


def _interpreted(rule: FieldRule, target: str, text: str) -> Any:
    try:
        return interpret(rule, target, text.strip())
    except Malformed:
        return ODD


def no_columns() -> BlockColumns:
    """Return the columns of no rows."""
    none = np.zeros(0, np.int64)
    return BlockColumns(none, none, none, none, none, none == 0, {})


_TIMES = ("rows", "start_us", "answer_us", "end_us", "talk_ms", "answered")


def _merged(parts: Sequence[BlockColumns]) -> BlockColumns:
    """Return the rows of several layouts as one, in the order of the lines."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return no_columns()
    order = np.argsort(np.concatenate([part.rows for part in parts]))
    times = {
        name: np.concatenate([getattr(part, name) for part in parts])[order] for name in _TIMES
    }
    names = {name for part in parts for name in part.values}
    return BlockColumns(**times, values={name: _joined(name, parts, order) for name in names})


def _joined(name: str, parts: Sequence[BlockColumns], order: Numbers) -> FieldColumn:
    """Return one field of several layouts; empty where a layout does not have it."""
    columns = [part.values.get(name) for part in parts]
    vocabularies = [one.vocabulary for one in columns if one is not None and one.vocabulary]
    if any(one is not None and one.numbers is None for one in columns):
        texts = [
            text
            for one, part in zip(columns, parts, strict=True)
            for text in (one.values() if one is not None else [""] * len(part.rows))
        ]
        return FieldColumn(texts=[texts[row] for row in order])
    numbers = [
        np.full(len(part.rows), NOTHING_NUMBER)
        if one is None or one.numbers is None
        else one.numbers
        for one, part in zip(columns, parts, strict=True)
    ]
    return FieldColumn(np.concatenate(numbers)[order], vocabularies[0])
