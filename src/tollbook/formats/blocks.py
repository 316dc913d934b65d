"""Whole blocks of CSV records at once, column by column: the way of large imports.

A block gives what the Parser gives for the same bytes (tests hold the two together), some ten
times quicker: cells are turned into columns, each distinct text is interpreted once, and a stamp
costs two look-ups. What is not plain (a bad value, a stray quote, a line too long) goes through
the Parser, line by line. Where the order of records matters, because calls must be joined or a
clock hour repeats, there is no block: the caller takes the Parser.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import sub
from typing import Any

from tollbook.core.calls import (
    CDR_TEXTS,
    Cdr,
    CdrColumns,
    Direction,
    Outcome,
    QueueOutcome,
    QueueVisit,
)
from tollbook.formats.block_columns import Columns, Memory, read_columns
from tollbook.formats.block_lines import Lines, split_lines
from tollbook.formats.definition import Definition
from tollbook.formats.errors import ZoneError
from tollbook.formats.parser import LAST_US, Parser, is_much_older
from tollbook.formats.zones import SECOND_US, find_zone, from_us, us_seconds

_DONE = frozenset(
    {"start", "answer", "end", "duration_s", "talk_s", "answered", "pulses", "plumbing"}
    | {"join_key", "queue_number", "queue_wait_s", "queue_agent", "queue_outcome", *CDR_TEXTS}
)


@dataclass(slots=True)
class Block(CdrColumns):
    """The plain calls of a block, each of one record, and its other outcomes in their order.

    `queue` has an entry, by the call's index, for calls that visited one. `carry` is for the
    Parser, or the next block, that goes on behind this one.
    """

    queue: dict[int, QueueVisit] = field(default_factory=dict)
    others: list[Outcome] = field(default_factory=list)
    end_offset: int = 0
    carry: dict[str, str] = field(default_factory=dict)


def parse_block(
    definition: Definition,
    data: bytes,
    *,
    zone: str | None,
    source_name: str = "-",
    start_offset: int = 0,
    start_line: int = 1,
    carry: Mapping[str, str] | None = None,
    memory: Memory | None = None,
) -> Block | None:
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
    lines = split_lines(definition, data, offset=start_offset, line=start_line)
    if lines is None:
        return None
    columns = read_columns(
        definition, lines, find_zone(name), Memory() if memory is None else memory
    )
    if columns is None:
        return None
    parser_settings = {"zone": name, "source_name": source_name}
    written = dict(zip(columns.rows, columns.end_us, strict=True))
    others = _read_others(definition, lines, written, parser_settings)
    if others is None:
        return None
    block = _block(lines, columns)
    block.others = others
    block.carry = _carry(written, carry or {})
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
            for layout in definition.layouts
        )
    )


def _read_others(
    definition: Definition, lines: Lines, written: dict[int, int], settings: dict[str, Any]
) -> list[Outcome] | None:
    """Return the outcomes of the rows that are not in *written*, and note when those were.

    None if one of them must be joined, or depends on the order of the records.
    """
    others: list[Outcome] = []
    for row in sorted(set(range(len(lines.raw))).difference(written)):
        parser = Parser(
            definition,
            start_offset=lines.offset[row],
            start_line=lines.first_line + row,
            **settings,
        )
        others += parser.feed(lines.whole(row)) + parser.finish()
        if parser.needs_order:
            return None
        if LAST_US in (seen := parser.carry()):
            written[row] = int(seen[LAST_US])
    return others


def _block(lines: Lines, columns: Columns) -> Block:
    count = len(columns.rows)
    nothing: list[Any] = [None] * count
    blank = [""] * count
    values = columns.values
    offsets, ends = lines.offset, lines.end_offset
    if count != len(lines.raw):
        offsets = [offsets[row] for row in columns.rows]
        ends = [ends[row] for row in columns.rows]
    block = Block(
        line=[lines.first_line + row for row in columns.rows],
        offset=offsets,
        length=list(map(sub, ends, offsets)),
        start_us=columns.start_us,
        answer_us=columns.answer_us,
        end_us=columns.end_us,
        ring_ms=columns.ring_ms,
        talk_ms=columns.talk_ms,
        answered=columns.answered,
        pulses=list(values.get("pulses", nothing)),
        partial=[False] * count,
        end_offset=lines.end_offset[-1] if lines.raw else 0,
    )
    for name in CDR_TEXTS:
        setattr(block, name, list(values.get(name, blank)))
    if any(values.get("queue_number", ())) or any(values.get("queue_outcome", ())):
        _add_queues(block, values)
    return block


def _add_queues(block: Block, values: Mapping[str, Sequence[Any]]) -> None:
    numbers, outcomes = values.get("queue_number"), values.get("queue_outcome")
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


def _carry(written: Mapping[int, int], carry: Mapping[str, str]) -> dict[str, str]:
    """Return what the Parser would carry on: when the latest record was written."""
    last = int(carry[LAST_US]) if LAST_US in carry else None
    for row in sorted(written):
        if last is None or written[row] > last or is_much_older(written[row], than_us=last):
            last = written[row]
    return {} if last is None else {LAST_US: str(last)}


def outcomes_of(block: Block) -> list[Outcome]:
    """Return the outcomes of *block* one by one, in the order of their bytes."""
    calls: list[Outcome] = [_call(block, index) for index in range(len(block))]
    return sorted([*calls, *block.others], key=lambda each: each.offset)


def _call(block: Block, index: int) -> Cdr:
    texts: dict[str, Any] = {name: getattr(block, name)[index] or None for name in CDR_TEXTS}
    direction = texts.pop("direction")
    return Cdr(
        **texts,
        direction=None if direction is None else Direction(direction),
        start=_instant(block.start_us[index]),
        answer=_instant(block.answer_us[index]),
        end=_instant(block.end_us[index]),
        ring_s=_seconds(block.ring_ms[index]),
        talk_s=_seconds(block.talk_ms[index]),
        answered=block.answered[index],
        pulses=block.pulses[index],
        queue=block.queue.get(index),
        lines=(block.line[index],),
        offset=block.offset[index],
        last_offset=block.offset[index],
        end_offset=block.offset[index] + block.length[index],
    )


def _instant(instant_us: int | None) -> Any:
    return None if instant_us is None else from_us(instant_us)


def _seconds(length_ms: int | None) -> Any:
    return None if length_ms is None else us_seconds(length_ms * (SECOND_US // 1000))
