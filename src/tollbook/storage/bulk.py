"""Stores what a thousand raw records came to: records, calls, charges, quarantine, position.

    for stored in door.bulk(partial(store_calls, batch) for batch in batches): ...

All of a batch is in one transaction, so a process that is killed has stored it whole or not at
all, and the position in the raw log agrees with what was stored.
"""

from collections.abc import Sequence
from itertools import repeat
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from tollbook.storage.batch import (
    BATCH_RECORDS,
    CallBatch,
    CallColumns,
    ChargeColumns,
    Columns,
    LegColumns,
    RecordColumns,
    StoredBatch,
)
from tollbook.storage.engine import Engine, Row, engine_of
from tollbook.storage.models.raw import RecordKind

RAW_KEPT_BYTES = 4_096  # Of a reject; the whole of it is in the raw log.

_RECORD = ("id", "segment_id", *RecordColumns.names())
_CALL = (
    *("id", "source_id", "pbx_id", "site_id", "received_us", "raw_record_id"),
    *CallColumns.names()[1:],
)
_CHARGE = ("call_id", "run", *ChargeColumns.names()[1:])
_LEG = ("call_id", *LegColumns.names()[1:])
_REJECT = (
    *("raw_record_id", "source_id", "received_us", "line", "offset", "raw", "reason", "message"),
    *("state", "resolved_by"),
)


def store_calls(batch: CallBatch, *, using: str = DEFAULT_DB_ALIAS) -> StoredBatch:
    """Store *batch* in the transaction that is open and say what became of each call.

    Raises ValueError for a batch of more than `BATCH_RECORDS` records or with lists of unequal
    length, RuntimeError outside a transaction.
    """
    if len(batch.records) > BATCH_RECORDS:
        raise ValueError(f"a batch holds {len(batch.records)} records, at most {BATCH_RECORDS}")
    if not connections[using].in_atomic_block:
        raise RuntimeError("calls are stored inside a transaction: use door.bulk")
    engine = engine_of(using)
    engine.begin_batch()
    return _Step(batch, engine, using).store()


class _Step:
    """One batch on its way into the tables."""

    def __init__(self, batch: CallBatch, engine: Engine, using: str) -> None:
        self.batch = batch
        self.engine = engine
        self.using = using

    def store(self) -> StoredBatch:
        record_ids, fresh = self._store_records()
        call_ids = self._store_calls(record_ids, fresh)
        duplicates = self._store_duplicates(record_ids, fresh, call_ids)
        self._store_charges(call_ids)
        self._store_legs(call_ids)
        self._store_joined(call_ids)
        self._store_rejects(record_ids, fresh)
        stored = StoredBatch(
            call_ids=tuple(call_ids),
            duplicates=duplicates,
            replayed=0 if fresh is None else len(self.batch.records) - len(fresh),
        )
        self._move_position()
        self._count_day(stored, fresh)
        return stored

    def _store_records(self) -> tuple[Sequence[int], set[int] | None]:
        """Return each record's id, and the indexes of those that are new (None: all)."""
        records = self.batch.records
        if not len(records):
            return (), None
        ids = self.engine.take_ids("tollbook_raw_record", len(records))
        rows = list(zip(ids, repeat(self.batch.segment_id), *_texts(records), strict=False))
        _require_equal(records, rows)
        new = self.engine.insert_new(
            "tollbook_raw_record", _RECORD, rows, key=("segment_id", "offset")
        )
        if new is None:
            return ids, None
        known = self._records_at(self.batch.segment_id, records.offset)
        return (
            [known[offset] for offset in records.offset],
            {index for index, record_id in enumerate(ids) if record_id in new},
        )

    def _store_calls(self, record_ids: Sequence[int], fresh: set[int] | None) -> list[int | None]:
        batch, calls = self.batch, self.batch.calls
        if not len(calls):
            return []
        ids = self.engine.take_ids("tollbook_call", len(calls))
        texts = _texts(calls)
        rows: list[Row] = list(
            zip(
                ids,
                repeat(batch.source_id),
                repeat(batch.pbx_id),
                repeat(batch.site_id),
                repeat(batch.received_us),
                [record_ids[record] for record in calls.record],
                *texts[1:],
                strict=False,
            )
        )
        _require_equal(calls, rows)
        if fresh is not None:
            rows = [row for row, record in zip(rows, calls.record, strict=True) if record in fresh]
            if not rows:
                return [None] * len(calls)
        new = self.engine.insert_new(
            "tollbook_call", _CALL, rows, key=("begin_us", "pbx_id", "dedupe_hash")
        )
        if new is None:
            new = {row[0] for row in rows}
        return [call_id if call_id in new else None for call_id in ids]

    def _store_duplicates(
        self, record_ids: Sequence[int], fresh: set[int] | None, call_ids: list[int | None]
    ) -> dict[int, int]:
        """Keep a row for each refused call; return which call each of them repeats."""
        calls = self.batch.calls
        refused = [
            index
            for index, call_id in enumerate(call_ids)
            if call_id is None and (fresh is None or calls.record[index] in fresh)
        ]
        if not refused:
            return {}
        known = self._calls_by_key([(calls.begin_us[i], calls.dedupe_hash[i]) for i in refused])
        repeats = {i: known[calls.begin_us[i], calls.dedupe_hash[i]] for i in refused}
        self.engine.insert(
            "tollbook_duplicate",
            ("source_id", "raw_record_id", "of_call_id", "received_us"),
            [
                (
                    self.batch.source_id,
                    record_ids[calls.record[index]],
                    of_call,
                    self.batch.received_us,
                )
                for index, of_call in repeats.items()
            ],
        )
        return repeats

    def _store_charges(self, call_ids: list[int | None]) -> None:
        charges = self.batch.charges
        if len(charges):
            lists = _texts(charges)
            rows = zip([call_ids[i] for i in charges.call], repeat(0), *lists[1:], strict=False)
            self._insert_of_calls("tollbook_charge", _CHARGE, charges, list(rows))

    def _store_legs(self, call_ids: list[int | None]) -> None:
        legs = self.batch.legs
        if len(legs):
            lists = _texts(legs)
            rows = zip([call_ids[i] for i in legs.call], *lists[1:], strict=False)
            self._insert_of_calls("tollbook_leg", _LEG, legs, list(rows))

    def _insert_of_calls(
        self, table: str, columns: Sequence[str], group: Columns, rows: list[Row]
    ) -> None:
        """Insert the rows whose call was added; their first column is its id."""
        _require_equal(group, rows)
        self.engine.insert(table, columns, [row for row in rows if row[0] is not None])

    def _store_joined(self, call_ids: list[int | None]) -> None:
        joined = self.batch.joined
        added = [row for row in joined.rows() if call_ids[row[0]] is not None]
        if not added:
            return
        places: dict[int, list[int]] = {}
        for _call, segment_id, offset in added:
            places.setdefault(segment_id, []).append(offset)
        found = {
            segment_id: self._records_at(segment_id, offsets)
            for segment_id, offsets in places.items()
        }
        self.engine.insert(
            "tollbook_call_record",
            ("call_id", "raw_record_id"),
            [(call_ids[call], found[segment_id][offset]) for call, segment_id, offset in added],
        )

    def _store_rejects(self, record_ids: Sequence[int], fresh: set[int] | None) -> None:
        batch, records = self.batch, self.batch.records
        self.engine.insert(
            "tollbook_reject",
            _REJECT,
            [
                (
                    record_ids[record],
                    batch.source_id,
                    batch.received_us,
                    records.line[record],
                    records.offset[record],
                    raw[:RAW_KEPT_BYTES],
                    reason,
                    _clean(message),
                    "new",
                    "",
                )
                for record, raw, reason, message in batch.rejects.rows()
                if fresh is None or record in fresh
            ],
        )

    def _move_position(self) -> None:
        position = self.batch.position
        if position is not None:
            self._execute(
                "INSERT INTO tollbook_source_position "
                '(source_id, segment_id, "offset", line, carry) VALUES (%s, %s, %s, %s, %s) '
                "ON CONFLICT (source_id) DO UPDATE SET segment_id = excluded.segment_id, "
                '"offset" = excluded."offset", line = excluded.line, carry = excluded.carry',
                (
                    self.batch.source_id,
                    self.batch.segment_id,
                    position.offset,
                    position.line,
                    position.carry,
                ),
            )

    def _count_day(self, stored: StoredBatch, fresh: set[int] | None) -> None:
        kinds = self.batch.records.kind
        if fresh is not None:
            kinds = [kind for index, kind in enumerate(kinds) if index in fresh]
        if not kinds:
            return
        counted = ("records", "calls", "parts", "skips", "rejects", "duplicates")
        grown = ", ".join(
            f"{name} = tollbook_source_day.{name} + excluded.{name}" for name in counted
        )
        self._execute(
            f"INSERT INTO tollbook_source_day (source_id, day, {', '.join(counted)}) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) "
            f"ON CONFLICT (source_id, day) DO UPDATE SET {grown}",
            (
                self.batch.source_id,
                self.batch.day,
                len(kinds),
                stored.calls,
                kinds.count(RecordKind.PART),
                kinds.count(RecordKind.SKIP),
                kinds.count(RecordKind.REJECT),
                len(stored.duplicates),
            ),
        )

    def _records_at(self, segment_id: int, offsets: Sequence[int]) -> dict[int, int]:
        """Return the ids of a segment's raw records by their offset."""
        marks = ", ".join(["%s"] * len(offsets))
        found = self._execute(
            f'SELECT "offset", id FROM tollbook_raw_record '
            f'WHERE segment_id = %s AND "offset" IN ({marks})',
            (segment_id, *offsets),
        )
        return dict(found)

    def _calls_by_key(self, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
        """Return the ids of this PBX's calls by (begin, hash)."""
        begins = sorted({begin for begin, _hash in keys})
        marks = ", ".join(["%s"] * len(begins))
        found = self._execute(
            "SELECT begin_us, dedupe_hash, id FROM tollbook_call "
            f"WHERE pbx_id = %s AND begin_us IN ({marks})",
            (self.batch.pbx_id, *begins),
        )
        return {(begin, key): call_id for begin, key, call_id in found}

    def _execute(self, statement: str, values: Row) -> list[Row]:
        with connections[self.using].cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


def _texts(group: Columns) -> list[list[Any]]:
    """Return the group's lists with every text fit for both databases."""
    return [
        _clean_all(column) if column and type(column[0]) is str else column
        for column in group.lists()
    ]


def _clean_all(texts: list[str]) -> list[str]:
    """Return *texts*, mended if need be; one look at all of them together is nearly free."""
    together = "".join(texts)
    if together.isascii() and "\0" not in together:
        return texts
    return [_clean(text) for text in texts]


def _clean(text: str) -> str:
    """Return *text* without NULs and lone surrogates, which PostgreSQL cannot keep."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def _require_equal(group: Columns, rows: Sequence[Row]) -> None:
    """Raise ValueError if the lists of *group* differ in length, of which zip takes the least."""
    lengths = {len(column) for column in group.lists()}
    if lengths != {len(rows)}:
        raise ValueError(f"the lists of {type(group).__name__} differ in length: {sorted(lengths)}")
