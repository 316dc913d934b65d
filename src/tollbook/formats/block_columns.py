"""Cells of many lines to columns of values: each distinct text is interpreted once.

Only what is beyond doubt is kept: rows with all the times of a call, in order, in hours that
happened once. The rest is left to the Parser.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from itertools import compress, starmap
from operator import itemgetter, le
from typing import Any

from tollbook.core.calls import Seconds
from tollbook.formats.block_lines import Lines
from tollbook.formats.cells import fits
from tollbook.formats.converters import CONVERTERS, MAX_TEXT_CHARS
from tollbook.formats.definition import (
    CHOICE_TARGETS,
    NAME_TARGETS,
    STAMP_TARGETS,
    TEXT_TARGETS,
    Definition,
    Layout,
    Rule,
)
from tollbook.formats.errors import Malformed
from tollbook.formats.fields import before_last, interpret
from tollbook.formats.zones import SECOND_US, Stamp, candidates_us, is_of_our_time

Cells = list[str]
_BAD_US = -(1 << 62)
_WORTHLESS_US = _BAD_US // 2
_HOUR_CHARS, _STAMP_CHARS = 13, 19
_TEXTS_KEPT = 50_000
_WORDS = frozenset((*TEXT_TARGETS, *NAME_TARGETS, *CHOICE_TARGETS))


class _Odd:
    """Marks a value that only the Parser can judge."""

    __slots__ = ()


ODD = _Odd()
_QUICK_STAMPS = {"%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S"}


@dataclass(slots=True)
class Columns:
    """The plain rows of a block, ascending, and their values by field.

    Words are "" and other values None where a record says nothing.
    """

    rows: Sequence[int]
    start_us: list[Any]
    answer_us: list[Any]
    end_us: list[Any]
    ring_ms: list[Any]
    talk_ms: list[Any]
    answered: list[Any]
    values: dict[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class _Texts:
    """What texts mean, and which of them say nothing or are ODD."""

    meanings: dict[str, Any]
    empty: set[str]
    odd: set[str]

    def learn(self, text: str, meaning: Any) -> None:
        self.meanings[text] = meaning
        if meaning is ODD:
            self.odd.add(text)
        elif meaning is None or meaning == "":
            self.empty.add(text)


class Memory:
    """What texts were read as in earlier blocks; for one definition and one zone only."""

    def __init__(self) -> None:
        self._texts: dict[tuple[int, str], _Texts] = {}
        self._hours: dict[tuple[int, str], _Hours] = {}

    def texts(self, rule: Rule, target: str) -> "_Texts":
        """Return what is known of the texts of one rule; never much more than a large office."""
        known = self._texts.get((id(rule), target))
        if known is None or len(known.meanings) > _TEXTS_KEPT:
            known = self._texts[id(rule), target] = _Texts({}, set(), set())
        return known

    def hours(self, rule: Rule, target: str, zone: tzinfo) -> "_Hours":
        """Return the instants of the clock hours of one rule, as far as they were asked for."""
        known = self._hours.get((id(rule), target))
        if known is None or len(known) > _TEXTS_KEPT:
            known = self._hours[id(rule), target] = _Hours(target, rule, zone)
        return known


class _NeedsOrderError(Exception):
    """The order of the records matters in this block."""


def read_columns(
    definition: Definition, lines: Lines, zone: tzinfo, memory: Memory
) -> Columns | None:
    """Return the plain rows of *lines* as columns; None if the block needs the Parser."""
    try:
        parts = [
            _layout_columns(layout, rows, lines, zone, memory)
            for layout, rows in _rows_by_layout(definition, lines)
        ]
    except _NeedsOrderError:
        return None
    return _merged(parts)


def _rows_by_layout(definition: Definition, lines: Lines) -> list[tuple[Layout, Sequence[int]]]:
    """Return, for each layout, the rows of which it is the first that fits."""
    found: list[tuple[Layout, Sequence[int]]] = []
    for count, rows in _rows_by_count(lines).items():
        left = rows
        for layout in definition.layouts:
            if count > layout.at_most and layout.elastic is not None:
                break  # The Parser knows what to do with cells that are too many.
            if not layout.at_least <= count <= layout.at_most:
                continue
            fitting = _fitting(layout, left, lines)
            if fitting:
                found.append((layout, fitting))
            if len(fitting) == len(left):
                break
            taken = set(fitting)
            left = [row for row in left if row not in taken]
    return found


def _rows_by_count(lines: Lines) -> dict[int, Sequence[int]]:
    """Return the rows that can be read, by the number of their cells."""
    with suppress(TypeError):  # Then there are lines without cells.
        counts = set(map(len, lines.cells))  # type: ignore[arg-type]  # see above
        if len(counts) == 1 and 0 not in counts:
            return {counts.pop(): range(len(lines.cells))}
    by_count: dict[int, list[int]] = defaultdict(list)
    for row, each in enumerate(lines.cells):
        if each:
            by_count[len(each)].append(row)
    return dict(by_count)


def _fitting(layout: Layout, rows: Sequence[int], lines: Lines) -> Sequence[int]:
    """Return those of *rows*, all of one length, that meet the layout's conditions."""
    cells = lines.cells
    for place, pattern in layout.conditions[0] if layout.conditions else ():
        if not pattern.width:
            break
        begins = {cells[row][place][: pattern.width] for row in rows}  # type: ignore[index]
        if not all(pattern.matches(begin) for begin in begins):
            break
    else:
        return rows
    padded = _padded([cells[row] or [] for row in rows], layout.at_most)
    return [
        row
        for row, each in zip(rows, padded, strict=True)
        if fits(layout, [cell.strip() for cell in each])
    ]


def _layout_columns(
    layout: Layout, rows: Sequence[int], lines: Lines, zone: tzinfo, memory: Memory
) -> Columns:
    width = layout.at_most
    cells = list(zip(*_padded([lines.cells[row] or [] for row in rows], width), strict=True))
    reader = _Reader(cells, len(rows), zone, lines.data, memory)
    keys = reader.column("join_key", layout.fields.get("join_key", ())).values
    read = {
        target: reader.column(target, rules)
        for target, rules in layout.fields.items()
        if target != "join_key"
    }
    return _completed(rows, read, keys)


def _padded(rows: list[Cells], width: int) -> list[Cells]:
    if set(map(len, rows)) == {width}:
        return rows
    return [row + [""] * (width - len(row)) for row in rows]


class _Reader:
    """Reads the fields of rows that share a layout."""

    def __init__(
        self,
        cells: Sequence[Sequence[str]],
        count: int,
        zone: tzinfo,
        data: bytes,
        memory: Memory,
    ) -> None:
        self._cells = cells
        self._memory = memory
        self._data = data
        self._count = count
        self._zone = zone
        self._matches: dict[tuple[int, str], frozenset[str]] = {}
        self._cut: dict[tuple[int, str], list[str]] = {}
        self._literals: dict[str, bool] = {}

    def column(self, target: str, rules: Sequence[Rule]) -> "_Read":
        """Return the values of one field; ODD where only the Parser can say."""
        nothing = "" if target in _WORDS else None
        found: _Read | None = None
        for rule in rules:
            if self._is_ruled_out(rule):
                continue
            mask = self._mask(rule)
            if mask is not None and True not in mask:
                continue
            read = self._values(target, rule, nothing)
            if mask is not None:
                read = read.within(mask, nothing)
            found = read if found is None else found.filled_from(read, nothing)
            if not found.has_gaps:
                break
        return found or _Read([nothing] * self._count, has_gaps=True)

    def _is_ruled_out(self, rule: Rule) -> bool:
        """Say whether a text that the rule needs is nowhere in the block."""
        patterns = [pattern for _, pattern in rule.conditions]
        if rule.pattern is not None and rule.choices is None:
            patterns.append(rule.pattern)
        return any(not self._has(pattern.literal) for pattern in patterns if pattern.literal)

    def _has(self, literal: str) -> bool:
        """Say whether *literal* is anywhere in the block; one pass for all rules that ask."""
        if literal not in self._literals:
            self._literals[literal] = literal.encode() in self._data
        return self._literals[literal]

    def _mask(self, rule: Rule) -> list[bool] | None:
        """Return which rows meet the conditions of *rule*; None if it has none."""
        mask: list[bool] | None = None
        for place, pattern in rule.conditions:
            key = (place, pattern.text)
            column = self._cells[place]
            fitting = self._matches.get(key)
            if fitting is None:
                fitting = frozenset(t for t in set(column) if pattern.matches(t.strip()))
                self._matches[key] = fitting
            if not fitting:
                return []
            if mask is None:
                mask = [text in fitting for text in column]
            else:
                mask = [m and text in fitting for m, text in zip(mask, column, strict=True)]
        return mask

    def _values(self, target: str, rule: Rule, nothing: Any) -> "_Read":
        if rule.constant is not None:
            return _Read([rule.constant] * self._count)
        texts = self._texts(rule)
        if target in STAMP_TARGETS:
            return self._stamps(target, rule, texts)
        distinct = set(texts)
        if _is_verbatim(rule, distinct):
            return _Read(texts, has_gaps="" in distinct)
        known = self._memory.texts(rule, target)
        for text in distinct.difference(known.meanings):
            known.learn(text, _interpreted(rule, target, text, nothing))
        return _Read(
            list(map(known.meanings.__getitem__, texts)),
            has_gaps=not distinct.isdisjoint(known.empty),
            has_odd=not distinct.isdisjoint(known.odd),
        )

    def _texts(self, rule: Rule) -> Sequence[str]:
        """Return the cells that *rule* reads, joined where they are several."""
        if len(rule.cells) != 1:
            columns = [map(str.strip, self._cells[place]) for place in rule.cells]
            return [" ".join(each).strip() for each in zip(*columns, strict=True)]
        place = rule.cells[0]
        if not rule.before_last:
            return self._cells[place]
        key = (place, rule.before_last)
        if key not in self._cut:
            self._cut[key] = _cut(self._cells[place], rule.before_last)
        return self._cut[key]

    def _stamps(self, target: str, rule: Rule, texts: Sequence[str]) -> "_Read":
        """Return instants, None where the cell is empty, _BAD_US where the Parser must look."""
        quick = (
            rule.converter_patterns[:1]
            and rule.converter_patterns[0] in _QUICK_STAMPS
            and rule.pattern is None
            and not rule.strip
        )
        if not quick:
            raise _NeedsOrderError
        hours, ticks = self._memory.hours(rule, target, self._zone), _TICKS
        if not rule.nulls.isdisjoint(texts):
            texts = ["" if text in rule.nulls else text for text in texts]
        values = [hours[text[:13]] + ticks[text[13:]] if text else None for text in texts]
        return _Read(values, has_gaps="" in texts)


@dataclass(slots=True)
class _Read:
    """The values of one field, and whether some may be missing, or ODD.

    The marks spare looking through every value of every column.
    """

    values: Sequence[Any]
    has_gaps: bool = False
    has_odd: bool = False

    def within(self, mask: Sequence[bool], nothing: Any) -> "_Read":
        """Return the values where *mask* holds, and *nothing* elsewhere."""
        values = [v if m else nothing for v, m in zip(self.values, mask, strict=True)]
        return _Read(values, has_gaps=True, has_odd=self.has_odd)

    def filled_from(self, other: "_Read", nothing: Any) -> "_Read":
        """Return these values, and those of *other* where they are missing."""
        pairs = zip(self.values, other.values, strict=True)
        if nothing is None:
            values = [v if f is None else f for f, v in pairs]
        else:
            values = [f or v for f, v in pairs]
        return _Read(values, nothing in values, self.has_odd or other.has_odd)


def _cut(texts: Sequence[str], mark: str) -> list[str]:
    """Return what stands in each text before the last *mark*."""
    if _all_plain(f"\n{chr(10).join(texts)}\n"):
        return [text.rpartition(mark)[0] or text for text in texts]
    return [before_last(text.strip(), mark) for text in texts]


def _is_verbatim(rule: Rule, distinct: set[str]) -> bool:
    """Say whether the rule returns these texts as they are."""
    return (
        rule.converter is CONVERTERS["text"]
        and rule.choices is None
        and rule.pattern is None
        and not rule.strip
        and rule.nulls.isdisjoint(distinct)
        and max(map(len, distinct)) <= MAX_TEXT_CHARS
        and _all_plain(f"\n{chr(10).join(distinct)}\n")
    )


def _all_plain(together: str) -> bool:
    """Say whether texts, each between line ends, are ASCII and have no blank at an end."""
    return together.isascii() and "\n " not in together and " \n" not in together


class _Ticks(dict[str, int]):
    """Minutes and seconds of an hour; anything else is bad."""

    def __missing__(self, key: str) -> int:
        return _BAD_US


_TICKS = _Ticks(
    (f":{minute:02d}:{second:02d}", (minute * 60 + second) * SECOND_US)
    for minute in range(60)
    for second in range(60)
)


class _Hours(dict[str, int]):
    """The instants at which clock hours begin, by their text; bad where a clock does not agree."""

    def __init__(self, target: str, rule: Rule, zone: tzinfo) -> None:
        super().__init__()
        self._target, self._rule, self._zone = target, rule, zone

    def __missing__(self, key: str) -> int:
        first, last = self._instants(f"{key}:00:00"), self._instants(f"{key}:59:59")
        if len(first) > 1 or len(last) > 1:
            raise _NeedsOrderError
        plain = (
            first
            and last
            and last[0] - first[0] == _TICKS[":59:59"]
            and is_of_our_time(first[0])
            and is_of_our_time(last[0])
        )
        self[key] = first[0] if plain else _BAD_US
        return self[key]

    def _instants(self, text: str) -> tuple[int, ...]:
        value = _interpreted(self._rule, self._target, text, None)
        if not isinstance(value, Stamp) or value.text != text or len(text) != _STAMP_CHARS:
            return ()
        return candidates_us(value, self._zone)


def _interpreted(rule: Rule, target: str, text: str, nothing: Any) -> Any:
    try:
        value = interpret(rule, target, text.strip())
    except Malformed:
        return ODD
    return nothing if value is None else value


def _completed(rows: Sequence[int], read: dict[str, _Read], keys: Sequence[Any]) -> Columns:
    """Keep the rows whose times are all there and agree, and add the lengths that follow.

    Raises _NeedsOrderError if one of them has a key by which calls are joined.
    """
    nothing = _Read([None] * len(rows))
    names = ("start", "answer", "end", "talk_s", "duration_s", "answered")
    times = [read.pop(name, nothing).values for name in names]
    plain = [True] * len(rows)
    if not _are_plain(*times):
        plain = list(starmap(_is_plain, zip(*times, strict=True)))
    for column in read.values():
        if column.has_odd:
            plain = [p and value is not ODD for p, value in zip(plain, column.values, strict=True)]
    if any(keys) and any(p and key for p, key in zip(plain, keys, strict=True)):
        raise _NeedsOrderError
    values = {name: column.values for name, column in read.items()}
    if False in plain:
        rows = list(compress(rows, plain))
        times = [list(compress(column, plain)) for column in times]
        values = {name: list(compress(column, plain)) for name, column in values.items()}
    starts, answers, ends, talks, _, answered = times
    answers = [a if said else None for a, said in zip(answers, answered, strict=True)]
    return Columns(
        rows=rows,
        start_us=list(starts),
        answer_us=answers,
        end_us=list(ends),
        ring_ms=[
            None if answer is None else (answer - start) // 1000
            for start, answer in zip(starts, answers, strict=True)
        ],
        talk_ms=[
            (t * 1000 if t.__class__ is int else _ms(t)) if said else 0
            for t, said in zip(talks, answered, strict=True)
        ],
        answered=list(answered),
        values=values,
    )


def _are_plain(
    starts: Sequence[Any],
    answers: Sequence[Any],
    ends: Sequence[Any],
    talks: Sequence[Any],
    wholes: Sequence[Any],
    answered: Sequence[Any],
) -> bool:
    """Say whether all rows are surely what `_is_plain` asks of each; False: some may be, too."""
    kinds = set(map(type, starts)) | set(map(type, ends)) | set(map(type, talks))
    if kinds != {int} or _Odd in set(map(type, wholes)):
        return False
    if not set(answered) <= {True, False} or min(starts, default=0) <= _WORTHLESS_US:
        return False
    # Where nobody answered, any instant between start and end will do.
    met = [a if said else start for a, said, start in zip(answers, answered, starts, strict=True)]
    if None in met or not all(map(le, starts, met)) or not all(map(le, met, ends)):
        return False
    return all(a is None or a > _WORTHLESS_US for a in answers)


def _is_plain(start: Any, answer: Any, end: Any, talk: Any, whole: Any, answered: Any) -> bool:
    """Say whether a row has all its times, and they agree."""
    if start is None or end is None or not _WORTHLESS_US < start <= end or whole is ODD:
        return False
    if talk.__class__ is not int and not (isinstance(talk, Decimal) and talk * 1000 % 1 == 0):
        return False
    if answered is True:
        return answer is not None and bool(start <= answer <= end)
    return answered is False and (answer is None or bool(answer > _WORTHLESS_US))


def _ms(length_s: Seconds) -> int:
    return int(length_s * 1000) if isinstance(length_s, Decimal) else length_s * 1000


_LISTS = ("rows", "start_us", "answer_us", "end_us", "ring_ms", "talk_ms", "answered")


def _merged(parts: Iterable[Columns]) -> Columns:
    """Return the rows of several layouts as one, in the order of the lines."""
    filled = [part for part in parts if part.rows]
    if len(filled) == 1:
        return filled[0]
    merged = Columns([], [], [], [], [], [], [], {})
    if not filled:
        return merged
    names = {name for part in filled for name in part.values}
    values: dict[str, list[Any]] = {name: [] for name in names}
    for part in filled:
        for name in _LISTS:
            getattr(merged, name).extend(getattr(part, name))
        for name, column in values.items():
            nothing = "" if name in _WORDS else None
            column.extend(part.values.get(name, [nothing] * len(part.rows)))
    order = sorted(range(len(merged.rows)), key=merged.rows.__getitem__)
    take = itemgetter(*order)
    for name in _LISTS:
        setattr(merged, name, list(take(getattr(merged, name))))
    merged.values = {name: list(take(column)) for name, column in values.items()}
    return merged
