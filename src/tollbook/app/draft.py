"""Calls on their way into the database: mediated, their links still names.

A draft pickles as plain lists, so that one process can make it and another store it.
"""

from dataclasses import dataclass, field

from tollbook.storage.batch import (
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
