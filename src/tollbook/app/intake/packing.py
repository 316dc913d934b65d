"""Batches on their way from the process that reads a file to the one that stores it, as bytes."""

import marshal

from tollbook.core.batch import (
    CallBatch,
    CallColumns,
    ChargeColumns,
    JoinedColumns,
    LegColumns,
    RecordColumns,
    RejectColumns,
)


def packed(batch: CallBatch) -> bytes:
    """Return *batch* as bytes for a process of the same program; texts that repeat, once.

    Half the work of pickling: there are plain lists of plain values, and nothing else.
    """
    lists = [group.lists() for group in batch.groups()]
    return marshal.dumps((batch.segment_id, lists, batch.trunks, batch.extensions))


def unpacked(data: bytes) -> CallBatch:
    """Return what `packed` made bytes of; only for bytes from our own process."""
    segment_id, lists, trunks, extensions = marshal.loads(data)  # noqa: S302 - see above
    records, calls, charges, legs, joined, rejects = lists
    return CallBatch(
        segment_id,
        RecordColumns(*records),
        CallColumns(*calls),
        ChargeColumns(*charges),
        LegColumns(*legs),
        JoinedColumns(*joined),
        RejectColumns(*rejects),
        trunks,
        extensions,
    )
