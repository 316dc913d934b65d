"""Calls on their way into the database: mediated, their links still names.

One process makes a draft and another stores it: `packed` and `unpacked` take it across.
"""

import marshal
from dataclasses import dataclass, field

from tollbook.core.batch import (
    CallColumns,
    ChargeColumns,
    JoinedColumns,
    LegColumns,
    RecordColumns,
    RejectColumns,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """Up to 500 raw records of one segment and what came of them.

    The link columns of `calls` (trunk, extension, department, code, owner) are still empty;
    `trunks` and `extensions` hold a name a call, "" for none. `charges` are empty until priced.
    """

    segment_id: int
    records: RecordColumns = field(default_factory=RecordColumns)
    calls: CallColumns = field(default_factory=CallColumns)
    charges: ChargeColumns = field(default_factory=ChargeColumns)
    legs: LegColumns = field(default_factory=LegColumns)
    joined: JoinedColumns = field(default_factory=JoinedColumns)
    rejects: RejectColumns = field(default_factory=RejectColumns)
    trunks: list[str] = field(default_factory=list)
    extensions: list[str] = field(default_factory=list)


def packed(draft: Draft) -> bytes:
    """Return *draft* as bytes for a process of the same program; texts that repeat, once.

    Half the work of pickling: there are plain lists of plain values, and nothing else.
    """
    groups = (draft.records, draft.calls, draft.charges, draft.legs, draft.joined, draft.rejects)
    lists = [group.lists() for group in groups]
    return marshal.dumps((draft.segment_id, lists, draft.trunks, draft.extensions))


def unpacked(data: bytes) -> Draft:
    """Return what `packed` made bytes of; only for bytes from our own process."""
    segment_id, lists, trunks, extensions = marshal.loads(data)  # noqa: S302 - see above
    records, calls, charges, legs, joined, rejects = lists
    return Draft(
        segment_id,
        records=RecordColumns(*records),
        calls=CallColumns(*calls),
        charges=ChargeColumns(*charges),
        legs=LegColumns(*legs),
        joined=JoinedColumns(*joined),
        rejects=RejectColumns(*rejects),
        trunks=trunks,
        extensions=extensions,
    )
