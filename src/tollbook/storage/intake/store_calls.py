"""Stores what hundreds of raw records came to: records, calls, charges, quarantine, position.

    for stored in door.bulk(partial(store_calls, batch) for batch in batches): ...

All of a batch is in one transaction, so a process that is killed has stored it whole or not at
all, and the position in the raw log agrees with what was stored.
"""

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any

from tollbook.core.batch import BATCH_RECORDS, CallBatch, Columns, StoredBatch
from tollbook.storage.db.bulk_engines import Engine, bulk_engine
from tollbook.storage.db.current import current_connection
from tollbook.storage.db.sql import Row
from tollbook.storage.models.raw import RecordKind, RejectState

RAW_KEPT_BYTES = 4_096  # Of a reject; the whole of it is in the raw log.


def store_calls(batch: CallBatch) -> StoredBatch:
    """Store *batch* in the transaction that is open and say what became of each call.

    Raises ValueError for a batch of more than `BATCH_RECORDS` records or with lists of unequal
    length, RuntimeError outside a transaction.
    """
    if len(batch.records) > BATCH_RECORDS:
        raise ValueError(f"a batch holds {len(batch.records)} records, at most {BATCH_RECORDS}")
    if not current_connection().in_atomic_block:
        raise RuntimeError("calls are stored inside a transaction: use door.bulk")
    engine = bulk_engine()
    engine.begin_batch()
    return _BatchWriter(batch, engine).store()


class _BatchWriter:
    """One batch on its way into the tables."""

    def __init__(self, batch: CallBatch, engine: Engine) -> None:
        self.batch = batch
        self.engine = engine

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
        if not self.batch.again:
            self._count_day(stored, fresh)
        return stored

    def _store_records(self) -> tuple[Sequence[int], set[int] | None]:
        """Return each record's id, and the indexes of those that are new (None: all)."""
        records = self.batch.records
        count = _length(records)
        if not count:
            return (), None
        ids = self.engine.take_ids("tollbook_raw_record", count)
        new = self.engine.insert_new(
            "tollbook_raw_record",
            {"id": ids, "segment_id": [self.batch.segment_id] * count, **_columns(records)},
            key=("segment_id", "offset"),
        )
        if new is None:
            return ids, None
        known = self._records_at(self.batch.segment_id, records.offset)
        stored_ids = [known[offset] for offset in records.offset]
        if self.batch.again:
            return stored_ids, None
        return stored_ids, {index for index, record_id in enumerate(ids) if record_id in new}

    def _store_calls(self, record_ids: Sequence[int], fresh: set[int] | None) -> list[int | None]:
        """Return the id of each call that was added."""
        batch, calls = self.batch, self.batch.calls
        count = _length(calls)
        if not count:
            return []
        ids = self.engine.take_ids("tollbook_call", count)
        lists: dict[str, Sequence[Any]] = {
            "id": ids,
            "source_id": [batch.source_id] * count,
            "pbx_id": [batch.pbx_id] * count,
            "site_id": [batch.site_id] * count,
            "received_us": [batch.received_us] * count,
            "raw_record_id": [record_ids[record] for record in calls.record],
            **_columns(calls, but="record"),
        }
        if fresh is not None:
            lists = _only(lists, [record in fresh for record in calls.record])
            if not lists["id"]:
                return [None] * count
        new = self.engine.insert_new(
            "tollbook_call", lists, key=("begin_us", "pbx_id", "dedupe_hash")
        )
        if new is None:
            if fresh is None:
                return list(ids)
            new = set(lists["id"])
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
            {
                "source_id": [self.batch.source_id] * len(refused),
                "raw_record_id": [record_ids[calls.record[index]] for index in refused],
                "of_call_id": list(repeats.values()),
                "received_us": [self.batch.received_us] * len(refused),
            },
        )
        return repeats

    def _store_charges(self, call_ids: list[int | None]) -> None:
        charges = self.batch.charges
        count = _length(charges)
        of_calls: dict[str, Sequence[Any]] = {
            "call_id": [call_ids[call] for call in charges.call],
            "run": [0] * count,
        }
        self._insert_of_calls("tollbook_charge", {**of_calls, **_columns(charges, but="call")})

    def _store_legs(self, call_ids: list[int | None]) -> None:
        legs = self.batch.legs
        _length(legs)
        of_calls = {"call_id": [call_ids[call] for call in legs.call]}
        self._insert_of_calls("tollbook_leg", {**of_calls, **_columns(legs, but="call")})

    def _insert_of_calls(self, table: str, lists: dict[str, Sequence[Any]]) -> None:
        """Insert the rows whose call was added."""
        if None in lists["call_id"]:
            lists = _only(lists, [call_id is not None for call_id in lists["call_id"]])
        if lists["call_id"]:
            self.engine.insert(table, lists)

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
            {
                "call_id": [call_ids[call] for call, _segment, _offset in added],
                "raw_record_id": [found[segment][offset] for _call, segment, offset in added],
            },
        )

    def _store_rejects(self, record_ids: Sequence[int], fresh: set[int] | None) -> None:
        batch, records = self.batch, self.batch.records
        kept = [row for row in batch.rejects.rows() if fresh is None or row[0] in fresh]
        if not kept:
            return
        of_records, raws, reasons, messages = zip(*kept, strict=True)
        self.engine.insert(
            "tollbook_reject",
            {
                "raw_record_id": [record_ids[record] for record in of_records],
                "source_id": [batch.source_id] * len(kept),
                "received_us": [batch.received_us] * len(kept),
                "line": [records.line[record] for record in of_records],
                "offset": [records.offset[record] for record in of_records],
                "raw": [raw[:RAW_KEPT_BYTES] for raw in raws],
                "reason": reasons,
                "message": [_clean(message) for message in messages],
                "state": [RejectState.NEW.value] * len(kept),
                "resolved_by": [""] * len(kept),
            },
        )

    def _move_position(self) -> None:
        position = self.batch.position
        if position is not None:
            table = "tollbook_source_position"
            place = {"source_id": [self.batch.source_id], "segment_id": [self.batch.segment_id]}
            self.engine.prove_links(table, place)
            self._execute(
                f"INSERT INTO {table} "
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
        with current_connection().cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


def _length(group: Columns) -> int:
    """Return how many rows *group* holds; raises ValueError if its lists differ in length."""
    lengths = {len(column) for column in group.lists()}
    if len(lengths) > 1:
        raise ValueError(f"the lists of {type(group).__name__} differ in length: {sorted(lengths)}")
    return lengths.pop()


def _columns(group: Columns, *, but: str = "") -> dict[str, Sequence[Any]]:
    """Return the group's lists by column, with every text fit for both databases."""
    return {
        name: _clean_all(column) if column and type(column[0]) is str else column
        for name, column in zip(group.names(), group.lists(), strict=True)
        if name != but
    }


def _only(lists: Mapping[str, Sequence[Any]], wanted: Sequence[bool]) -> dict[str, Sequence[Any]]:
    """Return the wanted rows."""
    return {name: list(compress(column, wanted)) for name, column in lists.items()}


def _clean_all(texts: list[str]) -> list[str]:
    """Return *texts*, mended if need be; one look at all of them together is nearly free."""
    together = "".join(texts)
    if together.isascii() and "\0" not in together:
        return texts
    return [_clean(text) for text in texts]


def _clean(text: str) -> str:
    """Return *text* without NULs and lone surrogates, which PostgreSQL cannot keep."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
