"""Files come in whole and once: again, grown, in pieces, interleaved, or after a kill."""

import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from support.databases import Database
from support.office import FIRST_CALL, NOON, Call, Office, calls_in_a_row, open_office
from tollbook.app.intake import draft_worker
from tollbook.app.intake.import_file import Imported, ImportPlace, ImportRefused, import_file
from tollbook.formats import Definition, load_definition, read_definition
from tollbook.storage.models import (
    Call as StoredCall,
)
from tollbook.storage.models import (
    Charge,
    Duplicate,
    Extension,
    RawRecord,
    RawSegment,
    Reject,
    Trunk,
)

RUBBISH = b'"not a call at all"\n'


def text_of(calls: list[Call]) -> bytes:
    return "".join(call.line() for call in calls).encode()


def bring_in(
    office: Office,
    data: bytes,
    *,
    name: str = "Master.csv",
    definition: Definition | None = None,
    **options: int,
) -> Imported:
    settings = office.database.settings
    place = ImportPlace(data_dir=settings.data_dir, raw_dir=settings.raw_dir, **options)
    return import_file(
        io.BytesIO(data),
        name=name,
        pbx=office.pbx,
        definition=definition or load_definition("asterisk-csv"),
        place=place,
        zone="UTC",
        at=NOON,
    )


def stored() -> list[tuple[object, ...]]:
    """Return what is known of every call, its charge included, without ids."""
    charges = dict(Charge.objects.values_list("call_id", "amount_micros"))
    return [
        (*row[1:], charges.get(row[0]))
        for row in StoredCall.objects.order_by("begin_us", "dedupe_hash").values_list(
            *("id", "begin_us", "caller", "callee", "talk_ms", "call_type", "dedupe_hash"),
            *("extension__number", "trunk__name", "account_code", "direction"),
        )
    ]


def test_a_file_becomes_raw_bytes_calls_and_charges(database: Database) -> None:
    office = open_office(database)
    data = text_of(calls_in_a_row(30)) + RUBBISH

    result = bring_in(office, data).result

    assert (result.records, result.calls, result.rejects, result.duplicates) == (31, 30, 1, 0)
    segment = RawSegment.objects.get()
    assert (database.data_dir / segment.path).read_bytes() == data
    assert StoredCall.objects.count() == 30
    answered = [call for call in calls_in_a_row(30) if call.talk_s]
    assert Charge.objects.count() == len(answered)
    assert set(Extension.objects.values_list("number", flat=True)) == {"101", "102"}
    assert set(Trunk.objects.values_list("name", flat=True)) == {"PJSIP/carrier"}
    assert bytes(Reject.objects.get().raw) == RUBBISH.rstrip(b"\n")


def test_a_raw_record_is_where_the_database_says(database: Database) -> None:
    office = open_office(database)
    calls = calls_in_a_row(3)
    bring_in(office, text_of(calls))

    segment = (database.data_dir / RawSegment.objects.get().path).read_bytes()
    for row, call in zip(StoredCall.objects.order_by("begin_us"), calls, strict=True):
        record = row.raw_record
        assert record is not None
        line = segment[record.offset : record.offset + record.length]
        assert line.decode() == call.line()


def test_the_same_file_again_adds_nothing_and_is_not_read(database: Database) -> None:
    office = open_office(database)
    data = text_of(calls_in_a_row(20)) + RUBBISH
    first = bring_in(office, data)
    before = stored()

    again = bring_in(office, data)

    assert first.known_since is None
    assert again.known_since == NOON
    assert (again.result.records, again.result.calls, again.result.duplicates) == (21, 0, 20)
    assert stored() == before
    assert RawSegment.objects.count() == 1


def test_a_mended_format_reads_the_same_file_anew(database: Database) -> None:
    office = open_office(database)
    data = text_of(calls_in_a_row(10))
    draft = read_definition(load_definition("3cx").toml_text, "asterisk-csv")

    first = bring_in(office, data, definition=draft).result
    mended = bring_in(office, data).result
    again = bring_in(office, data).result

    assert (first.calls, mended.calls, again.calls) == (0, 10, 0)
    assert StoredCall.objects.count() == 10


def test_a_grown_file_adds_what_is_new(database: Database) -> None:
    office = open_office(database)
    calls = calls_in_a_row(25)
    bring_in(office, RUBBISH + text_of(calls[:20]))

    result = bring_in(office, RUBBISH + text_of(calls)).result

    assert (result.calls, result.duplicates, result.rejects) == (5, 20, 1)
    assert StoredCall.objects.count() == 25
    assert Duplicate.objects.count() == 20  # Kept and counted, so that they can be released.
    assert Reject.objects.count() == 1  # In quarantine already.


def test_the_same_rubbish_twice_in_a_file_is_two_rejects(database: Database) -> None:
    office = open_office(database)

    bring_in(office, RUBBISH + RUBBISH)

    assert Reject.objects.count() == 2


def test_redials_within_a_minute_are_both_kept(database: Database) -> None:
    office = open_office(database)
    first, again = (Call(number, FIRST_CALL, talk_s=60) for number in (1, 2))

    assert bring_in(office, text_of([first, again])).result.calls == 2


@pytest.mark.parametrize("seed", range(4))
def test_pieces_overlaps_and_any_order_give_the_same_calls_once(
    database: Database, seed: int
) -> None:
    office = open_office(database)
    calls = calls_in_a_row(60)
    dice = random.Random(seed)
    total = 0
    starts = list(range(0, 60, 10))
    dice.shuffle(starts)
    for start in starts:
        piece = calls[max(0, start - dice.randrange(12)) : start + 10]
        total += bring_in(office, text_of(piece), name=f"piece {start}").result.calls

    assert total == 60
    assert len(stored()) == len(set(stored())) == 60


def test_another_process_stores_what_this_one_would(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = open_office(sqlite)
    calls = calls_in_a_row(3_000)
    monkeypatch.setattr(draft_worker, "WORTH_A_PROCESS_BYTES", 0)

    result = bring_in(office, text_of(calls) + RUBBISH, workers=1).result
    by_two = stored()

    assert (result.calls, result.rejects) == (3_000, 1)
    again = bring_in(office, RUBBISH + text_of(calls), workers=0).result
    assert (again.calls, again.duplicates) == (0, 3_000)
    assert stored() == by_two


def test_a_disk_without_room_takes_nothing(sqlite: Database) -> None:
    office = open_office(sqlite)

    with pytest.raises(ImportRefused, match="Free disk space"):
        bring_in(office, text_of(calls_in_a_row(2)), reserve_bytes=10**18)

    assert RawSegment.objects.count() == 0
    assert list(sqlite.settings.raw_dir.rglob("*.*")) == []


def test_a_stream_can_be_imported(sqlite: Database) -> None:
    office = open_office(sqlite)
    data = text_of(calls_in_a_row(5))
    read_end, write_end = os.pipe()
    os.write(write_end, data)
    os.close(write_end)
    settings = sqlite.settings
    with os.fdopen(read_end, "rb") as stream:
        done = import_file(
            stream,
            name="-",
            pbx=office.pbx,
            definition=load_definition("asterisk-csv"),
            place=ImportPlace(data_dir=settings.data_dir, raw_dir=settings.raw_dir),
            zone="UTC",
            at=NOON,
        )

    assert done.result.calls == 5
    assert bring_in(office, data).known_since == NOON


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_killed_import_loses_nothing_and_doubles_nothing(sqlite: Database, seed: int) -> None:
    open_office(sqlite)
    dice = random.Random(seed)
    every = timedelta(seconds=3)
    calls = [
        Call(number, FIRST_CALL + every * number, talk_s=1 + number % 90)
        for number in range(30_000)
    ]
    file = sqlite.data_dir / "Master.csv"
    file.write_bytes(text_of(calls) + RUBBISH)
    for _ in range(4):
        process = start_import(sqlite, file)
        wait_until_it_stores(process, beyond=StoredCall.objects.count())
        time.sleep(dice.random() * 0.5)
        process.send_signal(signal.SIGKILL)
        process.communicate()

    finished = start_import(sqlite, file)
    out, err = finished.communicate(timeout=300)

    assert finished.returncode == 1, err  # One record was rejected.
    counts = json.loads(out)
    assert counts["calls"] + counts["duplicates"] == 30_000, f"seed {seed}"
    assert StoredCall.objects.count() == 30_000
    assert Charge.objects.count() == 30_000
    assert RawRecord.objects.count() == 30_001
    assert Reject.objects.count() == 1


def start_import(database: Database, file: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tollbook", "import", str(file), "--data"),
            *(str(database.data_dir), "--format", "asterisk-csv", "--pbx", "Reception"),
            *("--zone", "UTC", "--json"),
        ],
        env=database.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_it_stores(process: "subprocess.Popen[str]", *, beyond: int) -> None:
    """Return once the import has added calls, or has ended."""
    for _ in range(3_000):
        if process.poll() is not None or StoredCall.objects.count() > beyond:
            return
        time.sleep(0.02)
    raise TimeoutError("the import stores nothing")
