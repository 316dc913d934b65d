"""Whole blocks of CSV records at once, column by column: the fast path of large imports.

A block gives what the Parser gives for the same bytes (tests hold the two together), some ten
times quicker: cells are turned into columns, each distinct text is interpreted once, and a stamp
costs two look-ups. What is not plain (a bad value, a stray quote, a line too long) goes through
the Parser, line by line. Where the order of records matters, because calls must be joined or a
clock hour repeats, there is no block: the caller takes the Parser.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import chain
from typing import Any

import numpy as np

from tollbook.core.calls import (
    CDR_TEXTS,
    CdrColumns,
    Outcome,
    QueueOutcome,
    QueueVisit,
)
from tollbook.formats.block_columns import BlockColumns, no_columns, read_columns
from tollbook.formats.block_lines import Bools, Lines, plain_cells
from tollbook.formats.block_texts import TextCache
from tollbook.formats.definition import Definition, FieldRule, Layout
from tollbook.formats.errors import ZoneError
from tollbook.formats.numbering import Numbers
from tollbook.formats.parser import LAST_US, MUCH_OLDER_US, Parser, is_much_older
from tollbook.formats.zones import find_zone

_DONE = frozenset(
    {"start", "answer", "end", "duration_s", "talk_s", "answered", "pulses", "plumbing"}
    | {"join_key", "queue_number", "queue_wait_s", "queue_agent", "queue_outcome", *CDR_TEXTS}
)


@dataclass(slots=True)
class ParsedBlock(CdrColumns):
    """The plain calls of a block, each of one record, and its other outcomes in their order.

    `queue` has an entry, by the call's index, for calls that visited one. `carry` is for the
    Parser, or the next block, that goes on behind this one. `columns` has the calls by number, for
    whoever works on many at once.
    """

    queue: dict[int, QueueVisit] = field(default_factory=dict)
    others: list[Outcome] = field(default_factory=list)
    end_offset: int = 0
    carry: dict[str, str] = field(default_factory=dict)
    columns: BlockColumns = field(default_factory=no_columns)

    def some(self, rows: slice) -> CdrColumns:
        """Return some of the calls, without what the block alone knows of them."""
        lists = {name: getattr(self, name)[rows] for name in _LISTS}
        return CdrColumns(**lists)


_LISTS = tuple(one.name for one in fields(CdrColumns) if one.name not in ("lines", "legs"))


def parse_block(
    definition: Definition,
    data: bytes,
    *,
    zone: str | None,
    source_name: str = "-",
    start_offset: int = 0,
    start_line: int = 1,
    carry: Mapping[str, str] | None = None,
    memory: TextCache | None = None,
) -> ParsedBlock | None:
    """Return what *data*, whole lines of one source, comes to; None if it needs the Parser.

    *memory*, kept by the caller for all blocks of one definition and zone, spares reading a text
    twice. An unended last line is read as the end of the input. Raises ZoneError for local stamps
    of which nobody names the zone.
    """
    name = zone or definition.zone
    if name is None:
        raise ZoneError("The records carry local times and no zone is named. Nothing was read.")
    if not _is_suited(definition):
        return None
    if not data:
        return ParsedBlock(end_offset=start_offset, carry=_carried(carry or {}))
    lines = Lines(data, offset=start_offset, line=start_line)
    cells = plain_cells(definition, lines)
    if cells is None:
        return None
    zone_info, memory = find_zone(name), TextCache() if memory is None else memory
    columns = read_columns(definition, lines, cells, zone_info, memory)
    if columns is None:
        return None
    settings = {"zone": name, "source_name": source_name}
    others = _read_others(definition, lines, columns.rows, settings)
    if others is None:
        return None
    block = _block(lines, columns)
    block.others, written = others
    block.carry = _carry(columns, written, _carried(carry or {}))
    return block


def _is_suited(definition: Definition) -> bool:
    framing = definition.framing
    return (
        framing.records == "line"
        and not definition.carries
        and framing.ends == "lf"
        and framing.prefix is None
        and (definition.join is None or definition.join.mode == "gather")
        and all(
            layout.kind == "csv"
            and layout.quote
            and layout.header is None
            and set(layout.fields) <= _DONE
            and all(len(rule.before_last.encode()) <= 1 for rule in _rules(layout))
            for layout in definition.layouts
        )
    )


def _rules(layout: Layout) -> Iterator[FieldRule]:
    return chain.from_iterable(layout.fields.values())


def _read_others(
    definition: Definition, lines: Lines, plain: Numbers, settings: dict[str, Any]
) -> tuple[list[Outcome], dict[int, int]] | None:
    """Return the outcomes of the rows that are not *plain*, and when those were written.

    None if one of them must be joined, or depends on the order of the records.
    """
    others: list[Outcome] = []
    written: dict[int, int] = {}
    for row in np.setdiff1d(np.arange(len(lines)), plain).tolist():
        parser = Parser(
            definition,
            start_offset=lines.offset + int(lines.begin[row]),
            start_line=lines.first_line + row,
            **settings,
        )
        others += parser.feed(lines.whole(row)) + parser.finish()
        if parser.needs_order:
            return None
        if LAST_US in (seen := parser.carry()):
            written[row] = int(seen[LAST_US])
    return others, written


def _block(lines: Lines, columns: BlockColumns) -> ParsedBlock:
    rows, values = columns.rows, columns.values
    count = len(rows)
    begin, end = lines.begin[rows], lines.end[rows]
    said = columns.answered
    ring_ms = (columns.answer_us - columns.start_us) // 1000
    block = ParsedBlock(
        line=(rows + lines.first_line).tolist(),
        offset=(begin + lines.offset).tolist(),
        length=(end - begin + 1).tolist(),
        start_us=columns.start_us.tolist(),
        answer_us=_where(said, columns.answer_us),
        end_us=columns.end_us.tolist(),
        ring_ms=_where(said, ring_ms),
        talk_ms=columns.talk_ms.tolist(),
        answered=said.tolist(),
        pulses=values["pulses"].values() if "pulses" in values else [None] * count,
        partial=[False] * count,
        end_offset=lines.offset + len(lines.data),
        columns=columns,
    )
    for name in CDR_TEXTS:
        setattr(block, name, values[name].values() if name in values else [""] * count)
    if any(name in values for name in ("queue_number", "queue_outcome")):
        _add_queues(block, {name: column.values() for name, column in values.items()})
    return block


def _where(rows: Bools, values: Numbers) -> list[int | None]:
    """Return the values of *rows*, None elsewhere."""
    found = values.astype(np.object_)
    found[~rows] = None
    listed: list[int | None] = found.tolist()
    return listed


def _add_queues(block: ParsedBlock, values: Mapping[str, Sequence[Any]]) -> None:
    numbers, outcomes = values.get("queue_number"), values.get("queue_outcome")
    if not any(numbers or ()) and not any(outcomes or ()):
        return
    for index in range(len(block)):
        number = numbers[index] if numbers else ""
        outcome = outcomes[index] if outcomes else ""
        if number or outcome:
            waits, agents = values.get("queue_wait_s"), values.get("queue_agent")
            block.queue[index] = QueueVisit(
                number=number or None,
                wait_s=waits[index] if waits else None,
                agent=(agents[index] or None) if agents else None,
                outcome=QueueOutcome(outcome) if outcome else None,
            )


def _carried(carry: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in carry.items() if name == LAST_US}


def _carry(
    columns: BlockColumns, others: Mapping[int, int], carry: dict[str, str]
) -> dict[str, str]:
    """Return what the Parser would carry on: when the latest record was written."""
    last = int(carry[LAST_US]) if LAST_US in carry else None
    ends = columns.end_us
    if not others and len(ends):
        first = ends[0] if last is None else last
        before = np.maximum.accumulate(np.concatenate(([first], ends[:-1])))
        if not (before - ends > MUCH_OLDER_US).any():
            return {LAST_US: str(max(int(before[-1]), int(ends[-1])))}
    written = dict(zip(columns.rows.tolist(), ends.tolist(), strict=True)) | dict(others)
    for row in sorted(written):
        if last is None or written[row] > last or is_much_older(written[row], than_us=last):
            last = written[row]
    return {} if last is None else {LAST_US: str(last)}
