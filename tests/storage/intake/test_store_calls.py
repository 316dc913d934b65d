"""What a batch leaves in the tables: everything once, or nothing."""

from dataclasses import replace
from functools import partial

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.batches import (
    NOON_US,
    RECORD_BYTES,
    SECOND_US,
    Office,
    add_call,
    add_charge,
    add_record,
    calls_batch,
    empty_batch,
    make_office,
)
from support.databases import Database, connection, door
from support.effort import examples
from tollbook.core.batch import BATCH_RECORDS, CallBatch, Position, StoredBatch
from tollbook.storage.intake.store_calls import store_calls
from tollbook.storage.models import (
    Call,
    CallRecord,
    Charge,
    Duplicate,
    Extension,
    Leg,
    RawRecord,
    RawSegment,
    Reject,
    SourceDay,
    SourcePosition,
)
from tollbook.storage.models.raw import RecordKind

MANY = 120  # More than the rows from which constants are written into the statement.


def store(batch: CallBatch) -> StoredBatch:
    with door.transaction():
        return store_calls(batch)


def second_segment(office: Office) -> Office:
    """Return the office with another segment, as when a file is imported again."""
    segment = RawSegment.objects.create(
        source_id=office.source, path="raw/2.seg", sequence=2, first_received_us=NOON_US
    )
    return replace(office, segment=segment.pk)


@pytest.mark.parametrize("count", [1, 3, MANY])
def test_every_call_is_stored_with_its_record_and_its_charge(
    database: Database, count: int
) -> None:
    office = make_office()

    stored = store(calls_batch(office, 0, count))

    assert stored.calls == count
    assert stored.duplicates == {}
    assert stored.replayed == 0
    calls = {call.pk: call for call in Call.objects.select_related("raw_record")}
    charges = {charge.call_id: charge for charge in Charge.objects.all()}
    assert set(calls) == set(charges) == set(stored.call_ids)
    for nth, call_id in enumerate(stored.call_ids):
        call, charge = calls[call_id], charges[call_id]
        assert call.begin_us == NOON_US + nth * SECOND_US
        assert call.talk_ms == nth * 1_000
        assert call.callee == f"49301{nth:06}"
        assert call.extension_id == office.extensions[nth % 2]
        assert call.answered is True
        assert call.pulses is None
        assert call.raw_record.offset == nth * RECORD_BYTES
        assert call.raw_record.line == nth + 1
        assert (charge.run, charge.kind, charge.amount_micros) == (0, "charge", 250_000)


def test_the_same_file_again_adds_no_call_and_no_charge(database: Database) -> None:
    office = make_office()
    first = store(calls_batch(office, 0, MANY))

    again = store(calls_batch(second_segment(office), 0, MANY))

    assert again.call_ids == (None,) * MANY
    assert again.duplicates == dict(enumerate(first.call_ids))
    assert Call.objects.count() == Charge.objects.count() == MANY
    assert RawRecord.objects.count() == 2 * MANY
    assert Duplicate.objects.count() == MANY


def test_a_new_call_among_known_ones_is_the_only_one_added(database: Database) -> None:
    office = make_office()
    store(calls_batch(office, 0, 2))

    stored = store(calls_batch(second_segment(office), 0, 3))

    assert stored.call_ids[:2] == (None, None)
    assert stored.calls == 1
    assert set(stored.duplicates) == {0, 1}
    assert Call.objects.count() == Charge.objects.count() == 3


def test_the_same_call_twice_in_one_batch_is_stored_once(database: Database) -> None:
    office = make_office()
    batch = empty_batch(office)
    for record in range(2):
        add_call(batch, office, add_record(batch, record, RecordKind.CALL), nth=7)

    stored = store(batch)

    assert stored.calls == 1
    assert stored.duplicates == {1: stored.call_ids[0]}
    assert Charge.objects.count() == 1


def test_calls_of_one_instant_that_differ_are_all_kept(database: Database) -> None:
    office = make_office()
    batch = empty_batch(office)
    for record, dedupe_hash in enumerate((1, 2, -1, -(2**63), 2**63 - 1)):
        index = add_record(batch, record, RecordKind.CALL)
        add_call(batch, office, index, nth=7, dedupe_hash=dedupe_hash)

    assert store(batch).calls == 5


def test_a_parser_that_starts_again_earlier_stores_nothing_twice(database: Database) -> None:
    office = make_office()
    first = store(calls_batch(office, 0, 4))

    stored = store(calls_batch(office, 2, 4))

    assert stored.replayed == 2
    assert stored.duplicates == {}
    assert stored.call_ids[:2] == (None, None)
    assert stored.calls == 2
    assert first.calls + stored.calls == Call.objects.count() == RawRecord.objects.count() == 6
    assert Duplicate.objects.count() == 0


def test_a_batch_that_was_stored_already_changes_only_the_position(database: Database) -> None:
    office = make_office()
    store(calls_batch(office, 0, 3))

    stored = store(calls_batch(office, 0, 3))

    assert stored == StoredBatch((None, None, None), {}, 3)
    assert SourceDay.objects.get().records == 3


def test_position_and_day_counts_move_with_the_calls(database: Database) -> None:
    office = make_office()
    store(calls_batch(office, 0, 2))
    batch = empty_batch(office, position=Position(600, 6, '{"date": "2026-01-31"}'))
    add_call(batch, office, add_record(batch, 2, RecordKind.CALL), nth=0)  # a duplicate
    add_record(batch, 3, RecordKind.PART)
    add_record(batch, 4, RecordKind.SKIP, "header")
    add_record(batch, 5, RecordKind.REJECT, "call.duration_malformed")

    store(batch)

    position = SourcePosition.objects.get()
    assert (position.segment_id, position.offset, position.line) == (office.segment, 600, 6)
    assert position.carry == '{"date": "2026-01-31"}'
    day = SourceDay.objects.get()
    assert day.day == 20260131
    assert (day.records, day.calls, day.duplicates) == (6, 2, 1)
    assert (day.parts, day.skips, day.rejects) == (1, 1, 1)


def test_a_reject_is_kept_with_its_first_bytes_and_its_place(database: Database) -> None:
    office = make_office()
    batch = empty_batch(office)
    record = add_record(batch, 3, RecordKind.REJECT, "call.duration_malformed")
    raw = bytes(range(256)) * 20
    for column, value in zip(
        batch.rejects.lists(), (record, raw, "call.duration_malformed", "bad\0 \ud800"), strict=True
    ):
        column.append(value)

    store(batch)

    reject = Reject.objects.select_related("raw_record").get()
    assert bytes(reject.raw) == raw[:4096]
    assert (reject.line, reject.offset, reject.state) == (4, 300, "new")
    assert reject.raw_record.kind == RecordKind.REJECT
    assert reject.message == "bad\N{REPLACEMENT CHARACTER} ?"


def test_a_call_of_several_records_and_legs_knows_all_of_them(database: Database) -> None:
    office = make_office()
    parts = empty_batch(office)
    add_record(parts, 0, RecordKind.PART)
    store(parts)
    batch = empty_batch(office)
    add_record(batch, 1, RecordKind.PART)
    call = add_call(
        batch, office, add_record(batch, 2, RecordKind.CALL), nth=0, legs_count=2, talk_ms=9_000
    )
    for offset in (0, RECORD_BYTES, 2 * RECORD_BYTES):
        for column, value in zip(batch.joined.lists(), (call, office.segment, offset), strict=True):
            column.append(value)
    for leg in (
        (call, 0, "101", "caller", 1, 2, 3, 4_000),
        (call, 1, "102", "agent", 3, 3, 4, 5_000),
    ):
        for column, value in zip(batch.legs.lists(), leg, strict=True):
            column.append(value)

    (call_id,) = store(batch).call_ids

    joined = CallRecord.objects.filter(call_id=call_id).order_by("raw_record__offset")
    assert [row.raw_record.line for row in joined.select_related("raw_record")] == [1, 2, 3]
    legs = Leg.objects.filter(call_id=call_id).order_by("position")
    assert [(leg.party, leg.talk_ms) for leg in legs] == [("101", 4_000), ("102", 5_000)]


def test_charge_and_cost_stand_side_by_side_and_an_unrated_call_says_why(
    database: Database,
) -> None:
    office = make_office()
    batch = empty_batch(office)
    call = add_call(batch, office, add_record(batch, 0, RecordKind.CALL), nth=0, charge_micros=None)
    add_charge(batch, office, call, amount_micros=10, kind="cost")

    store(batch)

    found = set(Charge.objects.values_list("kind", "amount_micros", "unrated_reason"))
    assert found == {("charge", None, "no_prefix"), ("cost", 10, "")}


def test_an_amount_of_null_without_a_reason_is_refused_with_the_whole_batch(
    database: Database,
) -> None:
    office = make_office()
    batch = calls_batch(office, 0, 2)
    batch.charges.amount_micros[1] = None

    with pytest.raises(IntegrityError):
        store(batch)

    assert Call.objects.count() == RawRecord.objects.count() == SourcePosition.objects.count() == 0


def test_a_call_of_an_extension_that_does_not_exist_is_refused(database: Database) -> None:
    office = make_office()
    batch = empty_batch(office)
    add_call(batch, office, add_record(batch, 0, RecordKind.CALL), nth=0, extension_id=999)

    with pytest.raises(IntegrityError):
        store(batch)


def bulk(*batches: CallBatch) -> list[StoredBatch]:
    """Store as an import does, where SQLite leaves the foreign keys to us."""
    steps = (partial(store_calls, batch) for batch in batches)
    return list(door.bulk(steps, proves_links=lambda: True))


@pytest.mark.parametrize(
    "column",
    ["trunk_id", "extension_id", "department_id", "account_code_ref_id", "owner_id"],
)
def test_a_call_that_points_at_nothing_is_refused_where_links_are_proven_by_the_column(
    database: Database, column: str
) -> None:
    office = make_office()
    good, bad = calls_batch(office, 0, 3), calls_batch(office, 3, 3)
    getattr(bad.calls, column)[1] = 999

    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        bulk(good, bad)

    # PostgreSQL looks at its links when it commits, and refuses all that share the commit.
    kept = 3 if connection.vendor == "sqlite" else 0
    assert Call.objects.count() == RawRecord.objects.count() == kept


@pytest.mark.parametrize("field", ["source_id", "pbx_id", "site_id", "segment_id"])
def test_a_batch_of_a_place_that_does_not_exist_is_refused(database: Database, field: str) -> None:
    batch = replace(calls_batch(make_office(), 0, 3), **{field: 999})

    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        bulk(batch)


def test_a_charge_of_a_tariff_version_that_does_not_exist_is_refused(database: Database) -> None:
    batch = calls_batch(make_office(), 0, 3)
    batch.charges.tariff_version_id[2] = 999

    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        bulk(batch)


def test_a_position_in_a_segment_that_does_not_exist_is_refused(database: Database) -> None:
    office = make_office()
    batch = replace(empty_batch(office, position=Position(10, 1)), segment_id=999)

    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        bulk(batch)


def test_behind_an_import_the_database_checks_every_row_again(sqlite: Database) -> None:
    office = make_office()
    with pytest.raises(IntegrityError):
        bulk(calls_batch(office, 0, 3), replace(calls_batch(office, 3, 1), pbx_id=999))

    with pytest.raises(IntegrityError):
        Extension.objects.create(site_id=999, number="103")

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_key_check")
        assert cursor.fetchall() == []


def test_ids_far_apart_are_proven_one_by_one(database: Database) -> None:
    office = make_office()
    far = Extension.objects.create(pk=1_000_000, site_id=office.site, number="103")
    batch = calls_batch(office, 0, 3)
    batch.calls.extension_id[2] = far.pk

    bulk(batch)

    assert Call.objects.filter(extension=far).count() == 1
    unknown = calls_batch(office, 3, 3)
    unknown.calls.extension_id[2] = far.pk + 1
    with pytest.raises(IntegrityError):
        bulk(unknown)


def test_lists_of_unequal_length_are_refused(database: Database) -> None:
    office = make_office()
    batch = calls_batch(office, 0, 2)
    batch.calls.caller.append("one too many")

    with pytest.raises(ValueError, match="CallColumns differ in length"):
        store(batch)


def test_a_batch_that_would_hold_the_lock_too_long_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="at most 500"):
        store(calls_batch(make_office(), 0, BATCH_RECORDS + 1))


def test_storing_outside_a_transaction_is_refused(database: Database) -> None:
    with pytest.raises(RuntimeError, match=r"door\.bulk"):
        store_calls(calls_batch(make_office(), 0, 1))


def test_an_empty_batch_may_move_the_position(database: Database) -> None:
    office = make_office()

    stored = store(empty_batch(office, position=Position(10, 1)))

    assert stored == StoredBatch((), {}, 0)
    assert SourcePosition.objects.get().offset == 10


@settings(
    max_examples=examples(30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    texts=st.lists(st.text(st.characters(codec=None), max_size=20), min_size=1, max_size=2 * MANY),
    constant=st.sampled_from(["", "x", "'; DROP TABLE tollbook_call; --", "\0", "?", "%s"]),
)
def test_any_text_from_outside_is_stored_as_text(
    sqlite_office: Office, texts: list[str], constant: str
) -> None:
    batch = empty_batch(sqlite_office)
    for nth, text in enumerate(texts):
        record = add_record(batch, nth, RecordKind.CALL)
        add_call(batch, sqlite_office, record, nth=nth, caller_name=text, callee_name=constant)

    with pytest.raises(ZeroDivisionError):
        check_and_undo(batch, texts, constant)


def check_and_undo(batch: CallBatch, texts: list[str], constant: str) -> None:
    def cleaned(text: str) -> str:
        return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()

    with door.transaction():
        stored = store_calls(batch)
        names = dict(Call.objects.values_list("id", "caller_name"))
        assert [names[call_id] for call_id in stored.call_ids] == [cleaned(text) for text in texts]
        assert set(Call.objects.values_list("callee_name", flat=True)) == {cleaned(constant)}
        raise ZeroDivisionError


@pytest.fixture
def sqlite_office(sqlite: Database) -> Office:
    return make_office()


def test_ids_of_calls_ascend_in_the_order_of_storing(database: Database) -> None:
    office = make_office()

    stored = [store(calls_batch(office, first, 5)).call_ids for first in (0, 5, 10)]

    ids = [call_id for batch in stored for call_id in batch if call_id is not None]
    assert ids == sorted(ids)
    assert len(ids) == 15


def test_single_inserts_and_batches_never_take_the_same_id(database: Database) -> None:
    office = make_office()
    store(calls_batch(office, 0, 2))
    with door.transaction():
        alone = RawRecord.objects.create(
            segment_id=office.segment, offset=10**6, length=1, line=1, kind=RecordKind.SKIP
        )

    store(calls_batch(office, 2, 2))

    assert RawRecord.objects.get(pk=alone.pk).offset == 10**6
    assert RawRecord.objects.count() == 5


def test_the_unique_key_serves_the_call_log_order(sqlite: Database) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN QUERY PLAN SELECT id FROM tollbook_call WHERE begin_us < 5 "
            "ORDER BY begin_us DESC LIMIT 50"
        )
        plan = " ".join(str(row[3]) for row in cursor.fetchall())

    assert "begin_us<?" in plan
    assert "TEMP B-TREE" not in plan
