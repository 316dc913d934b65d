"""A block's calls one by one, as the Parser gives them: what tests hold the two together by."""

from typing import Any

from tollbook.core.calls import CDR_TEXTS, Cdr, Direction, Outcome
from tollbook.formats.blocks import ParsedBlock
from tollbook.formats.zones import SECOND_US, from_us, us_seconds


def outcomes_of(block: ParsedBlock) -> list[Outcome]:
    """Return the outcomes of *block* one by one, in the order of their bytes."""
    calls: list[Outcome] = [_call(block, index) for index in range(len(block))]
    return sorted([*calls, *block.others], key=lambda each: each.offset)


def _call(block: ParsedBlock, index: int) -> Cdr:
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
