"""Refused duplicates become calls of their own: once, priced, audited (AMB-40)."""

import json
import threading
from pathlib import Path

import pytest

from support.databases import Database, connection
from support.office import FIRST_CALL, NOON, Call, Office, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.quarantine.release_duplicates import (
    find_duplicates,
    release_duplicates,
    released_hash,
)
from tollbook.storage.models import AuditLog, Charge, Duplicate, RawSegment, SourceDay
from tollbook.storage.models import Call as StoredCall

TALK = Call(1, FIRST_CALL, talk_s=60)


@pytest.fixture
def office(database: Database) -> Office:
    return open_office(database)


def doubled(office: Office, call: Call = TALK) -> int:
    """Receive *call* in two files and return the id of the duplicate that the second brought."""
    before = set(Duplicate.objects.values_list("pk", flat=True))
    office.receive([call])
    office.receive([call, Call(900, FIRST_CALL.replace(day=20))])
    (made,) = set(Duplicate.objects.values_list("pk", flat=True)) - before
    return made


def release(office: Office, *ids: int, data_dir: Path | None = None) -> dict[int, int]:
    folder = data_dir or office.database.data_dir
    found = find_duplicates(ids, data_dir=folder, at=NOON)
    return release_duplicates(found, by=Actor("anna", NOON, "127.0.0.1"))


def test_a_released_duplicate_is_a_call_of_its_own_at_the_price_of_the_first(
    office: Office,
) -> None:
    duplicate = doubled(office)
    first = Duplicate.objects.get(pk=duplicate).of_call_id

    (found,) = find_duplicates([duplicate], data_dir=office.database.data_dir, at=NOON)
    assert found.call is not None
    assert (found.call.charge_micros, found.call.currency) == (220_000, "EUR")
    assert StoredCall.objects.filter(dialled=TALK.dialled).count() == 2, "looking stores nothing"

    call = release(office, duplicate)[duplicate]

    assert call != first
    assert Charge.objects.get(call=call).amount_micros == 220_000
    same = ("begin_us", "caller", "dialled", "callee", "talk_ms", "destination", "extension_id")
    of_both = StoredCall.objects.filter(pk__in=[first, call])
    assert len(set(of_both.values_list(*same))) == 1
    assert len(set(of_both.values_list("dedupe_hash"))) == 2


def test_a_duplicate_is_released_once_and_remembers_by_whom(office: Office) -> None:
    duplicate = doubled(office)

    call = release(office, duplicate)[duplicate]
    calls = StoredCall.objects.count()

    assert release(office, duplicate) == {duplicate: call}
    assert StoredCall.objects.count() == calls
    row = Duplicate.objects.get(pk=duplicate)
    assert (row.released_call_id, row.released_by) == (call, "anna")
    audit = AuditLog.objects.get(action="duplicate.release")
    assert json.loads(audit.after)["released_call"] == call


@pytest.mark.postgresql
def test_of_two_who_release_at_once_one_makes_the_call(postgresql: Database) -> None:
    office = open_office(postgresql)
    duplicate = doubled(office)
    found = find_duplicates([duplicate], data_dir=postgresql.data_dir, at=NOON)
    calls = StoredCall.objects.count()
    made: list[dict[int, int]] = []

    def act() -> None:
        try:
            made.append(release_duplicates(found, by=Actor("anna", NOON)))
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert len(made) == 4
    assert all(one == made[0] for one in made)
    assert StoredCall.objects.count() == calls + 1


def test_the_same_file_again_and_a_grown_one_make_no_call_more(office: Office) -> None:
    release(office, doubled(office))
    calls = StoredCall.objects.count()

    office.receive([TALK])
    office.receive([TALK, TALK, TALK])

    assert StoredCall.objects.count() == calls


def test_several_duplicates_of_one_call_each_become_a_call(office: Office) -> None:
    office.receive([TALK, TALK, TALK])
    ids = list(Duplicate.objects.values_list("pk", flat=True))
    assert len(ids) == 2

    made = release(office, *ids)

    assert len(set(made.values())) == 2
    assert StoredCall.objects.count() == 3


def test_a_hash_that_is_taken_is_passed_over(office: Office) -> None:
    duplicate = doubled(office)
    first = StoredCall.objects.get(pk=Duplicate.objects.get(pk=duplicate).of_call_id)
    taken = released_hash(first.dedupe_hash, duplicate)
    others = StoredCall.objects.exclude(pk=first.pk)
    assert others.update(begin_us=first.begin_us, dedupe_hash=taken) == 1

    call = release(office, duplicate)[duplicate]

    assert StoredCall.objects.get(pk=call).dedupe_hash not in (taken, first.dedupe_hash)


def test_the_day_counts_a_released_record_as_a_call(office: Office) -> None:
    duplicate = doubled(office)
    before = SourceDay.objects.get()

    release(office, duplicate)

    after = SourceDay.objects.get()
    assert (after.calls, after.duplicates) == (before.calls + 1, before.duplicates - 1)
    assert after.records == before.records


def test_a_duplicate_without_its_raw_log_is_not_made_up(office: Office, tmp_path: Path) -> None:
    duplicate = doubled(office)
    calls = StoredCall.objects.count()

    (found,) = find_duplicates([duplicate], data_dir=tmp_path / "elsewhere", at=NOON)

    assert "the raw log of this record cannot be read" in found.fault
    assert release_duplicates([found], by=Actor("anna", NOON)) == {}
    assert StoredCall.objects.count() == calls


def test_bytes_that_are_no_call_any_more_are_not_released(office: Office) -> None:
    duplicate = doubled(office)
    row = Duplicate.objects.select_related("raw_record__segment").get(pk=duplicate)
    assert row.raw_record is not None
    path = office.database.data_dir / RawSegment.objects.get(pk=row.raw_record.segment_id).path
    with path.open("r+b") as file:
        file.seek(row.raw_record.offset)
        file.write(b"\0\xff" * (row.raw_record.length // 2 - 1))

    (found,) = find_duplicates([duplicate], data_dir=office.database.data_dir, at=NOON)

    assert found.call is None
    assert found.fault
    assert Duplicate.objects.get(pk=duplicate).released_call_id is None


def test_what_is_no_duplicate_is_left_out(office: Office) -> None:
    assert find_duplicates([77, 0, -1], data_dir=office.database.data_dir, at=NOON) == []
