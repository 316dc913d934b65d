"""What one step of a bulk write stores: columns in, so that hundreds of calls cost one pass.

Fill the lists of a `CallBatch` in parallel (the n-th entry of every list of a group belongs
together), then hand it to `tollbook.storage.intake.store_calls.store_calls`. Entries point at each
other by their index in the batch; ids are given by the database. The fields of each group are, in
this order, the columns of its table.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from tollbook.core.money import Money

BATCH_RECORDS = 500  # Some 6 ms of work: as long as a bulk write keeps deciders waiting.


class Columns:
    """Parallel lists, one a column."""

    __slots__ = ()

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the columns' names in the order of their lists."""
        return tuple(column.name for column in fields(cls))  # type: ignore[arg-type]  # every subclass is a dataclass

    def lists(self) -> tuple[list[Any], ...]:
        """Return the lists themselves, in order."""
        return tuple(getattr(self, name) for name in self.names())

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows; raises ValueError if the lists differ in length."""
        return zip(*self.lists(), strict=True)

    def __len__(self) -> int:
        return len(getattr(self, self.names()[0]))


@dataclass(frozen=True, slots=True)
class RecordColumns(Columns):
    """Raw records in the order of the segment; every outcome of the parser that ends a record.

    `offset` and `length` are bytes in the batch's segment, `line` counts from 1 in it, `kind` is
    a `RecordKind`, `reason` the stable code of a skip or a reject, else empty.
    """

    offset: list[int] = field(default_factory=list)
    length: list[int] = field(default_factory=list)
    line: list[int] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CallColumns(Columns):
    """Calls. `record` is the index in `RecordColumns` of the record that completed the call.

    `begin_us` is the start, else the answer, else the end. Texts are never null. Links are ids.
    `dedupe_hash` is a signed 64-bit number: two records are the same call when PBX, `begin_us`
    and hash are equal, so it holds whatever else AMB-40 compares for that source.
    """

    record: list[int] = field(default_factory=list)
    begin_us: list[int] = field(default_factory=list)
    start_us: list[int | None] = field(default_factory=list)
    answer_us: list[int | None] = field(default_factory=list)
    end_us: list[int | None] = field(default_factory=list)
    ring_ms: list[int | None] = field(default_factory=list)
    talk_ms: list[int | None] = field(default_factory=list)
    answered: list[bool | None] = field(default_factory=list)
    direction: list[int] = field(default_factory=list)
    caller: list[str] = field(default_factory=list)
    caller_name: list[str] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)
    callee: list[str] = field(default_factory=list)
    callee_name: list[str] = field(default_factory=list)
    destination: list[str] = field(default_factory=list)
    call_type: list[str] = field(default_factory=list)
    trunk_id: list[int | None] = field(default_factory=list)
    extension_id: list[int | None] = field(default_factory=list)
    department_id: list[int | None] = field(default_factory=list)
    account_code: list[str] = field(default_factory=list)
    account_code_ref_id: list[int | None] = field(default_factory=list)
    owner_id: list[int | None] = field(default_factory=list)
    authorisation_code: list[str] = field(default_factory=list)
    pbx_call_id: list[str] = field(default_factory=list)
    source_ip: list[str] = field(default_factory=list)
    pulses: list[int | None] = field(default_factory=list)
    partial: list[bool] = field(default_factory=list)
    legs_count: list[int] = field(default_factory=list)
    dedupe_hash: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ChargeColumns(Columns):
    """The prices on arrival. `call` is an index in `CallColumns`, `kind` "charge" or "cost".

    Unrated: `amount_micros` null and `unrated_reason` given; rated: the other way round.
    """

    call: list[int] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    tariff_version_id: list[int | None] = field(default_factory=list)
    rate_index: list[int | None] = field(default_factory=list)
    prefix: list[str] = field(default_factory=list)
    band: list[str] = field(default_factory=list)
    billed_s: list[int] = field(default_factory=list)
    amount_micros: list[int | None] = field(default_factory=list)
    currency: list[str] = field(default_factory=list)
    unrated_reason: list[str] = field(default_factory=list)


class ChargeValues(NamedTuple):
    """One charge, as the columns from the kind on; without a price, `unrated_reason` says why."""

    kind: str
    tariff_version_id: int | None
    rate_index: int | None
    prefix: str
    band: str
    billed_s: int
    amount_micros: int | None
    currency: str
    unrated_reason: str

    @property
    def money(self) -> Money | None:
        """What is charged; None where there is no price."""
        return None if self.amount_micros is None else Money(self.amount_micros, self.currency)


@dataclass(frozen=True, slots=True)
class LegColumns(Columns):
    """The legs of calls of several. `call` is an index in `CallColumns`."""

    call: list[int] = field(default_factory=list)
    position: list[int] = field(default_factory=list)
    party: list[str] = field(default_factory=list)
    role: list[str] = field(default_factory=list)
    start_us: list[int | None] = field(default_factory=list)
    answer_us: list[int | None] = field(default_factory=list)
    end_us: list[int | None] = field(default_factory=list)
    talk_ms: list[int | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class JoinedColumns(Columns):
    """All records of calls that were made of several, by their place in the raw log.

    The records may be in this batch or in an earlier one; `call` is an index in `CallColumns`.
    """

    call: list[int] = field(default_factory=list)
    segment_id: list[int] = field(default_factory=list)
    offset: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RejectColumns(Columns):
    """What goes to quarantine. `record` is an index in `RecordColumns`; `raw` is cut at 4 KiB."""

    record: list[int] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)
    message: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Position:
    """How far the batch's segment is parsed once the batch is stored; `carry` is JSON."""

    offset: int
    line: int
    carry: str = "{}"


@dataclass(frozen=True, slots=True)
class CallBatch:
    """Up to `BATCH_RECORDS` raw records of one segment and all that came of them.

    While they are mediated and priced, the link columns of `calls` (trunk, extension,
    department, code, owner) are empty: `trunks` and `extensions` hold a name a call, "" for none.
    Whose they are and when they came is said when they are stored: `received_us` is when the
    bytes came (or were imported), `day` that instant's date at the site as 20260131; the source's
    daily counts grow by this batch. Without a `position` the source's position stays where it is.

    `again` is for records that were indexed before and are read once more: their calls are
    stored all the same, and no day counts them a second time.
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
    source_id: int = 0
    pbx_id: int = 0
    site_id: int = 0
    received_us: int = 0
    day: int = 0
    position: Position | None = None
    again: bool = False

    def groups(self) -> tuple[Columns, ...]:
        """Return the groups of columns, in order."""
        return (self.records, self.calls, self.charges, self.legs, self.joined, self.rejects)


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """What the database made of a batch.

    `call_ids` has one entry for each call of the batch: its id, or null if it was not added.
    `duplicates` maps the index of a refused call to the call that it repeats. `replayed` counts
    records that were indexed before (a parser that starts again a little earlier): they and
    what came of them are passed over, and are no duplicates.
    """

    call_ids: tuple[int | None, ...]
    duplicates: dict[int, int]
    replayed: int

    @property
    def calls(self) -> int:
        """How many calls were added."""
        return sum(1 for call_id in self.call_ids if call_id is not None)
